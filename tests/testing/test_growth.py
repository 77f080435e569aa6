"""Growth of times, without a clock: each run costs what its formula says."""

import pytest

from geo_rewards.testing import growth


@pytest.fixture
def cost(monkeypatch):
    """Let a run of a text take `seconds(length)`; record the lengths that were run."""
    clock, lengths = [0.0], []
    monkeypatch.setattr(growth.time, "process_time", lambda: clock[0])

    def measure(seconds):
        def run(text):
            lengths.append(len(text))
            clock[0] += seconds(len(text))

        return growth.superlinear_growth(run, lambda length: "x" * length), max(lengths)

    return measure


@pytest.mark.parametrize("power", [2, 3, 5])
def test_a_power_above_one_is_found_and_reported(cost, power):
    found, _ = cost(lambda length: 1e-6 * length**power)
    assert found.power == pytest.approx(power, abs=0.1)
    assert f"power {power}" in str(found)


@pytest.mark.parametrize("linear_part", [2e-6, 5e-6, 1e-5])
def test_a_power_that_a_linear_part_hides_is_found_on_a_longer_text(cost, linear_part):
    found, _ = cost(lambda length: linear_part * length + 1e-9 * length**2)
    assert found is not None
    assert found.length > 4_000


def test_an_explosion_is_found_while_it_is_small(cost):
    found, longest = cost(lambda length: 1e-7 * 2.0**length)
    assert found is not None
    assert longest < 30


@pytest.mark.parametrize("slowness", [1e-9, 1e-6, 1e-3])
def test_linear_time_is_not_a_finding_however_slow(cost, slowness):
    found, _ = cost(lambda length: 0.001 + slowness * length)
    assert found is None


def test_one_slow_run_on_the_way_does_not_end_the_climb(cost):
    calls = []

    def loading_late(length):
        calls.append(length)
        return 0.5 if len(calls) == 9 else 1e-7 * length**2

    found, _ = cost(loading_late)
    assert found.power == pytest.approx(2, abs=0.1)


def test_what_grows_only_once_is_an_accident(cost):
    calls = []

    def noisy(length):
        calls.append(length)
        return 1e-6 * length * (20 if length > 40_000 and len(calls) < 35 else 1)

    assert cost(noisy)[0] is None


def test_a_time_too_short_to_judge_is_not_a_finding(cost):
    found, longest = cost(lambda length: 1e-13 * length**2)
    assert found is None
    assert longest == growth.LONGEST
