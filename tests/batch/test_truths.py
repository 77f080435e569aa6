import datetime
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from geo_rewards.batch.truths import plain_truths, read_truth, read_truths
from geo_rewards.errors import TruthError
from geo_rewards.types import Coordinate, GroundTruth


@pytest.mark.parametrize(
    "solution",
    [
        "48.8584, 2.2945",
        "(48.8584, 2.2945)",
        "<answer>48.8584, 2.2945</answer>",
        "<think>x</think><answer>(48.8584, 2.2945)</answer>",
        [48.8584, 2.2945],
        (48.8584, 2.2945),
        '{"LOC": [48.8584, 2.2945]}',
        {"lat": 48.8584, "lon": 2.2945},
    ],
)
def test_a_solution_is_read_like_an_answer(solution):
    assert read_truth({"solution": solution}) == GroundTruth(coordinate=Coordinate(48.8584, 2.2945))


def test_a_chain_of_region_is_a_truth_with_places():
    text = "Country: Japan State: Hokkaido City: Biei Town Coordinates: (43.45, 142.61)"
    assert read_truth({"solution": text}) == GroundTruth(
        Coordinate(43.45, 142.61), "JP", "Hokkaido", "Biei Town"
    )


@pytest.mark.parametrize(
    "text", ["0", "Paris, France", "blue", "B", "three balls", "yes", "1/2", "3,5", "12,150"]
)
def test_a_solution_with_neither_pair_nor_label_is_plain_text(text):
    assert read_truth({"solution": text}) == GroundTruth(text=text)


def test_numbers_and_booleans_become_their_json_text():
    assert read_truth({"solution": 0}).text == "0"
    assert read_truth({"solution": True}).text == "true"


def test_explicit_columns_override_the_solution():
    truth = read_truth({"solution": "1.5, 2.5", "lat": 48.85, "lon": 2.35, "country": "fra"})
    assert truth == GroundTruth(Coordinate(48.85, 2.35), "FR")


def test_latitude_and_longitude_are_accepted():
    assert read_truth({"latitude": "48.85", "longitude": 2}).coordinate == Coordinate(48.85, 2.0)


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
def test_missing_values_are_not_a_truth(missing):
    assert read_truth({"lat": missing, "lon": missing, "country": missing}) == GroundTruth()


def test_arrays_are_columns_too():
    truths = read_truths({"lat": np.array([1.0, 2.0]), "lon": np.array([3, 4])})
    assert [tuple(truth.coordinate) for truth in truths] == [(1.0, 3.0), (2.0, 4.0)]


def test_a_string_for_a_column_is_refused():
    with pytest.raises(TruthError, match="truth column 'country' must be a list"):
        read_truths({"country": "France"})


def test_booleans_are_not_degrees():
    with pytest.raises(TruthError, match="True is not a number of degrees"):
        read_truth({"lat": True, "lon": 2.0})


def test_two_different_pairs_are_not_a_truth():
    with pytest.raises(TruthError, match="solution: several"):
        read_truth({"solution": "(48.85, 2.35) or (40.71, -74.01)"})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Deutschland", "DE"),
        ("GB", "GB"),
        ("Scotland", "GB"),
        ("Hong Kong", "HK"),
        ("Kosovo", "XK"),
        ("usa", "US"),
    ],
)
def test_a_country_is_any_name_or_code(name, code):
    assert read_truth({"country": name}).country == code


@pytest.mark.parametrize(
    "columns",
    [
        {"lat": [48.85], "lon": ["2.35"]},
        {"lat": [48.85], "lon": [True]},
        {"lat": [90.5], "lon": [2.35]},
        {"lat": [math.nan], "lon": [2.35]},
        {"lat": [10**400], "lon": [2.35]},
        {"lat": [48.85], "lon": [2.35], "country": ["FR"]},
        {"lat": [48.85], "longitude": [2.35]},
        {"lat": [48.85]},
        {},
    ],
)
def test_truths_that_need_a_closer_look_are_not_plain(columns):
    assert plain_truths(columns) is None


def test_plain_truths_equal_those_read_row_by_row():
    columns = {"longitude": [2.35, -180], "latitude": [48.85, 90.0]}
    rows = [tuple(truth.coordinate) for truth in read_truths(columns)]
    assert [tuple(pair) for pair in plain_truths(columns).T] == rows


