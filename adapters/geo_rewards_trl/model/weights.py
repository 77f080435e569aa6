"""The weights of a checkpoint, back into the model that saved them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class LoadError(GeoRewardsError):
    """A saved model that does not hold all weights."""


class PublishedNames:
    """What a Trainer needs to resume from files under published names; stands before it among the bases.

    A model is saved under the names of its published files, which may differ from those of its modules. The
    stock trainer looks for the modules' names only, takes each one that it does not find for a warning, and
    goes on with the weights that the run began with; or, at the end, with the last ones for the best.
    """

    def _load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: Any = None) -> None:
        from transformers import PreTrainedModel

        model = self.model if model is None else model
        is_whole = (Path(resume_from_checkpoint) / "config.json").is_file()  # else only adapters
        if is_whole and isinstance(model, PreTrainedModel) and not self.is_fsdp_enabled:
            load_weights(model, resume_from_checkpoint)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]  # the trainer's

    def _load_best_model(self: Any) -> None:
        if self.is_deepspeed_enabled or self.is_fsdp_enabled:  # they keep the modules' names beside the files
            super()._load_best_model()  # type: ignore[misc]  # the trainer's
            return
        best = Path(self.state.best_model_checkpoint)
        if (best / "config.json").is_file():
            self._load_from_checkpoint(str(best))
        else:
            super()._load_best_model()  # type: ignore[misc]  # the trainer's


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
    # A model may keep some of its weights more precise than the rest: none is to be rounded on its way.
    dtype = dtypes.pop() if len(dtypes) == 1 else torch.float32
    saved, told = type(model).from_pretrained(folder, dtype=dtype, output_loading_info=True)
    missing = sorted(told["missing_keys"])  # they would be drawn at random
    if missing:
        raise LoadError(f"{folder} lacks {len(missing)} of the model's weights, such as {missing[0]}")
    model.load_state_dict(saved.state_dict())
