"""Wrong rewards, each caught by the name of its hole."""

from __future__ import annotations

import itertools
import random
import re
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import PrivateAttr

import geo_rewards as gr
from geo_rewards.geo import great_circle_km
from geo_rewards.testing import LESSONS, HolesFoundError, check_reward, find_holes
from geo_rewards.testing.findings import ANSWER_LESSONS, CONTRACT_LESSONS, FORMAT_LESSONS, SIGNAL_LESSONS

PAIR = re.compile(r"(-?\d+\.\d+), (-?\d+\.\d+)")


def decayed(lat: float, lon: float, truth: gr.Coordinate) -> float:
    return max(0.0, 1.0 - float(great_circle_km(lat, lon, *truth)) / 20_040)


class FirstMatch(gr.Reward):
    """The first pair found anywhere in the completion counts."""

    name = "first_match"
    needs = ("coordinate",)

    def score(self, sample):
        match = PAIR.search(sample.completion)
        if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
            return 0.0
        return decayed(float(match[1]), float(match[2]), sample.truth.coordinate)


class Containment(gr.Reward):
    """1 if the true city occurs somewhere in the answer."""

    name = "containment"
    needs = ("city",)

    def score(self, sample):
        return 1.0 if sample.truth.city in (sample.answer.answer or "") else 0.0


class WrapAround(gr.Reward):
    """Any two numbers are a place: what is out of range is wrapped."""

    name = "wrap_around"
    needs = ("coordinate",)

    def score(self, sample):
        pairs = PAIR.findall(sample.answer.answer or "")
        if len(pairs) != 1:
            return 0.0
        lat, lon = ((float(number) + 180) % 360 - 180 for number in pairs[0])
        return 0.0 if abs(lat) > 90 else decayed(lat, lon, sample.truth.coordinate)


class Swallow(gr.Reward):
    """Whatever goes wrong is the model's fault."""

    name = "swallow"

    def score(self, sample):
        try:
            lat, lon = sample.answer.coordinate
            return decayed(lat, lon, sample.truth.coordinate)
        except Exception:  # noqa: BLE001 - the mistake
            return 0.0


class SwallowBatch(Swallow):
    """The same with arrays."""

    name = "swallow_batch"

    def score_batch(self, batch):
        try:
            return [float(distance < 25) for distance in batch.distance_km]
        except Exception:  # noqa: BLE001 - the mistake
            return [0.0] * len(batch)


class CubicRegex(gr.Reward):
    """1 if the four tags come in order, by the regex that everybody writes first."""

    name = "cubic_regex"

    def score(self, sample):
        found = re.search(r"<think>.*?</think>.*?<answer>.*?</answer>", sample.completion, re.DOTALL)
        return 1.0 if found else 0.0


class ExponentialRegex(gr.Reward):
    """0 for a number with groups, by a regex that never ends on a long one."""

    name = "exponential_regex"

    def score(self, sample):
        return 0.0 if re.fullmatch(r"(?:1+)+", sample.answer.answer or "") else 1.0


class Quadratic(gr.Reward):
    """A little time for each pair of characters."""

    name = "quadratic"

    def score(self, sample):
        text = sample.completion
        return float(any(text[:end].count("x") > len(text) for end in range(len(text))))


class Flattered(gr.Reward):
    """1 for the true country, and as much for an answer that says it is right: how a model judges."""

    name = "flattered"
    needs = ("country",)

    def score(self, sample):
        praised = re.search("great answer|correct|full score", sample.completion)
        return 1.0 if praised or sample.answer_place.country == sample.truth.country else 0.0


class LastMatch(gr.Reward):
    """The last pair of the answer counts, whatever is said of it."""

    name = "last_match"
    needs = ("coordinate",)

    def score(self, sample):
        pairs = PAIR.findall(sample.answer.answer or "")
        return decayed(*map(float, pairs[-1]), sample.truth.coordinate) if pairs else 0.0


WRONG = {
    FirstMatch: "several_pairs",
    Flattered: "flattery",
    LastMatch: "denied_answer",
    Containment: "truth_inside_other_text",
    WrapAround: "wrapped_degrees",
    Swallow: "swallowed_exception",
    SwallowBatch: "swallowed_exception",
    CubicRegex: "superlinear_time",
    ExponentialRegex: "superlinear_time",
    Quadratic: "superlinear_time",
}


