"""Write docs/rewards.md and docs/curves.png from the code: every reward, decay curve and recipe.

    python tools/build_docs.py

Needs matplotlib (the extra `demo`) for the picture. All text comes from the code: to change the page,
change a docstring, a `Curve` or a recipe's comment. A test fails while the page is out of date.
"""

from __future__ import annotations

from itertools import chain, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards import Recipe
from geo_rewards.contract.documentation import (
    COLUMNS_OF,
    list_parameters,
    range_of,
    read_documentation,
    show_range,
    show_value,
)
from geo_rewards.errors import RecipeError
from geo_rewards.geo import CURVES, decay
from geo_rewards.registry.registry import get_registry, summary
from geo_rewards.scoring.file import read_recipe_file
from geo_rewards.scoring.recipe import build_recipe
from geo_rewards.testing.landscape import BANDS_KM, GROUP, measure
from geo_rewards.testing.recipe_subject import RecipeSubject

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from geo_rewards.contract.documentation import Parameter
    from geo_rewards.contract.reward import Reward
    from geo_rewards.testing.landscape import Spread

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "rewards.md"
PICTURE = DOCS / "curves.png"

CHECKED_KM = (0, 1, 25, 200, 750, 2500, 10000)
FARTHEST_KM = 20015.1
# The logistic curve has no scale of its own: its source leaves it blank. Knots are always given.
REVERSE_KNOTS = ((1.0, 1.0), (25.0, 0.8), (200.0, 0.6), (750.0, 0.4), (2500.0, 0.2))
SHOWN_CONSTANTS: dict[str, dict[str, Any]] = {
    "logistic": {"scale_km": 1000.0},
    "piecewise": {"knots": REVERSE_KNOTS},
}
SHOWN_AS = {"logistic": "logistic (scale_km 1000)", "piecewise": "piecewise (REVERSE's knots)"}
SHOWN_OVERRIDES = {"gre": {"distance.scale_km": 1000.0}}

TOWNS, CANDIDATES, GROUPS = 120, 60, 30
MEASURED = f"""\
Measured on {TOWNS} of the world's towns, drawn by population, with names from the gazetteer. **One answer
for all**: what the best of {CANDIDATES} fixed answers earns on average, without looking at any picture.
**Format alone**: a long thought and an answer that names no place. **Coordinate alone**: the right pair
without names. **Spread**: the standard deviation of the totals in a group of {GROUP} wrong answers at
these distances from the truth, averaged over {GROUPS} groups; in brackets, the share of groups in which
all earn the same, from which GRPO learns nothing. The rows have no `entities` and no `cost`; `gre` has a
scale of 1000 km.

How to read it: where one answer for all earns much more than the format alone, a model first learns that
answer. A recipe whose groups are often flat needs a model that already comes close, or a smooth term next
to it. Where the format alone pays about half of a right answer, gate by it."""

OPENING = """\
# Rewards, curves and recipes

Written by `tools/build_docs.py` from the code: change the code, not this page. The same on the command line:
`geo-rewards list`, `geo-rewards recipes`, `geo-rewards describe NAME`.

A reward returns a value within its range, or `None` where it abstains: where the row has no truth for it. A
bad answer earns the lowest value. Distances are in km; d is the great-circle distance on a sphere of
6371.0088 km unless `distance: geodesic` is asked for."""


def main() -> None:
    """Write the page and the picture."""
    PAGE.write_text(page(), encoding="utf-8")
    draw_curves(PICTURE)


def page() -> str:
    """Return the page as Markdown."""
    rewards = built_in_rewards()
    overview = table(["reward", "what", "range", "`None` when"], [reward_row(reward) for reward in rewards])
    parts = [OPENING, "## Rewards", overview, *chain.from_iterable(map(reward_parts, rewards))]
    parts += ["## Decay curves", f"![Every decay curve over the distance]({PICTURE.name})", *curve_parts()]
    parts += ["## What the recipes pay for", MEASURED, measured_table()]
    parts += ["## Recipes", *chain.from_iterable(starmap(recipe_parts, built_in_recipes().items()))]
    return "\n\n".join(parts) + "\n"


def built_in_rewards() -> list[type[Reward]]:
    """Return the built-in reward classes, sorted by name."""
    return [claim.thing for claim in get_registry().rewards if claim.source.is_built_in]


def built_in_recipes() -> dict[str, Traversable]:
    """Return the files of the shipped recipes, sorted by name."""
    return {claim.name: claim.thing for claim in get_registry().recipes if claim.source.is_built_in}


def reward_row(reward: type[Reward]) -> list[str]:
    """Return a reward's line in the overview table."""
    link = f"[`{reward.name}`](#{reward.name})"
    return [link, summary(reward), show_range(range_of(reward)), abstention(reward)]


def reward_parts(reward: type[Reward]) -> list[str]:
    """Return the section of a reward."""
    documentation = read_documentation(reward)
    paragraphs = documentation.description.split("\n\n")
    description = [paragraph for paragraph in paragraphs if not paragraph.startswith("Source:")]
    parts = [f"### {reward.name}", *description, f"    {reward.formula}"]
    parameters = list_parameters(reward)
    if parameters:
        parts.append(table(["parameter", "type", "default", ""], [parameter_row(p) for p in parameters]))
    facts = [f"- Range: {show_range(range_of(reward))}", f"- `None` when: {abstention(reward)}"]
    facts += [f"- Truth: {COLUMNS_OF.get(field, field)}" for field in reward.needs]
    parts.append("\n".join([*facts, "- Source:", *source_lines(reward)]))
    return [*parts, f"```pycon\n{documentation.example}\n```"] if documentation.example else parts


