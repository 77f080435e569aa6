"""Whether a recipe can apply to the data, asked of a table and of the first rows of a stream."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

import geo_rewards as gr
from geo_rewards.data import Source, read_rows
from geo_rewards.data.recipe_fit import check_recipe_fits_rows, check_recipe_fits_table
from geo_rewards.data.table.cache import TableRequest
from geo_rewards.data.table.stored import find_rows
from geo_rewards.errors import RecipeError
from geo_rewards.scoring.file import parse_recipe


def recipe(*entries: dict[str, Any], **rest: Any) -> gr.Recipe:
    return gr.Recipe(parse_recipe({"rewards": list(entries), **rest}, where="test"), origin="mine.yaml")


DISTANCE = {"name": "haversine_decay", "as": "distance"}
FORMAT = {"name": "coordinate_format", "as": "format"}


@pytest.fixture
def check_table(tmp_path, write_rows):
    def check(mine: gr.Recipe, *rows: dict[str, Any]) -> None:
        request = TableRequest([Source(write_rows(*rows), tmp_path)], 0, columns=mine.file.columns)
        stored = find_rows(request, cache_dir=tmp_path / "cache")
        check_recipe_fits_table(mine, stored.table, json_columns=stored.info.json_columns)

    return check


@pytest.fixture
def check_head(tmp_path, write_rows):
    def check(mine: gr.Recipe, *rows: dict[str, Any]) -> None:
        head = list(islice(read_rows(write_rows(*rows), image_folder=tmp_path), 1000))
        check_recipe_fits_rows(mine, head)

    return check


def row(answer: str = "a fountain", **columns: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": answer}]
    return {"conversations": turns, **columns}


def test_a_reward_without_its_truth_in_any_row_is_named_with_the_columns(check_table, check_head):
    message = (
        "mine.yaml: reward 'distance' needs the truth's coordinate, which {} has: the data has the columns "
    )
    with pytest.raises(RecipeError, match=message.format("no row") + ".*solution.*tag"):
        check_table(recipe(DISTANCE), row(tag=1), row())
    with pytest.raises(RecipeError, match=message.format("none of the first 2 rows") + "solution, tag"):
        check_head(recipe(DISTANCE), row(tag=1), row())


def test_one_row_among_thousands_is_enough(check_table, check_head):
    rows = [row()] * 2500 + [row("48.8584, 2.2945")]
    check_table(recipe(DISTANCE), *rows)
    check_head(recipe(DISTANCE), row(), row("48.8584, 2.2945"))


def test_truths_in_columns_of_other_names_and_kinds_count(check_table, check_head):
    mine = recipe(DISTANCE, columns={"lat": "y", "lon": "x"})
    mixed = [row(y="48.5", x=2), row(y=None, x=None), row(y=1, x="2")]  # stored as JSON
    for check in (check_table, check_head):
        check(mine, *mixed)
    with pytest.raises(RecipeError, match="column 'y', named for 'lat', is not in the data"):
        check_head(mine, row())


def test_only_rewards_that_count_are_asked(check_table):
    check_table(recipe({**DISTANCE, "weight": 0}, FORMAT), row())
    gated = {**FORMAT, "gate": {"reward": "distance", "at_least": 0.5}}
    with pytest.raises(RecipeError, match="reward 'distance' needs"):
        check_table(recipe({**DISTANCE, "weight": 0}, gated), row())
    check_table(recipe(FORMAT), row())
