"""Watch a vision-language model learn where satellite pictures were taken. Run it with ``make demo``.

It cuts tiles around real places from a picture of the world, builds a tiny Qwen2.5-VL and gives it a short
supervised warm start on other places. GRPO, with torchrun on two processes and DeepSpeed ZeRO-3, then rewards
guesses that are near. The model is evaluated on the same pictures before and after. Needs no network or GPU.

    python examples/satellite/demo.py --output output/demo

Exits with 0 if the model learned, and with 1 if it did not or something failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation import Guess
    from tiles import Tile

HERE = Path(__file__).parent
TRAINING_TILES = 64
TRAINING_PLACES: dict[str, Any] = {"cell_degrees": 8.0, "least_population": 500_000}
WARM_START_TILES = 1024
WARM_START_PLACES: dict[str, Any] = {"cell_degrees": 1.0, "least_population": 50_000}
WARM_START_STEPS = 600
TITLES = {"before": "Before GRPO: the warm start's guesses", "after": "After GRPO: the same pictures"}
FIGURES = {
    "mean_reward": ("mean reward", "{:.3f}"),
    "median_km": ("median distance, km", "{:,.0f}"),
    "within_750_km": ("within 750 km", "{:.0%}"),
    "within_2500_km": ("within 2,500 km", "{:.0%}"),
    "parse_rate": ("answers that parse", "{:.0%}"),
    "distinct_answers": ("different answers", "{:d}"),
}

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the demo writes; cleared at every run."""

    output: Path

    @property
    def tiles(self) -> Path:
        """Pictures and rows."""
        return self.output / "tiles"

    @property
    def model(self) -> Path:
        """The model after its warm start."""
        return self.output / "model"

    @property
    def run(self) -> Path:
        """The trainer's output."""
        return self.output / "run"

    def clear(self) -> None:
        """Remove what an earlier run left behind."""
        for folder in (self.tiles, self.model, self.run):
            shutil.rmtree(folder, ignore_errors=True)
        self.output.mkdir(parents=True, exist_ok=True)


class Step:
    """Shows a step of the demo, its progress and how long it took.

    On a terminal this is one changing line, in a pipe an occasional line.
    """

    def __init__(self, title: str, *, total: int = 0) -> None:
        self.title = title
        self.total = total
        self.done = 0

    def __enter__(self) -> Step:
        """Start the clock."""
        self.started = time.perf_counter()
        self._status = console.status(self.title)
        if console.is_terminal:
            self._status.start()
        else:
            console.print(f"{self.title} ...")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Report that it is done, unless it failed."""
        self._status.stop()
        if kind is None:
            console.print(f"[green]✓[/] {self.title} ({time.perf_counter() - self.started:.0f} s)")

    def advance(self, figures: str) -> None:
        """Count one of `total` as done, and show its figures."""
        self.done += 1
        text = f"{self.title}: {self.done} of {self.total}, {figures}"
        if console.is_terminal:
            self._status.update(text)
        elif self.done % max(1, self.total // 10) == 0:
            console.print(f"  {text}")


def make_tiles(folders: Folders, *, seed: int) -> tuple[list[Tile], list[Tile]]:
    """Write and return the tiles for the warm start and, at other places, for GRPO."""
    from tiles import choose_spots, read_tiles, write_tiles

    with Step(f"cutting {WARM_START_TILES} + {TRAINING_TILES} tiles from the world map"):
        chosen = choose_spots(TRAINING_TILES, seed=seed, **TRAINING_PLACES)
        others = choose_spots(
            WARM_START_TILES,
            seed=seed + 8,
            **WARM_START_PLACES,
            without=[spot.coordinate for spot in chosen],
        )
        warm_file = write_tiles(others, folders.tiles / "warm_start")
        training_file = write_tiles(chosen, folders.tiles / "training")
        return read_tiles(warm_file), read_tiles(training_file)


def make_model(
    folders: Folders, *, warm_tiles: Sequence[Tile], training_tiles: Sequence[Tile], seed: int
) -> None:
    """Build the tiny model and teach it the format and a first guess."""
    with Step("loading torch and building a tiny Qwen2.5-VL"):
        import torch
        from geo_rewards_trl.tiny_model import build_tiny_model
        from tiles import QUESTION
        from transformers.utils import logging as transformers_logging
        from warm_start import imitated_answer, warm_start

        transformers_logging.disable_progress_bar()
        torch.set_num_threads(min(2, os.cpu_count() or 1))
        # The tokenizer may know all names; the model sees those of the training tiles only in GRPO.
        texts = [imitated_answer(tile) for tile in [*warm_tiles, *training_tiles]]
        build_tiny_model(folders.model, texts=[*texts, *[QUESTION] * 10], seed=seed)
    with Step("warm start", total=WARM_START_STEPS) as step:
        warm_start(
            folders.model,
            warm_tiles,
            steps=WARM_START_STEPS,
            seed=seed,
            on_step=lambda loss: step.advance(f"loss {loss:.2f}"),
        )


def evaluate(model_dir: Path, tiles: Sequence[Tile]) -> list[Guess]:
    """Return the model's greedy guesses."""
    from evaluation import answer_tiles, score_answers

    import geo_rewards as gr

    with Step(f"evaluating {model_dir.name} on {len(tiles)} pictures"):
        recipe = gr.load_recipe(HERE / "recipe.yaml")
        return score_answers(answer_tiles(model_dir, tiles), tiles, recipe=recipe)


