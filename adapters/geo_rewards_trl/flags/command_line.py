"""The command line: TRL's GRPOConfig and ModelConfig, and what this library adds."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trl import GRPOConfig, ModelConfig, TrlParser

from geo_rewards.errors import UnknownNameError, UsageError
from geo_rewards.yaml_file import read_yaml
from geo_rewards_trl.flags.arguments import RunArguments, deepspeed_config
from geo_rewards_trl.flags.checks import NO_GPU, check_arguments
from geo_rewards_trl.ranks.deepspeed import use_deepspeed_on_cpu

if TYPE_CHECKING:
    from collections.abc import Sequence

_JOINED_BY_COLONS = frozenset({"data_file_paths", "image_folders", "reward_method"})


class RunParser(TrlParser):  # type: ignore[misc]  # trl is not typed
    """TRL's parser, without abbreviations, with errors that offer the nearest flag."""

    def __init__(self) -> None:
        super().__init__(
            dataclass_types=(RunArguments, GRPOConfig, ModelConfig),
            allow_abbrev=False,
            formatter_class=argparse.HelpFormatter,
        )
        for action in self._actions:
            if action.dest == "report_to":  # the configuration takes a list, the parser would not
                action.nargs = "+"

    def error(self, message: str) -> Any:
        """Turn argparse's own exit into an error that is reported like all others."""
        raise UsageError(re.sub(r"/--[\w-]+", "", message))  # each flag's alias with dashes

    def check_flags(self, args: Sequence[str]) -> None:
        """Reject unknown flags before anything is built from the known ones.

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
        """Reject a missing file, and unknown keys.

        Raises:
            UsageError: If it cannot be read or is not a YAML mapping.
            UnknownNameError: With the nearest keys.
        """
        try:
            config = read_yaml(Path(path), error_class=UsageError)
        except UsageError as error:
            raise UsageError(f"--config {error}") from error
        if not isinstance(config, dict):
            raise UsageError(f"--config {path}: must be a mapping of flags to values")
        known = {action.dest for action in self._actions} | {"env"}
        for key in config:
            if key not in known:
                raise UnknownNameError("key", str(key), known, where=f"--config {path}")

    def set_defaults_with_config(self, **config: Any) -> list[str]:
        """Take the values of ``--config``: a list may be a string, and DeepSpeed a shipped name."""
        if isinstance(config.get("deepspeed"), str):
            config["deepspeed"] = deepspeed_config(config["deepspeed"])
        for action in self._actions:
            value = config.get(action.dest)
            if action.nargs in {"+", "*"} and isinstance(value, str):
                config[action.dest] = value.split()
            elif action.dest in _JOINED_BY_COLONS and isinstance(value, list):
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
        raise UsageError(_in_flags(str(error))) from error
    check_arguments(run, training, model)
    return run, training, model


def _in_flags(message: str) -> str:
    """Return what GRPOConfig says about a value, in terms of the flags that the user has written."""
    if "bf16/gpu" in message:
        return NO_GPU
    if message.startswith("generation_batch_size"):
        return (
            f"{message.rstrip('.')}: it is processes x --per_device_train_batch_size x "
            "--steps_per_generation (--gradient_accumulation_steps if that is not given)"
        )
    return message


def _split_equals(args: Sequence[str], *, flags: Sequence[str]) -> list[str]:
    """Return the arguments with ``--flag=value`` of these flags as two."""
    split: list[str] = []
    for arg in args:
        flag, equals, value = arg.partition("=")
        split += [flag, value] if equals and flag in flags else [arg]
    return split
