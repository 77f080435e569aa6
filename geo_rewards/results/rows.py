"""Rows with completions, as model outputs are saved: jsonl, or the parquet that TRL writes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from geo_rewards.batch.truths import TRUTH_COLUMNS, plain_truths, read_truth, truth_columns
from geo_rewards.data.lines import count_values, read_texts
from geo_rewards.data.problems import BadRow, Cause, ProblemTally, RowProblem
from geo_rewards.data.turns import Turn, read_turns
from geo_rewards.errors import DataError, TruthError, hint, nearest_names
from geo_rewards.parse.chat import completion_text, restore_think
from geo_rewards.phrases import what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.scoring.recipe import Recipe

CHUNK_ROWS = 2000

JSON_MARK = {b"geo_rewards": b"json"}
"""Metadata of our parquet columns whose cells are JSON text."""

Cells = dict[str, Any]
_REARRANGED = frozenset({"conversations", "messages", "prompt", "advantage"})


@dataclass(frozen=True, slots=True)
class SavedRow:
    """One row of the file.

    Attributes:
        number: Its line, from 1; in parquet, its row, from 1.
        cells: Its cells as they are in the file.
        text: Its line, if that is a JSON object to which cells can be added as text, else None.
    """

    number: int
    cells: Cells
    text: str | None = None


class RecordProblem(RowProblem):
    """A row of a parquet file that cannot be used."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the file, row and message as one sentence."""
        return f"{self.file}, row {self.line}: {self.message}"