def test_rows_of_one_group_share_one_truth():
    truths = read_truths({"solution": ["Country: France (48.85, 2.35)"] * 2 + [[48.85, 2.35]]})
    assert truths[0] is truths[1]
    assert truths[2].country is None


def test_equal_cells_of_a_different_type_are_read_again():
    with pytest.raises(TruthError, match="row 1: lat True is not a number"):
        read_truths({"lat": [1, True], "lon": [1, 1], "city": [None, None]})


SPELLINGS = [
    "nan",
    "NaN",
    "None",
    "NONE",
    "null",
    "N/A",
    "n/a",
    "n.a.",
    "unknown",
    "Unknown ",
    "-",
    "--",
    "—",
    "?",
    "...",
]


@pytest.mark.parametrize("missing", [*SPELLINGS, "<NA>", "#N/A", "not available", " ", "undefined"])
def test_a_text_meaning_no_value_is_missing(missing):
    cells = {"lat": missing, "lon": missing, "country": missing, "region": missing, "city": missing}
    assert read_truth(cells) == GroundTruth()
    assert read_truth({"lat": 48.85, "lon": 2.35, "city": missing}).coordinate == Coordinate(48.85, 2.35)


def test_namibia_and_nan_are_not_missing_values():
    assert read_truth({"country": "NA"}).country == "NA"
    truth = read_truth({"country": "Thailand", "region": "Nan", "city": "Nan"})
    assert (truth.region, truth.city) == ("Nan", "Nan")
    assert read_truth({"country": "US", "region": "Nan"}).region is None


def test_a_coordinate_with_one_missing_half_is_an_error():
    with pytest.raises(TruthError, match="lat is given without lon"):
        read_truth({"lat": 48.85, "lon": "n/a"})


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        *(("LAT", "LON"), ("Lat", "Lng"), ("latitude", "long"), ("Latitude", "Longitude"), ("lat", "lng")),
        *(("gt_lat", "gt_lon"), ("GT_LAT", "GT_LON"), ("LATITUDE", "LONG"), ("Gt_Lat", "lon")),
    ],
)
def test_columns_of_coordinates_are_found_by_any_usual_name(lat, lon):
    columns = {lat: [48.85, 41.9], lon: [2.35, 12.5], "other": ["x", "y"]}
    truths = read_truths(columns)
    assert [tuple(truth.coordinate) for truth in truths] == [(48.85, 2.35), (41.9, 12.5)]
    plain = plain_truths({lat: columns[lat], lon: columns[lon]})
    assert plain is None or plain.tolist() == [[48.85, 41.9], [2.35, 12.5]]


def test_a_column_of_long_texts_is_not_a_longitude():
    assert read_truths({"long": ["a long text"], "city": ["Paris"]})[0].city == "Paris"


def test_two_columns_with_different_latitudes_are_an_error():
    with pytest.raises(TruthError, match="contradict"):
        read_truth({"lat": 48.85, "GT_LAT": 41.9, "lon": 2.35})


@pytest.mark.parametrize(
    ("written", "degrees"),
    [
        ("33.8688 S", -33.8688),
        ("−33.8688", -33.8688),
        (" 48,85 ", 48.85),
        ("-3.8e-05", -3.8e-05),
        ("40°30'N", 40.5),
    ],
)
def test_degrees_are_read_as_people_and_programs_write_them(written, degrees):
    assert read_truth({"lat": written, "lon": "2"}).coordinate.lat == pytest.approx(degrees)


@pytest.mark.parametrize(
    "written", ["4_8.5", "inf", "1e400", "48.85 or 49", "48.85 E", "about", "0x10", "48.85.1"]
)
def test_anything_but_a_latitude_is_an_error(written):
    with pytest.raises(TruthError):
        read_truth({"lat": written, "lon": "2"})


@pytest.mark.parametrize(
    "solution", [["48.85", "2.35"], ("48.85 N", "2.35 E"), [48.85, "2.35"], np.array([48.85, 2.35])]
)
def test_a_list_of_two_numbers_is_a_pair_even_as_texts(solution):
    assert read_truth({"solution": solution}).coordinate == Coordinate(48.85, 2.35)


