"""The weights of a checkpoint, back into the model that saved them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PublishedNames:
    """What a Trainer needs to resume from files under published names; stands before it among the bases.

    A model is saved under the names of its published files, which may differ from those of its modules. The
    stock trainer looks for the modules' names only, takes each one that it does not find for a warning, and
    goes on with the weights that the run began with.
    """

    def _load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: Any = None) -> None:
        from transformers import PreTrainedModel

        model = self.model if model is None else model
        is_whole = (Path(resume_from_checkpoint) / "config.json").is_file()  # else only adapters
        if is_whole and isinstance(model, PreTrainedModel) and not self.is_fsdp_enabled:
            load_weights(model, resume_from_checkpoint)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]  # the trainer's


def load_weights(model: PreTrainedModel, folder: str | Path) -> None:
    """Load the weights of a saved model into this one.

    Args:
        model: The model.
        folder: What `save_pretrained` has written of a model of its kind.
    """
    saved = type(model).from_pretrained(folder, dtype=model.dtype)
    model.load_state_dict(saved.state_dict())
