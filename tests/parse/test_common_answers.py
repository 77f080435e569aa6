"""The common forms are read by patterns, exactly as the full parser reads them."""

import pickle
import random
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_rewards.parse import common_patterns, parse_answer, parse_completion
from geo_rewards.parse.common_answers import read_common
from geo_rewards.parse.normalise import normalise
from geo_rewards.parse.tags import find_blocks, plain_answer

COUNTRIES = [
    "Japan",
    "Côte d'Ivoire",
    "Bosnia and Herzegovina",
    "日本",
    "Россия",
    "St. Lucia",
    "Guinea-Bissau",
]
CITIES = [
    "Biei Town",
    "São Paulo",
    "Thành phố Hồ Chí Minh",
    "L’Aquila",
    "Long Beach",
    "Lyngby",
    "Nantes",
    "दिल्ली",
    "Fortino J. Pinacho",
    "West Perth South",
    "Perth-Nord",
    "Hoi An",
    "Neuhaus an der Pegnitz",
    "Hay and Wye",
    "In Salah",
    "Most",
]
REGIONS = [
    "Hokkaido",
    "Île-de-France",
    "North Carolina",
    "State of São Paulo",
    "Rio Grande do Sul",
    "East Java",
]
LABELS = [
    ("Country", "State", "City", "Coordinates"),
    ("country", "region", "city", "coordinates"),
    ("COUNTRY", "PROVINCE", "TOWN", "LOCATION"),
    ("Country name", "sub region", "City or Town", "GPS Coordinates"),
    ("Nation", "State/Province", "Locality", "latlng"),
    ("country_name", "Province or State", "city_name", "gps"),
    ("Country", "Region Or State", "CITY_OR_TOWN", "Coordinates"),
]
PAIRS = ["({a}, {b})", "{a}, {b}", "[{a},{b}]", "{a} {b}", "{a}; {b}", "( {a} / {b} )"]
SCRAPS = [
    " or ",
    " not ",
    "not",
    " to ",
    "-",
    "–",
    "−",
    "1",
    ", 2",
    "°",
    "N",
    " S",
    "E5",
    "e5",
    "\n",
    " ",
    "(",
    ")",
    "[",
    "]",
    '"',
    "'",
    ":",
    "=",
    ".",
    ",",
    ";",
    "/",
    "²",
    "½",
    "ı",
    "İ",
    "ſ",
    "K",
    "’",
    "，",
    "：",
    "、",
    "Lat",
    "Longitude: ",
    " and ",
    "Country: ",
    "City: Rome",
    "%",
    "nan",
    " inf",
    "~",
    "±",
    "*",
    "`",
    "_",
    "$",
    "\\",
    "{",
    "}",
    "+",
    " GPS",
    "sub ",
    "North ",
    " West",
    "http://",
    "www.",
    " POINT",
    "(1, 2)",
    "48.5",
    "@",
    "\u200b",
    "\u00ad",
    "\u0301",
    "\u00a0",
    "٣",
    "１",
    "\t",
    "\r\n",
    "|",
    "> ",
    "<b>",
    "北纬",
    " Sul",
    "minus ",
    "approx. ",
]


def number(rng, limit):
    return f"{rng.uniform(-limit, limit):{rng.choice(['', '+'])}.{rng.choice([0, 1, 4, 7])}f}"


def pair(rng):
    return rng.choice(PAIRS).format(a=number(rng, 90), b=number(rng, 180))


def fields(rng, labels):
    named = zip(labels, (rng.choice(COUNTRIES), rng.choice(REGIONS), rng.choice(CITIES)), strict=False)
    chosen = [field for field in named if rng.random() < 0.9]
    if rng.random() < 0.6:
        chosen.append((labels[3], pair(rng)))
    elif rng.random() < 0.7:
        chosen += [
            (rng.choice(["Lat", "latitude"]), number(rng, 90)),
            (rng.choice(["lon", "Long"]), number(rng, 180)),
        ]
    if rng.random() < 0.3:
        rng.shuffle(chosen)
    return chosen


def lines(rng):
    mark, assign = rng.choice(["", "", "- ", "1. "]), rng.choice([": ", ":", " : ", "=", ". "])
    return rng.choice([" ", "\n", ", ", "; ", ",\n", "\n\n"]).join(
        (f"{at}. " if mark == "1. " else mark) + label + assign + value
        for at, (label, value) in enumerate(fields(rng, rng.choice(LABELS)), 1)
    )


