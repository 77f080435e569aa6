"""The command line: TRL's GRPOConfig and ModelConfig, and what this library adds."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from trl import GRPOConfig, ModelConfig, TrlParser

from geo_rewards.errors import GeoRewardsError, UnknownNameError
from geo_rewards_trl.environment import use_deepspeed_on_cpu

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_SYSTEM_PROMPT = (
    "You are an expert at finding out where a photo was taken. Reason step by step about the clues in the "
    "image, from country to region to city to coordinates, inside <think> and </think>. Then give only the "
    "answer, with latitude and longitude in decimal degrees, inside <answer> and </answer>."
)


class UsageError(GeoRewardsError):
    """Flags that do not exist or do not go together."""


@dataclass
class RunArguments:
    """What this library adds to TRL's flags."""

    data_file_paths: str = field(
        metadata={"help": "Data files (.jsonl or .json), separated by colons: a.jsonl:b.jsonl"}
    )
    image_folders: str | None = field(
        default=None,
        metadata={
            "help": "Image folder of each data file, separated by colons; default: each file's own folder"
        },
    )
    recipe: str | None = field(
        default=None,
        metadata={"help": "Named recipe (see `geo-rewards recipes`) or recipe file; default: `default`"},
    )
    recipe_set: list[str] | None = field(
        default=None, metadata={"help": "Changes to the recipe: label.parameter=value, any number"}
    )
    reward_funcs: list[str] | None = field(
        default=None,
        metadata={
            "help": "Names of rewards (see `geo-rewards list`) in place of a recipe; --reward_weights apply"
        },
    )
    val_split_ratio: float = field(
        default=0.0, metadata={"help": "Share of the rows held out for validation, chosen by --seed"}
    )
    max_pixels: int | None = field(
        default=None, metadata={"help": "Larger pictures are reduced to this many pixels"}
    )
    min_pixels: int | None = field(
        default=None, metadata={"help": "Smaller pictures are enlarged to this many pixels"}
    )
    freeze_vision_modules: bool = field(
        default=False, metadata={"help": "Do not train the vision tower and its projector"}
    )
    system_prompt: str = field(
        default="default",
        metadata={
            "help": "`default` (asks for think and answer tags), `off`, or a text file; rows with one keep it"
        },
    )
    resume: Literal["auto", "never"] = field(
        default="auto",
        metadata={"help": "auto: go on from the last checkpoint in --output_dir, if there is one"},
    )
    data_cache_dir: str | None = field(
        default=None, metadata={"help": "Where the data table is kept; default: data_cache in --output_dir"}
    )


class RunParser(TrlParser):  # type: ignore[misc]  # trl is not typed
    """TRL's parser, without abbreviations, with errors that offer the nearest flag."""

    def __init__(self) -> None:
        super().__init__(
            dataclass_types=(RunArguments, GRPOConfig, ModelConfig),
            allow_abbrev=False,
            formatter_class=argparse.HelpFormatter,
        )

    def error(self, message: str) -> Any:
        """Turn argparse's own exit into an error that is shown like all others."""
        raise UsageError(message)

    def check_flags(self, args: Sequence[str]) -> None:
        """Refuse unknown flags before anything is built from the known ones.

        Raises:
            UnknownNameError: With the nearest flags.
        """
        known = {*self._option_string_actions, "--config"}
        offered = {flag for flag in known if "-" not in flag[2:]}  # each has an alias with dashes
        for arg in args:
            flag = arg.split("=", 1)[0]
            if flag.startswith("--") and flag not in known:
                raise UnknownNameError("flag", flag, offered)

    def check_config(self, path: str) -> None:
        """Refuse a missing file, and unknown keys.

        Raises:
            UsageError: If it cannot be read or is no YAML mapping.
            UnknownNameError: With the nearest keys.
        """
        try:
            config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"--config {path}: cannot be read: {error}") from error
        if not isinstance(config, dict):
            raise UsageError(f"--config {path}: must be a mapping of flags to values")
        known = {action.dest for action in self._actions} | {"env"}
        for key in config:
            if key not in known:
                raise UnknownNameError("key", str(key), known, where=f"--config {path}")

    def set_defaults_with_config(self, **config: Any) -> list[str]:
        """Take the values of ``--config``: lists may be one text, and DeepSpeed may be a shipped name."""
        if isinstance(config.get("deepspeed"), str):
            config["deepspeed"] = deepspeed_config(config["deepspeed"])
        for action in self._actions:
            value = config.get(action.dest)
            if action.nargs in {"+", "*"} and isinstance(value, str):
                config[action.dest] = value.split()
            elif action.dest in {"data_file_paths", "image_folders"} and isinstance(value, list):
                config[action.dest] = ":".join(map(str, value))
        remaining: list[str] = super().set_defaults_with_config(**config)
        return remaining


