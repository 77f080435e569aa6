"""Save weights under the names that the published files have, however they were loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def keep_used_conversions(model: Any) -> None:
    """Forget the renamings that loading the model did not use, so that saving does not reverse them.

    For old files, transformers keeps a list of renamings of each architecture, applies those that match
    while it loads, and reverses them when it saves. Its usual loader remembers those that did match;
    its loader under ZeRO-3 remembers all, and a save renames what never was renamed: `model.layers.0` of
    the published file comes out as `model.model.layers.0`, which transformers reads and other servers do not.
    Only names are touched: no tensor is copied or gathered.

    Args:
        model: A model of transformers, also inside adapters; any other is left unchanged.
    """
    get_base_model = getattr(model, "get_base_model", None)
    base = model if get_base_model is None else get_base_model()
    conversions = getattr(base, "_weight_conversions", None)
    if conversions is not None:
        base._weight_conversions = [conversion for conversion in conversions if conversion.was_used()]


def without_tied_copies(model: Any, state_dict: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the weights without duplicates, such as an output layer that is the embedding.

    Transformers recognises these by their memory address. Under ZeRO-2 each weight has been copied to an
    address of its own, and the file would hold one more than a plain run's.

    Args:
        model: The model, whose weights tell which are the same.
        state_dict: The gathered weights by name, or None where the model itself is saved.
    """
    if state_dict is None:
        return None
    tied: Mapping[str, str] = getattr(model, "all_tied_weights_keys", None) or {}
    copies = {
        copy
        for copy, original in tied.items()
        if original in state_dict and _is_same_parameter(model, copy, original)
    }
    return {name: tensor for name, tensor in state_dict.items() if name not in copies}


def _is_same_parameter(model: Any, first: str, second: str) -> bool:
    try:
        return model.get_parameter(first) is model.get_parameter(second)
    except AttributeError:  # FSDP has merged the weights of a module into one of another name
        return False
