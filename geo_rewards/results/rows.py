"""Rows with completions, as model outputs are saved: what rewards receive of them, and what is wrong."""

from __future__ import annotations

import inspect
import json
import re
import sys
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from geo_rewards.batch.columns import NOT_ROW_COLUMNS, PICTURE_FAULT
from geo_rewards.batch.truths import TRUTH_COLUMNS, read_truth, truth_columns
from geo_rewards.data.problems import BadRow, ProblemTally, RowProblem, name_of
from geo_rewards.data.reading.parquet_rows import ParquetChunk
from geo_rewards.data.turns import Turn, read_turns
from geo_rewards.errors import DataError, InputError, TruthError, hint, nearest_names
from geo_rewards.parse.chat import completion_text, restore_think
from geo_rewards.phrases import what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from geo_rewards.data.reading import Chunk
    from geo_rewards.scoring.recipe import Recipe

Cells = dict[str, Any]
_REARRANGED = frozenset({"conversations", "messages", "prompt", "advantage"})
_OTHER_NAMES = frozenset(
    {"response", "output", "prediction", "generation", "generated_text", "model_output", "answer", "text"}
)
"""What other programs call a completion."""
_BUILT_IN = "geo_rewards.rewards."
_READS_ROWS = re.compile(r"\.(?:row|columns)\b")


@dataclass(slots=True)
class Contents:
    """What was found in a file.

    Attributes:
        rows: How many rows there are.
        columns: Names of all cells, in the order of their first appearance.
        scoring_columns: Names of all columns that the rewards receive.
        problems: The lines that cannot be used.
    """

    rows: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    scoring_columns: dict[str, None] = field(default_factory=dict)
    problems: ProblemTally = field(default_factory=ProblemTally)

    def merge(self, later: Contents) -> None:
        """Add what was found in later rows."""
        self.rows += later.rows
        self.columns.update(later.columns)
        self.scoring_columns.update(later.scoring_columns)
        self.problems.merge(later.problems)

    def raise_if_unfit(self, path: Path, recipe: Recipe) -> None:
        """Raise an error if the file that was read cannot be scored.

        Raises:
            DataError: If there are bad lines or no rows.
            RecipeError: If no row has a column that the recipe names.
        """
        if self.scoring_columns:
            recipe.map_columns(self.scoring_columns)  # else every line would be blamed for a missing column
        self.problems.raise_if_any()
        if not self.rows:
            raise DataError(f"{name_of(path)} has no rows")


