"""What a checkpoint between two generations holds: the completions that have not been trained on yet.

TRL generates once for several updates (``--num_iterations`` above 1, or ``--steps_per_generation`` above the
accumulated batches). Without these completions, a resumed run would answer the same prompts once more.
"""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)


def save_generation(trainer: Any, checkpoint: Path) -> None:
    """Write into a checkpoint what this rank has generated and not yet trained on, if anything."""
    every = trainer.args.steps_per_generation * trainer.num_iterations
    if trainer._step % every and trainer._buffered_inputs is not None and not trainer.args.save_only_model:
        saved = {"settings": _settings(trainer), "batches": trainer._buffered_inputs}
        torch.save(saved, _file(trainer, checkpoint))


def load_generation(trainer: Any, checkpoint: str | Path) -> None:
    """Give a trainer what this rank had generated when the checkpoint was written, if that is in it."""
    file = _file(trainer, Path(checkpoint))
    if not file.is_file():
        return
    try:
        saved = torch.load(file, map_location=trainer.accelerator.device, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        logger.warning("%s cannot be read (%s): its prompts are answered again", file, error)
        return
    if saved["settings"] == _settings(trainer):
        trainer._buffered_inputs = saved["batches"]
    else:
        logger.warning("%s was written with other batches: its prompts are answered again", file)


def _settings(trainer: Any) -> dict[str, int]:
    """Return what decides how a generation is divided among ranks and updates."""
    return {
        "processes": trainer.accelerator.num_processes,
        "batch": trainer.args.per_device_train_batch_size,
        "steps_per_generation": trainer.args.steps_per_generation,
        "num_iterations": trainer.num_iterations,
    }


def _file(trainer: Any, checkpoint: Path) -> Path:
    return checkpoint / f"generation_{trainer.accelerator.process_index}.pt"
