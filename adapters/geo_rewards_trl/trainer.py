"""TRL's trainer with an order of rows that does not depend on where a run was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from trl import GRPOTrainer

from geo_rewards_trl.manifest import save_manifest
from geo_rewards_trl.sampler import EpochSampler


class SaveManifest(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Writes into each checkpoint what it was made with, so that a resume can be compared with it.

    Args:
        manifest: What the run was started with.
    """

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Write the manifest into the checkpoint that was just saved."""
        if state.is_world_process_zero:
            save_manifest(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.manifest)


class ResumableGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # trl is not typed
    """TRL's GRPOTrainer; resumed at any step, it goes on exactly as if it had not been stopped."""

    def _get_train_sampler(self, dataset: Any = None) -> EpochSampler:
        return EpochSampler(super()._get_train_sampler(dataset), epoch=lambda: self.state.epoch)
