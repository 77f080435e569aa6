"""What happens when a run fails: each process reports it in one sentence, and none keeps running."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import re
import shutil
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError
from geo_rewards.runs.checkpoints import CheckpointError
from geo_rewards.runs.resuming import how_to_resume
from geo_rewards_trl.interruptions.signals import EXIT_WITHIN_S, explain_sigterm, is_launched, report
from geo_rewards_trl.ranks.agreement import SameFailureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOST_CONTACT = re.compile(
    r"closed by peer|reset by peer|broken pipe|gloo|nccl|process group|timed out waiting|socket timeout",
    re.IGNORECASE,
)
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
# torchrun blames the first process to exit: wait, so that it sees the one that died, in seconds.
_LET_OTHERS_EXIT_FIRST_S = 2.0
_FROM_WORKER = re.compile(
    r"Caught \w+ in DataLoader worker process \d+\..*^[\w.]+: (.+)", re.DOTALL | re.MULTILINE
)


class RunEndedError(GeoRewardsError):
    """A run that was ended by something outside this library."""


def run_as_program(work: Callable[[], object]) -> None:
    """Do the work of a command and end the process: 0 done, 1 the data or the run is bad, 2 wrong usage.

    An expected failure is reported in one sentence (with GEO_REWARDS_DEBUG=1 after its traceback), an
    unforeseen one with its traceback.
    """
    code = 0
    try:
        with explain_sigterm(lambda: "training had not begun"):
            work()
    except GeoRewardsError as error:
        if os.environ.get("GEO_REWARDS_DEBUG"):
            traceback.print_exc()
        report("; ".join([_without_worker(str(error)), *getattr(error, "__notes__", ())]))
        if isinstance(error, SameFailureError):
            time.sleep(_LET_OTHERS_EXIT_FIRST_S)
        code = _exit_code(error)
    except KeyboardInterrupt as error:
        report("; ".join(["ended by Ctrl-C", *getattr(error, "__notes__", ())]))
        code = 128 + signal.SIGINT
    except Exception:  # noqa: BLE001 - shown with its traceback
        traceback.print_exc()
        code = 1
    if code and not is_launched():
        sys.exit(code)
    end_process(code)


def end_process(code: int = 0) -> None:
    """End this process with an exit code, bypassing the interpreter's own shutdown.

    During that shutdown, a thread of torch or of the trainer that still needs Python is killed, and now and
    then takes the process with it ("terminate called without an active exception"): torchrun would then call
    a finished run failed. A process that failed ends within seconds, whatever its clean-up waits for.
    """
    if code:
        watchdog = threading.Timer(EXIT_WITHIN_S, os._exit, (code,))
        watchdog.daemon = True
        watchdog.start()
    atexit._run_exitfuncs()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def explain_failures(output_dir: Path, *, without: str | None = None) -> Iterator[None]:
    """Add to whatever ends the run in here what it was, and from where the same command resumes.

    Args:
        output_dir: The run's output folder.
        without: A flag of this command that must be left out to resume, if there is one.

    Raises:
        RunEndedError: If another process has gone, or the disk is full.
    """
    with explain_sigterm(lambda: how_to_resume(output_dir, without=without)):
        try:
            yield
        except KeyboardInterrupt as error:
            error.add_note(how_to_resume(output_dir, without=without))
            raise
        except Exception as error:
            if is_lost_contact(error):
                time.sleep(_LET_OTHERS_EXIT_FIRST_S)
            explanation = _explain(error)
            hint = how_to_resume(output_dir, without=without)
            if explanation is None:
                error.add_note(hint)
                raise
            ended = RunEndedError(explanation)
            ended.add_note(hint)
            raise ended from error


@contextmanager
def explain_write_errors(folder: Path) -> Iterator[None]:
    """Turn a failure to write a checkpoint, or the final model, into one sentence.

    Raises:
        CheckpointError: Naming the folder and the cause.
    """
    try:
        yield
    except GeoRewardsError:
        raise
    except Exception as error:
        if is_lost_contact(error):
            raise
        cause = _first_line(error)
        if not isinstance(error, OSError):  # whose text names the kind of failure
            cause = f"{type(error).__name__}: {cause}"
        raise CheckpointError(f"{folder} could not be written{_free_space(folder)}: {cause}") from error


def is_lost_contact(error: BaseException) -> bool:
    """Return whether this is what a collective operation raises when another process has gone."""
    dist = sys.modules.get("torch.distributed")  # where it is not imported, nothing has raised its errors
    if dist is not None and isinstance(error, dist.DistError):
        return True
    return isinstance(error, RuntimeError) and bool(_LOST_CONTACT.search(str(error)))


def _exit_code(error: GeoRewardsError) -> int:
    failure = error.failure if isinstance(error, SameFailureError) else error
    return 2 if isinstance(failure, (UsageError, UnknownNameError)) else 1


def _explain(error: Exception) -> str | None:
    if isinstance(error, GeoRewardsError):
        return None
    if is_lost_contact(error):
        return (
            "lost contact with another process, which has ended or hangs; its own message, "
            f"or the launcher's, says why ({_first_line(error):.200})"
        )
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return f"a file could not be written: {_first_line(error)}"
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _free_space(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free / 1e9:.1f} GB are free on its disk)"
    except OSError:
        return ""


def _without_worker(message: str) -> str:
    """Return an error's own words, without the traceback that a worker of the dataloader puts before them."""
    match = _FROM_WORKER.match(message)
    return match[1].strip() if match else message