@pytest.mark.parametrize("solution", [["Paris", "France"], ["3 cats", "2 dogs"], [1, 2, 3], ["48.85"]])
def test_any_other_list_is_text(solution):
    assert read_truth({"solution": solution}).text


@pytest.mark.parametrize(
    "solution",
    [
        {"lat": None, "lon": None},
        {"lat": 400, "lon": 2},
        {"latitude": "48.85 or 49", "longitude": 2},
        "<answer>48.85, 2.35</answer><answer>1, 2</answer>",
        "<answer>48.85, 2.35",
        "Latitude: 48.85",
        "lat: unknown, lon: unknown",
        "Latitude: 48.85 to 48.9, Longitude: 2.35",
        "48°N to 49°N, 2°E",
        "40°60' N, 2° E",
        "It is not (48.85, 2.35)",
        "Coordinates: 48.85, 2.35, 7",
        "POINT(2.35, 48.85)",
        ["48.85", "n/a"],
        [48.85, None],
    ],
)
def test_an_unreadable_solution_meant_as_a_place_is_an_error(solution):
    with pytest.raises(TruthError):
        read_truth({"solution": solution})


@pytest.mark.parametrize(
    "text", ["12-15", "12:30", "It is 40° hot", "a long road", "none", "2 m to 3 m", "5 N"]
)
def test_texts_with_other_kinds_of_numbers_stay_texts(text):
    assert read_truth({"solution": text}) == GroundTruth(text=text)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (Decimal("48.85"), Decimal("2.35")),
        (np.float32(48.85), np.float64(2.35)),
        (Fraction(4885, 100), np.longdouble("2.35")),
    ],
)
def test_numbers_of_all_kinds_are_read(lat, lon):
    found = read_truth({"lat": lat, "lon": lon}).coordinate
    assert (found.lat, found.lon) == pytest.approx((48.85, 2.35), abs=1e-5)
    assert read_truth({"solution": [lat, lon]}).coordinate == found


@pytest.mark.parametrize(
    "value",
    [
        10**400,
        -(10**5000),
        "9" * 400,
        Decimal("1e999999"),
        Fraction(10**400),
        True,
        1j,
        np.timedelta64(1, "ns"),
        np.datetime64(1, "ns"),
        datetime.datetime(2020, 1, 1),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("column", ["lat", "solution"])
def test_what_is_no_latitude_is_an_error_that_names_the_row(value, column):
    cells = {"lat": [48.85, value], "lon": [2.35, 2.35]}
    if column == "solution" and not isinstance(value, str):
        cells = {"solution": [[48.85, 2.35], [value, 2.35]]}
    with pytest.raises(TruthError, match=r"row 1: (lat|latitude) .{1,90}is not "):
        read_truths(cells)


@pytest.mark.parametrize("column", ["country", "region", "city", "solution"])
def test_a_number_too_long_to_be_written_is_no_name_either(column):
    with pytest.raises(TruthError, match=r"row 0: .*a number of thousands of digits"):
        read_truths({column: [10**5000]})


def test_a_list_of_thousands_of_levels_is_an_error_that_names_the_row():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for columns in ({"lat": [deep], "lon": [1.0]}, {"city": [deep]}, {"solution": [deep]}):
        with pytest.raises(TruthError, match=r"row 0: .*a list "):
            read_truths(columns)


def test_dates_counted_in_nanoseconds_are_not_degrees():
    """`tolist` turns them into integers, and the first nanoseconds of 1970 are valid degrees."""
    for kind in ("datetime64[ns]", "timedelta64[ns]"):
        with pytest.raises(TruthError, match="row 0: lat np"):
            read_truths({"lat": np.array([48, 49], dtype=kind), "lon": [2.0, 2.0]})


@pytest.mark.parametrize("missing", [Decimal("NaN"), np.datetime64("NaT"), np.float64("nan")])
def test_missing_values_of_all_kinds_are_missing(missing):
    assert read_truth({"lat": missing, "lon": missing, "country": missing}) == GroundTruth()


def test_contradicting_numbers_of_any_length_are_named_shortly():
    with pytest.raises(TruthError) as caught:
        read_truth({"lat": 10**400, "latitude": 10**300, "lon": 1})
    assert len(str(caught.value)) < 200
