"""Checks of completions that must earn nothing, and of those that must not be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.testing.cases import JUNK_ANSWER
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.hacks import answer_hacks, format_hacks, honest_writings
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import TOLERANCE, Trial, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.hacks import Hack
    from geo_rewards.testing.subject import Subject


def check_answer_hacks(subject: Subject) -> Iterator[Finding]:
    """No text without one clear answer earns more than "I do not know"."""
    for case in subject.cases if subject.about_answer else ():
        yield from unearned(subject, case, answer_hacks(case))


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
