"""An order of rows that does not depend on where a run was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.utils.data import Sampler

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
