"""Check that time is linear in the length of a completion, by growth instead of absolute time.

A text is lengthened step by step until it takes a noticeable time, so that a reward that explodes
is caught on a short text: neither a thread nor a signal can safely stop a regex. Then the time of
that text is compared with the time of a quarter of it: linear is 4 times, quadratic 16.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from geo_rewards.testing.cheating import unearned
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.hacks import long_junk
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo_rewards.testing.subject import Subject

SHORTEST = 16
LONGEST = 50_000

# Between linear (1) and quadratic (2), nearer to quadratic: a loaded machine must not be a finding.
HIGHEST_POWER = 1.65
UNMISTAKABLE_POWER = 2.5

# From here to the highest power, a linear part may hide one that grows faster: a longer text shows it.
DOUBTFUL_POWER = 1.1

# Seconds of processor time: a text that takes the first is long enough; if the longest text takes
# less than the second, growth cannot be distinguished from noise, and need not be.
NOTICEABLE_S = 0.03
NEGLIGIBLE_S = 0.004

_UNITS = (
    "<think></think><answer>",
    "<think></think>",
    "<think></think><answer></answer>",
    "<answer>",
    "<think>",
    "1",
    "1.5, ",
    " ",
    "(",
    '{"a":[',
    "Paris, ",
)


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of a time with the length of a text.

    Attributes:
        length: Characters of the longer text.
        seconds: Its processor time.
        quarter_seconds: The processor time of a quarter of it.
    """

    length: int
    seconds: float
    quarter_seconds: float

    @property
    def power(self) -> float:
        """The exponent of the power law through both: 1 is linear, 2 quadratic, 3 cubic."""
        return math.log(self.seconds / self.quarter_seconds, 4)

    def __str__(self) -> str:
        """Return the comparison in words."""
        times = f"from {self.quarter_seconds * 1000:.1f} to {self.seconds * 1000:.1f} ms"
        return f"4 times the length, {self.length} characters, takes {times} (power {self.power:.1f})"


def check_time(subject: Subject) -> Iterator[Finding]:
    """Time is linear in the length of any text, and 100,000 characters of junk earn nothing."""
    case = subject.cases[0]

    def score(text: str) -> None:
        subject.score([Trial(text, case.columns)])

    score(tagged(case.ideal))  # loads now what is loaded on first use
    for text_of in _hostile_texts():
        growth = superlinear_growth(score, text_of)
        if growth is not None:
            yield Finding("superlinear_time", f"{growth} of {shown(text_of(60))}")
            return  # longer texts could take hours
    yield from unearned(subject, case, long_junk())


def superlinear_growth(run: Callable[[str], None], text_of: Callable[[int], str]) -> Growth | None:
    """Return the growth of the time of `run` if it is much faster than linear, else None.

    Args:
        run: What is measured.
        text_of: Returns a text of about the given number of characters.
    """
    run(text_of(SHORTEST))
    enough = NOTICEABLE_S + 5 * _seconds(run, text_of(SHORTEST))
    length = SHORTEST
    while (seconds := _confirmed(run, text_of(length), enough)) < enough and length < LONGEST:
        length = min(LONGEST, math.ceil(length * (1.15 if length < 200 else 1.6) / 4) * 4)
    if seconds < NEGLIGIBLE_S:
        return None
    while (growth := _repeated_growth(run, text_of, length)).power < HIGHEST_POWER:
        if growth.power < DOUBTFUL_POWER or length == LONGEST:
            return None
        length = min(LONGEST, 4 * length)
    return growth


def _repeated_growth(run: Callable[[str], None], text_of: Callable[[int], str], length: int) -> Growth:
    """Return a growth that is seen every time, or the first that is in order: one may be an accident."""
    for _ in range(3):
        growth = _measured(run, text_of, length)
        if not HIGHEST_POWER <= growth.power <= UNMISTAKABLE_POWER:
            break
    return growth


def _measured(run: Callable[[str], None], text_of: Callable[[int], str], length: int) -> Growth:
    quarter = min(_seconds(run, text_of(length // 4)) for _ in range(3))
    full = min(_seconds(run, text_of(length)) for _ in range(2))
    return Growth(length=length, seconds=full, quarter_seconds=max(quarter, 1e-6))


def _confirmed(run: Callable[[str], None], text: str, enough: float) -> float:
    """Return the time of one run, or the shorter of two if the first took suspiciously long."""
    seconds = _seconds(run, text)
    return seconds if seconds < enough else min(seconds, _seconds(run, text))


def _seconds(run: Callable[[str], None], text: str) -> float:
    """Return the processor time of one run, in which other programs do not count."""
    started = time.process_time()
    run(text)
    return time.process_time() - started


def _hostile_texts() -> Iterator[Callable[[int], str]]:
    for unit in _UNITS:
        yield partial(_repeated, unit)
        yield partial(_repeated, unit, in_answer=True)


def _repeated(unit: str, length: int, *, in_answer: bool = False) -> str:
    text = unit * max(1, length // len(unit)) + "!"  # patterns explode where they almost match
    return tagged(text) if in_answer else text
