"""The demo's two plots: how the reward grew, and where the guesses lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image
from tiles import WORLD_PICTURE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from evaluation import Guess
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

CREDIT = "Picture: NASA Blue Marble Next Generation. Places: GeoNames, CC BY 4.0."
SMOOTHING_STEPS = 20
SMOOTH_LABEL = f"mean of {SMOOTHING_STEPS} steps"
RAW, SMOOTH, TRUTH, GUESS = "#9ecae1", "#08519c", "#7CFC9A", "#ff5a4f"
NOTHING = (None, "None")  # no answer had a distance; the second is how the trainer prints it
PANELS = (
    ("reward", "mean reward", None),
    ("parse_rate", "share that parses", (0.0, 1.05)),
    ("distance_km/p50", "median distance, km", None),
)


def smoothed(values: Sequence[float], *, steps: int = SMOOTHING_STEPS) -> FloatArray:
    """Return the mean of each value and up to `steps` - 1 before it.

    >>> smoothed([0.0, 2.0, 4.0], steps=2).tolist()
    [0.0, 1.0, 3.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - steps, 0)
    means: FloatArray = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def plot_curve(log: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw mean reward, parse rate and median distance over the training steps.

    Args:
        log: What the trainer logged, one mapping per step.
        path: PNG to write.
    """
    figure = Figure(figsize=(8, 8), layout="constrained")
    figure.suptitle("GRPO learns where satellite pictures were taken", fontsize=14, fontweight="bold")
    axes = figure.subplots(len(PANELS), 1, sharex=True, height_ratios=(2, 1, 1))
    for panel, (key, label, limits) in zip(axes, PANELS, strict=True):
        points = [(entry["step"], float(entry[key])) for entry in log if entry.get(key) not in NOTHING]
        steps, values = [step for step, _ in points], [value for _, value in points]
        panel.plot(steps, values, color=RAW, linewidth=1, label="each step")
        panel.plot(steps, smoothed(values), color=SMOOTH, linewidth=2.2, label=SMOOTH_LABEL)
        panel.set_ylabel(label)
        panel.set_ylim(*limits) if limits else panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].legend(loc="upper left", frameon=False)
    axes[-1].set_xlabel("training step (64 completions each)")
    figure.savefig(path, dpi=130)


def plot_map(guesses: Mapping[str, Sequence[Guess]], path: Path) -> None:
    """Draw every truth joined to its guess on the world picture, one map per entry.

    Args:
        guesses: Guesses by the title of their map.
        path: PNG to write.
    """
    with Image.open(WORLD_PICTURE) as picture:
        world = picture.convert("RGB")
    figure = Figure(figsize=(11, 4.95 * len(guesses) + 0.3))
    panels = figure.subplots(len(guesses), 1, squeeze=False)[:, 0]
    for panel, (title, entries) in zip(panels, guesses.items(), strict=True):
        panel.imshow(world, extent=(-180, 180, -90, 90), alpha=0.85)
        _draw_guesses(panel, entries)
        panel.set(xlim=(-180, 180), ylim=(-65, 75), xlabel="longitude, °", ylabel="latitude, °")
        panel.set_title(title, loc="left", fontweight="bold")
    panels[0].legend(handles=_legend(), loc="lower left", framealpha=0.85)
    figure.text(0.995, 0.004, CREDIT, ha="right", va="bottom", fontsize=8, color="0.35")
    figure.set_layout_engine("constrained", rect=(0, 0.025, 1, 0.975))  # leaves room for the credit
    figure.savefig(path, dpi=120)


def _draw_guesses(panel: Any, guesses: Sequence[Guess]) -> None:
    dot = {"marker": "o", "linestyle": "none", "markersize": 5, "mec": "black", "mew": 0.4}
    for guess in guesses:
        for lons, lats in joining_lines(guess):
            panel.plot(lons, lats, color="white", linewidth=0.9, alpha=0.75)
    for guess in guesses:
        panel.plot(guess.truth.lon, guess.truth.lat, color=TRUTH, **dot)
        if guess.coordinate is not None:
            panel.plot(guess.coordinate.lon, guess.coordinate.lat, color=GUESS, **dot)


def joining_lines(guess: Guess) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the lines, each as longitudes and latitudes, that join truth and guess the short way round.

    Across the antimeridian there are two, one at each edge of the map; without a guess there are none.
    """
    if guess.coordinate is None:
        return []
    start, end = guess.truth, guess.coordinate
    turn = 360.0 * round((start.lon - end.lon) / 360.0)
    lats = (start.lat, end.lat)
    if turn == 0.0:
        return [((start.lon, end.lon), lats)]
    return [((start.lon, end.lon + turn), lats), ((start.lon - turn, end.lon), lats)]


def _legend() -> list[Line2D]:
    style = {"marker": "o", "linestyle": "none", "markeredgecolor": "black", "markeredgewidth": 0.4}
    return [
        Line2D([], [], color=TRUTH, label="truth", **style),  # type: ignore[arg-type]
        Line2D([], [], color=GUESS, label="guess", **style),  # type: ignore[arg-type]
    ]
