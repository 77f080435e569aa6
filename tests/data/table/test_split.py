from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from geopy.distance import great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.data import Source
from geo_rewards.data.table.cache import TableRequest
from geo_rewards.data.table.figures import truth_degrees
from geo_rewards.data.table.split import choose_groups, held_out_rows, parse_split_by
from geo_rewards.data.table.stored import find_rows
from geo_rewards.errors import DataError
from geo_rewards.geo.near_groups import near_groups

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, places: list[tuple[float, float] | None], **columns: str) -> Path:
    lines = []
    for index, place in enumerate(places):
        answer = "a fountain" if place is None else f"{place[0]:.9f}, {place[1]:.9f}"
        turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": answer}]
        lines.append(json.dumps({"conversations": turns, "index": index, **columns}) + "\n")
    path.write_text("".join(lines))
    return path


@pytest.fixture
def load(tmp_path):
    def run(places):
        file = write(tmp_path / "rows.jsonl", places)
        return find_rows(TableRequest([Source(file, tmp_path)], seed=0), cache_dir=tmp_path / "cache")

    return run


def split(rows, ratio, *, seed, split_by="row"):
    """Return the parts of the table: training and held out."""
    held_out = held_out_rows(rows.table, rows.info.files, ratio, seed=seed, split_by=split_by)
    return rows.table.filter(~held_out), rows.table.filter(held_out)


def indices(*parts) -> list[list[int]]:
    return [part["index"].to_pylist() for part in parts]


def chained(degrees: np.ndarray, radius_km: float) -> list[set[int]]:
    """Return the groups by going from point to point, with every distance measured by geopy."""
    count = degrees.shape[1]
    near = [
        {
            other
            for other in range(count)
            if great_circle(degrees[:, point], degrees[:, other]).km <= radius_km
        }
        for point in range(count)
    ]
    groups, left = [], set(range(count))
    while left:
        group: set[int] = set()
        edge = {left.pop()}
        while edge:
            group |= edge
            edge = set.union(*(near[point] for point in edge)) - group
        left -= group
        groups.append(group)
    return groups


def as_sets(groups: np.ndarray) -> list[set[int]]:
    return [set(np.flatnonzero(groups == group).tolist()) for group in range(int(groups.max()) + 1)]


@st.composite
def clouds(draw) -> tuple[np.ndarray, float]:
    """Points around a place, on a scale at which some are near each other and some are not."""
    radius_km = 10 ** draw(st.floats(-1.5, 4.0))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lat, lon = draw(st.sampled_from([(0.0, 0.0), (0.0, 180.0), (90.0, 0.0), (-90.0, 70.0), (60.0, -179.99)]))
    spread = draw(st.floats(0.1, 10.0)) * radius_km / 111.0
    lats, lons = generator.normal(lat, spread, 25), generator.normal(lon, spread, 25)
    if abs(lat) == 90.0:
        lons = generator.uniform(-180.0, 180.0, 25)
    lats = np.where(np.abs(lats) > 90.0, np.sign(lats) * (180.0 - np.abs(lats)).clip(-90.0, 90.0), lats)
    return np.stack([lats, (lons + 180.0) % 360.0 - 180.0]), radius_km


@given(clouds())
@settings(max_examples=60, deadline=None)
def test_groups_are_the_chains_of_near_points(cloud):
    degrees, radius_km = cloud
    groups = as_sets(near_groups(degrees, radius_km=radius_km))
    assert sorted(map(sorted, groups)) == sorted(map(sorted, chained(degrees, radius_km)))


def test_points_that_fill_cells_are_linked_like_sparse_ones():
    """For cells with many points, a sample and then a tree decides: two discs slightly apart, a bridge."""
    generator = np.random.default_rng(0)
    angle, reach = generator.uniform(0, 2 * np.pi, 4000), np.sqrt(generator.uniform(0, 1, 4000)) * 0.1
    disc = np.stack([reach * np.sin(angle), reach * np.cos(angle)])
    lonely = great_circle((0, 0.1), (0, 0.2)).km  # between the two nearest points, at least
    apart = np.concatenate([disc, disc + np.array([[0.0], [0.3]])], axis=1)
    gap_km = min(
        great_circle(disc[:, a], disc[:, b] + np.array([0.0, 0.3])).km
        for a in np.argsort(-disc[1])[:60]
        for b in np.argsort(disc[1])[:60]
    )
    assert gap_km > lonely
    assert near_groups(apart, radius_km=gap_km * 0.9999).max() == 1
    assert near_groups(apart, radius_km=gap_km * 1.0001).max() == 0


def test_a_hundred_thousand_photos_of_one_place_are_one_group():
    degrees = np.repeat([[48.8584], [2.2945]], 100_000, axis=1)
    assert near_groups(degrees, radius_km=0.1).max() == 0


def test_a_point_without_a_coordinate_is_its_own_group():
    degrees = np.array([[1.0, np.nan, 1.0, np.nan], [2.0, np.nan, 2.0, 5.0]])
    groups = near_groups(degrees, radius_km=10.0)
    assert groups[0] == groups[2]
    assert sorted(set(groups.tolist())) == [0, 1, 2]


