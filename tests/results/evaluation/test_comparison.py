import numpy as np
import pytest

from geo_rewards.errors import DataError
from geo_rewards.results.evaluation.files import evaluate
from geo_rewards.results.evaluation.rules import Rules


def answers(noise, *, seed, count=300):
    """Return guesses about the same places, off by `noise` degrees; some places are far harder."""
    places = np.random.default_rng(0)
    lat, lon = places.uniform(-60, 60, count), places.uniform(-170, 170, count)
    hardness = places.exponential(1.0, count)
    off = np.random.default_rng(seed).normal(0, 1, count) * 0.05 + noise * hardness
    texts = [f"<answer>{a:.5f}, {b:.5f}</answer>" for a, b in zip(lat + off, lon, strict=True)]
    return {"completions": texts, "lat": lat.tolist(), "lon": lon.tolist()}


def test_a_real_difference_is_told_from_noise():
    first = evaluate(**answers(2.0, seed=1), id=range_of(300))
    better = evaluate(**answers(1.7, seed=2), id=range_of(300))
    same = evaluate(**answers(2.0, seed=3), id=range_of(300))
    change = first.compare(better)
    assert change.is_paired
    assert change.pictures == 300
    assert not change.differences["score"].is_noise
    assert change.differences["score"].change.value > 0
    assert change.differences["median_km"].change.value < 0
    assert first.compare(same).differences["score"].is_noise


def test_pairing_sees_what_unpaired_intervals_cannot():
    first, second = answers(2.0, seed=1), answers(1.7, seed=2)
    paired = evaluate(**first, id=range_of(300)).compare(evaluate(**second, id=range_of(300)))
    unpaired = evaluate(**first).compare(evaluate(**second))
    assert not unpaired.is_paired
    assert unpaired.differences["score"].is_noise
    one, other = (found.differences["score"].change for found in (paired, unpaired))
    assert one.value == pytest.approx(other.value)
    assert one.high - one.low < 0.2 * (other.high - other.low)


def test_the_order_of_rows_does_not_matter_and_missing_pictures_are_counted():
    first, second = answers(2.0, seed=1), answers(1.7, seed=2)
    order = np.random.default_rng(5).permutation(250)
    shuffled = {name: [values[i] for i in order] for name, values in second.items()}
    ordered = {name: values[:250] for name, values in second.items()}
    base = evaluate(**first, id=range_of(300))
    one = base.compare(evaluate(**shuffled, id=order.tolist()))
    other = base.compare(evaluate(**ordered, id=range_of(250)))
    for name, found in one.differences.items():
        assert found.change == pytest.approx(other.differences[name].change)
    assert (one.pictures, one.unpaired) == (250, (50, 0))


def test_one_id_for_several_pictures_is_not_one_picture():
    first = answers(2.0, seed=1)
    found = evaluate(**first, id=[i % 10 for i in range(300)])
    assert found.pictures == 300


def test_different_rules_are_not_compared():
    first = answers(2.0, seed=1)
    with pytest.raises(DataError, match="judged by other rules"):
        evaluate(**first).compare(evaluate(**first, rules=Rules(strict=True)))


def range_of(count):
    return list(range(count))
