"""Hand-written YAML: read strictly, with errors that name the file and the place."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from geo_rewards.errors import hint, nearest_names
from geo_rewards.phrases import shown, what_is_wrong
from geo_rewards.system.regular_file import read_regular

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


def dump_yaml(value: Any, *, flow: bool = False) -> str:
    r"""Return a value as YAML that `parse_yaml`, and readers of YAML 1.1, read as the same value.

    Args:
        value: Mappings, lists and plain values.
        flow: Write it on one line, in brackets and braces, with sorted keys.

    >>> dump_yaml({"as": "1e3", "weight": 1.0})
    "as: '1e3'\nweight: 1.0\n"
    """
    style = {"default_flow_style": True, "width": 10_000} if flow else {"default_flow_style": False}
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=flow, allow_unicode=True, **style))


def yaml_problem(error: yaml.YAMLError) -> str:
    """Return what is wrong with a YAML text, and where, in one phrase."""
    mark = getattr(error, "problem_mark", None)
    place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    problem = str(getattr(error, "problem", None) or error)
    said = next((said for part, said in _SAID.items() if part in problem), problem)
    return f"{said}{place}"


_SAID = {
    "cannot start any token": "a tab, or another character that YAML does not take here: indent with spaces",
    "expected <block end>": "the indentation does not fit the lines above",
    "mapping values are not allowed here": "a second `: ` in one line: quote a text, put a mapping in braces",
    "could not find expected ':'": "a key without a `:` after it",
    "but got '<stream end>'": "a bracket or brace is not closed",
    "expected ',' or '}'": "a `,` or `}` is missing",
    "expected ',' or ']'": "a `,` or `]` is missing",
    "found unexpected end of stream": "a quotation mark is not closed",
}
"""Parts of PyYAML's messages, with what they mean."""


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
    about_keys = error["type"] in ("extra_forbidden", "missing")
    choice = None if about_keys else next((name for name in choices if name in error["loc"]), None)
    if choice is not None:  # pydantic reports each alternative separately
        path = ".".join(map(str, error["loc"][: error["loc"].index(choice) + 1]))
        return f"{path} must be {choices[choice]}, not {shown(error['input'])}"
    where = ".".join(map(str, _without_types(error["loc"])))
    if error["type"] == "extra_forbidden":
        nearest = nearest_names(str(error["loc"][-1]), known(error["loc"][:-1]), count=1)
        return f"unknown key {where!r}{hint(nearest)}"
    if error["type"] == "missing":
        return f"key {where!r} is missing"
    if error["type"] == "value_error":
        return f"{where}: ".removeprefix(": ") + what_is_wrong(error)
    return f"{where} {what_is_wrong(error)}".strip()


def _without_types(location: tuple[int | str, ...]) -> list[int | str]:
    """Return the keys of a location, without the types of a union that pydantic adds."""
    keys = [part for part in location[1:] if isinstance(part, int) or not re.search(r"[\[(]", part)]
    if keys and keys[-1] in ("float", "int", "str", "bool"):
        keys.pop()
    return [*location[:1], *keys]


class _StrictLoader(yaml.SafeLoader):
    """Rejects duplicate keys, of which YAML would keep the last, and what takes long to read.

    Plain values are read as YAML 1.2 reads them: `yes`, `1:30` and `2024-01-01` are texts, not a boolean, a
    number in base 60 and a date; `010` is ten and `1e3` a thousand.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as in the base class

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


_BY_FIRST = {
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
"""The values of YAML 1.2's core schema, each with the characters that it may begin with."""


class _Dumper(yaml.SafeDumper):
    """Writes quotes around a text that either version of YAML would read as something else."""


for _kind, (_pattern, _first) in _BY_FIRST.items():
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), [*_first, *([""] * (_kind == "null"))]
    )
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), [*_first, *([""] * (_kind == "null"))]
    )


def _read_int(_loader: _StrictLoader, node: yaml.ScalarNode) -> int:
    bases = {"0o": 8, "0x": 16}
    return int(node.value, bases.get(node.value[:2], 10))


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _read_int)


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
