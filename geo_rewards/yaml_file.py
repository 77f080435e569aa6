"""YAML files that people write: read strictly, with errors that name the file and the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from geo_rewards.errors import GeoRewardsError


def read_yaml(file: Path | Traversable, *, error_class: type[GeoRewardsError]) -> Any:
    """Return what a YAML file holds.

    Args:
        file: The file.
        error_class: What to raise.

    Raises:
        GeoRewardsError: Of the class given, if the file cannot be read, is no YAML, or has a key twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise error_class(f"{file}: cannot be read: {error}") from error
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise error_class(f"{file}: not valid YAML: {_yaml_problem(error)}") from error


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or error}{place}"


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping: YAML would let the last win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)
