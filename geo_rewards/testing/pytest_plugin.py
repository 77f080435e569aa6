"""The pytest plugin: a marker that turns one test into one per check and reward.

Example:
    ``@pytest.mark.geo_reward_checks(MyReward(), MyReward(limit=3), columns={"difficulty": 2})`` on
    ``def test_keeps_the_contract(reward_check): reward_check()``.

pytest loads this module wherever the library is installed; it imports `geo_rewards.testing` only when used.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKER = "geo_reward_checks"
FIXTURE = "reward_check"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    meaning = "run every check of geo_rewards.testing on these rewards; the test requests `reward_check`"
    config.addinivalue_line("markers", f"{MARKER}(*rewards, **options of check_reward): {meaning}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Create one test for each reward and check."""
    if FIXTURE not in metafunc.fixturenames:
        return
    markers = list(metafunc.definition.iter_markers(MARKER))
    if not any(marker.args for marker in markers):
        usage = f"@pytest.mark.{MARKER}(MyReward())"
        raise pytest.UsageError(f"{metafunc.definition.nodeid} requests `{FIXTURE}`: mark it with {usage}")
    cases = [case for marker in markers for case in _cases(marker)]
    metafunc.parametrize(FIXTURE, cases, indirect=True)


@pytest.fixture
def reward_check(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Return one check of one reward, to call; it raises if the reward has a hole."""
    check: Callable[[], None] = request.param
    return check


def _cases(marker: pytest.Mark) -> Iterator[Any]:
    from geo_rewards.testing import CHECKS, check_reward

    options = dict(marker.kwargs)
    only, skip = options.pop("only", ()), options.get("skip", ())
    for reward in marker.args:
        for name in CHECKS:
            if name not in skip and (not only or name in only):
                call = partial(check_reward, reward, only=(name,), **options)
                yield pytest.param(call, id=f"{_label(reward)}-{name}")


def _label(reward: Any) -> str:
    """Return a reward as written, with parameters only if they differ from the default."""
    if isinstance(reward, str):
        return reward
    given = ", ".join(f"{name}={value!r}" for name, value in reward.model_dump(exclude_defaults=True).items())
    return f"{reward.name}({given})"
