import asyncio
import logging
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import ClassVar

import pytest

import geo_rewards as gr
from geo_rewards.contract import coroutines
from geo_rewards.contract.time_limit import call_within, warn_once
from geo_rewards.errors import RecipeError, RewardError
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.scoring.recipe import Recipe
from geo_rewards.testing import temporary_plugin

# Doubles its time with each letter: thirty take minutes.
EVIL = re.compile(r"(a+)+$")
EVIL_TEXT = "a" * 30 + "!"


class Hangs(gr.Reward):
    """1, or does forever what its row says."""

    name = "hangs"
    timeout_s: ClassVar[float | None] = 0.15

    def score(self, sample: gr.Sample) -> float | None:
        how = sample.row["how"]
        if how == "regex":
            EVIL.match(EVIL_TEXT)
        elif how == "sleep":
            time.sleep(600)
        elif how == "swallow":
            while True:
                with suppress(Exception):
                    time.sleep(600)
        return 1.0


class HangsAsBatch(Hangs):
    """The same for batches."""

    name = "hangs_as_batch"

    def score_batch(self, batch: gr.Batch) -> list[float | None]:
        return [self.score(sample) for sample in batch.samples]


@contextmanager
def seconds(most, least=0.0):
    start = time.monotonic()
    yield
    assert least <= time.monotonic() - start < most


def outcomes(reward, how, **options):
    return reward.outcomes(gr.Batch(["x"] * len(how), {"how": how}), **options)


def is_timeout(outcome):
    return isinstance(outcome, RewardError) and "TimeoutError: no value within" in str(outcome)


@pytest.mark.parametrize("reward", [Hangs(), HangsAsBatch()])
@pytest.mark.parametrize("how", ["regex", "sleep", "swallow"])
def test_a_row_that_hangs_is_an_error_and_the_others_have_their_values(reward, how):
    with seconds(3):
        found = outcomes(reward, ["ok", how, "ok"])
    assert (found[0], found[2]) == (1.0, 1.0)
    assert is_timeout(found[1])
    assert "row 1: TimeoutError: no value within 0.15 s" in str(found[1])


@pytest.mark.parametrize("reward", [Hangs(), HangsAsBatch()])
def test_rows_that_all_hang_are_given_up_after_three(reward):
    with seconds(2, least=3 * 0.15):
        found = outcomes(reward, ["sleep"] * 64)
    assert sum(map(is_timeout, found)) == 3
    assert "row 63: TimeoutError: not tried: 3 earlier rows of this batch" in str(found[63])


def test_rows_that_hang_now_and_then_are_given_up_after_ten():
    found = outcomes(Hangs(), ["sleep", "ok"] * 32, timeout_s=0.05)
    assert sum(map(is_timeout, found)) == 10
    assert found[1:18:2] == [1.0] * 9
    assert all("not tried: 10 earlier rows" in str(outcome) for outcome in found[19:])


def test_the_recipe_sets_the_limit_of_a_third_party_reward(temporary_rewards):
    entry = {"name": "hangs", "timeout_s": 0.05, "on_error": "abstain"}
    with temporary_rewards(Hangs):
        recipe = Recipe(parse_recipe({"rewards": [entry]}, where="r.yaml"))
        scores = recipe.score(["x", "x"], how=["sleep", "ok"])
        assert scores.rewards == {"hangs": [None, 1.0]}
        assert "within 0.05 s" in str(scores.errors["hangs"][0])
        assert recipe.resolved()["rewards"][0]["timeout_s"] == 0.05
        assert recipe.override({"hangs.timeout_s": 2}).entries["hangs"].timeout_s == 2.0
        with pytest.raises(RecipeError, match="timeout_s must be a number greater than 0, or null"):
            recipe.override({"hangs.timeout_s": 0})
        for bad in (0, -1, "soon"):
            with pytest.raises(RecipeError, match=r"rewards\.0\.timeout_s"):
                parse_recipe({"rewards": [{**entry, "timeout_s": bad}]}, where="r.yaml")


@pytest.fixture
def temporary_rewards():
    from geo_rewards.testing import temporary_plugin

    def plugin(*rewards):
        class Plugin:
            @staticmethod
            @gr.hookimpl
            def register_rewards(register):
                for reward in rewards:
                    register(reward)

        return temporary_plugin(Plugin)

    return plugin