def source_lines(reward: type[Reward]) -> list[str]:
    """Return the sources of a reward, one item per line of its reference."""
    return [f"    - {escaped(line)}" for line in reward.reference.splitlines()]


def parameter_row(parameter: Parameter) -> list[str]:
    """Return a parameter's line."""
    default = "required" if parameter.default is None else f"`{parameter.default}`"
    return [f"`{parameter.name}`", parameter.type, default, parameter.text]


def abstention(reward: type[Reward]) -> str:
    """Return when a reward returns None, by what it needs or its text; a coordinate tells the names too."""
    if not reward.needs:
        return "see there" if "abstains" in (reward.__doc__ or "") else "never"
    names = " or ".join(field for field in reward.needs if field != "coordinate")
    return f"no true coordinate, and no true {names}" if names else "no true coordinate"


def curve_parts() -> list[str]:
    """Return the tables of curves: formula and source, then check values."""
    about = [
        [f"`{curve.name}`", f"`{curve.formula}`", constants_of(curve.name), curve.source]
        for curve in CURVES.values()
    ]
    head = ["value at d =", *(f"{km:,} km" for km in CHECKED_KM)]
    values = [[f"`{name}`", *(f"{value:.4f}" for value in checked_values(name))] for name in CURVES]
    return [table(["curve", "formula", "constants", "source"], about), table(head, values)]


def constants_of(curve: str) -> str:
    """Return a curve's constants with their defaults."""
    shown = SHOWN_CONSTANTS.get(curve, {})
    needed = [f"`{name}`: required; here {show_value(value)}" for name, value in shown.items()]
    defaults = {name: value for name, value in CURVES[curve].constants.items() if value is not None}
    return ", ".join([*needed, *(f"`{name}`: {show_value(value)}" for name, value in defaults.items())])


def checked_values(curve: str) -> list[float]:
    """Return a curve's values at the distances of the table."""
    values: list[float] = decay(CHECKED_KM, curve=curve, **SHOWN_CONSTANTS.get(curve, {})).tolist()
    return values


def measured_table() -> str:
    """Return the table of what each recipe pays over the world's towns."""
    bands = [f"spread at {near:,.0f}-{far:,.0f} km" for near, far in BANDS_KM]
    head = ["recipe", "right answer", "one answer for all", "format alone", "coordinate alone", *bands]
    return table(head, [measured_row(name, file) for name, file in built_in_recipes().items()])


def measured_row(name: str, file: Traversable) -> list[str]:
    """Return what a recipe pays over the world's towns."""
    recipe = build_recipe(read_recipe_file(file), SHOWN_OVERRIDES.get(name, {}), origin=name)
    found = measure(RecipeSubject(recipe, []), towns=TOWNS, candidates=CANDIDATES, groups=GROUPS)
    values = (found.right, found.constant, found.nothing_said, found.coordinate_alone)
    return [
        f"[`{name}`](#{name})",
        *(f"{value + 0.0:.2f}" for value in values),
        *map(shown_spread, found.spreads),
    ]


def shown_spread(spread: Spread) -> str:
    """Return a spread, with the share of groups that have none if there are any."""
    flat = f" ({spread.flat:.0%})" if spread.flat else ""
    return f"{spread.deviation:.3f}{flat}"


def recipe_parts(name: str, file: Traversable) -> list[str]:
    """Return the section of a recipe: its file, and what a row can earn."""
    text = file.read_text(encoding="utf-8").strip()
    return [f"### {name}", f"```yaml\n{text}\n```", totals(name, file)]


def totals(name: str, file: Traversable) -> str:
    """Return the range of a recipe's total, or why it does not load as it is."""
    try:
        return f"Range of the total: {show_range(Recipe(read_recipe_file(file), origin=name).bounds)}"
    except RecipeError as error:
        return f"It does not load as it is: {error}."


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Return a text with Markdown's special characters escaped, outside of code."""
    pieces = text.replace("|", "\\|").split("`")
    plain = [piece.replace("*", "\\*").replace("<", "&lt;") for piece in pieces[::2]]
    pieces[::2] = plain
    return "`".join(pieces)


def draw_curves(path: Path) -> None:
    """Draw every curve with its default constants, on a logarithmic axis of distance."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    distance_km = np.geomspace(0.1, FARTHEST_KM, 4000)
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    for index, name in enumerate(CURVES):
        constants = SHOWN_CONSTANTS.get(name, {})
        label = SHOWN_AS.get(name, name)
        style = ("-", "--", "-.", ":")[index % 4]
        values = decay(distance_km, curve=name, **constants)
        axes.plot(distance_km, values, style, color=f"C{index}", linewidth=2, label=label)
    axes.set(xscale="log", xlim=(0.1, FARTHEST_KM), ylim=(-0.02, 1.02))
    axes.set(xlabel="distance from answer to truth, km", ylabel="value")
    axes.set_xticks([0.1, 0.5, 1, 2, 10, 25, 200, 750, 2500, 10000], minor=False)
    axes.xaxis.set_major_formatter(lambda km, _: f"{km:g}")
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", framealpha=0.95)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
