from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.data.selection.sampling import chosen_rows, parse_sampling
from geo_rewards.errors import DataError


def chosen(text: str, rows: int, seed: str = "7") -> list[int]:
    """Return the indices of the rows that are taken."""
    return [index for index, taken in enumerate(chosen_rows(parse_sampling(text), rows, seed=seed)) if taken]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("all", range(10)),
        ("first:3", [0, 1, 2]),
        ("first:0", []),
        ("end:3", [7, 8, 9]),
        ("end:0", []),
        ("first:20", range(10)),
        ("end:20", range(10)),
        ("random:20", range(10)),
        ("random:0", []),
        ("first:25%", [0, 1, 2]),
        ("end:10%", [9]),
        ("end:0%", []),
        ("100%", range(10)),
        ("0%", []),
        (" first : 2 ", [0, 1]),
    ],
)
def test_a_strategy_takes_these_of_ten_rows(text, taken):
    assert chosen(text, 10) == list(taken)


@pytest.mark.parametrize("text", ["random:7", "35%", "random:35%"])
def test_a_random_choice_has_the_wanted_size_and_depends_on_the_seed_alone(text):
    taken = chosen(text, 20)
    assert len(taken) == 7
    assert chosen(text, 20) == taken
    assert any(chosen(text, 20, seed=str(seed)) != taken for seed in range(5))


def test_another_process_takes_the_same_rows():
    code = (
        "from geo_rewards.data.selection.sampling import *; "
        "print([int(t) for t in chosen_rows(parse_sampling('30%'), 50, seed='7')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "99"},
    )
    assert ran.stdout.strip() == str([int(index in chosen("30%", 50)) for index in range(50)])


def test_each_row_is_as_likely_as_any_other():
    counts = Counter(index for seed in range(4000) for index in chosen("random:3", 10, seed=str(seed)))
    # 4000 draws of 3 from 10: each row 1200 times, with a standard deviation of 29.
    assert all(1200 - 5 * 29 < counts[index] < 1200 + 5 * 29 for index in range(10))


@given(percent=st.integers(0, 100), rows=st.integers(0, 300))
def test_a_percentage_is_rounded_up_to_whole_rows(percent, rows):
    wanted = -(-percent * rows // 100)
    for how in ("first:", "end:", "random:", ""):
        assert len(chosen(f"{how}{percent}%", rows)) == wanted


def test_a_percentage_is_as_written_not_the_nearest_binary_fraction():
    assert len(chosen("0.1%", 1000)) == 1
    assert len(chosen("12.5%", 8)) == 1


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("frist:3", "first"), ("rand:3", "random"), ("ends:3", "end"), ("radnom:10%", "random")],
)
def test_a_misspelt_strategy_is_an_error_with_the_nearest_and_all(text, nearest):
    with pytest.raises(DataError, match=f"{text!r} is not a sampling strategy; did you mean '{nearest}'.*N"):
        parse_sampling(text)


@pytest.mark.parametrize(
    "text",
    ["", "first", "first:", "first:-1", "first:1.5", "7", "random:1e3", "first:1:2", "nan%", ":3", "first:٣"],
)
def test_an_invalid_strategy_is_an_error_that_lists_the_valid_ones(text):
    with pytest.raises(DataError, match="all, first:N, end:N, random:N"):
        parse_sampling(text)


def test_more_than_all_rows_is_an_error_that_names_weights():
    with pytest.raises(DataError, match=r"'120%' asks for more than 100 %.*weight"):
        parse_sampling("120%")


@pytest.mark.parametrize("text", ["first:3", "end:12.5%", "random:7"])
def test_a_sampling_is_written_as_it_is_read(text):
    assert str(parse_sampling(text)) == text
