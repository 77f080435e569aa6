"""The explanation of one row: what was read from which part, both places, each reward, gate and weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.parse.tags import ANSWER_CLOSE, ANSWER_OPEN, THINK_CLOSE, THINK_OPEN
from geo_rewards.types import NO_TAGS, Place, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from geo_rewards.batch.batch import Batch, Sample
    from geo_rewards.scoring.column import Column
    from geo_rewards.types import Answer, GroundTruth

_INDENT = " " * len("reward     ")


def explain_row(
    batch: Batch, columns: Mapping[str, Column], row: int, *, labels: Collection[str] | None = None
) -> list[str]:
    """Return the lines that explain one row, up to its total.

    Args:
        batch: The completions.
        columns: The values of each entry, by label.
        row: The row, from 0.
        labels: The rewards to explain; all if None.
    """
    sample = batch.samples[row]
    lines = [*_answer_lines(sample), *_place_lines(batch, row), *_truth_lines(batch, row)]
    for label in columns:
        if labels is None or label in labels:
            lines += _column_lines(batch, columns, label, row)
    return lines


def total_line(columns: Mapping[str, Column], row: int, *, total: float | None, failed: bool) -> str:
    """Return the line about a row's total.

    Args:
        columns: The values of each entry, by label.
        row: The row, from 0.
        total: Its weighted sum, or None.
        failed: Whether a reward failed on it.
    """
    if failed:
        return "total      none: a reward failed on this row, so the row abstains"
    if total is None:
        return "total      none: every weighted reward abstained"
    terms = [
        f"{column.entry.weight:g} x {column.final[row]:.4f} {label}"
        for label, column in columns.items()
        if column.entry.weight and column.final[row] is not None
    ]
    return f"total      {total:.4f} = {' + '.join(terms)}"


def _answer_lines(sample: Sample) -> list[str]:
    answer = sample.answer
    fault = "well-formed" if answer.well_formed else f"not well-formed: {_format_fault(sample)}"
    untagged = "  (the complete text, which has no tags)" if answer.tags == NO_TAGS else ""
    lines = [
        f"format     {fault}",
        f"answer     {'none' if answer.answer is None else _shortened(answer.answer) + untagged}",
        f"coordinate {_coordinate(answer)}",
    ]
    return lines + [f"problem    {problem}" for problem in answer.problems]


def _format_fault(sample: Sample) -> str:
    """Return why a completion is not one think block followed by one answer block."""
    answer, text = sample.answer, sample.completion
    if any(problem.kind is ProblemKind.TOOL_TEXT for problem in answer.problems):
        return "it is a transcript of several turns"
    if answer.tags == NO_TAGS:
        return "no tags"
    if answer.continues_think:
        return "<think> is missing, as in a completion whose prompt has opened it"
    names = (THINK_OPEN, THINK_CLOSE, ANSWER_OPEN, ANSWER_CLOSE)
    counts = list(zip(names, answer.tags, strict=True))
    wrong = [_times(name, count) for name, count in counts if count != 1]
    if wrong:
        return " and ".join(wrong)
    places = [text.index(name) for name in names]
    if places != sorted(places):
        return "the tags are not in the order <think>, </think>, <answer>, </answer>"
    if not answer.think:
        return "the think block is empty"
    return "there is text outside the blocks" if answer.answer else "the answer block is empty"


def _times(name: str, count: int) -> str:
    return f"{name} occurs {count} times" if count else f"{name} is missing"


def _coordinate(answer: Answer) -> str:
    if answer.coordinate is None:
        return "none"
    return f"{answer.coordinate}  ({answer.coordinate_form}: {_shortened(answer.coordinate_text or '')})"


def _place_lines(batch: Batch, row: int) -> list[str]:
    """Return which place the answer names, with the country's code, and where its coordinate lies."""
    answer, lines = batch.answers[row], []
    if answer.country or answer.region or answer.city:
        code = batch.named_places[row].country
        lines.append(f"named      {_names(answer.country, answer.region, answer.city, code=code)}")
    if answer.coordinate is not None:
        place = _located(batch, row)
        lines.append(f"lies in    {_names(place.country, place.region, place.city) or 'no known country'}")
    return lines


