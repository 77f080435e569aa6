"""Load the weights of a saved model back into the model that saved them.

A model is saved under the names of its published files, which may differ from those of its modules. The stock
trainer looks only for the modules' names, warns about each one that it does not find, and continues with the
weights that the run began with; or, at the end, with the last weights instead of the best.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class LoadError(GeoRewardsError):
    """A saved model that lacks some of the weights."""


def is_full_model(folder: str | Path) -> bool:
    """Return whether a folder holds a model, rather than only adapters."""
    return (Path(folder) / "config.json").is_file()


def load_weights(model: PreTrainedModel, folder: str | Path) -> None:
    """Load the weights of a saved model into this one.

    Args:
        model: The model.
        folder: What `save_pretrained` has written of a model of its kind.

    Raises:
        LoadError: If a weight of the model is not in the files.
    """
    import torch

    dtypes = {parameter.dtype for parameter in model.parameters()}
    # A model may keep some of its weights more precise than the rest: none may be rounded on the way.
    dtype = dtypes.pop() if len(dtypes) == 1 else torch.float32
    saved, report = type(model).from_pretrained(folder, dtype=dtype, output_loading_info=True)
    missing = sorted(report["missing_keys"])  # they would be initialised at random
    if missing:
        raise LoadError(f"{folder} lacks {len(missing)} of the model's weights, such as {missing[0]}")
    model.load_state_dict(saved.state_dict())