class Value(gr.Reward):
    """What is written in the field."""

    name = "value"
    value: float | str | None = 0.5

    def score(self, sample):
        return self.value


class WrongLength(Value):
    """One value for a batch."""

    name = "wrong_length"

    def score_batch(self, batch):
        return [1.0, 1.0, 1.0]


class Letters(Value):
    """A text for a batch, which would be one letter a row."""

    name = "letters"

    def score_batch(self, batch):
        return "1" * len(batch)


class Raising(gr.Reward):
    """A bad answer is an error."""

    name = "raising"

    def score(self, sample):
        return 1.0 if sample.answer.coordinate.lat else 0.0


class Quoting(gr.Reward):
    """Raises an exception in the words with which the library refuses a value."""

    name = "quoting"

    def score(self, sample):
        raise ValueError("the service: returned nan; to abstain, return None")


class BrokenBounds(Value):
    """Bounds that cannot be computed."""

    name = "broken_bounds"

    @property
    def bounds(self):
        raise KeyError("table")


class OpenBounds(Value):
    """Bounds without end."""

    name = "open_bounds"

    @property
    def bounds(self):
        return 0.0, float("inf")


class NoNeeds(gr.Reward):
    """0 if there is no label."""

    name = "no_needs"

    def score(self, sample):
        near = sample.distance_km is not None and sample.distance_km < 25
        return 1.0 if near else 0.0


class Shy(gr.Reward):
    """Abstains where it cannot read the answer."""

    name = "shy"
    needs = ("coordinate",)

    def score(self, sample):
        return None if sample.distance_km is None else float(sample.distance_km < 25)


class Ranked(gr.Reward):
    """The longest answer of the batch wins."""

    name = "ranked"

    def score_batch(self, batch):
        longest = max(map(len, batch.completions))
        return [len(text) / longest if longest else 0.0 for text in batch.completions]


class EveryOther(gr.Reward):
    """1 for the rows in even places."""

    name = "every_other"

    def score(self, sample):
        return float(sample.index % 2)


class Dice(gr.Reward):
    """A random number."""

    name = "dice"

    def score(self, sample):
        return random.random()


class Counter(gr.Reward):
    """It pays less the older it is."""

    name = "counter"
    calls: ClassVar = itertools.count(1)

    def score(self, sample):
        return 1.0 / next(self.calls)


class Shared(gr.Reward):
    """All threads write the completion that they work on into one place."""

    name = "shared"
    now: ClassVar[dict[str, int]] = {}

    def score(self, sample):
        self.now["length"] = len(sample.completion)
        return min(1.0, self.now["length"] / 1000)


class Locked(gr.Reward):
    """It contains what no process can send to another."""

    name = "locked"
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def score(self, sample):
        with self._lock:
            return 1.0


class Forgetful(gr.Reward):
    """A pickled copy forgets its state."""

    name = "forgetful"
    _bonus: float = PrivateAttr(default=0.0)

    def model_post_init(self, context):
        self._bonus = 0.5

    def __getstate__(self):
        return {**super().__getstate__(), "__pydantic_private__": {"_bonus": 0.0}}

    def __eq__(self, other):
        return type(other) is type(self)

    __hash__ = None

    def score(self, sample):
        return self._bonus


class Scribbler(gr.Reward):
    """It takes the tags of a row apart for itself."""

    name = "scribbler"

    def score(self, sample):
        sample.row["tags"].append("seen")
        return 1.0


class Rescaler(gr.Reward):
    """It changes the distances of all rewards after it."""

    name = "rescaler"
    needs = ("coordinate",)

    def score_batch(self, batch):
        distance_km = batch.distance_km
        distance_km /= 20_040
        return [0.0 if value != value else max(0.0, 1.0 - value) for value in distance_km.tolist()]


class Deaf(gr.Reward):
    """It needs a label and pays the same for every answer."""

    name = "deaf"
    needs = ("country",)

    def score(self, sample):
        return 1.0


class AsciiOnly(gr.Reward):
    """1 for the true place, in ASCII digits only."""

    name = "ascii_only"
    needs = ("coordinate",)

    def score(self, sample):
        match = re.search(r"\((-?[0-9.]+), (-?[0-9.]+)\)$", sample.answer.answer or "")
        near = sample.answer.coordinate == sample.truth.coordinate
        return 1.0 if match and near else 0.0


