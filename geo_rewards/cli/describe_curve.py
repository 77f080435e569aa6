"""``describe`` of a curve: its formula and constants, and what it pays at some distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.cli.output import print_heading, print_text

if TYPE_CHECKING:
    from geo_rewards.geo.decay import Curve

_DISTANCES_KM = (1.0, 25.0, 200.0, 750.0, 2500.0, 10000.0)


def find_curve(name: str) -> Curve | None:
    """Return the curve of that name, or None."""
    from geo_rewards.geo.decay import CURVES

    return CURVES.get(name.replace("-", "_").lower())


def hint_of_curves(name: str) -> str:
    """Return an offer of the curves that a name may have been meant for, or an empty string."""
    from geo_rewards.errors import nearest_names
    from geo_rewards.geo.decay import CURVES

    nearest = nearest_names(name, CURVES, count=1)
    return f"; there is a curve {nearest[0]!r}" if nearest else ""


def describe_curve(curve: Curve) -> None:
    """Print everything about a curve."""
    from geo_rewards.contract.documentation import show_value

    print_heading(f"curve {curve.name} of haversine_decay")
    constants = [
        f"{name}: {'required' if default is None else f'default {show_value(default)}'}"
        for name, default in curve.constants.items()
    ]
    for title, lines in (
        ("Formula", [curve.formula]),
        ("Constants", constants or ["none"]),
        ("Source", [curve.source]),
        ("Values", _value_lines(curve)),
        ("Use", [f"params: {{{', '.join([f'curve: {curve.name}', *_example(curve)])}}}"]),
    ):
        print_text("")
        print_heading(title)
        print_text("\n".join(lines), indent=2)


def _example(curve: Curve) -> list[str]:
    return [f"{name}: ..." for name, default in curve.constants.items() if default is None]


def _value_lines(curve: Curve) -> list[str]:
    """Return what the curve pays at some distances with its defaults."""
    if any(default is None for default in curve.constants.values()):
        return ["depend on the constants that must be given"]
    return [
        f"{distance:g} km: {float(curve.function(distance, **curve.constants)):.4f}"
        for distance in _DISTANCES_KM
    ]