@dataclass(frozen=True, slots=True)
class Given:
    """The rows of a chunk as rewards receive them.

    Attributes:
        completions: Text or messages of each row.
        columns: The other columns, with None where a row lacks the cell.
        names: The names of all cells, in the order of their first appearance.
        scoring_names: The names that rewards know them by.
    """

    completions: list[Any]
    columns: dict[str, list[Any]]
    names: tuple[str, ...]
    scoring_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns the rewards of a recipe receive.

    Attributes:
        sources: The columns that the recipe names.
        only_known: Whether they read nothing but truths, prompts and token ids.
        columns: All columns of the file, where those that a chunk lacks must be there, too.
    """

    sources: frozenset[str] = frozenset()
    only_known: bool = False
    columns: tuple[str, ...] = ()

    def among(self, names: Iterable[str]) -> dict[str, None]:
        """Return the columns that are wanted, of those with these names, in order."""
        others = dict.fromkeys(name for name in names if name != "completion")
        if self.only_known:
            truths = truth_columns(dict.fromkeys(others, ()), 0)
            known = NOT_ROW_COLUMNS | {PICTURE_FAULT} | self.sources | truths.keys()
            others = {name: None for name in others if name in known}
        return others | dict.fromkeys(self.columns) | dict.fromkeys(sorted(self.sources))


def wanted_by(recipe: Recipe, columns: Iterable[str] = ()) -> Wanted:
    """Return which columns a recipe's rewards receive.

    Args:
        recipe: The recipe.
        columns: All columns of the file, if known.
    """
    only_known = not any(_may_read_rows(type(reward).__module__) for reward in recipe.rewards.values())
    sources = frozenset(recipe.file.columns.values())
    return Wanted(sources, only_known, () if only_known else tuple(columns))


@cache
def _may_read_rows(module: str) -> bool:
    """Return whether a reward in a module may read other columns than truths: true unless that is plain."""
    if not module.startswith(_BUILT_IN):
        return True
    try:
        return _READS_ROWS.search(inspect.getsource(sys.modules[module])) is not None
    except (OSError, KeyError, TypeError):
        return True


def given_by(chunk: Chunk, wanted: Wanted) -> Given | list[RowProblem]:
    """Return what the rewards receive, or the problems if some rows cannot be read at all.

    Truths are not read here: scoring reads them.
    """
    if isinstance(chunk, ParquetChunk):
        names = chunk.names
        if _REARRANGED.isdisjoint(names) and "completion" in names and "think_opened" not in names:
            completions = chunk.column("completion")
            if set(map(type, completions)) == {str}:
                columns = {
                    name: chunk.column(name) if name in names else [None] * len(chunk)
                    for name in wanted.among(names)
                }
                return Given(completions, columns, tuple(names), tuple(names))
    rows = chunk.rows
    if set(map(type, rows)) <= {dict}:
        given = dict.fromkeys(name for shape in dict.fromkeys(map(tuple, rows)) for name in shape)
        if _REARRANGED.isdisjoint(given) and "think_opened" not in given:
            completions = [row.get("completion") for row in rows]
            if set(map(type, completions)) == {str}:
                columns = {name: [row.get(name) for row in rows] for name in wanted.among(given)}
                return Given(completions, columns, tuple(given), tuple(given))
    return _rearranged(chunk, wanted)


def _rearranged(chunk: Chunk, wanted: Wanted) -> Given | list[RowProblem]:
    problems: list[RowProblem] = []
    completions: list[Any] = []
    cells: list[Cells] = []
    names: dict[str, None] = {}
    for number, row in zip(chunk.numbers, chunk.rows, strict=True):
        try:
            names.update(dict.fromkeys(_checked(row)))
            cells.append(scoring_cells(row))
            completions.append(completion_of(row))
        except BadRow as bad:
            problems.append(RowProblem(chunk.file, number, bad.cause, str(bad)))
    if problems:
        return problems
    given = dict.fromkeys(name for shape in dict.fromkeys(map(tuple, cells)) for name in shape)
    columns = {name: [row.get(name) for row in cells] for name in wanted.among(given)}
    return Given(completions, columns, tuple(names), tuple(given))


def find_problems(chunk: Chunk, recipe: Recipe, contents: Contents) -> list[RowProblem]:
    """Return what is wrong with each row of a chunk, truths included; adds the columns to `contents`."""
    problems: list[RowProblem] = []
    for number, row in zip(chunk.numbers, chunk.rows, strict=True):
        try:
            contents.columns.update(dict.fromkeys(_checked(row)))
            cells = scoring_cells(row)
            contents.scoring_columns.update(dict.fromkeys(cells))
            read_truth({**cells, **{name: cells.get(source) for name, source in recipe.file.columns.items()}})
        except BadRow as bad:
            problems.append(RowProblem(chunk.file, number, bad.cause, str(bad)))
        except TruthError as error:
            problems.append(RowProblem(chunk.file, number, "truth", error.cause_text))
    return problems


def scoring_cells(cells: Cells) -> Cells:
    """Return a row's cells under the names that rewards use.

    The prompt becomes `prompts`. For a row in the training format, the turns give the prompt and the
    last turn the `solution`, unless the row already has these.

    Raises:
        BadRow: If the turns cannot be read.
    """
    given = {name: value for name, value in cells.items() if name != "completion"}
    if "advantage" in given and isinstance(given.get("truth"), str):
        given = _as_logged(given)
    turns = given.get("conversations") or given.get("messages")
    if turns is not None:
        prompt, answer = read_turns(_turns(turns))
        given.setdefault("prompts", prompt)
        if given.get("solution") is None:
            given["solution"] = answer
    if "prompt" in given:
        given["prompts"] = given["prompt"]
    return given


def completion_of(cells: Cells) -> Any:
    """Return a row's completion; a trainer's table lacks the tag that the chat template opened."""
    completion = cells["completion"]
    if cells.get("think_opened") is not True:
        return completion
    return restore_think(completion_text(completion))


def _as_logged(cells: Cells) -> Cells:
    """Return the cells of a trainer's table, with the logged truth and the row's logged columns.

    The table has a column for each reward; a label such as `country` is neither of these.
    """
    truth = _logged_object(cells["truth"], "truth")
    if not isinstance(cells.get("row"), str):  # a table from an older version
        return {**{name: value for name, value in cells.items() if name not in TRUTH_COLUMNS}, **truth}
    prompt: Cells = {name: cells[name] for name in ("prompt", "prompts") if name in cells}
    return {**_logged_object(cells["row"], "row"), **prompt, **truth}


def _logged_object(text: str, name: str) -> Cells:
    try:
        found = json.loads(text)
    except ValueError:
        raise BadRow("truth", f"the logged {name} is not a JSON object but {text!r:.60}") from None
    if not isinstance(found, dict):
        raise BadRow("truth", f"the logged {name} is not a JSON object but {found!r:.60}")
    return found


def _checked(row: Any) -> Cells:
    """Return the cells of a row with a completion.

    Raises:
        BadRow: If it is no such row.
    """
    if isinstance(row, BadRow):
        raise row
    if not isinstance(row, dict):
        raise BadRow("row", f"a row must be an object, not a {type(row).__name__}")
    completion = row.get("completion")
    if completion is None:
        advice = "" if "completion" in row else _advice(row)
        raise BadRow("row", f"there is no completion; write the model's text under `completion`{advice}")
    try:
        completion_text(completion)
    except InputError as error:
        raise BadRow("row", str(error)) from None
    return row


def _advice(cells: Cells) -> str:
    """Return advice on a row without a completion: a similar column name, or another command."""
    turns = {"conversations", "messages"} & cells.keys()
    nearest = hint(nearest_names("completion", cells.keys() - turns, count=1))
    if turns and not nearest:
        return "; this is a row of training data, which `geo-rewards validate` checks"
    likely = [name for name in cells if str(name).lower() in _OTHER_NAMES]
    return nearest or (f"; the row has {likely[0]!r}: rename it" if likely else "")


@lru_cache(maxsize=1)
def _turn_reader() -> TypeAdapter[list[Turn]]:
    return TypeAdapter(list[Turn])


def _turns(value: Any) -> list[Turn]:
    try:
        return _turn_reader().validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRow("row", f"turn {where} {what_is_wrong(first)}") from None