def test_no_training_row_is_near_a_held_out_one(load):
    generator = np.random.default_rng(1)
    towns = np.stack([generator.uniform(-60, 60, 30), generator.uniform(-180, 180, 30)])
    places = (towns[:, generator.integers(0, 30, 300)] + generator.normal(0, 0.05, (2, 300))).T.tolist()
    rows = load([*places, None, None])
    train, held_out = split(rows, 0.2, seed=3, split_by="place_km:50")
    assert 30 < len(held_out) <= 60
    ours, theirs = truth_degrees(train), truth_degrees(held_out)
    known = ~np.isnan(ours[0])
    nearest = min(great_circle(a, b).km for a in ours[:, known].T for b in theirs[:, ~np.isnan(theirs[0])].T)
    assert nearest > 50.0
    assert sorted(index for part in indices(train, held_out) for index in part) == list(range(302))
    same = split(rows, 0.2, seed=3, split_by="place_km:50")
    other = split(rows, 0.2, seed=4, split_by="place_km:50")
    assert indices(*same) == indices(train, held_out) != indices(*other)


def test_a_group_that_does_not_fit_stays_in_training():
    groups = np.repeat([0, 1, 2, 3], [50, 5, 3, 2])
    for seed in range(10):
        held_out = choose_groups(groups, 9, seed=seed)
        assert not held_out[:50].any()
        assert held_out.sum() in (7, 8, 5)  # with 5 and 3 in, 2 does not fit


def test_groups_are_held_out_until_the_ratio_is_reached():
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(400), 5))
    held_out = choose_groups(groups, 203, seed=0)
    assert held_out.sum() == 200
    assert len(set(groups[held_out]) & set(groups[~held_out])) == 0


def test_data_with_all_places_linked_is_an_error_with_figures(load):
    places = [(48.0 + index * 0.1, 2.0) for index in range(20)]
    with pytest.raises(
        DataError, match=r"cannot hold out any of the 4 rows wanted: 20 rows form 1 group of .* 20"
    ):
        split(load(places), 0.2, seed=0, split_by="place_km:50")


def test_a_part_much_smaller_than_requested_is_reported_with_figures(load, caplog):
    places = [(48.0 + index * 0.1, 2.0) for index in range(20)] + [(0.0, 0.0), (0.0, 90.0)]
    _, held_out = split(load(places), 0.5, seed=0, split_by="place_km:50")
    assert len(held_out) == 2
    assert (
        "holds out 2 of the 11 rows wanted: 22 rows form 3 groups of nearby places, the largest with 20"
        in caplog.text
    )


def duplicated(tmp_path, lines: list[str], name: str = "rows.jsonl", weight: float = 2.0):
    file = tmp_path / name
    file.write_text("".join(lines))
    source = Source(file, tmp_path, weight=weight)
    return find_rows(TableRequest([source], seed=0), cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("split_by", ["row", "place_km:5"])
def test_a_line_used_several_times_stays_on_one_side(tmp_path, split_by):
    file = write(tmp_path / "rows.jsonl", [None] * 40)
    rows = duplicated(tmp_path, file.read_text().splitlines(keepends=True), weight=2.5)
    train, held_out = indices(*split(rows, 0.3, seed=1, split_by=split_by))
    assert not set(train) & set(held_out)
    assert sorted({*train, *held_out}) == list(range(40))
    assert len(train) + len(held_out) == 100
    assert 28 <= len(held_out) <= 32


@pytest.mark.parametrize("weight", [1.0, 2.0])
def test_rows_on_one_line_of_a_json_file_are_split_like_others(tmp_path, weight):
    file = write(tmp_path / "rows.jsonl", [(float(index), 0.0) for index in range(20)])
    lines = [line for line in file.read_text().split("\n") if line]
    rows = duplicated(tmp_path, ["[", ",".join(lines), "]"], name="rows.json", weight=weight)
    train, held_out = indices(*split(rows, 0.25, seed=1))
    assert not set(train) & set(held_out)
    assert (len(set(train)), len(set(held_out))) == (15, 5)


def test_copies_of_a_single_line_leave_nothing_to_train_on(tmp_path):
    file = write(tmp_path / "one.jsonl", [None])
    rows = duplicated(tmp_path, [file.read_text()], weight=10.0)
    with pytest.raises(DataError, match="leaves none of 10 rows for training"):
        split(rows, 0.5, seed=1)


@pytest.mark.parametrize(
    "text",
    ["place", "place_km", "place_km:", "place_km:x", "place_km:0", "place_km:-5", "rows", "place_km:inf"],
)
def test_a_misspelt_split_is_an_error_that_names_the_options(text):
    with pytest.raises(DataError, match="use row, or place_km:N"):
        parse_split_by(text)


def test_a_validation_part_is_the_same_for_the_same_seed(load):
    rows = load([(float(index), 0.0) for index in range(20)])

    def parts(seed):
        return indices(*split(rows, 0.25, seed=seed))

    train, held_out = parts(7)
    assert parts(7) == [train, held_out]
    assert parts(8) != [train, held_out]
    assert sorted(train + held_out) == list(range(20))
    assert len(held_out) == 5


def test_a_ratio_of_zero_holds_nothing_out(load):
    rows = load([(1.0, 2.0)])
    assert held_out_rows(rows.table, rows.info.files, 0.0, seed=0) is None


@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan")])
def test_a_ratio_outside_its_range_is_an_error(load, ratio):
    with pytest.raises(DataError, match="at least 0 and less than 1"):
        split(load([(1.0, 2.0)]), ratio, seed=0)


def test_a_split_that_leaves_no_training_row_is_an_error(load):
    with pytest.raises(DataError, match="none of 1 rows"):
        split(load([(1.0, 2.0)]), 0.1, seed=0)
