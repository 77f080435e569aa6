"""Run the trainer as a user would (torchrun, two processes, ZeRO-3), and read its log."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
LAUNCHER = HERE.parents[1] / "adapters" / "train_grpo.py"
PROCESSES = 2
LAST_LINES = 20
# How the trainer marks a rank's messages, and torch its tracebacks.
RANK_MARKS = ("geo-rewards [rank 0]", "[rank0]:", "geo-rewards [rank 1]", "[rank1]:")


class TrainingFailedError(Exception):
    """The trainer failed; the message contains the end of its log."""


def training_command(*, model_dir: Path, data_file: Path, run_dir: Path) -> list[str]:
    """Return the command line that trains."""
    return [
        *(sys.executable, "-m", "torch.distributed.run"),  # torchrun of this environment
        f"--nproc_per_node={PROCESSES}",
        "--master_addr=127.0.0.1",
        f"--master_port={_free_port()}",
        str(LAUNCHER),
        *("--config", str(HERE / "run.yaml")),
        *("--deepspeed", "zero3"),
        *("--recipe", str(HERE / "recipe.yaml")),
        *("--model_name_or_path", str(model_dir)),
        *("--data_file_paths", str(data_file)),
        *("--image_folders", str(data_file.parent)),
        *("--output_dir", str(run_dir)),
    ]


def train(command: list[str], *, log_file: Path, on_step: Callable[[dict[str, Any]], None]) -> None:
    """Run the command and follow its output.

    Args:
        command: As `training_command` returns it.
        log_file: Where its output goes.
        on_step: Called with the figures of every logged step.

    Raises:
        TrainingFailedError: If the exit code is not 0.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    lines: list[str] = []
    with (
        log_file.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            lines.append(line)
            figures = step_figures(line)
            if figures is not None:
                on_step(figures)
    if process.returncode != 0:
        raise TrainingFailedError(
            f"the trainer exited with code {process.returncode}; its full output is in {log_file}. "
            f"The cause:\n{cause_of(lines)}"
        )


def cause_of(lines: list[str]) -> str:
    """Return the lines that say why a run failed: one rank's error, otherwise the last lines.

    After the error, torchrun prints a long report of how it ended the other processes.

    >>> print(cause_of(["[rank1]: KeyError", "[rank0]: KeyError", "torchrun: failed"]))
    [rank0]: KeyError
    """
    marked = ([line for line in lines if line.startswith(mark)] for mark in RANK_MARKS)
    said = next(filter(None, marked), lines)
    return "".join(said[-LAST_LINES:])


def step_figures(line: str) -> dict[str, Any] | None:
    """Return the figures in a line that the trainer printed for a step, or None for any other line.

    >>> step_figures("{'loss': '0.1', 'reward': '0.5'}")
    {'loss': '0.1', 'reward': '0.5'}
    >>> step_figures("loading")
    """
    if not line.startswith("{"):
        return None
    try:
        figures = ast.literal_eval(line.strip())
    except (ValueError, SyntaxError):  # a line torn by another process's output
        return None
    return figures if isinstance(figures, dict) and "reward" in figures else None


def read_log(run_dir: Path) -> list[dict[str, Any]]:
    """Return what a finished run logged, one mapping per step."""
    state = json.loads((run_dir / "trainer_state.json").read_text(encoding="utf-8"))
    return [entry for entry in state["log_history"] if "reward" in entry]


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
