"""Run a reward's ``async def score`` over the samples of a batch, from synchronous code."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

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

    Raises:
        ValueError: If `concurrency` is less than 1.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be at least 1")

    async def gather() -> list[Result | Exception]:
        slots = asyncio.Semaphore(concurrency)

        async def one(item: Item) -> Result | Exception:
            async with slots:
                limit = asyncio.timeout(timeout_s)
                try:
                    async with limit:
                        return await score(item)
                except asyncio.CancelledError as error:  # leaked by a client; nobody cancels these tasks
                    return RuntimeError(f"cancelled: {error}")
                except Exception as error:  # noqa: BLE001 - returned to be counted or raised
                    return TimeoutError(f"no value within {timeout_s} s") if limit.expired() else error

        return await asyncio.gather(*(one(item) for item in items))

    return _run_in_thread(gather)


def _run_in_thread(work: Callable[[], Coroutine[None, None, Result]]) -> Result:
    """Run a coroutine to its end on a loop in another thread; what it raises is raised here."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 - SystemExit too: raised again in the caller's thread
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    return future.result()
