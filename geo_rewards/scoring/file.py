"""Recipe files: their keys, read from YAML with errors that name the place."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from geo_rewards.batch.truths import TRUTH_FIELDS
from geo_rewards.errors import RecipeError, hint, nearest_names
from geo_rewards.registry.file_rewards import absolute_name
from geo_rewards.system.terminal import clean_line
from geo_rewards.yaml_file import describe_error, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from pydantic_core import ErrorDetails


def _read_number(value: Any) -> float:
    """Return a finite number, also one that YAML or a caller gives as text; a boolean is none."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = value.replace("_", "")
    elif isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise ValueError("not a number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("not a number") from None
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


_NUMBER = re.compile(r"[-+]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
Number = Annotated[float, BeforeValidator(_read_number)]
OnError = Literal["raise", "abstain"] | Number

_CHOICES = {
    "on_error": "`raise`, `abstain` or a number",
    "otherwise": "a number or `abstain`",
    "at_least": "a finite number",
    "weight": "a finite number",
    "timeout_s": "a number greater than 0, or null for no limit",
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Gate(_Strict):
    """Passes an entry's value only if another entry's value is high enough.

    Attributes:
        reward: Label of the other entry.
        at_least: Its lowest final raw value that opens the gate.
        otherwise: The value if the gate is closed, or ``abstain``.
    """

    reward: str
    at_least: Number
    otherwise: Number | Literal["abstain"] = 0.0


class Entry(_Strict):
    """One reward of a recipe.

    Attributes:
        name: The reward's name; or a Python file and a class in it, as ``./my_reward.py:MyReward``,
            relative to the recipe's file. Kept with an absolute path.
        label: Its name in metrics (``as`` in the file); the reward's name if not given.
        weight: Factor in the total; 0: for gates and metrics only.
        params: The reward's parameters.
        factor: Label of another entry whose final value multiplies this one's, before the gate.
        gate: Condition under which its value counts.
        on_error: ``raise``, ``abstain`` or a number; unset: raise when scoring, abstain in training.
        timeout_s: Limit of each call, in seconds; replaces the reward's own.
        sha256: Hash of the reward's file, in a saved recipe: different content is an error.
    """

    name: str
    label: str = Field(default="", alias="as")
    weight: Number = 1.0
    params: dict[str, Any] = Field(default_factory=dict)
    factor: str | None = None
    gate: Gate | None = None
    on_error: OnError | None = None
    timeout_s: Annotated[Number, Field(gt=0)] | None = None
    sha256: str | None = None

    @field_validator("label")
    @classmethod
    def _check_label(cls, label: str) -> str:
        if clean_line(label) != label:
            raise ValueError(f"{label!r} contains control characters; it names figures in logs and tables")
        return label

    @field_validator("name")
    @classmethod
    def _anchor_file(cls, name: str, info: ValidationInfo) -> str:
        return absolute_name(name, folder=(info.context or {}).get("folder") or Path.cwd())


class RecipeFile(_Strict):
    """A recipe as written.

    Attributes:
        rewards: The entries in order.
        columns: Dataset column of each truth field, where names differ.
        gazetteer: Name of the gazetteer, or None for the default.
    """

    rewards: tuple[Entry, ...]
    columns: dict[str, str] = Field(default_factory=dict)
    gazetteer: str | None = None

    @field_validator("columns")
    @classmethod
    def _check_truth_fields(cls, columns: dict[str, str]) -> dict[str, str]:
        for field in columns:
            if field not in TRUTH_FIELDS:
                nearest = hint(nearest_names(field, TRUTH_FIELDS, count=1))
                raise ValueError(
                    f"{field!r} is not a truth field{nearest}; expected {', '.join(TRUTH_FIELDS)}"
                )
        return columns


def read_recipe_file(file: Path | Traversable) -> RecipeFile:
    """Read and validate a recipe's YAML.

    Raises:
        RecipeError: If it cannot be read, is not valid YAML, or has a duplicate, unknown or invalid
            key; names the file, the key and the nearest valid key.
    """
    content = read_yaml(file, error_class=RecipeError)
    return parse_recipe(content, where=str(file), folder=Path(str(file)).parent)


def parse_recipe(content: Any, *, where: str, folder: Path | None = None) -> RecipeFile:
    """Validate a recipe's content.

    Args:
        content: The content of the YAML.
        where: File name or other origin, for messages.
        folder: The folder that the files of rewards are relative to; the working directory if None.

    Raises:
        RecipeError: If a key is unknown or a value invalid.
    """
    if not isinstance(content, dict):
        raise RecipeError(f"{where}: a recipe must be a mapping with the key `rewards`, not {content!r:.60}")
    try:
        file = RecipeFile.model_validate(content, context={"folder": folder})
    except ValidationError as error:
        problems = dict.fromkeys(_without_followers(error.errors()))
        raise RecipeError(f"{where}: {'; '.join(problems)}") from None
    if not file.rewards:
        raise RecipeError(f"{where}: `rewards` is empty: name at least one")
    return file


def recipe_comment(file: Traversable) -> str:
    """Return the comment at the top of a recipe's file, without the comment marks."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines).strip()


def describe_recipe_error(error: ErrorDetails) -> str:
    """Describe an error in a recipe's file; see `describe_error`."""
    *path, key = error["loc"] or ("",)
    if error["type"] == "model_type" and path == ["rewards"] and isinstance(error["input"], str):
        return f"rewards.{key} must be a mapping: write `- name: {error['input']:.60}`"
    described = describe_error(error, known=_keys_at, choices=_CHOICES)
    if error["type"] != "extra_forbidden" or "did you mean" in described:
        return described
    return f"{described}{_advice(path, str(key))}"


def _without_followers(faults: Sequence[ErrorDetails]) -> Iterator[str]:
    """Describe the errors; an unknown key of an entry without a name was meant to be the name."""
    nameless = {fault["loc"][:-1] for fault in faults if fault["loc"][-1:] == ("name",)}
    for fault in faults:
        described, loc = describe_recipe_error(fault), fault["loc"]
        if "belongs into `params" in described and loc[:-1] in nameless:
            described = f"unknown key {'.'.join(map(str, loc))!r}: write `- name: {loc[-1]}`"
        yield described


def _advice(path: list[int | str], key: str) -> str:
    """Return where a key belongs that is unknown at this path, or which keys there are."""
    models: tuple[type[BaseModel], ...] = (RecipeFile, Entry, Gate)
    keys = {model: _keys_of(model) for model in models}
    here = _model_at(path)
    place: dict[type[BaseModel], str] = {
        RecipeFile: "to the top of the recipe, beside `rewards`",
        Entry: "to each entry of `rewards` that it is for, beside its `name`",
        Gate: "into the entry's gate: `gate: {reward: ..., at_least: ...}`",
    }
    for model, known in keys.items():
        if key in known and model is not here:
            return f": it belongs {place[model]}"
    if here is Entry:
        return f": a parameter of the reward belongs into `params: {{{key:.40}: ...}}`"
    return f"; the keys are {', '.join(keys[here])}"


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the mapping at this path of a recipe's file."""
    return _keys_of(_model_at(path))


def _model_at(path: Sequence[int | str]) -> type[BaseModel]:
    model: type[BaseModel] = RecipeFile
    nested: dict[str, type[BaseModel]] = {"rewards": Entry, "gate": Gate}
    for part in path:
        model = nested.get(str(part), model)
    return model


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
