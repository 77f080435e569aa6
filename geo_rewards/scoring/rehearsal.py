"""The rehearsal of a recipe on data: a right answer must earn the most, junk the least.

A failure here would mislead a training run: a label that no answer can match, a recipe that needs what
the data lack, a reward that pays for junk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores
    from geo_rewards.types import Coordinate, GroundTruth

JUNK = ("", "I cannot tell where this is.", "<answer>" * 50)
"""Completions that answer nothing; the rows take turns."""

_THOUGHT = "From the picture to the answer, step by step."
_ROUNDING = 1e-6
_DECIMALS = 10  # of a degree: a hundredth of a millimetre


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A row that does not earn what it should.

    Attributes:
        row: The row, from 0.
        message: What earned how much, and what it should have earned.
        explanation: The text of `Scores.explain`.
    """

    row: int
    message: str
    explanation: str


@dataclass(slots=True)
class Rehearsal:
    """The result of a rehearsal.

    Attributes:
        shortfalls: The rows that do not earn what they should.
        answered: For each weighted reward, on how many rows it gave the ideal answer a value.
    """

    shortfalls: list[Shortfall] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)


def rehearse(recipe: Recipe, columns: Mapping[str, Sequence[Any]], count: int) -> Rehearsal:
    """Score each row's own truth, written as an ideal answer, and junk.

    Rewards that abstain on a row do not count in what it can earn, and a reward that fails is a
    shortfall. A reward that is never above 0 is a penalty, which junk need not incur; one that is not
    `rehearsed` need not pay for the ideal answer.

    Args:
        recipe: What to score by.
        columns: The columns of the data, as for `Recipe.score`.
        count: How many rows there are.

    Raises:
        TruthError: If a truth is unreadable; names the row.
        RecipeError: If a column that the recipe names is missing.
    """
    forgiving = recipe.with_on_error("abstain")
    junk = _score(forgiving, [JUNK[row % len(JUNK)] for row in range(count)], columns)
    ideal = _score(forgiving, [ideal_completion(truth) for truth in junk.batch.truths], columns)
    result = Rehearsal()
    for label, entry in forgiving.entries.items():
        if entry.weight:
            result.answered[label] = sum(value is not None for value in ideal.rewards[label])
    for row in range(count):
        result.shortfalls += _shortfalls(forgiving, ideal, row, is_ideal=True) or _contradiction(ideal, row)
        result.shortfalls += _shortfalls(forgiving, junk, row, is_ideal=False)
    return result


def ideal_completion(truth: GroundTruth) -> str:
    """Return the completion that a perfect model would write: well-formed, complete and right.

    Country, region, city and the coordinate in parentheses (Chain of Region); or the plain text of a
    row that is not about a place.

    >>> from geo_rewards.types import Coordinate, GroundTruth
    >>> print(ideal_completion(GroundTruth(Coordinate(48.8584, 2.2945), country="FR", city="Paris")))
    <think>From the picture to the answer, step by step.</think>
    <answer>Country: FR
    City: Paris
    Coordinates: (48.8584, 2.2945)</answer>
    """
    answer = "\n".join(_answer_lines(truth)) or "unknown"
    return f"<think>{_THOUGHT}</think>\n<answer>{answer}</answer>"


def _answer_lines(truth: GroundTruth) -> Iterator[str]:
    for name in ("country", "region", "city"):
        if value := getattr(truth, name):
            yield f"{name.capitalize()}: {value}"
    if truth.coordinate is not None:
        yield f"Coordinates: {_format_coordinate(truth.coordinate)}"
    elif truth.text is not None:
        yield truth.text


def _format_coordinate(coordinate: Coordinate) -> str:
    """Return the pair in parentheses, without exponents, which the parser refuses.

    >>> from geo_rewards.types import Coordinate
    >>> _format_coordinate(Coordinate(-0.00001, 100.0))
    '(-0.00001, 100.0)'
    """
    return f"({', '.join(map(_decimal, coordinate))})"


def _decimal(degrees: float) -> str:
    text = f"{round(degrees, _DECIMALS) + 0.0:.{_DECIMALS}f}".rstrip("0")  # + 0.0: no minus before zero
    return f"{text}0" if text.endswith(".") else text


def _score(recipe: Recipe, completions: Sequence[str], columns: Mapping[str, Any]) -> Scores:
    return recipe.score_columns(completions, columns, default_on_error="abstain")


def _shortfalls(recipe: Recipe, scores: Scores, row: int, *, is_ideal: bool) -> list[Shortfall]:
    what = "its own truth as an ideal answer" if is_ideal else f"junk ({_quote_completion(scores, row)})"
    failed = [str(errors[row]) for errors in scores.errors.values() if row in errors]
    if failed:
        return [Shortfall(row, f"a reward fails on {what}: {'; '.join(failed)}", scores.explain(row))]
    wrong, earned, expected = [], 0.0, 0.0
    for label in recipe.weighted_labels:
        value = scores.rewards[label][row]
        if value is None or (is_ideal and not recipe.rewards[label].rehearsed):
            continue
        low, high = _weighted_bounds(recipe, scores, label, row)
        weighted = recipe.entries[label].weight * value
        target = (high if is_ideal else low) + 0.0  # a negative weight makes it a negative zero
        earned, expected = earned + weighted, expected + target
        lenient = high <= 0 and not is_ideal
        if not lenient and abs(weighted - target) > _ROUNDING:
            wrong.append(f"{label} {weighted:.4g} instead of {target:.4g}")
    if not wrong:
        return []
    message = f"{what} earns {earned:.4g} instead of {expected:.4g}: {', '.join(wrong)}"
    return [Shortfall(row, message, scores.explain(row))]


def _weighted_bounds(recipe: Recipe, scores: Scores, label: str, row: int) -> tuple[float, float]:
    """Return an entry's lowest and highest contribution; a factor that no answer changes counts as it is."""
    entry = recipe.entries[label]
    fixed = entry.factor is not None and not recipe.rewards[entry.factor].rehearsed
    factor = scores.rewards[entry.factor][row] if entry.factor is not None and fixed else None
    ends = sorted(entry.weight * bound for bound in recipe.final_bounds(label, factor=factor))
    return ends[0], ends[1]


def _contradiction(scores: Scores, row: int) -> list[Shortfall]:
    """Find a country that the coordinate does not lie in, where some reward is about the country."""
    truth, lies_in = scores.batch.given_truths[row], scores.batch.located_truths[row].country
    if not truth.country or lies_in in (None, truth.country):
        return []
    if not any("country" in column.needs and column.entry.weight for column in scores.columns.values()):
        return []
    where = f"the country is {truth.country}, but {truth.coordinate} lies in {lies_in}"
    return [Shortfall(row, f"its truth contradicts itself: {where}", scores.explain(row))]


def _quote_completion(scores: Scores, row: int) -> str:
    return f"{scores.batch.completions[row]!r:.40}"
