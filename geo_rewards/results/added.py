"""The cells that scoring adds to rows: as columns, as JSON texts and as Arrow arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from geo_rewards.scoring.scores import Scores

READ = ("lat", "lon", "country", "region", "city")
_NUMBERS, _NAMES = READ[:2], READ[2:]
_HERE = "\0"  # which JSON escapes, so that no label contains it
ADDED = frozenset({"rewards", "reward", "parsed", "problems", "distance_km"})

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Added:
    """The added cells of some rows, one column each; None where there is no value.

    Attributes:
        rewards: The raw values by label.
        total: The weighted sums.
        read: What was read from the answers, by name: `lat`, `lon`, `country`, `region`, `city`.
        problems: What was refused in the answers, by row; rows without problems are missing.
        distance_km: The distances.
    """

    rewards: Mapping[str, Sequence[float | None]]
    total: Sequence[float | None]
    read: Mapping[str, Sequence[Any]]
    problems: Mapping[int, Sequence[str]]
    distance_km: Sequence[float | None]

    @classmethod
    def from_scores(cls, scores: Scores) -> Added:
        """Return the cells of scored rows.

        Raises:
            TruthError: If a truth cannot be read.
        """
        batch = scores.batch
        distance_km = _without_nan(batch.distance_km.tolist())
        said, answers = batch.answer_columns, batch.answers
        numbers = {name: _without_nan(said[name]) for name in _NUMBERS}
        unusual = [row for row, is_plain in enumerate(batch.is_plain) if not is_plain]
        return cls(
            rewards=scores.rewards,
            total=scores.total,
            read={**numbers, **{name: said[name] for name in _NAMES}},
            problems={row: answers[row].problems for row in unusual if answers[row].problems},
            distance_km=distance_km,
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.total)

    def rows(self) -> Iterator[Cells]:
        """Yield the cells of each row."""
        labels = tuple(self.rewards)
        values = zip(*self.rewards.values(), strict=True)
        read = zip(*(self.read[name] for name in READ), strict=True)
        columns = zip(values, self.total, read, self.distance_km, strict=True)
        for row, (rewards, total, parsed, distance_km) in enumerate(columns):
            yield {
                "rewards": dict(zip(labels, rewards, strict=True)),
                "reward": total,
                "parsed": dict(zip(READ, parsed, strict=True)),
                "problems": list(self.problems.get(row, ())),
                "distance_km": distance_km,
            }


def added_texts(added: Added) -> list[bytes]:
    """Return the cells of each row as the inside of a JSON object, in UTF-8."""
    rewards = ", ".join(f"{json.dumps(label, ensure_ascii=False)}: {_HERE}" for label in added.rewards)
    read = ", ".join(f'"{name}": {_HERE}' for name in READ)
    shape = (
        f'"rewards": {{{rewards}}}, "reward": {_HERE}, "parsed": {{{read}}}, "problems": {_HERE}, '
        f'"distance_km": {_HERE}'
    )
    problems = ["[]"] * len(added)
    for row, found in added.problems.items():
        problems[row] = json.dumps(list(found), ensure_ascii=False)
    columns = [
        *map(_texts, (*added.rewards.values(), added.total, *(added.read[name] for name in READ))),
        problems,
        _texts(added.distance_km),
    ]
    parts = [part for fixed in shape.split(_HERE)[:-1] for part in (fixed, "")]
    lines = []
    for values in zip(*columns, strict=True):
        parts[1::2] = values
        lines.append("".join(parts))
    # A line break occurs in no cell, so that one call encodes all rows and one splits them.
    return "\n".join(lines).encode().split(b"\n")


def added_fields(labels: Sequence[str]) -> list[pa.Field]:
    """Return the Arrow fields of the added cells.

    Args:
        labels: Labels of the recipe.
    """
    import pyarrow as pa

    parsed = [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in READ]
    return [
        pa.field("rewards", pa.struct([(label, pa.float64()) for label in labels])),
        pa.field("reward", pa.float64()),
        pa.field("parsed", pa.struct(parsed)),
        pa.field("problems", pa.list_(pa.string())),
        pa.field("distance_km", pa.float64()),
    ]


def added_arrays(added: Added) -> dict[str, pa.Array]:
    """Return the added cells as Arrow arrays by name, of the types that `added_fields` says."""
    import pyarrow as pa

    rewards, reward, parsed, problems, distance_km = (
        field.type for field in added_fields(list(added.rewards))
    )
    values = [pa.array(column, pa.float64()) for column in added.rewards.values()]
    read = [pa.array(added.read[name], parsed.field(name).type) for name in READ]
    found: list[Sequence[str]] = [()] * len(added)
    for row, refused in added.problems.items():
        found[row] = list(map(str, refused))
    return {
        "rewards": pa.StructArray.from_arrays(values, fields=list(rewards)),
        "reward": pa.array(added.total, reward),
        "parsed": pa.StructArray.from_arrays(read, fields=list(parsed)),
        "problems": pa.array(found, problems),
        "distance_km": pa.array(added.distance_km, distance_km),
    }


_encode_lines = json.JSONEncoder(ensure_ascii=False, separators=("\n", ": ")).encode


def _texts(column: Sequence[Any]) -> list[str]:
    """Return each value of a column of numbers or texts as JSON."""
    # JSON escapes line breaks in texts, so that one call encodes the column and one splits it.
    return _encode_lines(list(column))[1:-1].split("\n")


def _without_nan(values: Sequence[Any]) -> list[Any]:
    return [None if value != value else value for value in values]
