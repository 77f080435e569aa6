from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest

from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.selection.mixture import Source, count_rows, read_sources
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.errors import DataError


def row(number, **columns):
    turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "1.5, 2.5"}]
    return {"id": number, "conversations": turns, **columns}


def source(path, sampling="all", **parts):
    return Source(path, path.parent, parse_sampling(sampling), **parts)


def ids(sources, seed=7):
    return [read.columns["id"] for read in read_sources(sources, seed=seed)]


@pytest.fixture(params=["a.jsonl", "a.json"])
def ten(write_rows, request):
    """A file with rows of the ids 0 to 9."""
    return write_rows(*map(row, range(10)), name=request.param)


def test_files_follow_each_other_each_with_its_own_sampling(ten, write_rows):
    other = write_rows(*map(row, range(100, 105)), name="b.jsonl")
    assert ids([source(ten, "end:2"), source(other, "first:3")]) == [8, 9, 100, 101, 102]


def test_no_sources_give_no_rows(ten):
    assert ids([source(ten, "end:0"), source(ten, "first:2"), source(ten, weight=0.0)]) == [0, 1]


def test_blank_lines_are_not_rows(write_rows):
    file = write_rows("", row(0), " ", row(1), "", row(2))
    assert ids([source(file, "end:2")]) == [1, 2]
    assert [read.line for read in read_sources([source(file, "end:2")], seed=0)] == [4, 6]


def test_the_rows_are_the_same_at_every_call_and_others_for_another_seed(ten):
    sources = [source(ten, "random:4"), source(ten, "50%", weight=1.5)]
    assert ids(sources) == ids(sources)
    assert len({tuple(ids(sources, seed=seed)) for seed in range(5)}) > 1


def test_two_parts_of_one_file_are_drawn_independently(ten):
    assert any(
        ids([source(ten, "50%")], seed=seed) != ids([source(ten, "first:0"), source(ten, "50%")], seed=seed)
        for seed in range(10)
    )


@pytest.mark.parametrize(
    ("weight", "counts"), [(2, {2: 10}), (0.5, {1: 5}), (2.25, {2: 7, 3: 3}), (0.1, {1: 1}), (1.0, {1: 10})]
)
def test_a_weight_says_how_often_rows_appear(ten, weight, counts):
    weighted = source(ten, weight=weight)
    times = Counter(ids([weighted]))
    assert Counter(times.values()) == counts
    assert count_rows(weighted) == times.total()


def test_a_weight_applies_to_the_rows_that_were_taken(ten):
    assert ids([source(ten, "end:2", weight=2)]) == [8, 9, 8, 9]


def test_a_bad_line_is_one_problem_however_often_it_appears(write_rows):
    file = write_rows(row(0), "{", row(1))
    tally = ProblemTally()
    for read in read_sources([source(file, weight=3)], seed=0):
        if isinstance(read, RowProblem):
            tally.add(read)
    assert tally.total == 1


def test_a_row_knows_which_copy_it_is(ten):
    read = list(read_sources([source(ten, "first:1", weight=3)], seed=0))
    assert [copy.copy for copy in read] == [0, 1, 2]
    assert read[2].problem("image", "broken").copy == 2


def test_a_bad_line_that_is_not_taken_is_not_read(write_rows):
    assert ids([source(write_rows(row(0), row(1), "{"), "first:2")]) == [0, 1]


def test_a_truncated_json_file_is_reported_whatever_is_taken(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('[{"id": 0}, {"id": 1}, {"id"')
    read = list(read_sources([source(file, "random:0")], seed=0))
    assert [problem.cause for problem in read] == ["json"]


def test_rows_without_a_method_take_that_of_their_file(write_rows):
    file = write_rows(row(0), row(1, accu_reward_method="mcq"), row(2, accu_reward_method=None))
    read = read_sources([source(file, reward_method="fuzzy"), source(file)], seed=0)
    methods = [row.columns.get("accu_reward_method") for row in read]
    assert methods == ["fuzzy", "mcq", "fuzzy", None, "mcq", None]


def test_a_missing_file_is_an_error_with_and_without_a_sampling(tmp_path):
    for sampling in ("all", "random:3"):
        with pytest.raises(DataError, match=r"none\.jsonl does not exist"):
            ids([source(tmp_path / "none.jsonl", sampling)])


def test_the_selection_streams(write_rows):
    """A sample of 20,000 rows of 500 bytes, held at once, would take 10 MB and more."""
    file = write_rows(*(row(number, text="x" * 400) for number in range(20_000)))
    sources = [source(file, "random:50%", weight=1.5)]
    tracemalloc.start()
    count = sum(1 for _ in read_sources(sources, seed=0))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 15_000
    assert peak_bytes < 500_000


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_an_invalid_weight_is_an_error(tmp_path, weight):
    with pytest.raises(DataError, match=r"the weight of .*a\.jsonl is .*at least 0"):
        source(tmp_path / "a.jsonl", weight=weight)


def test_a_file_that_changes_between_counting_and_reading_is_an_error(write_rows):
    file = write_rows(*map(row, range(10)))
    rows = read_sources([source(file, "first:2", weight=2)], seed=0)
    next(rows)
    write_rows(*map(row, range(5, 15)))
    with pytest.raises(DataError, match="changed while being read"):
        list(rows)


def test_a_sample_of_a_folder_is_one_of_all_its_rows(write_rows, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    for number in range(3):
        write_rows(*map(row, range(4 * number, 4 * number + 4)), name=f"shards/{number}.jsonl")
    assert ids([source(shards, "first:6")]) == [0, 1, 2, 3, 4, 5]
    assert ids([source(shards, "end:2")]) == [10, 11]
    assert count_rows(source(shards)) == 12
