"""The flags that this library adds to TRL's, and what their values mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Literal

from geo_rewards.errors import UnknownNameError, UsageError
from geo_rewards.system.regular_file import read_regular

_MAX_PROMPT_BYTES = 1_000_000

DEFAULT_SYSTEM_PROMPT = (
    "You are an expert at finding out where a photo was taken. Reason step by step about the clues in the "
    "image, from country to region to city to coordinates, inside <think> and </think>. Then give only the "
    "answer, with latitude and longitude in decimal degrees, inside <answer> and </answer>."
)


@dataclass
class RunArguments:
    """The flags that this library adds to TRL's."""

    data_file_paths: str = field(
        metadata={
            "help": "Data files (.jsonl or .json), separated by colons: a.jsonl:b.jsonl; or a mixture (.yaml)"
        }
    )
    image_folders: str | None = field(
        default=None,
        metadata={
            "help": "Image folder of each data file, separated by colons; default: each file's own folder"
        },
    )
    reward_method: str | None = field(
        default=None,
        metadata={
            "help": "`accu_reward_method` of rows that have none, one for each data file, separated by colons"
        },
    )
    bad_rows: Literal["error", "skip"] = field(
        default="error",
        metadata={
            "help": "skip: leave bad rows out, with a count, and continue when a picture breaks mid-run"
        },
    )
    check_pictures: bool = field(
        default=True, metadata={"help": "Open every picture once, on all processors, before the first run"}
    )
    recipe: str | None = field(
        default=None,
        metadata={"help": "Named recipe (see `geo-rewards recipes`) or recipe file; default: `default`"},
    )
    recipe_set: list[str] | None = field(
        default=None, metadata={"help": "Changes to the recipe: label.parameter=value, any number of them"}
    )
    reward_funcs: list[str] | None = field(
        default=None,
        metadata={
            "help": "Names of rewards (see `geo-rewards list`) instead of a recipe; --reward_weights apply"
        },
    )
    val_split_ratio: float = field(
        default=0.0, metadata={"help": "Share of the rows held out for validation, chosen by --seed"}
    )
    split_by: str = field(
        default="row",
        metadata={"help": "`row`, or `place_km:N`: no training row is within N km of a held-out one"},
    )
    streaming: bool = field(
        default=False,
        metadata={"help": "Read rows while they are trained on, without a table; needs --max_steps"},
    )
    shuffle_buffer: int = field(
        default=10_000, metadata={"help": "With --streaming: how many rows wait to be picked at random"}
    )
    max_pixels: int | None = field(
        default=None, metadata={"help": "Larger pictures are scaled down to this many pixels"}
    )
    min_pixels: int | None = field(
        default=None, metadata={"help": "Smaller pictures are scaled up to this many pixels"}
    )
    freeze_vision_modules: bool = field(
        default=False, metadata={"help": "Do not train the vision tower and its projector"}
    )
    train_projector: bool = field(
        default=False,
        metadata={"help": "Train the projector fully, beside frozen vision modules or LoRA adapters"},
    )
    lora_vision: bool = field(
        default=False,
        metadata={
            "help": "LoRA adapters in the vision tower and its projector too, not only in the language model"
        },
    )
    system_prompt: str = field(
        default="default",
        metadata={
            "help": "`default` (asks for think and answer tags), `off`, or a text file; rows with one keep it"
        },
    )
    resume: Literal["auto", "never"] = field(
        default="auto",
        metadata={"help": "auto: resume from the last checkpoint in --output_dir, if there is one"},
    )
    data_cache_dir: str | None = field(
        default=None, metadata={"help": "Where the data table is kept; default: data_cache in --output_dir"}
    )
    dry_run: bool = field(
        default=False,
        metadata={"help": "Check and report everything up to the model's weights; train nothing"},
    )


def deepspeed_config(name_or_path: str) -> str:
    """Return the path of a DeepSpeed configuration: a file, or a shipped one by its name.

    Raises:
        UnknownNameError: If there is neither; offers the nearest names.
    """
    if Path(name_or_path).is_file():
        return name_or_path
    configs = (files("geo_rewards_trl") / "configs").iterdir()
    shipped = {file.name.removesuffix(".json"): str(file) for file in configs if file.name.endswith(".json")}
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
        return read_regular(value, max_bytes=_MAX_PROMPT_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--system_prompt must be `off`, `default` or a text file: {error}") from error
