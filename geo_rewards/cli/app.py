"""The console script: its commands, and how their errors are shown."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from geo_rewards.cli.describe import describe_command
from geo_rewards.cli.interruptions import Interrupted, raising_interruptions
from geo_rewards.cli.listing import list_command, plugins_command, recipes_command
from geo_rewards.cli.new_plugin import new_plugin_command
from geo_rewards.cli.score import score_command
from geo_rewards.cli.try_answer import try_command
from geo_rewards.cli.validate import validate_command
from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE, BAD_RUN, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the data or the run is bad, 2 wrong usage.

    Errors are one message on stderr, preceded by a traceback with ``--debug`` only.

    Args:
        arguments: The command line without the program's name; the process's own if None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug, rest = _take_debug(given)
    try:
        with raising_interruptions(), _logging_to_stderr(logging.DEBUG if debug else logging.WARNING):
            code = _run(rest)
        sys.stdout.flush()
    except BrokenPipeError:
        return _closed_pipe()
    except Interrupted as interruption:
        if debug:
            traceback.print_exception(interruption)
        sys.stderr.write(f"{interruption}\n")
        return interruption.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every error ends here
        if debug:
            traceback.print_exception(error)
        message, code = _verdict(error)
        sys.stderr.write(f"error: {message}\n")
    return code


def build_app() -> typer.Typer:
    """Return the application with all commands."""
    app = typer.Typer(
        help="Reward functions for reinforcement learning on image geolocalization.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    app.command("list")(list_command)
    app.command("plugins")(plugins_command)
    app.command("recipes")(recipes_command)
    app.command("describe")(describe_command)
    app.command("try")(try_command)
    app.command("validate")(validate_command)
    app.command("score")(score_command)
    app.command("new-plugin")(new_plugin_command)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"geo-rewards {importlib.metadata.version('geo-rewards')}\n")
        raise typer.Exit


def _root(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug messages.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Reward functions for reinforcement learning on image geolocalization."""
    del debug, version  # declared for the help: `main` and the callback have dealt with them


@contextmanager
def _logging_to_stderr(level: int) -> Iterator[None]:
    """Show the library's log on stderr during one command."""
    package, handler = logging.getLogger("geo_rewards"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    before = package.level
    package.addHandler(handler)
    package.setLevel(level)
    try:
        yield
    finally:
        package.removeHandler(handler)
        package.setLevel(before)


def _take_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Remove ``--debug`` from the command line: it may come before or after the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(flags) < end, flags + arguments[end:]


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(build_app())
    result = command.main(args=arguments, prog_name="geo-rewards", standalone_mode=False)
    return result if isinstance(result, int) else DONE


def _verdict(error: Exception) -> tuple[str, int]:
    """Return the message for an error, and the exit code."""
    if isinstance(error, GeoRewardsError):
        return str(error), BAD_RUN
    if hasattr(error, "format_message"):  # typer's own errors, whichever module its version keeps them in
        context = getattr(error, "ctx", None)
        help_hint = f" (see `{context.command_path} --help`)" if context else ""
        return f"{error.format_message()}{help_hint}", getattr(error, "exit_code", WRONG_USAGE)
    if isinstance(error, OSError):
        return str(error), BAD_RUN
    return f"{type(error).__name__}: {error} (`--debug` shows the traceback)", BAD_RUN


def _closed_pipe() -> int:
    """Exit quietly when the reader of our output has exited, as ``head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
    return BAD_RUN