def objects(rng):
    quote = rng.choice("\"'")

    def written(value):
        if not value[0].isalpha() and rng.random() < 0.5:
            return rng.choice([value, f"{{{quote}lat{quote}: {number(rng, 90)}, {quote}lng{quote}: 2}}"])
        return f"{quote}{value}{quote}"

    named = [
        f"{quote}{key}{quote}: {written(value)}" for key, value in fields(rng, LABELS[rng.choice([1, 5])])
    ]
    text = (
        "{"
        + rng.choice(["", "\n  "])
        + rng.choice([", ", ",\n  ", ","]).join(named)
        + rng.choice(["", "\n"])
        + "}"
    )
    return rng.choice([text, text, f"```json\n{text}\n```"])


def lettered(rng):
    a, b = number(rng, 90).lstrip("+-"), number(rng, 180).lstrip("+-")
    n, e = rng.choice(["N", "S", "North", "south"]), rng.choice(["E", "W", "east", "West"])
    if rng.random() < 0.3:
        a, n, b, e = b, e, a, n
    mark = rng.choice(["°", "° ", "", " ", "°30'", "° 30' 15\" ", " degrees "])
    link = rng.choice([", ", ",", "; ", " ", " and ", "/", ""])
    return rng.choice(
        [f"{a}{mark}{n}{link}{b}{mark}{e}", f"{n}{a}{mark}{link}{e}{b}{mark}", f"({a}{n}{link}{b}{e})"]
    )


def listed(rng):
    names = [
        rng.choice(CITIES),
        *([rng.choice(REGIONS)] if rng.random() < 0.4 else []),
        rng.choice(COUNTRIES),
    ]
    return ", ".join(names) + rng.choice(["", ".", f" {pair(rng)}", f" - {pair(rng)}", f", {pair(rng)}"])


FORMS = [pair, lambda rng: pair(rng).replace(".", ","), lines, objects, lettered, listed]
seeds = st.integers(0, 2**32)


@given(seeds)
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_common_form_is_read_as_the_full_parser_reads_it(read_by_both, seed):
    rng = random.Random(seed)
    for form in FORMS:
        read_by_both(form(rng), listed=rng.random() < 0.7)


edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), st.one_of(st.sampled_from(SCRAPS), st.text(max_size=2))),
    max_size=3,
)


