"""The contents of objects in an answer: coordinates by their keys, places, and strings to read further."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from geo_rewards.parse.angle_reader import single_angle
from geo_rewards.parse.angles import AXIS_NAMES, Angle, Axis, coordinate_from
from geo_rewards.parse.findings import Finding, RefusedError, coordinate_of, shown
from geo_rewards.parse.hemispheres import Stated, hemispheres_of, is_about_facing, is_hemisphere_key
from geo_rewards.parse.labels import (
    ASIDE_LABELS,
    COORDINATE_LABELS,
    PLACE_LABELS,
    axis_of_key,
    is_part_of_axis,
    label_key,
)
from geo_rewards.parse.normalise import normalise, plain_text
from geo_rewards.parse.structured import Array, Bare, Mapping, Node, Text, parse_object
from geo_rewards.types import Problem, ProblemKind

_GEOMETRIES = frozenset(
    {"multipoint", "linestring", "multilinestring", "polygon", "multipolygon", "geometrycollection"}
)

_NOTHING = frozenset({"null", "none", "undefined"})
_WORDS = _NOTHING | {"true", "false", "nan", "inf", "-inf", "infinity", "-infinity"}
_NUMBER_STARTS = frozenset("0123456789.+-")
_LONGEST_HEMISPHERE = 40
APART = "\n|\n"  # separates texts so that numbers of two of them cannot form a pair


@dataclass(slots=True)
class ObjectReading:
    """What was read from the objects of a text.

    Attributes:
        findings: Valid coordinates.
        problems: Coordinates that were refused.
        places: Place fields and their values as written.
        texts: Strings that no key explained; they are read like other text.
        asides: Strings whose keys are about something else; used only if nothing else is found.
        stated: The hemispheres that keys name.
    """

    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    stated: Stated = field(default_factory=lambda: Stated({}, {}))


def read_objects(raw: str) -> tuple[ObjectReading, str]:
    """Return what the objects of a text say, and the text without them.

    Unexplained strings are appended to it, each on a separate line.

    Raises:
        RefusedError: If an object is unreadable or has a duplicate key.

    >>> read_objects('{"country": "France", "LOC": [48.85, 2.35]}')[0].places
    [('country', 'France')]
    """
    text = plain_text(raw)
    source = raw
    reading = ObjectReading()
    rest: list[str] = []
    done = 0
    start = text.find("{")
    while start >= 0:
        try:
            mapping, end = parse_object(source, start)
        except RefusedError as refused:
            # Typographic quotes and commas: from here on, read the normalised text.
            normal = normalise(raw)
            if source == normal or refused.problem.kind is ProblemKind.DUPLICATE_KEY:
                raise
            source = normal
            continue
        _state_hemispheres(mapping, reading)
        _read_mapping(mapping, reading)
        rest.append(raw[done:start])
        done = end
        start = text.find("{", end)
    return reading, APART.join([*rest, raw[done:], *reading.texts])


def _state_hemispheres(mapping: Mapping, reading: ObjectReading) -> None:
    """Collect the hemispheres that an object names: ``"lat_direction": "S"``."""
    for key, node in mapping.fields.items():
        if isinstance(node, Mapping):
            _state_hemispheres(node, reading)
        elif isinstance(node, Text) and not is_hemisphere_key(label_key(key)):
            named = hemispheres_of(node.text) if len(node.text) <= _LONGEST_HEMISPHERE else None
            if named and label_key(key) not in PLACE_LABELS and not is_about_facing(label_key(key)):
                for axis, sign in named:
                    reading.stated.mentioned.setdefault(axis, set()).add(sign)
        elif is_hemisphere_key(label_key(key)) and node.text.lower() not in ("", *_NOTHING):
            named = hemispheres_of(node.text.strip("[]()").replace('"', " ").replace("'", " "))
            if named is None:
                detail = f"expected a hemisphere, got {shown(node.text)}"
                reading.problems.append(Problem(ProblemKind.SIGN, detail))
            for axis, sign in named or ():
                reading.stated.given.setdefault(axis, set()).add(sign)


def _read_mapping(mapping: Mapping, reading: ObjectReading, *, aside: bool = False) -> None:
    """Read an object: its own coordinate, its places, and the values of its fields."""
    is_point = _is_point(mapping)
    axes: list[tuple[Axis, Node]] = []
    for key, node in mapping.fields.items():
        name = label_key(key)
        axis = axis_of_key(key)
        if axis is not None:
            axes.append((axis, node))
        elif is_part_of_axis(key) and not _is_nothing(node):
            detail = f"{shown(key)} next to or instead of one number per axis"
            reading.problems.append(Problem(ProblemKind.RANGE, detail))
        elif is_hemisphere_key(name):
            continue
        elif name in PLACE_LABELS:
            _read_place(PLACE_LABELS[name], node, reading)
        elif name == "coordinates" and is_point:
            _read_pair(node, reading, geojson=True)
        elif name in COORDINATE_LABELS and _claims_pair(node):
            _read_pair(node, reading, geojson=False)
        else:
            _read_other(node, reading, aside=aside or name in ASIDE_LABELS)
    if axes:
        _read_axes(axes, mapping, reading)


def _is_point(mapping: Mapping) -> bool:
    """Return whether an object is a GeoJSON point.

    Raises:
        RefusedError: If it is a different geometry.
    """
    kind = mapping.fields.get("type")
    name = kind.text.lower() if isinstance(kind, Text) else ""
    if name in _GEOMETRIES:
        raise RefusedError(ProblemKind.GEOMETRY, f"expected a GeoJSON Point, got {shown(name)}")
    return name == "point" and "coordinates" in mapping.fields


def _read_place(name: str, node: Node, reading: ObjectReading) -> None:
    """Keep the value of a place field; a list is kept as written."""
    if isinstance(node, Mapping):
        _read_mapping(node, reading)
    elif not _is_nothing(node):
        reading.places.append((name, node.text.strip()))


def _is_nothing(node: Node) -> bool:
    """Return whether a value means that there is none."""
    return not node.text.strip() or (isinstance(node, Bare) and node.text.lower() in _NOTHING)


def _read_other(node: Node, reading: ObjectReading, *, aside: bool) -> None:
    """Read a value whose key says nothing about it."""
    if isinstance(node, Mapping):
        _read_mapping(node, reading, aside=aside)
    elif isinstance(node, Text):
        (reading.asides if aside else reading.texts).append(node.text)
    elif isinstance(node, Array):
        if len(node.elements) == 2 and all(map(_is_number, node.elements)) and not aside:
            _read_pair(node, reading, geojson=False)
            return
        for element in node.elements:
            _read_other(element, reading, aside=aside)


def _is_number(node: Node) -> bool:
    """Return whether a value is written as a number."""
    return isinstance(node, Bare) and node.text[0] in _NUMBER_STARTS


def _claims_pair(node: Node) -> bool:
    """Return whether the value of a coordinate key must be a pair: no names, no objects, no text."""
    if isinstance(node, Array):
        scalars = [element.text for element in node.elements if isinstance(element, (Text, Bare))]
        named = any(
            text for text in scalars if not any(map(str.isdigit, text)) and text.lower() not in _WORDS
        )
        return len(scalars) == len(node.elements) and not named
    return isinstance(node, Bare)


def _read_pair(node: Node, reading: ObjectReading, *, geojson: bool) -> None:
    """Read a list of two numbers: latitude first, but longitude first in GeoJSON."""
    try:
        if not isinstance(node, Array):
            raise RefusedError(ProblemKind.NOT_A_NUMBER, f"expected two numbers, got {shown(node.text)}")
        if len(node.elements) != 2:
            raise RefusedError(ProblemKind.NO_PAIR, f"{len(node.elements)} numbers in {shown(node.text)}")
        first, second = (_angle(element) for element in node.elements)
        coordinate = coordinate_from(first, second, lon_first=geojson)
        reading.stated.check(coordinate)
    except RefusedError as refused:
        reading.problems.append(refused.problem)
        return
    plain = not (first.form or second.form)
    form = "geojson" if geojson else "parentheses" if node.bracket == "(" and plain else "json"
    is_lon_first = first.axis == "lon" or (first.axis is None and geojson)
    units = (second.unit, first.unit) if is_lon_first else (first.unit, second.unit)
    reading.findings.append(Finding(coordinate, form, node.text, units, claimed=True))


def _read_axes(axes: list[tuple[Axis, Node]], mapping: Mapping, reading: ObjectReading) -> None:
    """Read latitude and longitude under separate keys."""
    found: dict[Axis, Angle] = {}
    try:
        for axis, node in axes:
            angle = _signed(_angle(node), axis, reading.stated, written=node.text)
            if found.setdefault(axis, angle).value != angle.value:
                raise RefusedError(ProblemKind.AXES, f"two {AXIS_NAMES[axis]}s")
        if len(found) == 1:
            raise RefusedError(ProblemKind.AXES, f"only {AXIS_NAMES[axes[0][0]]} has a value")
        coordinate = coordinate_of(found["lat"].value, found["lon"].value)
        reading.stated.check(coordinate)
    except RefusedError as refused:
        reading.problems.append(refused.problem)
        return
    units = (found["lat"].unit, found["lon"].unit)
    reading.findings.append(Finding(coordinate, "json", mapping.text, units, claimed=True))


def _signed(angle: Angle, axis: Axis, stated: Stated, *, written: str) -> Angle:
    """Return the angle of an axis, signed by its letter or by another key.

    Raises:
        RefusedError: If they contradict each other.
    """
    if angle.axis not in (None, axis):
        raise RefusedError(ProblemKind.AXES, f"{shown(written)} as {AXIS_NAMES[axis]}")
    sign = stated.sign(axis)
    if sign is None or angle.value * sign > 0 or angle.value == 0:
        return angle
    if sign == 1 or angle.axis is not None:
        raise RefusedError(ProblemKind.SIGN, f"{shown(written)} contradicts the hemisphere next to it")
    return replace(angle, value=-angle.value)


def _angle(node: Node) -> Angle:
    """Return the angle that a number or string represents."""
    if isinstance(node, (Array, Mapping)):
        raise RefusedError(ProblemKind.NOT_A_NUMBER, f"expected a number, got {shown(node.text)}")
    return single_angle(
        node.text if isinstance(node, Bare) and node.text.isascii() else plain_text(node.text).strip()
    )
