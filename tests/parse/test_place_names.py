"""Country, region and city of an answer, kept as written."""

import pytest

from geo_rewards.parse import parse_answer

Names = tuple[str | None, str | None, str | None]
JAPAN = ("Japan", "Hokkaido", "Biei Town")

NAMED: list[tuple[str, Names]] = [
    ("Country: Japan State: Hokkaido City: Biei Town Coordinates: (43.45, 142.61)", JAPAN),
    ("Country: Japan\nState: Hokkaido\nCity: Biei Town\nCoordinates: (43.45, 142.61)", JAPAN),
    ("1. Country: Japan\n2. State: Hokkaido\n3. City: Biei Town\n4. Coordinates: (43.45, 142.61)", JAPAN),
    ("1. Country: Japan 2. State: Hokkaido 3. City: Biei Town 4. Coordinates: (43.45, 142.61)", JAPAN),
    ("1) Country: Japan; 2) Region: Hokkaido; 3) Town: Biei Town; (43.45, 142.61)", JAPAN),
    ("**Country**: Japan\n**Province:** Hokkaido\n- **City**: **Biei Town**.", JAPAN),
    ("Country: Japan, State: Hokkaido, City: Biei Town.", JAPAN),
    ("Country: Japan | State/Province: Hokkaido | City or Town: Biei Town", JAPAN),
    ("COUNTRY=Japan admin1=Hokkaido locality=Biei Town lat=43.45 lon=142.61", JAPAN),
    ("Country: Japan Lat: 43.45 Administrative Region: Hokkaido Lon: 142.61 City: Biei Town", JAPAN),
    ("Country：Japan\nState：Hokkaido\nCity：Biei Town", JAPAN),
    ("Country:\nJapan\nState:\nHokkaido\nCity:\nBiei Town\n", JAPAN),
    ("Country: 'Japan'\nRegion: \"Hokkaido\"\nCity: “Biei Town”", JAPAN),
    ("City or place: Biei Town\nRegion: Hokkaido\nCountry: Japan", JAPAN),
    ("Continent: Asia Country: Japan State: Hokkaido City: Biei Town County: Kamikawa", JAPAN),
    ("City: Biei Town (43.45, 142.61) Region: Hokkaido Country: Japan", JAPAN),
    ("Country: Japan, Region: Hokkaido, City: Biei Town, 43.45, 142.61", JAPAN),
    ('{"country": "Japan", "state": "Hokkaido", "city": "Biei Town", "LOC": [43.45, 142.61]}', JAPAN),
    ('{"Country": "Japan", "place": {"Region": "Hokkaido", "City": "Biei Town"}}', JAPAN),
    ('Country: Japan {"administrative_region": "Hokkaido", "town": "Biei Town"}', JAPAN),
    ('{"answer": "Country: Japan State: Hokkaido City: Biei Town"}', JAPAN),
    ("Biei Town, Hokkaido, Japan", JAPAN),
    ("Biei Town, Hokkaido, Japan.", JAPAN),
    ("**Biei Town**, Hokkaido, Japan (43.45, 142.61)", JAPAN),
    ("Biei Town, Hokkaido, Japan\n43.45, 142.61", JAPAN),
    ("Biei Town, Hokkaido, Japan, 43.45, 142.61", JAPAN),
    ("Paris, France", ("France", None, "Paris")),
    ("Paris, France (Lat: 48.85, Lon: 2.35)", ("France", None, "Paris")),
    ("Nan, Thailand", ("Thailand", None, "Nan")),
    ("Country: France", ("France", None, None)),
    ("The photo shows the country: France", ("France", None, None)),
    # as written, before any normalisation
    ("City: Saint‑Denis", (None, None, "Saint‑Denis")),
    ("City: L’Aquila, Country: Italy", ("Italy", None, "L’Aquila")),
    ("City: 's-Hertogenbosch", (None, None, "'s-Hertogenbosch")),
    ("Ｐａｒｉｓ, France", ("France", None, "Ｐａｒｉｓ")),
    ('{"city": "L’Aquila", "country": "C\\u00f4te d\'Ivoire"}', ("Côte d'Ivoire", None, "L’Aquila")),
    ("城市：x\nCountry: 日本", ("日本", None, None)),
    # one value per field: lists are kept as they are and match nothing
    ("Country: France / Spain", ("France / Spain", None, None)),
    ("Country: France or Spain", ("France or Spain", None, None)),
    ("Country: France, Spain or Italy", ("France, Spain or Italy", None, None)),
    ('{"country": ["France", "Spain"]}', ('["France", "Spain"]', None, None)),
    ("Country: France\nCountry: france", ("France", None, None)),
    ("Country: France\nCountry: Spain\nCity: Paris", (None, None, "Paris")),
    ('{"country": "France"} Country: Spain', (None, None, None)),
    # no places
    ("Paris", (None, None, None)),
    ("Paris, France, Europe, Earth", (None, None, None)),
    ("Paris, , France", (None, None, None)),
    ("France, Spain\nor Italy", (None, None, None)),
    ("room 5, 12", (None, None, None)),
    ("Country: \nCity: ", (None, None, None)),
    ("Country:", (None, None, None)),
    ('{"country": null, "city": ""}', (None, None, None)),
    ('{"comment": "Paris, France"}', (None, None, None)),
    ("48.85, 2.35", (None, None, None)),
]


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_names_are_read_from_labels_keys_and_lists(text: str, names: Names) -> None:
    answer = parse_answer(text)
    assert (answer.country, answer.region, answer.city) == names


@pytest.mark.parametrize("text", [text for text, names in NAMED if "(43.45, 142.61)" in text])
def test_a_pair_in_brackets_counts_next_to_names(text: str) -> None:
    answer = parse_answer(text)
    assert str(answer.coordinate) == "43.45, 142.61"
    assert answer.coordinate_form == "parentheses"


def test_a_field_with_two_values_is_a_problem() -> None:
    answer = parse_answer("Country: France\nCountry: Spain\n(48.85, 2.35)")
    assert answer.problems == ("several places: 2 values for country",)
    assert answer.coordinate is not None


def test_a_place_without_numbers_is_not_a_problem() -> None:
    assert parse_answer("Paris, France").problems == ()


@pytest.mark.parametrize(
    ("answer", "city", "country"),
    [
        ("Cazin, Bosna i Hercegovina", "Cazin", "Bosna i Hercegovina"),
        ("Sarajevo, Bosna i Hercegovina (43.85, 18.41)", "Sarajevo", "Bosna i Hercegovina"),
        ("Sant Pere i Sant Pau, Spain", "Sant Pere i Sant Pau", "Spain"),
        ("Mieszka I, Poland", "Mieszka I", "Poland"),
        ("Paris I bet, France", None, None),
        ("Paris i bet, France", None, None),
        ("I bet on Paris, France", None, None),
    ],
)
def test_a_small_i_between_two_names_is_part_of_one(answer, city, country):
    read = parse_answer(answer)
    assert (read.city, read.country) == (city, country)


def test_a_comma_list_is_not_a_place_if_the_caller_says_so() -> None:
    answer = parse_answer("Paris, France", listed_names=False)
    assert (answer.country, answer.city) == (None, None)
    assert parse_answer("Country: France", listed_names=False).country == "France"
