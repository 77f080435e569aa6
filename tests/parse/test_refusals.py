"""What must not be read as a coordinate, and the reason given."""

import pytest

from geo_rewards.parse import ProblemKind, parse_answer, parse_completion

REFUSED = [
    # out of range, never wrapped, never swapped, never rescued by another reading
    ("400, 2.35", ProblemKind.OUT_OF_RANGE),
    ("90.0001, 2.35", ProblemKind.OUT_OF_RANGE),
    ("48.85, 180.5", ProblemKind.OUT_OF_RANGE),
    ("-48.85, -362.35", ProblemKind.OUT_OF_RANGE),
    ("142.61, 43.45", ProblemKind.OUT_OF_RANGE),
    ("(400, 2.35)", ProblemKind.OUT_OF_RANGE),
    ("1999 2004", ProblemKind.OUT_OF_RANGE),
    ("Paris (400, 2.35) that is 48.85, 2.35", ProblemKind.OUT_OF_RANGE),
    ("Coordinates: 400, 2.35\n48.85, 2.35", ProblemKind.OUT_OF_RANGE),
    ("Lat: 400, Lon: 2.35 (48.85, 2.35)", ProblemKind.OUT_OF_RANGE),
    ('{"lat": 400, "lon": 2.35} (48.85, 2.35)', ProblemKind.OUT_OF_RANGE),
    ('{"LOC": [400, 2.35], "other": "48.85, 2.35"}', ProblemKind.OUT_OF_RANGE),
    ('{"lat": 400, "lon": 2.35}\n48.85, 2.35', ProblemKind.OUT_OF_RANGE),
    ("400 N, 2.35 E", ProblemKind.OUT_OF_RANGE),
    ("geo:400,2.35", ProblemKind.OUT_OF_RANGE),
    ("https://maps.google.com/?q=400,2.35 (48.85, 2.35)", ProblemKind.OUT_OF_RANGE),
    ("POINT(200 48.85)", ProblemKind.OUT_OF_RANGE),
    ('{"type": "Point", "coordinates": [48.85, 100]}', ProblemKind.OUT_OF_RANGE),
    ("+95.00+002.35/", ProblemKind.OUT_OF_RANGE),
    # no numbers
    ("NaN, 2.35", ProblemKind.NOT_A_NUMBER),
    ("nan nan", ProblemKind.NOT_A_NUMBER),
    ("(48.85, inf)", ProblemKind.NOT_A_NUMBER),
    ("-inf, Infinity", ProblemKind.NOT_A_NUMBER),
    ("Latitude: NaN, Longitude: 2.35", ProblemKind.NOT_A_NUMBER),
    ("Latitude: unknown (48.85, 2.35)", ProblemKind.NOT_A_NUMBER),
    ('{"lat": NaN, "lon": 2.35}', ProblemKind.NOT_A_NUMBER),
    ('{"lat": null, "lon": 2.35}', ProblemKind.NOT_A_NUMBER),
    ('{"lat": true, "lon": 2.35}', ProblemKind.NOT_A_NUMBER),
    ("{'lat': None, 'lon': False}", ProblemKind.NOT_A_NUMBER),
    ('{"LOC": [Infinity, 2.35]}', ProblemKind.NOT_A_NUMBER),
    ('{"LOC": [true, false]}', ProblemKind.NOT_A_NUMBER),
    ('{"LOC": null, "x": "48.85, 2.35"}', ProblemKind.NOT_A_NUMBER),
    ('{"lat": [48.85], "lon": 2.35}', ProblemKind.NOT_A_NUMBER),
    ('{"lat": "about 48.85", "lon": 2.35}', ProblemKind.NOT_A_NUMBER),
    ("48.85.1, 2.35", ProblemKind.NOT_A_NUMBER),
    ("12:30, 13:45", ProblemKind.NOT_A_NUMBER),
    # exponents
    ("4.885e1, 2.35", ProblemKind.EXPONENT),
    ("48.85, 2E0", ProblemKind.EXPONENT),
    ("(4e+1, 2.35)", ProblemKind.EXPONENT),
    ('{"lat": 4.885e1, "lon": 2.35}', ProblemKind.EXPONENT),
    ('{"LOC": [48.85, "2e0"]}', ProblemKind.EXPONENT),
    # how many numbers
    ("48.85", ProblemKind.NO_PAIR),
    ("48.85, 2.35, 100", ProblemKind.NO_PAIR),
    ("48.85 2.35 100.5", ProblemKind.NO_PAIR),
    ("(48.85, 2.35, 100)", ProblemKind.NO_PAIR),
    ("Coordinates: 48.85, 2.35, 100", ProblemKind.NO_PAIR),
    ("48.85\n2.35\n1.5", ProblemKind.NO_PAIR),
    ('{"LOC": [48.85, 2.35, 100]}', ProblemKind.NO_PAIR),
    ('{"LOC": []}', ProblemKind.NO_PAIR),
    ("geo:48.85,2.35,100", ProblemKind.NO_PAIR),
    ("POINT(2.35 48.85 100)", ProblemKind.NO_PAIR),
    ("POINT Z (2.35 48.85 100)", ProblemKind.NO_PAIR),
    ('{"type": "Point", "coordinates": [2.35, 48.85, 100]}', ProblemKind.NO_PAIR),
    ("+40.20-075.00+100/", ProblemKind.NO_PAIR),
    ("40.1 N, 75.2 W, 41.2 N", ProblemKind.NO_PAIR),
    ("12/05/2024", ProblemKind.NO_PAIR),
    ("48,85, 2,35", ProblemKind.NO_PAIR),
    ("In 1999, room 12", ProblemKind.NO_PAIR),
    ("Taken in 1999 at 12 o'clock", ProblemKind.NO_PAIR),
    ("room 12, 14", ProblemKind.NO_PAIR),
    ("covers 12.5% and 30.2%", ProblemKind.NO_PAIR),
    ("version v2.1, v3.2", ProblemKind.NO_PAIR),
    ("I think 48.85, 2.35 or 7", ProblemKind.NO_PAIR),
    ("40.1 km, 75.2 km", ProblemKind.NO_PAIR),
    ("48.85, 2.35km away", ProblemKind.NO_PAIR),
    # signs
    ("-40.1 N, 75.2 E", ProblemKind.SIGN),
    ("40.1 N, -75.2 E", ProblemKind.SIGN),
    ("+40.1 S, 75.2 E", ProblemKind.SIGN),
    ("N-40.1 W75.2", ProblemKind.SIGN),
    ("- 33.8, 151.2", ProblemKind.SIGN),
    ("48.85-2.35", ProblemKind.SIGN),
    ("48.85, --2.35", ProblemKind.NO_PAIR),
    ("+33-1234567", ProblemKind.SIGN),
    # letters and labels that contradict each other
    ("40.1 N, 75.2 S", ProblemKind.AXES),
    ("40.1 E, 75.2 W", ProblemKind.AXES),
    ("40.1 N, 75.2", ProblemKind.AXES),
    ("N 40.1 N, W 75.2", ProblemKind.AXES),
    ("N 40,75 W", ProblemKind.NO_PAIR),
    ("Lat: 48.85 Lat: 49.1 Lon: 2.35", ProblemKind.AXES),
    ("Latitude: 48.85, Latitude: 2.35", ProblemKind.AXES),
    ("Latitude: 48.85", ProblemKind.AXES),
    ("Latitude: 40.1° W, Longitude: 75.2° W", ProblemKind.AXES),
    ('{"lat": 48.85}', ProblemKind.AXES),
    ('{"lat": 48.85, "latitude": 49.1, "lon": 2.35}', ProblemKind.AXES),
    ('{"lat": "40.1 W", "lon": 75.2}', ProblemKind.AXES),
    ('{"lat": 1, "location": {"lat": 2, "lon": 3}}', ProblemKind.AXES),
    ("The longitude and latitude are near 2.35, 48.85", ProblemKind.ORDER),
    ("POINT(2.35, 48.85)", ProblemKind.ORDER),
    # minutes and seconds
    ("40°60'00\" N, 79°58'56\" W", ProblemKind.MINUTES),
    ("40°26'60\" N, 79°58'56\" W", ProblemKind.MINUTES),
    ("40 75 46 N, 79 58 56 W", ProblemKind.MINUTES),
    ("40.5°26' N, 79°58' W", ProblemKind.MINUTES),
    ("+4075-07500/", ProblemKind.MINUTES),
    # digits
    ("48.123456789012345678901, 2.35", ProblemKind.LONG_NUMBER),
    ("0" * 30 + "48, 2.35", ProblemKind.LONG_NUMBER),
    ('{"lat": 48.123456789012345678901, "lon": 2.35}', ProblemKind.LONG_NUMBER),
    # objects
    ('{"lat": 48.85, "lat": 49.1, "lon": 2.35}', ProblemKind.DUPLICATE_KEY),
    ('{"lat": 48.85, "lat": 48.85, "lon": 2.35}', ProblemKind.DUPLICATE_KEY),
    ('{"l\\u0061t": 48.85, "lat": 48.85, "lon": 2.35}', ProblemKind.DUPLICATE_KEY),
    ('{"country": "France", "country": "Spain"} (48.85, 2.35)', ProblemKind.DUPLICATE_KEY),
    ('{"x": {"LOC": [1, 2], "LOC": [3, 4]}}', ProblemKind.DUPLICATE_KEY),
    ('{"lat": 48.85, "lon": 2.35', ProblemKind.UNREADABLE_OBJECT),
    ('{"lat": 48.85 "lon": 2.35}', ProblemKind.UNREADABLE_OBJECT),
    ("{48.85, 2.35}", ProblemKind.UNREADABLE_OBJECT),
    ("{'lat': 48.85, 'lon': __import__('os')}", ProblemKind.UNREADABLE_OBJECT),
    ('{"a": ' * 10_000 + "1" + "}" * 10_000, ProblemKind.LONG),
    ('{"a": ' * 500 + "1" + "}" * 500, ProblemKind.UNREADABLE_OBJECT),
    ('{"a": ' + "[" * 2000, ProblemKind.UNREADABLE_OBJECT),
    ('{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}', ProblemKind.GEOMETRY),
    ("MULTIPOINT((1 2))", ProblemKind.GEOMETRY),
    ("geo:0,0?q=48.85,2.35", ProblemKind.GEOMETRY),
    # several pairs
    ("48.85, 2.35\n48.86, 2.35", ProblemKind.SEVERAL_PAIRS),
    ("(48.85, 2.35) or (48.86, 2.35)", ProblemKind.SEVERAL_PAIRS),
    ("Lat: 48.85, Lon: 2.35 (1.5, 2.5)", ProblemKind.SEVERAL_PAIRS),
    ('{"LOC": [48.85, 2.35]} (1.5, 2.5)', ProblemKind.SEVERAL_PAIRS),
    ('{"LOC": [48.85, 2.35], "alternative": "maybe (1.5, 2.5)"}', ProblemKind.SEVERAL_PAIRS),
    ('{"LOC": [48.85, 2.35], "alternative": [1.5, 2.5]}', ProblemKind.SEVERAL_PAIRS),
    ('{"LOC": [[48.85, 2.35], [1.5, 2.5]]}', ProblemKind.SEVERAL_PAIRS),
    ('{"lat": 48.85, "lon": 2.35}{"lat": 1.5, "lon": 2.5}', ProblemKind.SEVERAL_PAIRS),
    ("40.1 N, 75.2 W or 33.8 S, 151.2 E", ProblemKind.SEVERAL_PAIRS),
    ("geo:48.85,2.35 geo:1.5,2.5", ProblemKind.SEVERAL_PAIRS),
    ("https://www.google.com/maps/@48.85,2.35,15z?q=1.5,2.5", ProblemKind.SEVERAL_PAIRS),
    # a second pair counts too if it is bare and inside other text
    ("(48.8584, 2.2945) 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945)\nor 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945) or 10.5 20.5 in 2019", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945) or 10.5 and 20.5", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945) or 10.5, or 20.5", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945) or 10.5,\n20.5, I think", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945); 10,5; 20,5", ProblemKind.SEVERAL_PAIRS),
    ("(48.8584, 2.2945) in 2019, 10.5/20.5, 7", ProblemKind.SEVERAL_PAIRS),
    ("10.5, 20.5 or rather (48.8584, 2.2945)", ProblemKind.SEVERAL_PAIRS),
    ("Coordinates: 1.5, 2.5 or 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("lat: 1.5, lon: 2.5 or 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("lat: 1.5, lon: 2.5, 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("1.5 N, 2.5 E or 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ("1.5, 2.5\nor maybe 10.5, 20.5", ProblemKind.SEVERAL_PAIRS),
    ('{"LOC": [1.5, 2.5]} or 10.5, 20.5 in 2019', ProblemKind.SEVERAL_PAIRS),
    ("geo:1.5,2.5 or 10.5, 20.5 in 2019", ProblemKind.SEVERAL_PAIRS),
    ("48.85, 2.35 and 48.86, 2.35", ProblemKind.NO_PAIR),
    ("48.85, 2.35 and 48.85, 2.35 in 2019", ProblemKind.NO_PAIR),
    ("The longitude and latitude are near 2.35, 48.85, that is 2.35, 48.85", ProblemKind.ORDER),
    ("48.85, 2.35, 48.85, 2.36", ProblemKind.NO_PAIR),
    ("48.85, 2.35; 1.5, 2.5", ProblemKind.NO_PAIR),
    # codes
    ("8FW4V75V+8Q", ProblemKind.PLACE_CODE),
    ("V75V+8Q Paris, France", ProblemKind.PLACE_CODE),
    ("u09tunquc", ProblemKind.PLACE_CODE),
    # nothing at all
    ("", ProblemKind.EMPTY),
    (" \n\t", ProblemKind.EMPTY),
    ("hello", ProblemKind.NOTHING_READ),
    ("48\\.85, 2\\.35", ProblemKind.NO_PAIR),
    ("٤٨٫٨٥, ٢٫٣٥", ProblemKind.NOTHING_READ),
    ("4²8.85, 2.35", ProblemKind.NO_PAIR),
    ("40.1e, 75.2w", ProblemKind.NO_PAIR),
    ("img_48.85_2.35", ProblemKind.NO_PAIR),
]


@pytest.mark.parametrize(("text", "kind"), REFUSED)
def test_no_coordinate_is_read_and_the_reason_is_given(text: str, kind: ProblemKind) -> None:
    answer = parse_answer(text)
    assert answer.coordinate is None
    assert answer.coordinate_text is None
    assert answer.coordinate_form is None
    kinds = [problem.split(": ")[0] for problem in answer.problems]
    assert kind.value in kinds


@pytest.mark.parametrize(
    "text",
    [
        '{"country": "France", "country": "Spain", "city": "Paris", "LOC": [48.85, 2.35]}',
        '{"country": "France", "LOC": [48.85, 2.35], "LOC": [48.85, 2.35]}',
    ],
)
def test_an_answer_with_a_duplicate_key_is_refused_entirely(text: str) -> None:
    answer = parse_completion(f"<think>x</think><answer>{text}</answer>")
    assert (answer.coordinate, answer.country, answer.city) == (None, None, None)
    assert answer.problems == (
        f"duplicate key: '{'country' if 'Spain' in text else 'LOC'}' twice in one object",
    )


def test_longitude_is_refused_not_wrapped() -> None:
    assert parse_answer("48.85, 362.35").problems == ("out of range: longitude 362.35 is not in [-180, 180]",)


def test_labelled_places_survive_a_refused_coordinate() -> None:
    answer = parse_answer("Country: France\nCity: Paris\nCoordinates: (400, 2.35)")
    assert (answer.country, answer.city, answer.coordinate) == ("France", "Paris", None)