def parse_arguments(args: Sequence[str]) -> tuple[RunArguments, GRPOConfig, ModelConfig]:
    """Parse the command line (without the program's name).

    Raises:
        UsageError: If flags are missing, have no valid value or do not go together.
        UnknownNameError: If a flag, a key of ``--config`` or a DeepSpeed configuration is unknown.
    """
    parser = RunParser()
    parser.check_flags(args)
    args = _split_equals(args, flags=("--config", "--deepspeed"))
    for index, (arg, value) in enumerate(zip(args, [*args[1:], None], strict=True)):
        if arg in {"--config", "--deepspeed"} and value is None:
            raise UsageError(f"{arg} needs a value")
        if arg == "--config":
            parser.check_config(str(value))
        if arg == "--deepspeed":
            args[index + 1] = deepspeed_config(str(value))
    use_deepspeed_on_cpu()
    try:
        run, training, model = parser.parse_args_and_config(args=args)
    except ValueError as error:  # GRPOConfig's own checks
        raise UsageError(str(error)) from error
    check_arguments(run, training, model)
    return run, training, model


def check_arguments(run: RunArguments, training: GRPOConfig, model: ModelConfig) -> None:
    """Refuse what would fail late or go wrong silently.

    Raises:
        UsageError: Naming the flags and what to do.
    """
    if model.model_name_or_path is None:
        raise UsageError("--model_name_or_path is missing: give the model's folder or hub name")
    if training.remove_unused_columns:
        raise UsageError(
            "--remove_unused_columns would drop the truth columns that rewards need: leave it off"
        )
    if run.recipe is not None and run.reward_funcs:
        raise UsageError("give --recipe or --reward_funcs, not both")
    if training.reward_weights is not None and not run.reward_funcs:
        raise UsageError(
            "--reward_weights goes with --reward_funcs; a recipe holds its own: use --recipe_set"
        )
    if training.eval_strategy != "no" and not run.val_split_ratio:
        raise UsageError("--eval_strategy needs rows to evaluate on: give --val_split_ratio")
    if model.use_peft and not model.lora_target_modules:
        raise UsageError(
            "--use_peft needs --lora_target_modules, such as q_proj k_proj v_proj o_proj, or all-linear"
        )
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if training.world_size != launched:
        raise UsageError(
            f"{launched} processes were launched, but the trainer sees a world of {training.world_size}: "
            "without a GPU for each process, add --use_cpu true"
        )


def deepspeed_config(name_or_path: str) -> str:
    """Return the path of a DeepSpeed configuration: a file, or one that is shipped, by its name.

    Raises:
        UnknownNameError: If there is neither; offers the nearest names.
    """
    if Path(name_or_path).is_file():
        return name_or_path
    shipped = {file.name.removesuffix(".json"): str(file) for file in _shipped_configs()}
    if name_or_path not in shipped:
        raise UnknownNameError("DeepSpeed configuration", name_or_path, shipped, where="--deepspeed")
    return shipped[name_or_path]


def system_prompt_text(value: str) -> str | None:
    """Return the system prompt for a value of ``--system_prompt``, or None for `off`.

    Raises:
        UsageError: If the file cannot be read.
    """
    if value in {"off", "default"}:
        return DEFAULT_SYSTEM_PROMPT if value == "default" else None
    try:
        return Path(value).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--system_prompt must be `off`, `default` or a text file: {error}") from error


def _shipped_configs() -> list[Any]:
    return [file for file in (files("geo_rewards_trl") / "configs").iterdir() if file.name.endswith(".json")]


def _split_equals(args: Sequence[str], *, flags: Sequence[str]) -> list[str]:
    """Return the arguments with ``--flag=value`` of these flags as two."""
    split: list[str] = []
    for arg in args:
        flag, equals, value = arg.partition("=")
        split += [flag, value] if equals and flag in flags else [arg]
    return split
