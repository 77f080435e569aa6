"""The table of answer texts that contain a coordinate, row by row."""

import pytest

from geo_rewards.parse import parse_answer, parse_completion

PARIS = (48.85, 2.35)
PHILADELPHIA = (40.1, -75.2)
BIEI = (43.45, 142.61)
DMS = (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600))
DECIMAL_MINUTES = (40 + 26.767 / 60, -(79 + 58.933 / 60))

READABLE = [
    # decimal pairs
    ("48.85, 2.35", PARIS, "bare"),
    ("48.85,2.35", PARIS, "bare"),
    ("48.85 2.35", PARIS, "bare"),
    ("48.85; 2.35", PARIS, "bare"),
    ("48.85/2.35", PARIS, "bare"),
    ("48.85 / 2.35", PARIS, "bare"),
    ("48.85\n2.35", PARIS, "bare"),
    ("48.85,\n2.35", PARIS, "bare"),
    ("48.85\r\n2.35", PARIS, "bare"),
    ("+48.85, +2.35", PARIS, "bare"),
    ("-33.8, 151.2", (-33.8, 151.2), "bare"),
    ("-33.8 -151.2", (-33.8, -151.2), "bare"),
    ("48.85, 2.35.", PARIS, "bare"),
    ("48, 2", (48.0, 2.0), "bare"),
    ("0, 0", (0.0, 0.0), "bare"),
    (".5, 0.25", (0.5, 0.25), "bare"),
    ("90, -180", (90.0, -180.0), "bare"),
    ("(48.85, 2.35)", PARIS, "parentheses"),
    ("( 48.85 , 2.35 ).", PARIS, "parentheses"),
    ("(48.85 2.35)", PARIS, "brackets"),
    ("(48.85; 2.35)", PARIS, "brackets"),
    ("[48.85, 2.35]", PARIS, "brackets"),
    ("[(48.85, 2.35)]", PARIS, "parentheses"),
    ("(48.85,\n2.35)", PARIS, "parentheses"),
    ("'48.85, 2.35'", PARIS, "bare"),
    ('"48.85, 2.35"', PARIS, "bare"),
    ("48.85°, 2.35°", PARIS, "bare"),
    ("48.85                              ,  2.35", PARIS, "bare"),
    # inside other text
    ("Paris, France (48.85, 2.35)", PARIS, "parentheses"),
    ("Paris [48.85, 2.35], I think", PARIS, "brackets"),
    ("In 1999 it was (48.85, 2.35), room 12", PARIS, "parentheses"),
    ("It is at 48.85, 2.35.", PARIS, "bare"),
    ("Paris, France, 48.85, 2.35", PARIS, "bare"),
    ("Paris\n48.85, 2.35\nIn 1999.", PARIS, "bare"),
    ("Coordinates: 48.85, 2.35 near 12 Rue X", PARIS, "labelled"),
    ("Coordinates:\n48, 2", (48.0, 2.0), "labelled"),
    ("GPS = 48, 2 or so", (48.0, 2.0), "labelled"),
    ("The coordinates are 48, 2 or so", (48.0, 2.0), "labelled"),
    ("Coordinates (lat, lon): 48, 2", (48.0, 2.0), "labelled"),
    ("Latitude, Longitude: 48, 2 about", (48.0, 2.0), "labelled"),
    ("Lat/Lon = 48/2", (48.0, 2.0), "labelled"),
    ("Longitude, Latitude: 2.35, 48.85", PARIS, "labelled"),
    ("(lon, lat) = (2.35, 48.85)", PARIS, "parentheses"),
    # JSON and Python
    ('{"LOC": [48.85, 2.35]}', PARIS, "json"),
    ('{"Coordinates": [48.85, 2.35]}', PARIS, "json"),
    ("{'LOC': [48.85, 2.35]}", PARIS, "json"),
    ("{'LOC': (48.85, 2.35)}", PARIS, "parentheses"),
    ('{"Coordinates": "(48.85, 2.35)"}', PARIS, "parentheses"),
    ('{"Coordinates": "48.85, 2.35"}', PARIS, "bare"),
    ('{"LOC": ["48.85", "2.35"]}', PARIS, "json"),
    ('{"lat": 48.85, "lon": 2.35}', PARIS, "json"),
    ('{"lon": 2.35, "lat": 48.85}', PARIS, "json"),
    ('{"latitude": 48.85, "longitude": 2.35}', PARIS, "json"),
    ('{"lat": 48.85, "lng": 2.35}', PARIS, "json"),
    ('{"long": 2.35, "Lat": 48.85}', PARIS, "json"),
    ('{"lat": "48.85", "lon": "2.35"}', PARIS, "json"),
    ('{"lat": "48,85", "lon": "2,35"}', PARIS, "json"),
    ('{"lat": "40.1° N", "lon": "75.2° W"}', PHILADELPHIA, "json"),
    ('{"lat": "40\\u00b026\'46\\"N", "lon": "79\\u00b058\'56\\"W"}', DMS, "json"),
    ("{lat: 48.85, lon: 2.35}", PARIS, "json"),
    ('{"answer": {"lat": 48.85, "lon": 2.35}}', PARIS, "json"),
    ('{"location": {"coordinates": [48.85, 2.35], "country": "France"}}', PARIS, "json"),
    ('{"lat": 48.85, "lon": 2.35, "year": 1999, "sure": true, "note": null,}', PARIS, "json"),
    ('```json\n{"lat": 48.85, "lon": 2.35}\n```', PARIS, "json"),
    ('The answer is {"lat": 48.85, "lon": 2.35}.', PARIS, "json"),
    ("{“lat”: 48.85, “lon”: 2.35}", PARIS, "json"),
    ('｛"lat"： −48.85， "lon"： 2.35｝', (-48.85, 2.35), "json"),
    ('"lat": 48.85, "lon": 2.35', PARIS, "labelled"),
    # labels decide the order
    ("Lat. 43.45, Long. 142.61", BIEI, "labelled"),
    ("Latitude: 43.45\nLongitude: 142.61", BIEI, "labelled"),
    ("Longitude: 142.61\nLatitude: 43.45", BIEI, "labelled"),
    ("lat=43.45 lon=142.61", BIEI, "labelled"),
    ("lat43.45 lon142.61", BIEI, "labelled"),
    ("**Latitude:** 43.45° **Longitude:** 142.61°", BIEI, "labelled"),
    ("(Lat: 43.45, Lon: 142.61)", BIEI, "labelled"),
    ("the latitude is 43.45 and the longitude is about 142.61", BIEI, "labelled"),
    ("Latitude: 40.1° N, Longitude: 75.2° W", PHILADELPHIA, "labelled"),
    ("Latitude: 43,45\nLongitude: 142,61", BIEI, "labelled"),
    ("Latitude:\n43.45\nLongitude:\n142.61", BIEI, "labelled"),
    # Chain of Region
    ("Country: Japan State: Hokkaido City: Biei Town Coordinates: (43.45, 142.61)", BIEI, "parentheses"),
    ("Country: Japan\nState: Hokkaido\nCity: Biei\nCoordinates: (43.45, 142.61)", BIEI, "parentheses"),
    ("1. Country: Japan 2. State: Hokkaido 3. City: Biei 4. (43.45, 142.61)", BIEI, "parentheses"),
    ("- Country: Japan\n- City: Biei\n- Coordinates: 43.45, 142.61", BIEI, "labelled"),
    # hemisphere letters
    ("40.1° N, 75.2° W", PHILADELPHIA, "hemisphere"),
    ("40.1N75.2W", PHILADELPHIA, "hemisphere"),
    ("40.1°N 75.2°W", PHILADELPHIA, "hemisphere"),
    ("N40.1 W75.2", PHILADELPHIA, "hemisphere"),
    ("N 40.1, W 75.2", PHILADELPHIA, "hemisphere"),
    ("N40.1°W75.2°", PHILADELPHIA, "hemisphere"),
    ("75.2 W, 40.1 N", PHILADELPHIA, "hemisphere"),
    ("40.1 North, 75.2 West", PHILADELPHIA, "hemisphere"),
    ("40.1 degrees north and 75.2 degrees west", PHILADELPHIA, "hemisphere"),
    ("(40.1 N, 75.2 W)", PHILADELPHIA, "hemisphere"),
    ("At 40.1° N, 75.2° W in 1999", PHILADELPHIA, "hemisphere"),
    ("33.8 S / 151.2 E", (-33.8, 151.2), "hemisphere"),
    ("40,1° N, 75,2° W", PHILADELPHIA, "hemisphere"),
    # degrees, minutes, seconds
    ("40°26'46\"N 79°58'56\"W", DMS, "dms"),
    ("40° 26' 46\" N, 79° 58' 56\" W", DMS, "dms"),
    ("40° 26′ 46″ N, 79° 58′ 56″ W", DMS, "dms"),
    ("40° 26’ 46” N, 79° 58’ 56” W", DMS, "dms"),
    ("40º 26' 46'' N, 79º 58' 56'' W", DMS, "dms"),
    ("40˚26'46\" N; 79˚58'56\" W", DMS, "dms"),
    ("40⁰26'46\" N; 79⁰58'56\" W", DMS, "dms"),
    ("N40°26'46\" W79°58'56\"", DMS, "dms"),
    ("40d26m46sN 79d58m56sW", DMS, "dms"),
    ("40d 26m 46s N, 79d 58m 56s W", DMS, "dms"),
    ("40:26:46 N, 79:58:56 W", DMS, "dms"),
    ("40 26 46 N 79 58 56 W", DMS, "dms"),
    ("N 40 26 46 W 79 58 56", DMS, "dms"),
    ("79 58 56 W, 40 26 46 N", DMS, "dms"),
    ("40 degrees 26 minutes 46 seconds North, 79 degrees 58 minutes 56 seconds West", DMS, "dms"),
    ("40°26'46\", -79°58'56\"", DMS, "dms"),
    ("40° 26.767' N, 79° 58.933' W", DECIMAL_MINUTES, "dms"),
    ("N 40° 26.767 W 079° 58.933", DECIMAL_MINUTES, "dms"),
    ("40 26.767 N, 79 58.933 W", DECIMAL_MINUTES, "dms"),
    ("40° 26,767' N, 79° 58,933' W", DECIMAL_MINUTES, "dms"),
    ("$40^\\circ 26' 46''$ N, $79^{\\circ} 58' 56''$ W", DMS, "dms"),
    # dedicated formats
    ("geo:48.85,2.35", PARIS, "geo"),
    ("geo:48.85,2.35;u=35", PARIS, "geo"),
    ("See geo:48.85,2.35;crs=wgs84?z=3.", PARIS, "geo"),
    ("https://www.google.com/maps/@48.85,2.35,15z", PARIS, "url"),
    ("https://www.google.com/maps/place/Paris/@48.85,2.35,15z/data=!3m1", PARIS, "url"),
    ("https://maps.google.com/?q=48.85,2.35", PARIS, "url"),
    ("[map](https://maps.google.com/?q=48.85%2C2.35)", PARIS, "url"),
    ("maps.google.com/maps?hl=fr&q=48.85,2.35&z=3", PARIS, "url"),
    ("+40.10-075.20/", PHILADELPHIA, "iso6709"),
    ("+4006-07512/", PHILADELPHIA, "iso6709"),
    ("+402646-0795856/", DMS, "iso6709"),
    ("+40.10-075.20CRSWGS_84/", PHILADELPHIA, "iso6709"),
    ("POINT(2.35 48.85)", PARIS, "wkt"),
    ("SRID=4326;POINT (2.35 48.85)", PARIS, "wkt"),
    ("the point (48.85, 2.35)", PARIS, "parentheses"),
    ('{"type": "Point", "coordinates": [2.35, 48.85]}', PARIS, "geojson"),
    (
        '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.35, 48.85]}, "properties": {}}',
        PARIS,
        "geojson",
    ),
    # decimal commas
    ("48,85; 2,35", PARIS, "bare"),
    ("48,85 2,35", PARIS, "bare"),
    ("-48,85 / -2,35", (-48.85, -2.35), "bare"),
    ("(48,85; 2,35)", PARIS, "brackets"),
    ("48,85", (48.0, 85.0), "bare"),
    # normalisations
    ("−33.8, −151.2", (-33.8, -151.2), "bare"),
    ("–33.8, 151.2", (-33.8, 151.2), "bare"),
    ("－３３．８，　１５１．２", (-33.8, 151.2), "bare"),
    ("（４８．８５，２．３５）", PARIS, "parentheses"),
    ("\u00a048.85,\u202f2.35\u200b", PARIS, "bare"),
    ("𝟒𝟖.𝟖𝟓, 𝟐.𝟑𝟓", PARIS, "bare"),
    ("**48.85, 2.35**", PARIS, "bare"),
    ("**48.85**, **2.35**", PARIS, "bare"),
    ("**(48.85, 2.35)**", PARIS, "parentheses"),
    ("`48.85, 2.35`", PARIS, "bare"),
    ("$48.85, -2.35$", (48.85, -2.35), "bare"),
    ("$(48.85, 2.35)$", PARIS, "parentheses"),
    ("\\boxed{48.85, 2.35}", PARIS, "bare"),
    ("$\\boxed{(48.85, 2.35)}$", PARIS, "parentheses"),
    ("\\boxed{\\text{48.85, 2.35}}", PARIS, "bare"),
    ("\\[ \\left( 48.85, 2.35 \\right) \\]", PARIS, "parentheses"),
    ('\\boxed{{"lat": 48.85, "lon": 2.35}}', PARIS, "json"),
    ("```\n48.85, 2.35\n```", PARIS, "bare"),
    ("> *48.85, 2.35*", PARIS, "bare"),
    # a repeated pair is one pair
    ("48.85, 2.35\n48.85, 2.35", PARIS, "bare"),
    ("48.85, 2.35, 48.85, 2.35", PARIS, "bare"),
    ("48.85, 2.35; 48.850, 2.350", PARIS, "bare"),
    ("40.1 N, 75.2 W; 40.1 N, 75.2 W", PHILADELPHIA, "hemisphere"),
    ("48.85, 2.35 (48.850, 2.350)", PARIS, "parentheses"),
    ("Lat: 48.85, Lon: 2.35 (48.85, 2.35)", PARIS, "parentheses"),
    ('{"lat": 48.85, "lon": 2.35} (48.85, 2.35)', PARIS, "parentheses"),
    ("Lat: 48.85 Lat: 48.85 Lon: 2.35", PARIS, "labelled"),
    ("(48.85, 2.35), that is 48.850, 2.350 as in 2019", PARIS, "parentheses"),
    ("Coordinates: 48.85, 2.35 or 48.85 2.35", PARIS, "labelled"),
    ("lat: 48.85, lon: 2.35 or 48.85, 2.35", PARIS, "labelled"),
    ("(48.85, 2.35); 48,85; 2,35", PARIS, "parentheses"),
    ("(lon, lat) = (2.35, 48.85) or 2.35, 48.85", PARIS, "parentheses"),
    ("48.85, 2.35 and 48.85, 2.35", PARIS, "bare"),
    ("It is 48.85, 2.35, to repeat: 48.850, 2.350.", PARIS, "bare"),
    ("48,85; 2,35 or 48,85; 2,35", PARIS, "bare"),
    # other numbers next to a pair are harmless
    ("(48.85, 2.35) in 2019", PARIS, "parentheses"),
    ("Elevation 35.5 m, (48.85, 2.35)", PARIS, "parentheses"),
    ("(48.85, 2.35), 35.5 m, 2019", PARIS, "parentheses"),
    ("(48.85, 2.35), in 2019, 2020 and 2021", PARIS, "parentheses"),
    ("(48.85, 2.35), 12, 14 rue X", PARIS, "parentheses"),
    ("(48.85, 2.35), between 95.5 and 97.5", PARIS, "parentheses"),
    ("Coordinates: 48.85, 2.35\nElevation: 35.5 m\nDistance: 7.5 km", PARIS, "labelled"),
    ("(48.85, 2.35) on 12.05.2024, 12:30, 13:45", PARIS, "parentheses"),
]