def test_an_invalid_limit_is_refused():
    with pytest.raises(ValueError, match="timeout_s is 0; it must be greater than 0, or None for no limit"):
        outcomes(Hangs(), ["ok"], timeout_s=0)


def test_a_slow_batch_gets_its_values_and_a_warning(caplog):
    class Slow(gr.Reward):
        """Takes its time."""

        name = "slow_batch"
        timeout_s: ClassVar[float] = 0.15

        def score_batch(self, batch: gr.Batch) -> list[float]:
            time.sleep(0.05 * len(batch))
            return [1.0] * len(batch)

    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert Slow()(["x"] * 8) == Slow()(["x"] * 8) == [1.0] * 8
    assert [r.getMessage() for r in caplog.records] == [
        "reward 'slow_batch': score_batch took more than 0.15 s for 8 rows, which are now tried one by one: "
        "raise timeout_s if no single row hangs"
    ]


def in_thread(function):
    """Return what a function returns in a thread other than the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


class HangsInThread(gr.Reward):
    """1, or does what its row says until it is told to end."""

    name = "hangs_in_thread"
    timeout_s: ClassVar[float | None] = 0.15
    may_end: ClassVar[threading.Event] = threading.Event()

    def score(self, sample: gr.Sample) -> float | None:
        how = sample.row["how"]
        if how == "wait":
            self.may_end.wait()
        elif how == "loop":
            while True:
                pass
        elif how == "swallow":
            while True:
                with suppress(Exception):
                    len(how)
        elif how == "regex":
            EVIL.match("a" * 25 + "!")  # about a second
        elif how == "fail":
            raise ValueError("broken")
        return 1.0


@pytest.fixture
def hanging():
    """A reward whose calls wait until the test has ended."""
    HangsInThread.may_end.clear()
    yield HangsInThread()
    HangsInThread.may_end.set()
    for thread in threading.enumerate():
        if thread.name.endswith(HangsInThread.name):
            thread.join(30)


@pytest.mark.parametrize("how", ["wait", "loop", "swallow", "regex"])
def test_outside_the_main_thread_a_row_that_hangs_is_an_error_too(hanging, how):
    found = in_thread(lambda: outcomes(hanging, ["ok", how, "ok"]))
    assert (found[0], found[2]) == (1.0, 1.0)
    assert is_timeout(found[1])


@pytest.mark.parametrize("how", ["loop", "swallow", "regex"])
def test_a_call_that_runs_python_is_ended_and_not_only_left_behind(hanging, how):
    before = threading.active_count()
    assert is_timeout(in_thread(lambda: outcomes(hanging, [how]))[0])
    for thread in threading.enumerate():
        if thread.name.endswith(hanging.name):
            thread.join(30)
    assert threading.active_count() <= before


def test_a_recipe_in_a_thread_has_the_limit_of_its_entry(hanging, plugin_of):
    entry = {"name": "hangs_in_thread", "timeout_s": 0.05, "on_error": "abstain"}
    with temporary_plugin(plugin_of(HangsInThread)):
        recipe = Recipe(parse_recipe({"rewards": [entry]}, where="here"))
        scores = in_thread(lambda: recipe.score(["x", "x"], how=["wait", "ok"]))
    assert scores.total == [None, 1.0]
    assert "no value within 0.05 s" in str(scores.errors["hangs_in_thread"][0])


def test_a_reward_that_leaves_too_many_calls_behind_is_no_longer_called(hanging):
    found = in_thread(lambda: [outcomes(hanging, ["wait"], timeout_s=0.01)[0] for _ in range(9)])
    assert all("no value within 0.01 s" in str(outcome) for outcome in found[:8])
    assert "not tried: 8 earlier calls still hang" in str(found[8])


def test_other_errors_and_context_variables_pass_through_the_thread(hanging):
    language = ContextVar("language", default="none")

    def call():
        language.set("fr")
        error = outcomes(hanging, ["fail"])[0]
        return call_within(language.get, 5, name="x"), str(error)

    assert in_thread(call) == ("fr", "reward 'hangs_in_thread', row 0: ValueError: broken")


def test_an_earlier_timer_rings_inside_the_limit_and_after_it():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda *_: rings.append(time.monotonic()))
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.2)
    try:
        with pytest.raises(TimeoutError, match=r"no value within 0\.4 s"):
            call_within(lambda: time.sleep(600), 0.4, name="x")
        inside = len(rings)
        assert 1 <= inside <= 2  # after 0.1 s, and after 0.3 s unless the machine is busy
        assert rings[0] - start >= 0.09
        time.sleep(0.3)
        assert len(rings) > inside
        assert signal.getitimer(signal.ITIMER_REAL)[1] == pytest.approx(0.2, abs=0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        after = signal.signal(signal.SIGALRM, before)
    assert after is not before


def test_limits_nest_and_restore_what_was_there():
    before = signal.getsignal(signal.SIGALRM)
    caught = []

    def inner(limit_s):
        try:
            return call_within(lambda: time.sleep(600), limit_s, name="inner")
        except TimeoutError as error:
            caught.append(str(error))
            return 1.0

    assert call_within(lambda: inner(0.1), 5, name="outer") == 1.0
    with seconds(2), pytest.raises(TimeoutError, match=r"no value within 0\.2 s"):
        call_within(lambda: inner(60), 0.2, name="outer")
    assert caught == ["no value within 0.1 s"]
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_late_value_does_not_count():
    def stubborn():
        try:
            time.sleep(600)
        except BaseException:  # noqa: BLE001 - what the test is about
            return 1.0

    with pytest.raises(TimeoutError, match="no value within"):
        call_within(stubborn, 0.05, name="x")


def test_an_exception_made_of_the_interruption_is_the_timeouts_cause():
    def translating():
        try:
            time.sleep(600)
        except BaseException:  # noqa: BLE001 - what the test is about
            raise ConnectionError("gave up") from None

    with pytest.raises(TimeoutError, match="no value within") as caught:
        call_within(translating, 0.05, name="x")
    assert str(caught.value.__cause__) == "gave up"


def test_code_that_swallows_the_first_interruption_gets_another():
    def stubborn():
        with suppress(BaseException):
            time.sleep(600)
        time.sleep(600)

    with seconds(4), pytest.raises(TimeoutError, match="no value within"):
        call_within(stubborn, 0.05, name="x")


def test_an_error_raised_in_time_is_passed_on():
    with pytest.raises(ZeroDivisionError):
        call_within(lambda: 1 / 0, 5, name="x")
    assert call_within(lambda: "done", 5, name="x") == "done"


class Asks(gr.Reward):
    """Asks a service at a port, by a good client or by one that blocks."""

    name = "asks"
    port: int
    blocks: bool = False
    concurrency: ClassVar[int] = 4

    async def score(self, sample: gr.Sample) -> float | None:
        if self.blocks:
            with socket.create_connection(("127.0.0.1", self.port)) as service:
                service.recv(1)
        reader, _ = await asyncio.open_connection("127.0.0.1", self.port)
        await reader.read(1)
        return 1.0


@pytest.fixture
def silent_port():
    """Return a port with a listener that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_async_service_that_never_answers_times_out_and_is_given_up(silent_port):
    with seconds(5):
        found = Asks(port=silent_port).outcomes(gr.Batch(["x"] * 64), timeout_s=0.2)
    assert 4 <= sum(map(is_timeout, found)) <= 8  # those under way when the third had timed out
    assert "TimeoutError: not tried: " in str(found[63])


def test_a_refusing_async_service_is_an_error_of_each_row():
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed_port = server.getsockname()[1]
    found = Asks(port=closed_port).outcomes(gr.Batch(["x"] * 8), timeout_s=2)
    assert all("ConnectionRefusedError" in str(outcome) for outcome in found)


def test_a_call_that_blocks_the_loop_is_abandoned(silent_port, monkeypatch):
    monkeypatch.setattr(coroutines, "_GRACE_S", 0.1)
    reward = Asks(port=silent_port, blocks=True)
    for _ in range(8):
        with seconds(3):
            found = reward.outcomes(gr.Batch(["x"] * 64), timeout_s=0.05)
        assert all("a call inside `async def score` blocks the event loop" in str(o) for o in found)
    waiting = threading.active_count()
    with seconds(0.5):
        again = reward.outcomes(gr.Batch(["x"] * 64), timeout_s=0.05)
    assert all(isinstance(outcome, RewardError) for outcome in again)
    assert threading.active_count() == waiting
