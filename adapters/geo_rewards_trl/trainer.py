"""TRL's trainer with an order of rows that does not depend on where a run was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch.utils.data import Sampler
from transformers import TrainerCallback
from trl import GRPOTrainer

from geo_rewards_trl.manifest import save_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class EpochSampler(Sampler[int]):  # type: ignore[misc]  # torch is skipped by mypy
    """Another sampler's indices, shuffled anew in each epoch by its seed and the epoch's number alone.

    TRL's sampler draws each epoch's order from one generator: a run that resumes in a later epoch
    would go through the first epoch's order again.

    Args:
        sampler: The sampler; its `generator`, if it shuffles, is seeded at the start of each epoch.
        epoch: Tells the epochs done so far; a broken number in the middle of one.
    """

    def __init__(self, sampler: Any, *, epoch: Callable[[], float | None]) -> None:
        self.sampler = sampler
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of the current epoch."""
        if self.sampler.shuffle:
            number = int((self._epoch() or 0.0) + 1e-6)
            self.sampler.generator.manual_seed(self.sampler.seed + number)
        return iter(self.sampler)

    def __len__(self) -> int:
        """Return the number of indices of an epoch."""
        return len(self.sampler)


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
