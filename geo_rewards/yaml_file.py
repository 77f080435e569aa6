"""Hand-written YAML files: read strictly, with errors that name the file and the place."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from geo_rewards.errors import hint, nearest_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from geo_rewards.errors import GeoRewardsError


def read_yaml(file: Path | Traversable, *, error_class: type[GeoRewardsError]) -> Any:
    """Return the content of a YAML file.

    Args:
        file: The file.
        error_class: The error to raise.

    Raises:
        GeoRewardsError: Of that class, if the file cannot be read, is not valid YAML, or has a duplicate key.
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


def describe_error(
    error: ErrorDetails,
    *,
    known: Callable[[tuple[int | str, ...]], Sequence[str]],
    choices: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Describe one of pydantic's errors in a phrase that names the key and, if unknown, the nearest one.

    Args:
        error: The error.
        known: Returns the valid keys of the mapping at a path.
        choices: For keys that accept several types of values, what these are, in words.
    """
    choice = next((name for name in choices if name in error["loc"]), None)
    if choice is not None:  # pydantic reports each alternative separately
        path = ".".join(map(str, error["loc"][: error["loc"].index(choice) + 1]))
        return f"{path} must be {choices[choice]}, not {error['input']!r:.60}"
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        nearest = nearest_names(str(error["loc"][-1]), known(error["loc"][:-1]), count=1)
        return f"unknown key {where!r}{hint(nearest)}"
    if error["type"] == "missing":
        return f"key {where!r} is missing"
    if error["type"] == "value_error":
        return f"{where}: ".removeprefix(": ") + error["msg"].removeprefix("Value error, ")
    return f"{where}: {error['msg']}, not {error['input']!r:.60}"


class _UniqueKeyLoader(yaml.SafeLoader):
    """Rejects duplicate keys, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
        return super().construct_mapping(node, deep=deep)