def train_with_grpo(folders: Folders, *, seed: int) -> list[dict[str, Any]]:
    """Run the trainer and return its log, one mapping per step."""
    import yaml
    from training import read_log, train, training_command

    steps = yaml.safe_load((HERE / "run.yaml").read_text(encoding="utf-8"))["max_steps"]
    command = training_command(
        model_dir=folders.model, data_file=folders.tiles / "training" / "rows.jsonl", run_dir=folders.run
    )
    command += ["--seed", str(seed)]
    with Step("GRPO on 2 processes, ZeRO-3", total=steps) as step:
        train(
            command,
            log_file=folders.output / "train.log",
            on_step=lambda figures: step.advance(f"mean reward {float(figures['reward']):.3f}"),
        )
    return read_log(folders.run)


def draw(folders: Folders, *, log: Sequence[dict[str, Any]], guesses: dict[str, list[Guess]]) -> None:
    """Write the two pictures."""
    from plots import plot_curve, plot_map

    with Step("drawing the curve and the map"):
        plot_curve(log, folders.output / "curve.png")
        plot_map({TITLES[when]: entries for when, entries in guesses.items()}, folders.output / "map.png")


def results_table(figures: dict[str, Any]) -> Table:
    """Return a table of the figures before and after."""
    table = Table(title=f"Greedy answers to the same {figures['after']['samples']} pictures")
    table.add_column("")
    table.add_column("before GRPO", justify="right")
    table.add_column("after GRPO", justify="right")
    for key, (label, form) in FIGURES.items():
        cells = [figures[when][key] for when in ("before", "after")]
        table.add_row(label, *("-" if cell is None else form.format(cell) for cell in cells))
    return table


def run_demo(output: Path, *, seed: int) -> int:
    """Run all steps; return the exit code."""
    started = time.perf_counter()
    folders = Folders(output)
    folders.clear()
    warm_tiles, tiles = make_tiles(folders, seed=seed)
    make_model(folders, warm_tiles=warm_tiles, training_tiles=tiles, seed=seed)
    guesses = {"before": evaluate(folders.model, tiles)}
    log = train_with_grpo(folders, seed=seed)
    guesses["after"] = evaluate(folders.run, tiles)
    draw(folders, log=log, guesses=guesses)
    figures = measure(log, guesses, seconds=time.perf_counter() - started)
    (output / "metrics.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return report(figures, output)


def measure(
    log: Sequence[dict[str, Any]], guesses: dict[str, list[Guess]], *, seconds: float
) -> dict[str, Any]:
    """Return the figures of the run and of both evaluations."""
    from evaluation import evaluation_figures
    from verdict import run_figures

    return run_figures(
        [float(entry["reward"]) for entry in log],
        before=evaluation_figures(guesses["before"]),
        after=evaluation_figures(guesses["after"]),
        seconds=seconds,
    )


def report(figures: dict[str, Any], output: Path) -> int:
    """Print the table and the verdict; return the exit code."""
    from verdict import reasons_it_did_not_learn

    console.print(results_table(figures))
    console.print(
        f"mean reward during training: {figures['reward_first_20']:.3f} in the first 20 steps, "
        f"{figures['reward_last_20']:.3f} in the last 20; {figures['seconds'] / 60:.1f} minutes in total"
    )
    console.print(f"see {output / 'curve.png'} and {output / 'map.png'}")
    reasons = reasons_it_did_not_learn(figures)
    for reason in reasons:
        console.print(f"[red]it did not learn:[/] {reason}")
    return 1 if reasons else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from the command line."""
    from training import TrainingFailedError

    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--output", type=Path, default=Path("output/demo"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=0, help="another seed: other places, another model")
    chosen = parser.parse_args(arguments)
    # Spinning threads make a busy machine ten times slower. Torch reads this when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return run_demo(chosen.output, seed=chosen.seed)
    except TrainingFailedError as error:
        console.print(str(error), style="red", markup=False)  # a log contains brackets that are not markup
        return 1


if __name__ == "__main__":
    sys.exit(main())