def _located(batch: Batch, row: int) -> Place:
    """Return where the answer's coordinate lies, without looking up the rest of the batch."""
    coordinate = batch.answers[row].coordinate
    if "located_places" in batch.__dict__ or coordinate is None:
        return batch.located_places[row]
    return batch.gazetteer.lookup([coordinate.lat], [coordinate.lon])[0]


def _truth_lines(batch: Batch, row: int) -> list[str]:
    truth, given = batch.truths[row], batch.given_truths[row]
    parts = [str(truth.coordinate)] if truth.coordinate else []
    parts += [named] if (named := _names(given.country, given.region, given.city)) else []
    parts += [f"by the gazetteer {added}"] if (added := _names_by_gazetteer(truth, given)) else []
    parts += [f"text {_shortened(truth.text)}"] if truth.text is not None else []
    distance_km = batch.samples[row].distance_km
    lines = [] if distance_km is None else [f"distance   {distance_km:,.1f} km"]
    return [f"truth      {'; '.join(parts) or 'none'}", *lines]


def _names_by_gazetteer(truth: GroundTruth, given: GroundTruth) -> str:
    fields = ("country", "region", "city")
    return _names(*(None if getattr(given, field) else getattr(truth, field) for field in fields))


def _column_lines(batch: Batch, columns: Mapping[str, Column], label: str, row: int) -> list[str]:
    column = columns[label]
    value, (low, high) = column.final[row], column.bounds
    shown = "abstains" if value is None else f"{value:.4f} of [{low:g}, {high:g}]"
    lines = [f"reward     {label}: {shown}, weight {column.entry.weight:g}"]
    lines += [f"{_INDENT}{reason}" for reason in _reasons(batch, columns, column, row)]
    return lines + [f"{_INDENT}{key} = {noted:g}" for key, noted in column.notes[row].items()]


def _reasons(batch: Batch, columns: Mapping[str, Column], column: Column, row: int) -> list[str]:
    """Return what explains the value: a failure, a missing truth, its own reasons, a gate."""
    gate, ungated = column.entry.gate, column.ungated[row]
    own = column.reasons(batch, row) if column.reasons else []
    if row in column.errors:
        return [f"failed: {column.errors[row]}"]
    if row in batch.picture_faults:
        return [f"the picture could not be read: {batch.picture_faults[row]}"]
    factor = column.entry.factor
    if factor is not None:
        multiplier = columns[factor].final[row]
        own = [*own, f"factor {factor}: {'abstains' if multiplier is None else format(multiplier, '.4f')}"]
    if ungated is None:
        truth = batch.truths[row]
        lacking = [field for field in column.needs if getattr(truth, field) is None]
        return [f"the truth has no {' and no '.join(lacking)}"] if lacking else own
    if gate is None:
        return own
    reached = columns[gate.reward].final[row]
    shown = "abstains" if reached is None else f"{reached:.4f}, at least {gate.at_least:g} is needed"
    if row in column.closed:
        return [*own, f"gate {gate.reward} is closed ({shown}); without it {ungated:.4f}"]
    return [*own, f"gate {gate.reward} is open ({shown})"]


def _names(country: str | None, region: str | None, city: str | None, *, code: str | None = "") -> str:
    """Return names with their fields; `code` is the code found for the country, None if there is none."""
    named: Sequence[tuple[str, str | None]] = (("country", country), ("region", region), ("city", city))
    shown = {field: f"{field} {name!r}" for field, name in named if name}
    if country and code != "" and code != country:
        shown["country"] += f" ({code or 'no country is known by that name'})"
    return ", ".join(shown.values())


def _shortened(text: str, width: int = 70) -> str:
    flat = " ".join(text[: 4 * width].split())
    return repr(flat if len(flat) <= width else flat[: width - 3] + "...")
