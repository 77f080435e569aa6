"""`Sample`: one row of a batch, which is what a reward's `score` is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch
    from geo_rewards.types import Answer, GroundTruth, Place


class Sample:
    """One row of a batch: what a reward's `score` is given.

    Attributes:
        index: The row in its batch, from 0.
    """

    __slots__ = ("_batch", "_notes", "index")

    def __init__(self, batch: Batch, index: int) -> None:
        self._batch = batch
        self.index = index
        self._notes: dict[str, float] = {}

    @property
    def completion(self) -> str:
        """The completion's text."""
        return self._batch.completions[self.index]

    @property
    def answer(self) -> Answer:
        """The parsed completion."""
        return self._batch.answers[self.index]

    @property
    def truth(self) -> GroundTruth:
        """The label, names filled from the gazetteer where only the coordinate is known."""
        return self._batch.truths[self.index]

    @property
    def answer_place(self) -> Place:
        """The answer's place: by name where it gives one (country as ISO code), else by coordinate."""
        return self._batch.answer_places[self.index]

    @property
    def distance_km(self) -> float | None:
        """Great-circle distance from answer to truth in km, or None if either has no coordinate."""
        distance = float(self._batch.distance_km[self.index])
        return None if np.isnan(distance) else distance

    @property
    def row(self) -> dict[str, Any]:
        """The other columns of this row by name."""
        return {name: values[self.index] for name, values in self._batch.columns.items()}

    @property
    def prompt(self) -> Any:
        """The prompt (text or messages), or None if the caller gave none."""
        return None if self._batch.prompts is None else self._batch.prompts[self.index]

    @property
    def completion_ids(self) -> Sequence[int] | None:
        """Token ids of the completion, or None outside training."""
        return None if self._batch.completion_ids is None else self._batch.completion_ids[self.index]

    @property
    def progress(self) -> float | None:
        """Share of the training that is done, in [0, 1]; None outside training."""
        return self._batch.progress

    def note(self, key: str, value: float) -> None:
        """Record a figure that is logged in training and shown by `Scores.explain`."""
        self._notes[key] = float(value)

    def drain_notes(self) -> dict[str, float]:
        """Return the figures noted since the last call, and forget them."""
        notes, self._notes = self._notes, {}
        return notes
