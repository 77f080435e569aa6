"""Mixtures: a YAML file that lists the data files of a run, and which share of each is used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from geo_rewards.data.reading import kind_of
from geo_rewards.data.selection.mixture import Source
from geo_rewards.data.selection.sampling import Sampling, parse_sampling
from geo_rewards.data.selection.sources import own_folder, pair_paths
from geo_rewards.errors import DataError
from geo_rewards.yaml_file import describe_error, read_yaml

_SUFFIXES = frozenset({".yaml", ".yml"})


def _read_sampling(value: object) -> Sampling | None:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.60} is not a text; write all, first:N, end:N, random:N or N%")
    return parse_sampling(value)


class MixtureEntry(BaseModel):
    """One data file of a mixture, as written.

    Attributes:
        json_path: The data file, relative to the mixture's own folder.
        image_folder: Likewise; default: the data file's folder.
        sampling_strategy: `all`, `first:N`, `end:N`, `random:N` (N rows, or N% of them) or `N%`.
        weight: How often its rows appear; at least 0.
        reward_method: The value of `accu_reward_method` for rows that have none.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )

    json_path: str = Field(min_length=1)
    image_folder: str | None = Field(default=None, min_length=1)
    sampling_strategy: Annotated[Sampling | None, BeforeValidator(_read_sampling)] = None
    weight: float = Field(default=1.0, ge=0.0)
    reward_method: str | None = Field(default=None, min_length=1)

    @field_validator("json_path")
    @classmethod
    def _check_suffix(cls, json_path: str) -> str:
        if Path(json_path).suffix:  # without one, it may be a folder
            try:
                kind_of(Path(json_path))
            except DataError as error:
                raise ValueError(str(error).removeprefix("data file ")) from None
        return json_path


class Mixture(BaseModel):
    """A mixture as written.

    Attributes:
        datasets: The data files, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    datasets: tuple[MixtureEntry, ...] = Field(min_length=1)


def find_sources(
    data_file_paths: str, image_folders: str | None, *, reward_methods: str | None = None
) -> list[Source]:
    """Return the data files of a run.

    Args:
        data_file_paths: Paths joined by colons, or the path of one mixture (`.yaml`).
        image_folders: As many paths, joined likewise; None: each file's own folder. Not with a
            mixture, which has its own.
        reward_methods: As many values of `accu_reward_method`, joined likewise, for rows that have
            none. Not with a mixture, which has its own.

    Raises:
        DataError: If numbers differ, a path is empty, or the mixture is invalid; names the key.

    >>> [str(source.image_folder) for source in find_sources("a.jsonl:b/b.jsonl", None)]
    ['.', 'b']
    """
    files, folders = pair_paths(data_file_paths, None)
    mixtures = [file for file in files if file.suffix.lower() in _SUFFIXES]
    if mixtures:
        given = {"image folders": image_folders, "reward methods": reward_methods}
        _check_alone(mixtures[0], files, [name for name, value in given.items() if value is not None])
        return read_mixture(mixtures[0])
    if image_folders is not None:
        files, folders = pair_paths(data_file_paths, image_folders)
    methods = _split_methods(reward_methods, len(files))
    return [
        Source(file, folder, reward_method=method)
        for file, folder, method in zip(files, folders, methods, strict=True)
    ]


def read_mixture(path: Path) -> list[Source]:
    """Return the data files that a mixture lists; its relative paths are relative to its own folder.

    Raises:
        DataError: If it cannot be read, is not valid YAML, or has an unknown or invalid key; names the file,
            the key and the nearest valid one.
    """
    content = read_yaml(path, error_class=DataError)
    if not isinstance(content, dict):
        raise DataError(f"{path}: a mixture must be a mapping with the key `datasets`, not {content!r:.60}")
    try:
        mixture = Mixture.model_validate(content)
    except ValidationError as error:
        # pydantic also reports that no entry is left, which only follows from the faults inside.
        inner = [details for details in error.errors() if len(details["loc"]) > 1]
        problems = dict.fromkeys(
            describe_error(details, known=_keys_at) for details in inner or error.errors()
        )
        raise DataError(f"{path}: {'; '.join(problems)}") from None
    return [_source(entry, path.parent) for entry in mixture.datasets]


def _source(entry: MixtureEntry, folder: Path) -> Source:
    path = folder / Path(entry.json_path).expanduser()
    images = (
        own_folder(path) if entry.image_folder is None else folder / Path(entry.image_folder).expanduser()
    )
    return Source(path, images, entry.sampling_strategy, entry.weight, entry.reward_method)


def _check_alone(mixture: Path, files: list[Path], flags: list[str]) -> None:
    if len(files) > 1:
        raise DataError(f"the mixture {mixture} is given with other files; list all of them in the mixture")
    if flags:
        raise DataError(f"{' and '.join(flags)} are given with the mixture {mixture}; write them into it")


def _split_methods(joined: str | None, files: int) -> list[str | None]:
    if joined is None:
        return [None] * files
    methods = [method.strip() for method in joined.split(":")]
    if not all(methods):
        raise DataError(
            f"reward_method {joined!r} contains an empty name; `default` chooses by the row's truth"
        )
    if len(methods) != files:
        raise DataError(
            f"reward_method {joined!r} names {len(methods)} methods for {files} data files; "
            "give one per file, in the same order"
        )
    return list(methods)


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the mapping at this path of a mixture."""
    return list((MixtureEntry if path else Mixture).model_fields)
