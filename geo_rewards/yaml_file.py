"""Hand-written YAML: read strictly, with errors that name the file and the place."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from geo_rewards.errors import hint, nearest_names
from geo_rewards.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from pydantic_core import ErrorDetails

    from geo_rewards.errors import GeoRewardsError

# Far more than anybody writes by hand; a mixture of thousands of data files fits.
MAX_BYTES = 1_000_000
MAX_LEVELS = 50
MAX_VALUES = 100_000
_MAX_NUMBER = 500
_TOO_DEEP = f"nested more than {MAX_LEVELS} levels deep"
_TEXT_TAG = "tag:yaml.org,2002:str"


def read_yaml(file: Path | Traversable, *, error_class: type[GeoRewardsError]) -> Any:
    """Return the content of a YAML file.

    Args:
        file: The file.
        error_class: The error to raise.

    Raises:
        GeoRewardsError: Of that class, if the file cannot be read, is no regular file, is too large, is not
            valid YAML, or has a duplicate key.
    """
    try:
        if isinstance(file, Path):
            text = read_regular(file, max_bytes=MAX_BYTES).decode()
        else:
            text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise error_class(f"{file}: cannot be read: {error}") from error
    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        raise error_class(f"{file}: not valid YAML: {yaml_problem(error)}") from error


def parse_yaml(text: str) -> Any:
    """Return the content of a YAML text, in time proportional to its length.

    Duplicate keys, deep nesting, and aliases that refer to themselves or multiply the content are errors.

    Raises:
        yaml.YAMLError: If it is not valid; see `yaml_problem`.

    >>> parse_yaml("{scale_km: 500}")
    {'scale_km': 500}
    """
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def yaml_problem(error: yaml.YAMLError) -> str:
    """Return what is wrong with a YAML text, and where, in one phrase."""
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


class _StrictLoader(yaml.SafeLoader):
    """Rejects duplicate keys, of which YAML would keep the last, and what takes long to read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node, unless it is nested too deeply."""
        if self._level >= MAX_LEVELS:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _problem(_TOO_DEEP, mark)
        self._level += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._level -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Construct a value; one that is not of its kind, such as the 30th of February, is an error."""
        if isinstance(node, yaml.ScalarNode) and node.tag != _TEXT_TAG and len(node.value) > _MAX_NUMBER:
            raise _problem(f"a number of {len(node.value):,} characters", node.start_mark)
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise _problem(f"{node.value!r:.60} is not valid here: {error}", node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping without duplicate keys."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not _is_hashable(key):
                break  # the construction says so
            if key in seen:
                raise _problem(f"duplicate key {key!r:.60}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _measure(node: yaml.Node, sizes: dict[yaml.Node, tuple[int, int] | None]) -> tuple[int, int]:
    """Return how many values and levels a node has when every alias is written out.

    Raises:
        yaml.YAMLError: If there are too many, or an alias refers to something that contains it.
    """
    if node in sizes:
        known = sizes[node]
        if known is None:
            raise _problem("an alias refers to a value that contains it", node.start_mark)
        return known
    sizes[node] = None
    values, levels = 1, 1
    for child in _children(node):
        inner_values, inner_levels = _measure(child, sizes)
        values, levels = values + inner_values, max(levels, inner_levels + 1)
        if values > MAX_VALUES:
            raise _problem(f"more than {MAX_VALUES:,} values, counting those behind aliases", node.start_mark)
    if levels > MAX_LEVELS:
        raise _problem(_TOO_DEEP, node.start_mark)
    sizes[node] = values, levels
    return values, levels


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _problem(message: str, mark: yaml.Mark) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, message, mark)
