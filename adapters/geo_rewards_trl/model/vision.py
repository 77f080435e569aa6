"""The vision side of a model: its processor, its picture sizes, its tower and projector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import nn

# What model families call the part between tower and language model.
_PROJECTOR = re.compile(r"merger|project|connector|aligner|resampler|adapter|embed_vision")


class VisionError(GeoRewardsError):
    """A model that has no such vision part, or a processor without such a setting."""


def load_processor(
    model_dir: str | Path,
    *,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    revision: str | None = None,
    trust_remote_code: bool = False,
) -> Any:
    """Return the model's processor, with limits on the size of pictures.

    Args:
        model_dir: The model's folder, or its name on the hub.
        min_pixels: Smaller pictures are scaled up to this many pixels; None keeps the model's value.
        max_pixels: Larger pictures are scaled down to this many pixels; None keeps the model's value.
        revision: The version of the model on the hub; None is the latest.
        trust_remote_code: Run code that comes with the model.

    Raises:
        VisionError: If the limits make no sense, the model's image processor has none, or there is no chat
            template.
    """
    from transformers import AutoProcessor

    limits = {"min_pixels": min_pixels, "max_pixels": max_pixels}
    given = {name: value for name, value in limits.items() if value is not None}
    for name, value in given.items():
        if value < 1:
            raise VisionError(f"{name} is {value}; it must be at least 1")
    processor = AutoProcessor.from_pretrained(
        model_dir, revision=revision, trust_remote_code=trust_remote_code, **given
    )
    if given:
        _check_limits(processor, min_pixels, max_pixels)
    if getattr(processor, "chat_template", None) is None:
        raise VisionError(
            f"{model_dir} has no chat template, so it cannot take messages: use a model tuned for "
            "chat, or put a chat_template.jinja beside its processor"
        )
    return processor


def _check_limits(processor: Any, min_pixels: int | None, max_pixels: int | None) -> None:
    """See that the limits were applied: processors without them ignore the arguments silently."""
    size = getattr(getattr(processor, "image_processor", None), "size", None) or {}
    for name, wanted, key in (
        ("min_pixels", min_pixels, "shortest_edge"),
        ("max_pixels", max_pixels, "longest_edge"),
    ):
        if wanted is not None and _entry(size, key) != wanted:
            raise VisionError(
                f"{name} cannot be set: the image processor of this model has no such limit, but a size of "
                f"its own ({dict(size)}): leave --{name} out"
            )
    smallest, largest = _entry(size, "shortest_edge"), _entry(size, "longest_edge")
    if smallest is not None and largest is not None and smallest > largest:
        raise VisionError(f"min_pixels ({smallest}) is more than max_pixels ({largest})")


def _entry(size: Any, key: str) -> int | None:
    return size.get(key) if hasattr(size, "get") else getattr(size, key, None)


def vision_module_names(model: nn.Module) -> list[str]:
    """Return the dotted names of the vision tower and its projectors in the model.

    Raises:
        VisionError: If no vision tower was found.
    """
    tower = _vision_tower(model)
    return _names(model, [tower, *_outer_projectors(model, tower)])


def projector_names(model: nn.Module) -> list[str]:
    """Return the dotted names of the projectors, also inside the tower; a list counts as its parts.

    Raises:
        VisionError: If no vision tower was found, or no projector.
    """
    tower = _vision_tower(model)
    projectors = [*_inner_projectors(tower), *_outer_projectors(model, tower)]
    if not projectors:
        raise VisionError(
            f"no projector between vision tower and language model was found in {type(model).__name__}"
        )
    return _names(model, [part for module in projectors for part in _parts(module)])


def freeze_vision(model: nn.Module, *, keep_projector: bool = False) -> int:
    """Freeze the vision tower, and the projector too unless it is kept; return how many values are frozen.

    The tower is the model's image encoder as transformers names it. The projector is a neighbour of
    the tower, or a part of it, with a projector's name.

    Args:
        model: A model for image and text, before it is handed to the trainer.
        keep_projector: Leave the projector trainable.

    Returns:
        The number of frozen values; under ZeRO-3 those of all ranks together.

    Raises:
        VisionError: If no vision tower was found, or no projector that could be kept.
    """
    tower = _vision_tower(model)
    projectors = [*_inner_projectors(tower), *_outer_projectors(model, tower)]
    frozen = set(tower.parameters())
    if keep_projector:
        if not projectors:
            raise VisionError("the vision projector cannot be kept trainable: none was found in the model")
        frozen -= {parameter for module in projectors for parameter in module.parameters()}
    else:
        frozen |= {parameter for module in projectors for parameter in module.parameters()}
    for parameter in frozen:
        parameter.requires_grad_(False)
    return sum(_count(parameter) for parameter in frozen)


def _names(model: nn.Module, modules: Sequence[nn.Module]) -> list[str]:
    return [name for name, module in model.named_modules() if any(module is wanted for wanted in modules)]


def _parts(module: Any) -> list[nn.Module]:
    """Return a container's modules, which have a `forward`, unlike the container."""
    from torch.nn import ModuleDict, ModuleList

    if isinstance(module, ModuleList | ModuleDict):
        return list(module.children())
    return [module]


def _vision_tower(model: Any) -> nn.Module:
    tower = model.get_encoder(modality="image") if hasattr(model, "get_encoder") else None
    # Without an image encoder, transformers returns the model itself or its base.
    if tower is None or tower is model or tower is getattr(model, "base_model", None):
        raise VisionError(
            f"no vision tower to freeze was found in {type(model).__name__}; is it a text model?"
        )
    found: nn.Module = tower
    return found


def _inner_projectors(tower: nn.Module) -> Iterator[nn.Module]:
    """Yield the parts of a tower that project, such as Qwen's mergers."""
    return (module for name, module in tower.named_children() if _PROJECTOR.search(name))


def _outer_projectors(model: nn.Module, tower: nn.Module) -> Iterator[nn.Module]:
    """Yield the neighbours of a tower that project, such as LLaVA's and Gemma's; not those for sound."""
    for parent in model.modules():
        neighbours = dict(parent.named_children())
        if any(module is tower for module in neighbours.values()):
            yield from (
                module
                for name, module in neighbours.items()
                if module is not tower and _PROJECTOR.search(name) and "audio" not in name
            )


def _count(parameter: Any) -> int:
    """Return the number of values; under ZeRO-3 the parameter itself is empty, and `ds_numel` has it."""
    return int(getattr(parameter, "ds_numel", parameter.numel()))
