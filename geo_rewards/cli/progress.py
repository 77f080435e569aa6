"""The progress bar of long tasks: on a terminal, never in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(name: str, *, total: int | None, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr, if that is a terminal; yield the function that advances it.

    Args:
        name: What is being done.
        total: How many rows there are, if known.
        shown: Whether to show it on a terminal.
    """
    if not (shown and sys.stderr.isatty()):
        yield lambda _rows: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # rich would redirect what others print past the cleaning of the standard streams
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    ) as bar:
        task = bar.add_task(name, total=total)
        yield lambda rows: bar.advance(task, rows)
