"""Documentation of a reward and its parameters, from its JSON schema and its docstring."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic.errors import PydanticInvalidForJsonSchema

from geo_rewards.contract.silence import COLUMNS_OF
from geo_rewards.yaml_file import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_rewards.contract.reward import Reward

__all__ = [
    "COLUMNS_OF",
    "Documentation",
    "Parameter",
    "list_parameters",
    "range_of",
    "read_documentation",
    "schema_type",
    "show_range",
    "show_value",
]

_BOUNDS = {
    "exclusiveMinimum": ">",
    "minimum": ">=",
    "exclusiveMaximum": "<",
    "maximum": "<=",
    "multipleOf": "a multiple of",
    "minLength": "characters >=",
    "maxLength": "characters <=",
    "pattern": "matching",
    "minItems": "items >=",
    "maxItems": "items <=",
}
_SECTION = re.compile(r"(Attributes|Args|Arguments|Example|Examples|Raises|Note|Notes):\s*$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a reward.

    Attributes:
        name: Its name.
        type: Its type in words, with choices and bounds.
        default: Its default written as YAML, or None if it is required.
        text: Its text in the docstring.
    """

    name: str
    type: str
    default: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Documentation:
    """A reward's docstring in parts.

    Attributes:
        description: The text before the sections and examples.
        attributes: The text of each parameter.
        example: The doctests, or an empty string.
    """

    description: str
    attributes: dict[str, str]
    example: str


def list_parameters(reward: type[Reward]) -> list[Parameter]:
    """Return the parameters of a reward in the order of their definition."""
    properties, definitions = _schema(reward)
    texts = _inherited_texts(reward)
    return [
        Parameter(
            name=name,
            type=schema_type(properties[name], definitions) if name in properties else _annotation(field),
            default=None if field.is_required() else show_value(field.get_default(call_default_factory=True)),
            text=field.description or texts.get(name, ""),
        )
        for name, field in reward.model_fields.items()
    ]


def read_documentation(thing: type) -> Documentation:
    """Return a class's own docstring in parts."""
    blocks: dict[str, list[str]] = {"": []}
    section = ""
    for line in inspect.cleandoc(thing.__dict__.get("__doc__") or "").splitlines():
        heading = _SECTION.match(line)
        if heading:
            section = heading[1]
        elif line.startswith(">>>"):
            section = "Example"
        blocks.setdefault(section, [])
        if not heading:
            blocks[section].append(line)
    attributes = {**_read_items(blocks.get("Args", [])), **_read_items(blocks.get("Attributes", []))}
    example = inspect.cleandoc("\n".join(blocks.get("Example", [])))
    return Documentation(_flowing("\n".join(blocks[""]).strip()), attributes, example.strip())


def range_of(reward: type[Reward]) -> tuple[float, float]:
    """Return the range with default parameters, or the class's if a parameter is required."""
    from pydantic import ValidationError

    try:
        return reward().bounds
    except ValidationError:
        return reward.range


def show_range(bounds: tuple[float, float]) -> str:
    """Return a closed range as usually written.

    >>> show_range((0.0, 1.0))
    '[0, 1]'
    """
    return f"[{bounds[0]:g}, {bounds[1]:g}]"


def schema_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type that a JSON schema describes, in words, with its choices and bounds.

    >>> schema_type({"anyOf": [{"exclusiveMinimum": 0, "type": "number"}, {"type": "null"}]}, {})
    'number > 0, or null'
    """
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return schema_type(definitions.get(name, {"type": name}), {})  # {}: a type may contain itself
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(map(show_value, schema.get("enum", [schema.get("const")])))
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        return ", or ".join(schema_type(part, definitions) for part in alternatives)
    bounds = [f"{sign} {show_value(schema[key])}" for key, sign in _BOUNDS.items() if key in schema]
    if "prefixItems" in schema:  # a tuple: listing its items also shows how many
        return f"({', '.join(schema_type(item, definitions) for item in schema['prefixItems'])})"
    base = str(schema.get("type", "any value"))
    if isinstance(schema.get("items"), dict):
        base = f"list of {schema_type(schema['items'], definitions)}"
    return f"{base} {' and '.join(bounds)}" if bounds else base


def show_value(value: Any) -> str:
    """Return a value as it is written in a recipe.

    >>> show_value(None), show_value("linear"), show_value((1.0, 25.0)), show_value(True)
    ('null', 'linear', '[1.0, 25.0]', 'true')
    """
    import yaml

    plain = value if isinstance(value, (str, int, float, type(None))) else _plain(value)
    try:
        text = dump_yaml(plain, flow=True)
    except yaml.YAMLError:
        return repr(value)
    return text.strip().removesuffix("...").strip()


def _plain(value: Any) -> Any:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value)
    except PydanticSerializationError:
        return repr(value)


def _schema(reward: type[Reward]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        schema = reward.model_json_schema(by_alias=False)
    except PydanticInvalidForJsonSchema:  # a plugin's own type: show its annotation instead
        return {}, {}
    return schema.get("properties", {}), schema.get("$defs", {})


def _annotation(field: Any) -> str:
    return inspect.formatannotation(field.annotation)


def _inherited_texts(reward: type[Reward]) -> dict[str, str]:
    """Return the text of each parameter, from the most derived class that documents it."""
    from geo_rewards.contract.reward import Reward as Base

    texts: dict[str, str] = {}
    for ancestor in reversed(reward.__mro__):
        if issubclass(ancestor, Base) and ancestor is not Base:
            texts.update(read_documentation(ancestor).attributes)
    return texts


def _flowing(text: str) -> str:
    """Join the lines of each paragraph, but not lists and indented lines."""
    return re.sub(r"(?<=\S)\n(?=[^\s*-])", " ", text)


def _read_items(lines: list[str]) -> dict[str, str]:
    """Return the ``name: text`` items of a docstring's section; indented lines continue an item."""
    items: dict[str, str] = {}
    name = ""
    for line in textwrap.dedent("\n".join(lines)).splitlines():  # cleandoc would flatten a lone item
        item = re.match(r"(\w+)(?:\s*\([^)]*\))?:\s*(.*)", line)
        if item:
            name = item[1]
            items[name] = item[2]
        elif name and line.startswith(" "):
            items[name] = f"{items[name]} {line.strip()}".strip()
    return items
