"""Checks of whether there is anything to learn: from looking at the picture, and from a group's answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.testing.cases import JUNK_ANSWER, chain
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.landscape import (
    BANDS_KM,
    FLAT,
    GROUP,
    best_constant,
    mean_paid,
    prefers_fields,
    spread,
    written_answers,
)
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import RewardSubject, Trial
from geo_rewards.testing.towns import at_distances, sample_towns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.recipe_subject import RecipeSubject
    from geo_rewards.testing.subject import Subject

HIGHEST_CONSTANT = 0.5
"""Share of what right answers earn that one answer for every row may earn."""

HIGHEST_FLAT = 0.5
"""Share of the groups in which all answers may earn the same."""

DOMINANT = 10.0
"""How many times the spans of all other terms together the span of one may be."""

FROM_NEAR_TO_FAR_KM = (0.0, 5.0, 50.0, 500.0, 2000.0, 8000.0)
_CANDIDATES = 48
_GROUPS = 24


def check_constant_answer(subject: Subject) -> Iterator[Finding]:
    """No answer that is the same for every row of a data set pays half of what the right answers pay."""
    if not subject.about_answer or len(subject.data) < 2:
        return
    rows = [case.columns for case in subject.data]
    right = mean_paid(subject, [tagged(case.ideal) for case in subject.data], rows)
    junk = mean_paid(subject, [tagged(JUNK_ANSWER)] * len(rows), rows)
    if not right > junk:  # it abstains, or ignores the answer: other checks report that
        return
    guesses = _guesses(subject.data)
    at, paid = best_constant(subject, [tagged(guess) for guess in guesses], rows)
    share = (paid - junk) / (right - junk)
    if share > HIGHEST_CONSTANT:
        yield Finding(
            "constant_answer",
            f"{shown(guesses[at])} for each of {len(rows)} rows earns {paid:.3g} on average, which is "
            f"{share:.0%} of what right answers earn above {shown(JUNK_ANSWER)}",
        )


def check_spread(subject: Subject) -> Iterator[Finding]:
    """Answers from the truth to the other end of the world do not all earn the same."""
    for case in subject.cases if subject.about_answer else ():
        if case.coordinate is None or case.ideal != chain(case.place, case.coordinate):
            continue  # it is about something else
        answers = written_answers(at_distances(case.coordinate, FROM_NEAR_TO_FAR_KM))
        outcomes = subject.score([Trial(tagged(answer), case.columns) for answer in answers])
        values = [outcome for outcome in outcomes if isinstance(outcome, float)]
        if len(values) == len(outcomes) and np.ptp(values) <= FLAT * (subject.bounds[1] - subject.bounds[0]):
            distances = ", ".join(f"{km:g}" for km in FROM_NEAR_TO_FAR_KM)
            yield Finding("no_spread", f"{values[0]:g} for each of the answers {distances} km from the truth")


def check_bands(subject: RecipeSubject) -> Iterator[Finding]:
    """In most groups of answers, whether in one town, region or continent, some earn more than others."""
    if not subject.about_answer or not subject.data or any(case.coordinate is None for case in subject.data):
        return
    starts = sample_towns(_GROUPS)
    fields = prefers_fields(subject, starts[0])
    for band in BANDS_KM:
        found = spread(subject, starts, band, fields=fields)
        if found.flat > HIGHEST_FLAT:
            yield Finding(
                "flat_groups",
                f"in {found.flat:.0%} of groups of {GROUP} answers {band[0]:g} to {band[1]:g} km from the "
                "truth, all earn the same",
            )


def check_weights(subject: RecipeSubject) -> Iterator[Finding]:
    """No term outweighs all others by far, and the form of a completion does not outweigh its answer."""
    spans = {label: high - low for label, (low, high) in subject.recipe.weighted_bounds.items()}
    for label, span in spans.items():
        others = sum(spans.values()) - span
        if len(spans) > 1 and span > DOMINANT * others:
            yield Finding(
                "one_weight_dominates",
                f"{label!r} can change the total by {span:g}, all others by {others:g}",
            )
    gains = {label for label, (_, high) in subject.recipe.weighted_bounds.items() if high > 0.0}
    answer = {label for label in gains if _is_about_answer(subject, label)}
    form = sum(spans[label] for label in gains - answer)
    if answer and form > sum(spans[label] for label in answer):
        yield Finding(
            "form_outweighs_answer",
            f"{_named(gains - answer)} pay up to {form:g} whatever the place, and {_named(answer)} up to "
            f"{sum(spans[label] for label in answer):g}",
        )


def _is_about_answer(subject: RecipeSubject, label: str) -> bool:
    return RewardSubject(subject.recipe.rewards[label], subject.cases).about_answer


def _named(labels: set[str]) -> str:
    return " and ".join(map(repr, sorted(labels)))


def _guesses(data: Sequence[Case]) -> list[str]:
    """Return the answers to try on every row: the most common right ones, then others at equal steps."""
    counts = Counter(case.ideal for case in data)
    ranked = [answer for answer, count in counts.most_common() if count > 1][: _CANDIDATES // 2]
    others = [answer for answer in counts if answer not in ranked]
    step = -(-len(others) // (_CANDIDATES - len(ranked))) or 1
    return ranked + others[::step]
