"""Recipe files: their keys, read from YAML with errors that name the place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from geo_rewards.batch.truths import TRUTH_FIELDS
from geo_rewards.errors import RecipeError, hint, nearest_names
from geo_rewards.registry.file_rewards import absolute_name
from geo_rewards.terminal import clean_line
from geo_rewards.yaml_file import describe_error, read_yaml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pydantic_core import ErrorDetails

OnError = Literal["raise", "abstain"] | float

_CHOICES = {"on_error": "`raise`, `abstain` or a number", "otherwise": "a number or `abstain`"}


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
    at_least: float
    otherwise: float | Literal["abstain"] = 0.0


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
    weight: float = 1.0
    params: dict[str, Any] = Field(default_factory=dict)
    factor: str | None = None
    gate: Gate | None = None
    on_error: OnError | None = None
    timeout_s: float | None = Field(default=None, gt=0)
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
        problems = dict.fromkeys(describe_recipe_error(e) for e in error.errors())
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
    return describe_error(error, known=_keys_at, choices=_CHOICES)


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the mapping at this path of a recipe's file."""
    model: type[BaseModel] = RecipeFile
    nested: dict[str, type[BaseModel]] = {"rewards": Entry, "gate": Gate}
    for part in path:
        model = nested.get(str(part), model)
    return [field.alias or name for name, field in model.model_fields.items()]