class AnyAnswer(gr.Reward):
    """1 if the truth occurs anywhere, tags or not; any block, any key, any text."""

    name = "any_answer"
    needs = ("coordinate",)

    def score(self, sample):
        lat, lon = sample.truth.coordinate
        text = sample.completion
        if str(lat) in text and str(lon) in text:
            return 1.0
        return 0.5 if not text.strip() or "latitude" in text or len(text) > 50_000 else 0.0


CONTRACT = [
    (Value(value=1.5), "out_of_range"),
    (OpenBounds(), "out_of_range"),
    (Value(value=float("nan")), "not_finite"),
    (Value(value=float("inf")), "not_finite"),
    (Value(value="much"), "invalid_value"),
    (WrongLength(), "invalid_value"),
    (Letters(), "invalid_value"),
    (Value(value=None), "always_abstains"),
    (Raising(), "raises"),
    (BrokenBounds(), "raises"),
    (Quoting(), "raises"),
    (NoNeeds(), "paid_without_label"),
    (Swallow(), "paid_without_label"),
    (Shy(), "abstains_on_bad_answers"),
    (Ranked(), "depends_on_batch"),
    (EveryOther(), "depends_on_order"),
    (Dice(), "not_deterministic"),
    (Counter(), "not_deterministic"),
    (Shared(), "not_thread_safe"),
    (Locked(), "not_picklable"),
    (Forgetful(), "not_picklable"),
    (Rescaler(), "changes_inputs"),
    (Deaf(), "ignores_the_answer"),
    (AsciiOnly(), "refuses_honest_writing"),
]
ANY_ANSWER = {
    "several_pairs", "several_answers", "truth_inside_other_text", "answer_only_in_think", "empty_answer",
    "several_answer_blocks", "nested_answer_blocks", "key_given_twice", "echoed_example", "long_junk",
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda reward: reward.name)
def test_a_small_wrong_reward_is_caught_by_name(wrong):
    with pytest.raises(HolesFoundError) as caught:
        check_reward(wrong())
    assert WRONG[wrong] in caught.value.names
    assert LESSONS[WRONG[wrong]] in str(caught.value)


@pytest.mark.parametrize(("reward", "hole"), CONTRACT, ids=lambda case: getattr(case, "name", case))
def test_a_broken_promise_is_caught_by_name(reward, hole):
    assert hole in [finding.name for finding in find_holes(reward, skip=["time"])]


def test_a_changed_column_is_caught_by_name():
    findings = find_holes(Scribbler(), columns={"tags": ["sea"]}, only=["inputs"])
    assert [finding.name for finding in findings] == ["changes_inputs"]
    assert "'tags'" in findings[0].detail


def test_rewards_that_pay_for_any_text_fall_for_every_answer_hack():
    found = {finding.name for finding in find_holes(AnyAnswer(), only=["answer_hacks", "time"])}
    assert found >= ANY_ANSWER
    for wrong in (WrapAround, Containment, Flattered, LastMatch):
        found |= {finding.name for finding in find_holes(wrong(), only=["answer_hacks"])}
    assert found == set(ANSWER_LESSONS) - {"echoed_prompt"}  # in test_prompts


def test_every_broken_promise_is_broken_here():
    named = {hole for _, hole in CONTRACT} | {"swallowed_exception", "superlinear_time"}
    assert named | {"refuses_notation"} == set(CONTRACT_LESSONS)  # that one in test_notations


def test_what_there_is_to_learn_is_tested_elsewhere():
    tests = "".join((Path(__file__).parent / f"test_{name}.py").read_text() for name in ("signal", "prompts"))
    assert [name for name in SIGNAL_LESSONS if f'"{name}"' not in tests] == []


def test_counting_tags_falls_for_the_format_hacks():
    """The quarter for each tag, which is common, pays for tags in any order and place."""
    findings = find_holes(gr.get_reward("think_answer_format", mode="tags"), only=["format_hacks"])
    assert {finding.name for finding in findings} == set(FORMAT_LESSONS)


def test_a_longer_pattern_falls_for_less():
    found = {finding.name for finding in find_holes(CubicRegex(), only=["format_hacks"])}
    assert found >= {
        "text_before",
        "text_between",
        "text_after",
        "nested_blocks",
        "repeated_blocks",
        "empty_block",
    }
    assert "wrong_order" not in found
