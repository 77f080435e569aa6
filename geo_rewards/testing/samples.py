"""Build one sample in one line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Sample
    from geo_rewards.geo import Gazetteer

TAGS = ("<think>", "</think>", "<answer>", "</answer>")


def sample(
    completion: str | Sequence[Any],
    *,
    progress: float | None = None,
    gazetteer: Gazetteer | None = None,
    **columns: Any,
) -> Sample:
    """Return a sample of one completion, to call a reward's `score` with.

    Args:
        completion: An answer, which is wrapped in a well-formed completion; or a completion, recognised
            by its tags; or a list of chat messages, which is used unchanged.
        progress: Share of the training that is done, in [0, 1].
        gazetteer: Source of the names of coordinates; the built-in default if None.
        **columns: The row's value of each column: `lat`, `lon`, `country`, `region`, `city` or
            `solution`, `prompts`, `completion_ids`, any others.

    >>> one = sample("48.86, 2.35", lat=48.8584, lon=2.2945, difficulty=3)
    >>> one.answer.coordinate, one.truth.coordinate, one.row
    (Coordinate(lat=48.86, lon=2.35), Coordinate(lat=48.8584, lon=2.2945), {'difficulty': 3})
    """
    if isinstance(completion, str) and not any(tag in completion for tag in TAGS):
        completion = tagged(completion)
    row: dict[str, Any] = {name: [value] for name, value in columns.items()}
    if progress is not None:
        row["trainer_state"] = trainer_state(progress)
    return Batch([completion], row, gazetteer=gazetteer).samples[0]


def tagged(answer: str, *, think: str = "I look at the picture.") -> str:
    """Return a well-formed completion with this answer.

    >>> tagged("48.86, 2.35", think="An iron tower.")
    '<think>An iron tower.</think><answer>48.86, 2.35</answer>'
    """
    return f"<think>{think}</think><answer>{answer}</answer>"


def trainer_state(progress: float) -> SimpleNamespace:
    """Return a trainer's state at this share of the training."""
    return SimpleNamespace(global_step=progress, max_steps=1)