@pytest.mark.parametrize(("text", "pair", "form"), READABLE)
def test_a_written_coordinate_is_read_with_its_form(text: str, pair: tuple[float, float], form: str) -> None:
    answer = parse_answer(text)
    assert answer.problems == ()
    assert answer.coordinate is not None
    assert tuple(answer.coordinate) == pytest.approx(pair, abs=1e-9)
    assert answer.coordinate_form == form


@pytest.mark.parametrize(("text", "pair", "form"), READABLE)
def test_the_answer_block_of_a_completion_reads_like_the_answer_alone(
    text: str, pair: tuple[float, float], form: str
) -> None:
    completion = parse_completion(f"<think>Not (1.5, 2.5).</think>\n<answer> {text}\n</answer>")
    assert completion.well_formed
    assert completion.coordinate == parse_answer(text).coordinate
    assert completion.coordinate_form == form


@pytest.mark.parametrize(
    "text",
    [
        "Country: US City: Long Beach Coordinates: (33.77, -118.19)",
        "Country: US\nCity: Long Beach\nCoordinates: (33.77, -118.19)",
        "Long Beach, California (33.77, -118.19)",
        "Region: Long Island, City: Long Beach, Coordinates: 33.77, -118.19",
    ],
)
def test_a_place_name_with_long_in_it_says_nothing_about_the_order(text: str) -> None:
    coordinate = parse_answer(text).coordinate
    assert coordinate is not None
    assert tuple(coordinate) == (33.77, -118.19)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Paris, France (48.85, 2.35), sure", "(48.85, 2.35)"),
        ("It is at 48.85, 2.35.", "48.85, 2.35"),
        ("Hm. Latitude: 43.45, Longitude: 142.61 ok", "Latitude: 43.45, Longitude: 142.61"),
        ("At −33.8° S", None),
        ("At 33.8° S, 151.2° E in 1999", "33.8° S, 151.2° E"),
        ('So {"LOC": [48.85, 2.35]}', "[48.85, 2.35]"),
        ('So {"lat": 48.85, "lon": 2.35}', '{"lat": 48.85, "lon": 2.35}'),
        ("（４８．８５，２．３５）", "（４８．８５，２．３５）"),
    ],
)
def test_the_text_of_the_coordinate_is_kept_as_written(text: str, part: str | None) -> None:
    assert parse_answer(text).coordinate_text == part