@given(seeds, edits)
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_form_is_read_as_the_full_parser_reads_it_or_left_to_it(read_by_both, seed, changes):
    for form in FORMS:
        text = form(random.Random(seed))
        for place, dropped, scrap in changes:
            at = round(place * len(text))
            text = text[:at] + scrap + text[at + dropped :]
        read_by_both(text.strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(48.85, 2.35).", (48.85, 2.35, "parentheses", "(48.85, 2.35)", None, None, None)),
        ("48,85; 2,35", (48.85, 2.35, "bare", "48,85; 2,35", None, None, None)),
        ("75.2° W, 40.1° S", (-40.1, -75.2, "hemisphere", "75.2° W, 40.1° S", None, None, None)),
        ("N40.1 E75.2", (40.1, 75.2, "hemisphere", "N40.1 E75.2", None, None, None)),
        (
            "Paris, France (48.85, 2.35)",
            (48.85, 2.35, "parentheses", "(48.85, 2.35)", "France", None, "Paris"),
        ),
        (
            "Country: Japan State: Hokkaido City: Biei Town Coordinates: (43.45, 142.61)",
            (43.45, 142.61, "parentheses", "(43.45, 142.61)", "Japan", "Hokkaido", "Biei Town"),
        ),
        (
            "1. Country: Japan\n2. State: Hokkaido\n3. City: Biei\n4. Coordinates: (43.45, 142.61)",
            (43.45, 142.61, "parentheses", "(43.45, 142.61)", "Japan", "Hokkaido", "Biei"),
        ),
        (
            "Longitude: 2.35\nCity: Paris\nLatitude: 48.85°",
            (48.85, 2.35, "labelled", "Longitude: 2.35\nCity: Paris\nLatitude: 48.85°", None, None, "Paris"),
        ),
        (
            "State: East Java, City: Perth South\nLat: 48.85, Lon: 2.35",
            (48.85, 2.35, "labelled", "Lat: 48.85, Lon: 2.35", None, "East Java", "Perth South"),
        ),
        (
            "City: Fortino J. Pinacho Coordinates: (18.55, -96.09)",
            (18.55, -96.09, "parentheses", "(18.55, -96.09)", None, None, "Fortino J. Pinacho"),
        ),
        (
            '{"city": "Paris", "LOC": [48.85, 2.35]}',
            (48.85, 2.35, "json", "[48.85, 2.35]", None, None, "Paris"),
        ),
        (
            "{'Country_Name': 'France', 'lng': '2.35', 'lat': 48.85}",
            (
                48.85,
                2.35,
                "json",
                "{'Country_Name': 'France', 'lng': '2.35', 'lat': 48.85}",
                "France",
                None,
                None,
            ),
        ),
        (
            '```json\n{"coordinates": {"lat": 48.85, "lon": 2.35}}\n```',
            (48.85, 2.35, "json", '{"lat": 48.85, "lon": 2.35}', None, None, None),
        ),
    ],
)
def test_a_common_form_is_read_by_its_pattern(read_by_both, text, expected):
    assert read_by_both(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Paris, France",
        "Biei, Hokkaido, Japan.",
        "Neuhaus an der Pegnitz, Germany",
        "Hay and Wye, England, UK",
        "Geji, Tibet Autonomous Region, China",
    ],
)
def test_a_list_of_names_is_a_place_in_an_answer_and_none_in_a_truth(text):
    assert read_common(text)[4:] != (None, None, None)
    assert read_common(text, listed=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "48.85",
        "48.85, 2.35, 7",
        "48.85, 2.35 or 48.86, 2.36",
        "(48.85, 2.35]",
        "148.85, 2.35",
        "48.85, 182.35",
        "48.8e1, 2.35",
        "+48.85-002.35/",
        "not (48.85, 2.35)",
        "Latıtude: 48.85, Longitude: 2.35",
        "LATİTUDE: 41.01, LONGİTUDE: 28.97",
        "4８.85, 2.35",
        "Lat: 48.85",
        "Lat: 48.85, Lat: 2.35",
        "Latitude: 1.5, 2.5, Longitude: 3",
        "Country: Japan, Nation: France",
        "City: Paris or Lyon",
        "Country: unknown",
        "Country: 7",
        '{"lat": 48.85, "lat": 2.35}',
        '{"lat": 1, "LOC": [1, 2]}',
        '{"lat": "48.85, "lon": 2.35}',
        '{"country": "France\', "lat": 1, "lon": 2}',
        "Paris, Point (48.85, 2.35)",
        "Korea, South (35.9, 127.7)",
        "40.1 N, 75.2 S",
        "40°60'N, 75°10'W",
        "40E5N, 75W",
        "62.9°E24°S",
        "x" * 5000,
        "Ceará, www. (48.85, 2.35)",
        "City: Perth South Latitude: 31.9, Longitude: 115.8",
        "Latitude: 31.9, City: Perth South Longitude: 115.8",
        "Country: China Autonomous Region: Tibet",
        "It’s Paris, France",
        "Francisco I. Madero, Mexico",
        "\u0301, \u0302",
        "A\u0301is Foo, France",
        "In the Hague, Netherlands",
        "Paris, France about (48.85, 2.35)",
        "City: ½ Moon",
        "City: x²",
    ],
)
def test_what_is_unusual_is_left_to_the_full_parser(text):
    assert read_common(text) is None


def test_every_letter_of_a_name_is_one_that_normalisation_leaves_alone():
    letters = re.compile(f"[{common_patterns.LETTERS}]")
    for code in range(0x10000):
        character = chr(code)
        if letters.fullmatch(character) and unicodedata.category(character) != "Cn":
            assert normalise(character) == character
            assert not character.isdigit()
            assert not character.isspace()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a</think><answer>b</answer>", "b"),
        (" <think>\na</think>\n <answer> b\n</answer>\n", "b"),
        ("<think></think><answer>b</answer>", None),
        ("<think>a</think><answer> </answer>", None),
        ("<think>a < b</think><answer>b</answer>", None),
        ("<think>a</think><answer>b</answer>.", None),
        ("<think>a</think>so<answer>b</answer>", None),
        ("a</think><answer>b</answer>", None),
        ("b", None),
        ("<think>a</think><answer>b</answer><answer>c</answer>", None),
    ],
)
def test_a_plain_completion_is_well_formed_with_tags_only(text, answer):
    assert plain_answer(text) == answer
    blocks = find_blocks(text)
    assert answer is None or (blocks.answer, blocks.well_formed, blocks.think) == (answer, True, "a")


def test_an_answer_read_by_its_pattern_is_an_answer_like_any_other():
    text = "Country: France\nCoordinates: (48.85, 2.35)"
    answer = parse_completion(f"<think>x</think><answer>{text}</answer>")
    assert answer.country == parse_answer(text).country == "France"
    assert answer.well_formed
    assert pickle.loads(pickle.dumps(answer)) == answer
