"""How many faulty rows a run tolerates: a few are an accident, many stop it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from geo_rewards.errors import DataError, GeoRewardsError, RewardError

FAULT_WINDOW = 1000
FAULT_SHARE = 0.05
FAULTS_AT_LEAST = 20


class BatchFaults(NamedTuple):
    """The faulty rows of one batch of all ranks.

    Attributes:
        samples: How many rows there are.
        failed: Rows that a reward failed on.
        pictures: Rows whose picture could not be read.
        labels: The rewards that failed.
    """

    samples: int
    failed: int = 0
    pictures: int = 0
    labels: tuple[str, ...] = ()


@dataclass
class FaultWindow:
    """Counts the faulty rows among the latest samples of all ranks.

    Attributes:
        batches: The faults of each batch, latest last.
    """

    batches: deque[BatchFaults] = field(default_factory=deque)

    def add(self, batch: BatchFaults) -> None:
        """Add a batch and forget the oldest, as long as at least `FAULT_WINDOW` samples remain."""
        self.batches.append(batch)
        while self.samples - self.batches[0].samples >= FAULT_WINDOW:
            self.batches.popleft()

    @property
    def samples(self) -> int:
        """Samples in the window."""
        return sum(batch.samples for batch in self.batches)

    @property
    def failed(self) -> int:
        """Rows in the window that a reward failed on."""
        return sum(batch.failed for batch in self.batches)

    @property
    def pictures(self) -> int:
        """Rows in the window whose picture could not be read."""
        return sum(batch.pictures for batch in self.batches)

    @property
    def faulty(self) -> int:
        """Faulty rows in the window."""
        return self.failed + self.pictures

    @property
    def is_too_full(self) -> bool:
        """Whether a run must stop: over 5 % of the samples are faulty, and at least 20 of them."""
        return self.faulty >= FAULTS_AT_LEAST and self.faulty > FAULT_SHARE * self.samples

    def error(self) -> GeoRewardsError:
        """Return the error that stops the run: which rewards failed, or that pictures cannot be read."""
        window = f"of the last {self.samples} samples of all ranks"
        stops = "stopping: more than 5 % of recent samples are faulty"
        if not self.failed:
            return DataError(
                f"{self.pictures} {window} had a picture that could not be read; {stops} (the log names "
                "file and line; `geo-rewards validate` finds them all)"
            )
        also = f", and {self.pictures} had a picture that could not be read" if self.pictures else ""
        labels = sorted({label for batch in self.batches for label in batch.labels})
        return RewardError(
            f"failed on {self.failed} {window}{also}; {stops} (the first traceback is in the log)",
            reward=", ".join(labels),
        )