@dataclass(slots=True)
class Contents:
    """What a first pass over the complete file found.

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

    def raise_if_unfit(self, path: Path, recipe: Recipe) -> None:
        """Raise an error if the file that was checked cannot be scored.

        Raises:
            DataError: If there are bad lines or no rows.
            RecipeError: If no row has a column that the recipe names.
        """
        if self.scoring_columns:
            recipe.map_columns(self.scoring_columns)  # else every line would be blamed for a missing column
        self.problems.raise_if_any()
        if not self.rows:
            raise DataError(f"{path} has no rows")


def is_parquet(path: Path) -> bool:
    """Return whether the file is parquet, going by its name."""
    return path.suffix.lower() == ".parquet"


def place_of(path: Path, number: int) -> str:
    """Return where a row is, for messages."""
    return f"{path}, {'row' if is_parquet(path) else 'line'} {number}"


def is_json_column(field: pa.Field) -> bool:
    """Return whether the cells of a parquet column are marked as JSON text."""
    return bool((field.metadata or {}).get(b"geo_rewards") == b"json")


def read_saved_rows(path: Path) -> Iterator[SavedRow | RowProblem]:
    """Yield every row of a file, and a `RowProblem` for each line that is not one.

    Raises:
        DataError: If the file is missing, cannot be read, or has an unknown suffix.
    """
    if is_parquet(path):
        yield from _read_parquet(path)
        return
    for line, value, text in read_texts(path):
        if isinstance(value, BadRow):
            yield RowProblem(path, line, value.cause, str(value))
        elif isinstance(value, dict):
            yield SavedRow(line, value, text)
        else:
            yield RowProblem(path, line, "row", f"a row must be an object, not a {type(value).__name__}")


def count_rows(path: Path) -> int:
    """Return how many rows a file has, including bad ones.

    Raises:
        DataError: If it cannot be read.
    """
    if not is_parquet(path):
        return count_values(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as parquet: {error}") from error


def read_chunks(path: Path) -> Iterator[list[SavedRow]]:
    """Yield the rows of a file without problems, `CHUNK_ROWS` at a time."""
    rows = (row for row in read_saved_rows(path) if isinstance(row, SavedRow))
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


class LateColumnError(Exception):
    """A column that the rewards receive first appears after rows without it have been yielded."""


def look_through(path: Path, *, recipe: Recipe, on_row: Callable[[Cells], None] | None = None) -> Contents:
    """Read the complete file once and return what it contains.

    Args:
        path: The file.
        recipe: What it will be scored with: knows which columns hold the truth.
        on_row: Called with the cells of each good row.

    Raises:
        DataError: If there are bad lines (all are counted first) or no rows.
        RecipeError: If no row has a column that the recipe names.
    """
    contents = Contents()
    for chunk in checked_chunks(path, recipe=recipe, contents=contents, may_grow=True):
        if on_row is not None:
            for row in chunk:
                on_row(row.cells)
    contents.raise_if_unfit(path, recipe)
    return contents


def checked_chunks(
    path: Path, *, recipe: Recipe, contents: Contents, may_grow: bool = False
) -> Iterator[list[SavedRow]]:
    """Yield the rows of a file, `CHUNK_ROWS` at a time, each checked; fills `contents` along the way.

    After the first bad line no rows are yielded, but all are read, so that every bad line is counted.

    Args:
        path: The file.
        recipe: What it will be scored with: knows which columns hold the truth.
        contents: Collects what is found.
        may_grow: Whether columns may first appear after the first chunk.

    Raises:
        LateColumnError: If one does so but must not.
    """
    kind = RecordProblem if is_parquet(path) else RowProblem
    items = read_saved_rows(path)
    while chunk := list(islice(items, CHUNK_ROWS)):
        rows = [row for row in chunk if isinstance(row, SavedRow)]
        known = None if may_grow or not contents.rows else len(contents.scoring_columns)
        if len(rows) < len(chunk) or not _are_plainly_good(rows, recipe.file.columns, contents):
            rows = _good_rows(chunk, kind, recipe=recipe, path=path, contents=contents)
        if contents.problems.total:
            continue
        if known is not None and len(contents.scoring_columns) > known:
            raise LateColumnError
        contents.rows += len(rows)
        yield rows


def _good_rows(
    chunk: list[SavedRow | RowProblem],
    kind: type[RowProblem],
    *,
    recipe: Recipe,
    path: Path,
    contents: Contents,
) -> list[SavedRow]:
    """Check each row separately and note what is wrong with it."""
    good: list[SavedRow] = []
    for row in chunk:
        found = row if isinstance(row, RowProblem) else _look_at(row, recipe.file.columns, contents)
        if found is None and isinstance(row, SavedRow):
            good.append(row)
        elif isinstance(found, RowProblem):
            contents.problems.add(found)
        elif found is not None and isinstance(row, SavedRow):
            contents.problems.add(kind(path, row.number, *found))
    return good


def _are_plainly_good(rows: list[SavedRow], columns: Mapping[str, str], contents: Contents) -> bool:
    """Return whether no row needs a separate check: completions are texts, and all truths coordinates."""
    cells = [row.cells for row in rows]
    names = dict.fromkeys(name for shape in dict.fromkeys(map(tuple, cells)) for name in shape)
    if not _REARRANGED.isdisjoint(names) or {type(row.get("completion")) for row in cells} != {str}:
        return False
    given = truth_columns(dict.fromkeys(names, ()), 0)
    sources = {name: name for name in given} | dict(columns)
    truths = {name: [row.get(source) for row in cells] for name, source in sources.items()}
    if plain_truths(truths) is None:
        return False
    contents.columns.update(names)
    contents.scoring_columns.update(dict.fromkeys(name for name in names if name != "completion"))
    return True


def is_given_as_written(cells: Cells) -> bool:
    """Return whether `scoring_cells` would only remove the completion."""
    return _REARRANGED.isdisjoint(cells)


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
    except ValueError as error:
        raise BadRow("truth", f"the logged {name} is not a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise BadRow("truth", f"the logged {name} is not a JSON object but {found!r:.60}")
    return found


def _look_at(row: SavedRow, columns: Mapping[str, str], contents: Contents) -> tuple[Cause, str] | None:
    """Return the cause and the message if something is wrong with a row, or None."""
    try:
        contents.columns.update(dict.fromkeys(row.cells))
        _check_completion(row.cells)
        cells = scoring_cells(row.cells)
        contents.scoring_columns.update(dict.fromkeys(cells))
        read_truth({**cells, **{name: cells.get(source) for name, source in columns.items()}})
    except BadRow as bad:
        return bad.cause, str(bad)
    except TruthError as error:
        return "truth", error.cause_text
    return None


def _check_completion(cells: Cells) -> None:
    if cells.get("completion") is None:
        advice = "" if "completion" in cells else _advice(cells)
        raise BadRow("row", f"there is no completion; write the model's text under `completion`{advice}")
    try:
        completion_text(cells["completion"])
    except (TypeError, AttributeError):
        found = f"{cells['completion']!r:.60}"
        raise BadRow("row", f"the completion must be a string or a list of messages, not {found}") from None


def _advice(cells: Cells) -> str:
    """Return advice on a row without a completion: a similar column name, or another command."""
    turns = {"conversations", "messages"} & cells.keys()
    nearest = hint(nearest_names("completion", cells.keys() - turns, count=1))
    if turns and not nearest:
        return "; this is a row of training data, which `geo-rewards validate` checks"
    return nearest


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


def _read_parquet(path: Path) -> Iterator[SavedRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataError(f"data file {path} does not exist or is not a file")
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            json_columns = {field.name for field in file.schema_arrow if is_json_column(field)}
            for batch in file.iter_batches(batch_size=CHUNK_ROWS):
                for cells in batch.to_pylist():
                    number += 1
                    yield SavedRow(number, {k: _cell(v, as_json=k in json_columns) for k, v in cells.items()})
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as parquet: {error}") from error


def _cell(value: Any, *, as_json: bool) -> Any:
    """Return a parquet cell, or None for NaN: pandas, which TRL writes with, has no other missing number."""
    if as_json and value is not None:
        return json.loads(value)
    return None if isinstance(value, float) and math.isnan(value) else value
