"""Run a reward's ``async def score`` over the samples of a batch, from synchronous code."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from geo_rewards.contract.abandoned_call import MAX_ABANDONED, abandoned_name, count_abandoned
from geo_rewards.contract.time_limit import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

# Seconds by which a loop may exceed the limit of a call: a busy machine, garbage collection.
_GRACE_S = 1.0


def gather_outcomes(
    score: Callable[[Item], Awaitable[Result]],
    items: Sequence[Item],
    *,
    concurrency: int,
    timeout_s: float | None,
    name: str = "",
) -> list[Result | Exception]:
    """Return the result or the exception of each item's call, in order.

    Runs on a private event loop in a separate thread, so that it also works where a loop is already
    running (a notebook, an asynchronous trainer), and a call that blocks the loop can be abandoned.

    Args:
        score: The coroutine function.
        items: What it is called with, one call per item.
        concurrency: How many calls may run at a time.
        timeout_s: Seconds after which a call becomes a `TimeoutError`, or None for no limit. After
            several timeouts, the remaining items are not tried.
        name: Name of the reward, to count the threads that its earlier calls have blocked.

    Raises:
        ValueError: If `concurrency` is less than 1.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be at least 1")
    gathering = _Gathering(score, items, concurrency=concurrency, timeout_s=timeout_s)
    if count_abandoned(name) < MAX_ABANDONED:
        thread = threading.Thread(target=gathering.run, daemon=True)
        thread.start()
        while thread.is_alive() and not gathering.is_blocked:
            thread.join(None if timeout_s is None else min(timeout_s, _GRACE_S))
        if thread.is_alive():
            thread.name = abandoned_name(name)
    return gathering.outcomes()


class _Gathering(Generic[Item, Result]):
    """The calls of one batch, on a loop whose heartbeat shows whether it is blocked."""

    def __init__(
        self,
        score: Callable[[Item], Awaitable[Result]],
        items: Sequence[Item],
        *,
        concurrency: int,
        timeout_s: float | None,
    ) -> None:
        self._score = score
        self._items = items
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout_s = timeout_s
        self._patience = Patience()
        self._done: dict[int, Result | Exception] = {}
        self._failure: BaseException | None = None
        self._seen_at = time.monotonic()

    @property
    def is_blocked(self) -> bool:
        """Whether the heartbeat has been missing for longer than a call may take."""
        if self._timeout_s is None:
            return False
        return time.monotonic() - self._seen_at > self._timeout_s + _GRACE_S

    def run(self) -> None:
        """Make all calls, in the private thread."""
        try:
            asyncio.run(self._make_calls())
        except BaseException as error:  # noqa: BLE001 - SystemExit too: raised again in the caller's thread
            self._failure = error

    def outcomes(self) -> list[Result | Exception]:
        """Return the outcome of each item; raise the exception that ended the loop, if any."""
        if self._failure is not None:
            raise self._failure
        done = self._done.copy()  # an abandoned thread may still write
        blocked = TimeoutError(
            f"no value within {self._timeout_s} s: a call inside `async def score` blocks the event loop; "
            "await an asynchronous client instead"
        )
        return [done.get(index, blocked) for index in range(len(self._items))]

    async def _make_calls(self) -> None:
        beat = asyncio.create_task(self._beat())
        await asyncio.gather(*(self._call(index) for index in range(len(self._items))))
        beat.cancel()

    async def _beat(self) -> None:
        while True:
            self._seen_at = time.monotonic()
            await asyncio.sleep(_GRACE_S / 4)

    async def _call(self, index: int) -> None:
        async with self._slots:
            if self._patience.is_over:
                self._done[index] = self._patience.refusal(self._timeout_s)
                return
            self._done[index] = outcome = await self._outcome(self._items[index])
            timed_out = self._timeout_s is not None and isinstance(outcome, TimeoutError)
            self._patience.note(is_timeout=timed_out)

    async def _outcome(self, item: Item) -> Result | Exception:
        limit = asyncio.timeout(self._timeout_s)
        try:
            async with limit:
                return await self._score(item)
        except asyncio.CancelledError as error:  # leaked by a client; nobody cancels these tasks
            return RuntimeError(f"cancelled: {error}")
        except Exception as error:  # noqa: BLE001 - returned to be counted or raised
            return TimeoutError(f"no value within {self._timeout_s:g} s") if limit.expired() else error
