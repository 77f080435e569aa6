"""The console script: its commands, and how their errors are shown."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import ValidationError

import geo_rewards
from geo_rewards.cli.describe import describe_command
from geo_rewards.cli.evaluate import compare_command, evaluate_command
from geo_rewards.cli.interruptions import Interrupted, raising_interruptions
from geo_rewards.cli.listing import list_command, plugins_command, recipes_command
from geo_rewards.cli.new_plugin import new_plugin_command
from geo_rewards.cli.score import score_command
from geo_rewards.cli.try_answer import try_command
from geo_rewards.cli.validate import validate_command
from geo_rewards.errors import GeoRewardsError, UsageError
from geo_rewards.phrases import what_is_wrong
from geo_rewards.system.terminal import CleanFormatter, clean_output, indented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DONE, BAD_RUN, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""
_MIN_WIDTH, _MAX_WIDTH = 38, 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the data or the run is bad, 2 wrong usage.

    Errors are one message on stderr, preceded by a traceback with ``--debug`` only.

    Args:
        arguments: The command line without the program's name; the process's own if None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug, rest = _take_debug(_with_new_names(given))
    with clean_output():
        return _run_cleanly(rest, debug=debug)


def _run_cleanly(rest: list[str], *, debug: bool) -> int:
    try:
        with raising_interruptions(), _logging_to_stderr(logging.DEBUG if debug else logging.WARNING):
            code = _run(rest)
        sys.stdout.flush()
    except BrokenPipeError:
        return _closed_pipe()
    except Interrupted as interruption:
        if debug:
            _show_traceback(interruption)
        sys.stderr.write(f"{indented(str(interruption))}\n")
        return interruption.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every error ends here
        if debug:
            _show_traceback(error)
        message, code = _verdict(error)
        sys.stderr.write(indented(f"error: {message}") + "\n")
    return code


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``geo-rewards``.

    Attributes:
        function: What runs.
        summary: What it does, in a few words.
        example: A call of it that works.
    """

    function: Callable[..., Any]
    summary: str
    example: str


COMMANDS = {
    "list": Command(list_command, "rewards that are installed", "geo-rewards list"),
    "plugins": Command(plugins_command, "plugins, and why one is broken", "geo-rewards plugins"),
    "recipes": Command(recipes_command, "recipes, with their rewards", "geo-rewards recipes"),
    "describe": Command(
        describe_command, "a reward, recipe or curve in detail", "geo-rewards describe haversine_decay"
    ),
    "try": Command(
        try_command,
        "score one answer, explained",
        "geo-rewards try geo-r --completion '<think>a</think><answer>(48.86, 2.35)</answer>' "
        "--lat 48.8584 --lon 2.2945",
    ),
    "validate": Command(
        validate_command,
        "check a data file before a run",
        "geo-rewards validate train.jsonl --recipe default",
    ),
    "score": Command(
        score_command,
        "score a file of answers",
        "geo-rewards score answers.jsonl --recipe default -o scored.jsonl",
    ),
    "evaluate": Command(
        evaluate_command,
        "the field's figures of answers, with intervals",
        "geo-rewards evaluate answers.jsonl --by continent",
    ),
    "compare": Command(
        compare_command,
        "which of two sets of answers is better",
        "geo-rewards compare before.jsonl after.jsonl",
    ),
    "new-plugin": Command(
        new_plugin_command, "a package to publish a reward with", "geo-rewards new-plugin street-name"
    ),
}
"""The commands by name, in the order in which the help lists them."""


def build_app() -> typer.Typer:
    """Return the application with all commands."""
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    settings = {"help_option_names": ["--help", "-h"], "terminal_width": max(width - 1, _MIN_WIDTH)}
    app = typer.Typer(
        help="Reward functions for reinforcement learning on image geolocalization.",
        rich_markup_mode=None,  # its frames cut options and words where a terminal is narrow
        pretty_exceptions_enable=False,
        context_settings=settings,
        epilog="Example: geo-rewards try geo-r --completion '(48.86, 2.35)' --lat 48.8584 --lon 2.2945",
    )
    app.callback(invoke_without_command=True)(_root)
    for name, command in COMMANDS.items():
        register = app.command(
            name,
            short_help=command.summary,
            epilog=f"Example: {command.example}",
            context_settings=settings,
        )
        register(command.function)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"geo-rewards {geo_rewards.__version__}\n")
        raise typer.Exit


def _root(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug messages.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Reward functions for reinforcement learning on image geolocalization."""
    del debug, version  # declared for the help: `main` and the callback have dealt with them
    if context.invoked_subcommand is None:
        sys.stdout.write(f"{context.get_help()}\n")


@contextmanager
def _logging_to_stderr(level: int) -> Iterator[None]:
    """Show the library's log on stderr during one command."""
    package, handler = logging.getLogger("geo_rewards"), logging.StreamHandler()
    handler.setFormatter(CleanFormatter("%(levelname)s: %(message)s"))
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


def _with_new_names(arguments: list[str]) -> list[str]:
    """Return the arguments with options by their present names: `--param` is now `--set`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    renamed = [re.sub(r"^--param(?==|$)", "--set", argument) for argument in arguments[:end]]
    return renamed + arguments[end:]


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(build_app())
    result = command.main(args=arguments, prog_name="geo-rewards", standalone_mode=False)
    return result if isinstance(result, int) else DONE


def _show_traceback(error: BaseException) -> None:
    sys.stderr.write(indented("".join(traceback.format_exception(error))))


def _verdict(error: Exception) -> tuple[str, int]:
    """Return the message for an error, and the exit code."""
    if isinstance(error, UsageError):
        return str(error), WRONG_USAGE
    if isinstance(error, GeoRewardsError):
        return str(error), BAD_RUN
    if hasattr(error, "format_message"):  # typer's own errors, whichever module its version keeps them in
        context = getattr(error, "ctx", None)
        help_hint = f" (see `{context.command_path} --help`)" if context else ""
        return f"{_usage_message(error)}{help_hint}", getattr(error, "exit_code", WRONG_USAGE)
    if isinstance(error, OSError):
        return str(error), BAD_RUN
    return f"{type(error).__name__}: {error} (`--debug` shows the traceback)", BAD_RUN


def _usage_message(error: Any) -> str:
    """Return typer's message; where it has pydantic read a value, with the fault in words of ours."""
    message: str = error.format_message()
    if not isinstance(error.__cause__, ValidationError):
        return message
    return message.replace(str(error.message), what_is_wrong(error.__cause__.errors()[0]))


def _closed_pipe() -> int:
    """Exit quietly when the reader of our output has exited, as ``head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
    return BAD_RUN
