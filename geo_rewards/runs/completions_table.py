"""The columns beside each completion in the trainer's table: enough to score it again."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.columns import PICTURE_FAULT
from geo_rewards.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores
    from geo_rewards.types import GroundTruth

logger = logging.getLogger(__name__)

TABLE_COLUMNS = frozenset(
    {"step", "prompt", "completion", "advantage"}
    | {"parsed", "problems", "truth", "row", "distance_km", "think_opened"}
)
"""The columns of the completions table that are not rewards."""

MAX_CELL_CHARACTERS = 10_000
"""A value of a row whose JSON is longer is left out of the table."""


def check_labels(recipe: Recipe) -> None:
    """Refuse labels that are columns of the completions table.

    Raises:
        RecipeError: Naming the label.
    """
    for label in recipe.entries:
        if label in TABLE_COLUMNS:
            raise RecipeError(
                f"{recipe.origin}: label {label!r} is a column of the completions table: "
                "choose another with `as`"
            )


class CompletionColumns:
    """Makes the table's columns from scores; warns once about each column of the data that it leaves out."""

    def __init__(self) -> None:
        self._left_out: set[str] = set()

    def __call__(self, scores: Scores) -> dict[str, list[Any]]:
        """Return a list for each column: what was parsed, the truth, the row's other columns, the distance.

        Truth and row are JSON objects, from which ``geo-rewards score`` reads them: separate
        columns could collide with a reward's label.
        """
        batch = scores.batch
        return {
            "parsed": [
                None if np.isnan(lat) else f"{lat}, {lon}" for lat, lon in batch.answer_degrees.T.tolist()
            ],
            "problems": [
                "" if plain else "; ".join(batch.answers[row].problems)
                for row, plain in enumerate(batch.is_plain)
            ],
            "truth": [truth_json(truth) for truth in batch.given_truths],
            "row": self._rows(batch.columns, len(batch)),
            "distance_km": [None if np.isnan(km) else km for km in batch.distance_km.tolist()],
        }

    def _rows(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[str]:
        cells: list[list[str]] = [[] for _ in range(count)]
        for name, values in columns.items():
            for row, value in enumerate(values):
                if name == PICTURE_FAULT and value is None:
                    continue  # the row reader's, not the data's; where it says something, scoring needs it
                text = _json_or_none(value)
                if text is None:
                    self._leave_out(name)
                else:
                    cells[row].append(f"{json.dumps(name)}: {text}")
        return ["{" + ", ".join(row) + "}" for row in cells]

    def _leave_out(self, name: str) -> None:
        """Warn once; that pictures are left out is no news."""
        if name not in self._left_out and name not in {"image", "images"}:
            self._left_out.add(name)
            logger.warning(
                "column %r is left out of the completions table where it is not a JSON value of at most %d "
                "characters: a reward that reads it cannot be scored again from the table",
                name,
                MAX_CELL_CHARACTERS,
            )


def truth_json(truth: GroundTruth) -> str:
    """Return what is known of a truth as a JSON object of truth columns.

    >>> from geo_rewards.types import GroundTruth
    >>> truth_json(GroundTruth(country="FR", text="the Louvre"))
    '{"country": "FR", "solution": "the Louvre"}'
    """
    lat, lon = truth.coordinate or (None, None)
    columns = {"lat": lat, "lon": lon, "country": truth.country, "region": truth.region, "city": truth.city}
    known = {name: value for name, value in {**columns, "solution": truth.text}.items() if value is not None}
    return json.dumps(known, ensure_ascii=False)


def _json_or_none(value: Any) -> str | None:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):  # a picture, or a structure that holds itself
        return None
    return text if len(text) <= MAX_CELL_CHARACTERS else None
