"""`check_reward`: every check of the kit on one reward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from geo_rewards.contract.reward import Reward
from geo_rewards.errors import InputError, UnknownNameError
from geo_rewards.scoring.recipe import get_reward
from geo_rewards.testing.cases import build_cases, build_data_cases
from geo_rewards.testing.cheating import (
    check_answer_hacks,
    check_format_hacks,
    check_honest_writing,
    check_ideal_answer,
    check_notations,
    check_prompt,
)
from geo_rewards.testing.contract import (
    check_batch,
    check_determinism,
    check_inputs,
    check_labels,
    check_order,
    check_pickling,
    check_values,
)
from geo_rewards.testing.findings import LESSONS, Finding, HolesFoundError
from geo_rewards.testing.growth import check_time
from geo_rewards.testing.interference import check_faults, check_threads
from geo_rewards.testing.signal import check_constant_answer, check_spread
from geo_rewards.testing.subject import RewardSubject, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from geo_rewards.testing.subject import About

AnySubject = TypeVar("AnySubject", bound=Subject)

# These apply to anything that pays for completions, including a recipe's totals.
COMMON_CHECKS: dict[str, Callable[[Subject], Iterator[Finding]]] = {
    "values": check_values,
    "batch": check_batch,
    "order": check_order,
    "determinism": check_determinism,
    "time": check_time,
    "ideal_answer": check_ideal_answer,
    "honest_writing": check_honest_writing,
    "notations": check_notations,
    "answer_hacks": check_answer_hacks,
    "format_hacks": check_format_hacks,
    "prompt": check_prompt,
    "constant_answer": check_constant_answer,
    "spread": check_spread,
}
CHECKS: dict[str, Callable[[RewardSubject], Iterator[Finding]]] = {
    **COMMON_CHECKS,
    "labels": check_labels,
    "threads": check_threads,
    "pickling": check_pickling,
    "inputs": check_inputs,
    "faults": check_faults,
}


def check_reward(
    reward: Reward | str,
    *,
    columns: Mapping[str, Any] | None = None,
    data: Mapping[str, Sequence[Any]] | None = None,
    ideal: str | None = None,
    wrong: str | None = None,
    about: About | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> None:
    """Check that a reward keeps its contract, cannot be cheated and has something to teach; takes seconds.

    Args:
        reward: The reward, or the name of an installed one with default parameters.
        columns: One row's value of each column that it needs, truth and others; without a truth
            column they are added to built-in rows (two places, or a text if it `needs` one). With a
            column `prompts` or `prompt`, its own prompt is what is echoed and searched for the answer.
        data: Columns of a data set, for the checks of one answer for all rows and of answers in prompts. The
            world's towns by population if None, where the truth is a place.
        ideal: The right answer to that row, without tags; made from the truth if None.
        wrong: A wrong answer; made to fit the truth if None.
        about: Which hacks apply: `answer`, `format`, `both` or `neither`. Detected if None: it is
            about the answer if it needs a label or the ideal answer pays more than "I do not know",
            and about the format if that answer pays more with tags than without.
        only: Names of the only `CHECKS` to run.
        skip: Names of `CHECKS` not to run, or of findings (`LESSONS`) that are intended.

    Raises:
        HolesFoundError: With all findings; an `AssertionError`.
        UnknownNameError: If a name in `only` or `skip` does not exist.
        InputError: If it is no reward.

    >>> check_reward("country_match", skip=["time"])
    """
    reward = get_reward(reward) if isinstance(reward, str) else reward
    if not isinstance(reward, Reward):
        advice = f"make one: check_reward({reward.__name__}())" if isinstance(reward, type) else "or its name"
        raise InputError(f"check_reward takes a reward, not {reward!r:.60}; {advice}")
    findings = find_holes(
        reward, columns=columns, data=data, ideal=ideal, wrong=wrong, about=about, only=only, skip=skip
    )
    if findings:
        raise HolesFoundError(f"reward {reward.name!r}", findings)


def find_holes(
    reward: Reward,
    *,
    columns: Mapping[str, Any] | None = None,
    data: Mapping[str, Sequence[Any]] | None = None,
    ideal: str | None = None,
    wrong: str | None = None,
    about: About | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> list[Finding]:
    """Return the findings that `check_reward` would raise: the first of each kind."""
    cases = build_cases(reward.needs, columns, ideal=ideal, wrong=wrong)
    rows = build_data_cases(reward.needs, columns, data)
    return make_checks(RewardSubject(reward, cases, data=rows, about=about), CHECKS, only=only, skip=skip)


def make_checks(
    subject: AnySubject,
    checks: Mapping[str, Callable[[AnySubject], Iterator[Finding]]],
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> list[Finding]:
    """Run these checks and return their findings: the first of each kind.

    Args:
        subject: What is under test.
        checks: The checks by name.
        only: Names of the only checks to run.
        skip: Names of checks not to run, or of findings to leave out.

    Raises:
        UnknownNameError: If a name in `only` or `skip` does not exist.
    """
    _refuse_unknown(only, known=checks)
    _refuse_unknown(skip, known={*checks, *LESSONS})
    found: dict[str, Finding] = {}
    for name, check in checks.items():
        if name in skip or (only and name not in only):
            continue
        for finding in _run(check, subject):
            found.setdefault(finding.name, finding)
    return [finding for name, finding in found.items() if name not in skip]


def _run(check: Callable[[AnySubject], Iterator[Finding]], subject: AnySubject) -> Iterator[Finding]:
    """Run a check; an exception that escapes from a reward outside its outcomes is a finding too."""
    try:
        yield from check(subject)
    except Exception as error:  # noqa: BLE001 - a plugin's code, in `bounds` or an overridden method
        yield Finding("raises", f"{type(error).__name__}: {error}")


def _refuse_unknown(names: Collection[str], *, known: Collection[str]) -> None:
    for name in [names] if isinstance(names, str) else names:
        if name not in known:
            raise UnknownNameError("check", name, known)
