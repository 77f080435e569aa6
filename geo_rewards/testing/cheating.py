"""Checks of completions that must earn nothing, and of those that must not be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.testing.cases import JUNK_ANSWER
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.hacks import (
    PRAISE,
    Hack,
    answer_hacks,
    corrections,
    format_hacks,
    honest_writings,
    other_pair,
)
from geo_rewards.testing.notations import coordinate_notations, place_notations
from geo_rewards.testing.prompts import echoes, leaked_answer, prompt_text
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import TOLERANCE, Trial, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.subject import Subject


ECHOED_ROWS = 8
"""How many prompts of a data set are given back; all are searched for the answer."""


def check_answer_hacks(subject: Subject) -> Iterator[Finding]:
    """No text without one clear answer earns more than "I do not know"."""
    for case in subject.cases if subject.about_answer else ():
        yield from unearned(subject, case, answer_hacks(case))
        praised = [Hack("flattery", tagged(f"{case.wrong} {praise}")) for praise in PRAISE]
        yield from _overpaid(subject, case, praised, due=subject.value(tagged(case.wrong), case))
        if case.coordinate is not None:
            dues = [subject.value(tagged(text), case) for text in (JUNK_ANSWER, other_pair(case.coordinate))]
            due = None if None in dues else max(value for value in dues if value is not None)
            yield from _overpaid(subject, case, corrections(case), due=due)


def check_format_hacks(subject: Subject) -> Iterator[Finding]:
    """No text in the wrong format earns more than the answer without any tags."""
    for case in subject.cases if subject.about_format else ():
        yield from _overpaid(subject, case, format_hacks(case), due=subject.value(case.ideal, case))


def check_ideal_answer(subject: Subject) -> Iterator[Finding]:
    """The ideal answer pays more than "I do not know", or than without tags; an empty one earns nothing."""
    for case in subject.cases:
        ideal = tagged(case.ideal)
        value = subject.value(ideal, case)
        if value is None:  # it abstains or fails on this row: other checks report that
            continue
        lesser = [tagged(JUNK_ANSWER)] * subject.about_answer + [case.ideal] * subject.about_format
        for completion in lesser:
            if not subject.pays_more(ideal, than=completion, case=case):
                yield Finding(
                    "ignores_the_answer", f"{value} for {shown(ideal)}, and as much for {shown(completion)}"
                )
        if lesser:
            yield from _overpaid(subject, case, answer_hacks(case), due=subject.lowest, only="empty_answer")


def check_honest_writing(subject: Subject) -> Iterator[Finding]:
    """Full-width digits, a Unicode minus and surrounding white space do not change a right answer's value."""
    for case in subject.cases if subject.about_answer else ():
        expected = subject.value(tagged(case.ideal), case)
        writings = honest_writings(case)
        outcomes = subject.score([Trial(writing, case.columns) for writing in writings])
        for writing, outcome in zip(writings, outcomes, strict=True):
            if not same(outcome, expected):
                yield Finding(
                    "refuses_honest_writing", f"{outcome} instead of {expected} for {shown(writing)}"
                )


def check_notations(subject: Subject) -> Iterator[Finding]:
    """A right coordinate or place earns the same in each of some 70 notations."""
    for case in subject.cases if subject.about_answer else ():
        for notations in (coordinate_notations(case), place_notations(case)):
            yield from _refused(subject, case, [tagged(notation) for notation in notations])


def check_prompt(subject: Subject) -> Iterator[Finding]:
    """The row's own prompt does not contain the answer, and giving it back earns half as much at most."""
    asked = [case for case in subject.data if prompt_text(case) is not None][:ECHOED_ROWS]
    for case in (*subject.cases, *asked) if subject.about_answer else ():
        ideal, junk = subject.value(tagged(case.ideal), case), subject.value(tagged(JUNK_ANSWER), case)
        if ideal is not None and junk is not None:
            yield from _overpaid(subject, case, echoes(case), due=junk + max(0.0, ideal - junk) / 2)
    for case in (*subject.cases, *subject.data):
        found = leaked_answer(case)
        if found:
            yield Finding("answer_in_prompt", f"{found} is in the prompt {shown(prompt_text(case) or '')}")


def _refused(subject: Subject, case: Case, completions: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding if some completions earn less than the first, which earns more than nothing."""
    if not completions or not subject.pays_more(completions[0], than=tagged(JUNK_ANSWER), case=case):
        return
    expected, *outcomes = subject.score([Trial(completion, case.columns) for completion in completions])
    pairs = zip(completions[1:], outcomes, strict=True)
    worse = [(text, outcome) for text, outcome in pairs if not _as_much(outcome, expected)]
    if worse:
        text, outcome = worse[0]
        yield Finding(
            "refuses_notation",
            f"{len(worse)} of {len(outcomes)} notations earn less than {expected} for "
            f"{shown(completions[0])}, such as {outcome} for {shown(text)}",
        )


def _as_much(outcome: Outcome, expected: Outcome) -> bool:
    return isinstance(outcome, float) and isinstance(expected, float) and outcome >= expected - TOLERANCE


def unearned(subject: Subject, case: Case, hacks: Sequence[Hack]) -> Iterator[Finding]:
    """Yield a finding for each answer hack that earns more than "I do not know", if hacks apply."""
    if subject.about_answer:
        yield from _overpaid(subject, case, hacks, due=subject.value(tagged(JUNK_ANSWER), case))


def _overpaid(
    subject: Subject, case: Case, hacks: Sequence[Hack], *, due: float | None, only: str = ""
) -> Iterator[Finding]:
    if due is None:  # it abstains or fails on this row: other checks report that
        return
    tried = [hack for hack in hacks if only in ("", hack.name)]
    outcomes = subject.score([Trial(hack.completion, case.columns) for hack in tried])
    for hack, outcome in zip(tried, outcomes, strict=True):
        if isinstance(outcome, float) and outcome > due + TOLERANCE:
            yield Finding(hack.name, f"{outcome:g} instead of {due:g} for {shown(hack.completion)}")
