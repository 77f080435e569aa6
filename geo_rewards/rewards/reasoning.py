"""Rewards for the think block: what it mentions, and how long it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from geo_rewards.contract.reward import Reward

if TYPE_CHECKING:
    from geo_rewards.batch.batch import Sample


class EntityRecall(Reward):
    """The share of a row's entities that the think block mentions.

    An entity is found where its text occurs in the think block, whatever the case. It pays for naming
    what is in the photo, and as much for listing everything that could be: give it a small weight.
    Abstains where the row has no entities.

    Source: GLOBE (arXiv 2506.14674), released code: `entities[].text` of a row, without a model.

    Attributes:
        column: Column with the entities of each row: texts, or mappings with a key `text`.

    >>> completion = "<think>A boulangerie below the Eiffel Tower.</think><answer>France</answer>"
    >>> EntityRecall()([completion], entities=[["Eiffel Tower", "Seine"]])
    [0.5]
    """

    name = "entity_recall"
    rehearsed = False
    formula = "entities whose text occurs in the think block / entities"
    reference = "GLOBE (arXiv 2506.14674), released code: visual grounding by entities, weight 0.2"

    column: str = Field(default="entities", min_length=1)

    def score(self, sample: Sample) -> float | None:
        """Return the share of the entities found; None without any."""
        entities = _texts(sample.row.get(self.column), column=self.column)
        if not entities:
            return None
        thought = (sample.answer.think or "").lower()
        return sum(entity in thought for entity in entities) / len(entities)


class ThinkLength(Reward):
    """The length of the think block, up to a limit: 1 from `full_at` characters on.

    It pays for any text, junk too: a model learns to think at length before it learns to think well.

    Source: SeekWorld, released code: min(1, 0.001 x characters).

    Attributes:
        full_at: Number of characters that earn the full value.

    >>> ThinkLength(full_at=10)(["<think>12345</think><answer>x</answer>", "<think>no end"])
    [0.5, 0.0]
    """

    name = "think_length"
    rehearsed = False
    formula = "min(1, characters of the think block / full_at)"
    reference = "SeekWorld, released code (length control)"

    full_at: int = Field(default=1000, gt=0)

    def score(self, sample: Sample) -> float:
        """Measure the think block; 0 without exactly one; never abstains."""
        return min(1.0, len(sample.answer.think or "") / self.full_at)


def _texts(entities: Any, *, column: str) -> list[str]:
    """Return the texts of a row's entities in lower case.

    Raises:
        ValueError: If they are neither texts nor mappings with a text.
    """
    if isinstance(entities, Mapping):  # how `datasets` stores a list of mappings
        entities = entities.get("text")
    if entities is None:
        return []
    if not isinstance(entities, (list, tuple)):
        raise ValueError(f"column {column!r} must be a list of texts in each row, not {entities!r:.60}")
    texts = []
    for entity in entities:
        text = entity.get("text") if isinstance(entity, Mapping) else entity
        if not isinstance(text, str):
            raise ValueError(
                f"column {column!r} must contain texts, or mappings with `text`, not {entity!r:.60}"
            )
        texts.append(text.strip().lower())
    return [text for text in texts if text]
