"""How the tests run commands: in this process, or by the installed console script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import geo_rewards as gr
from geo_rewards.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process."""

    def run_command(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def script() -> Callable[..., Ran]:
    """Run the console script next to this Python."""

    def run_script(*arguments: object, stdin: str = "", **environment: str) -> Ran:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "geo-rewards"), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environment},
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run_script


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, or lines as they are, to a jsonl file."""

    def write(rows: list[Any], name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def plugin_of() -> Callable[..., types.ModuleType]:
    """Make a plugin that registers rewards, and recipes by name."""

    def make(*rewards: type[gr.Reward], **recipes: Path) -> types.ModuleType:
        @gr.hookimpl
        def register_rewards(register: Callable[[type[gr.Reward]], None]) -> None:
            for reward in rewards:
                register(reward)

        @gr.hookimpl
        def register_recipes(register: Callable[[str, Path], None]) -> None:
            for name, file in recipes.items():
                register(name, file)

        module = types.ModuleType("made_for_a_test")
        vars(module).update(register_rewards=register_rewards, register_recipes=register_recipes)
        return module

    return make
