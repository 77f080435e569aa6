"""What a table of rows contains: its columns, their kinds, and which rows are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geo_rewards.data import pair_paths
from geo_rewards.data.table.figures import has_images, picture_counts, solution_lengths, truth_degrees
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError, UnknownNameError


def test_text_only_rows_have_no_image_column(store, row):
    stored = store(row("How many?", 3))
    assert stored.table.column_names == ["prompt", "solution", ORIGIN_COLUMN]
    assert stored.table["solution"].to_pylist() == ["3"]


def test_rows_without_answers_have_no_solution_column(store):
    turns = [{"from": "human", "value": "Where?"}]
    stored = store({"conversations": turns, "lat": 1, "lon": 2})
    assert stored.table.column_names == ["prompt", "lat", "lon", ORIGIN_COLUMN]
    assert solution_lengths(stored.table).tolist() == [0]


def test_extra_columns_are_the_union_with_none(store, row, read):
    columns = read(store(row("One?", x=1), row("Two?", y="b")))
    assert (columns["x"], columns["y"]) == ([1, None], [None, "b"])


def test_extra_columns_of_any_type_come_back_as_written(store, row, read):
    values = [1, "1", None, True, 2.5, [1, "a", {"b": None}], {"c": [1, 2]}, {}, 2**80]
    columns = read(store(*(row("Where?", extra=value, id=value) for value in values)))
    assert columns["extra"] == values
    assert [type(value) for value in columns["extra"]] == [type(value) for value in values]


def test_integers_among_fractions_are_floats(store, row, read):
    lats = read(store(row("One?", lat=48, lon=2.25), row("Two?", lat=48.5, lon=2)))["lat"]
    assert lats == [48.0, 48.5]
    assert json.loads(json.dumps(lats[0])) == 48


def test_two_files_pair_with_two_folders(tmp_path, store, row, read, picture, write_rows):
    picture(tmp_path / "B" / "a.png", 99)
    first = write_rows(row(image="a.png"), name="first.jsonl")
    second = write_rows(row(image="a.png", source="B"), name="second.json")
    files, folders = pair_paths(f"{first}:{second}", f"{tmp_path / 'A'}:{tmp_path / 'B'}")
    columns = read(store(files=files, folders=folders))
    assert [pictures[0].getpixel((0, 0))[0] for pictures in columns["images"]] == [10, 99]
    assert columns["source"] == [None, "B"]


def test_all_bad_lines_are_named_before_anything_is_written(tmp_path, store, row):
    with pytest.raises(DataError) as caught:
        store(
            row(image="a.png"),
            row(image="../secret.png"),
            row(image="none.png"),
            row(image="a.png", lat=95.0, lon=0.0),
            row(image="a.png", answer="91.5, 2.0"),
            row(),
        )
    message = str(caught.value)
    assert message.startswith("5 bad lines (2 truth, 1 image outside, 1 image missing, 1 row)")
    for line in range(2, 7):
        assert f"rows.jsonl, line {line}: " in message
    assert not list((tmp_path / "cache").glob("*.arrow"))


def test_rows_with_and_without_images_are_in_one_table(store, row):
    stored = store(row("Where?"), row(image="a.png"), row("Which?", image=["a.png", "b.png"]))
    assert picture_counts(stored.table).tolist() == [0, 1, 2]
    assert has_images(stored.table).tolist() == [False, True, True]
    assert has_images(store(row("Where?")).table).tolist() == [False]


def test_solution_lengths_are_in_characters_and_0_if_missing(store, row):
    turns = [{"from": "human", "value": "Where?"}]
    stored = store(row("One?", "São Paulo"), {"conversations": turns, "lat": 1, "lon": 2})
    assert solution_lengths(stored.table).tolist() == [9, 0]


def test_truth_coordinates_are_kept_however_they_were_written(store, row):
    rows = [
        row("One?", "Country: Japan Coordinates: (43.45, 142.61)"),
        row("Two?", "a fountain"),
        row("Three?", "no place", y=-1.5, x=2),
    ]
    degrees = truth_degrees(store(*rows, columns={"lat": "y", "lon": "x"}).table)
    assert degrees[:, [0, 2]].T.tolist() == [[43.45, 142.61], [-1.5, 2.0]]
    assert np.isnan(degrees[:, 1]).all()


def test_a_column_with_a_reserved_name_is_refused(store, row):
    with pytest.raises(DataError, match="line 2: the trainer uses the name 'prompts' itself"):
        store(row("One?"), row("Two?", prompts=1), reserved=frozenset({"prompts"}))


def test_a_mapped_column_that_is_missing_is_an_error_with_the_nearest(store, row):
    with pytest.raises(UnknownNameError, match="did you mean 'my_lat'"):
        store(row("One?", my_lat=1.0, my_lon=1.0), columns={"lat": "mylat", "lon": "my_lon"})


def test_mapped_truth_columns_are_checked(store, row):
    with pytest.raises(DataError, match="1 truth"):
        store(row("One?", y=100.0, x=1.0), columns={"lat": "y", "lon": "x"})
