"""Run a reward's ``async def score`` over the samples of a batch, from synchronous code."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")


def gather_outcomes(
    score: Callable[[Item], Awaitable[Result]],
    items: Sequence[Item],
    *,
    concurrency: int,
    timeout_s: float | None,
) -> list[Result | Exception]:
    """Return for each item its result or the exception that it ended with, in order.

    Runs on a private event loop in a thread of its own, so that it also works where a loop is
    already running (a notebook, an asynchronous trainer).

    Args:
        score: The coroutine function.
        items: What it is called with, one call an item.
        concurrency: How many calls are under way at a time.
        timeout_s: Seconds after which one call becomes a `TimeoutError`; None: never.
    """

    async def gather() -> list[Result | Exception]:
        slots = asyncio.Semaphore(concurrency)

        async def one(item: Item) -> Result | Exception:
            async with slots:
                limit = asyncio.timeout(timeout_s)
                try:
                    async with limit:
                        return await score(item)
                except Exception as error:  # noqa: BLE001 - returned to be counted or raised
                    return TimeoutError(f"no value within {timeout_s} s") if limit.expired() else error

        return await asyncio.gather(*(one(item) for item in items))

    outcome: list[list[Result | Exception]] = []
    thread = threading.Thread(target=lambda: outcome.append(asyncio.run(gather())), daemon=True)
    thread.start()
    thread.join()
    return outcome[0]
