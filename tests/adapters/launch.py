"""Run by torchrun in tests: train as the flags say, and write down what each rank saw.

The first argument is the folder for the records; the rest are flags of geo_rewards_trl.train, in which
`{rank}` is replaced by the number of the rank. The environment variable FAULTS says what goes wrong (see
faults.py).
"""

import hashlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import ClassVar

from faults import FAULTY_REWARDS, arm
from transformers import TrainerCallback

import geo_rewards as gr
from geo_rewards.testing import temporary_plugin


class RowsSeen(gr.Reward):
    """0.5, and remembers which rows it was given."""

    name = "rows_seen"
    seen: ClassVar[list] = []

    def score(self, sample: gr.Sample) -> float | None:
        self.seen.append(sample.row["id"])
        return 0.5


class LengthReward(gr.Reward):
    """Number of vowels in the completion, at most 20, over 20: any text earns something."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        return min(20, sum(sample.completion.count(vowel) for vowel in "aeiou")) / 20


class FailsOnRank1(gr.Reward):
    """Fails on the second rank alone."""

    name = "fails_on_rank_1"

    def score(self, sample: gr.Sample) -> float | None:
        if os.environ["RANK"] == "1":
            raise ConnectionError("service is down")
        return 1.0


class Plugin:
    """Registers the rewards above."""

    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        for reward in (RowsSeen, LengthReward, FailsOnRank1, *FAULTY_REWARDS):
            register(reward)


class NotePartition(TrainerCallback):
    """Notes how many elements this rank holds, and how many there are."""

    def __init__(self) -> None:
        self.seen: dict = {}

    def on_step_end(self, args, state, control, model=None, **_):
        parameters = list(model.parameters())
        held = sum(p.ds_tensor.numel() if hasattr(p, "ds_tensor") else p.numel() for p in parameters)
        self.seen = {"held": held, "all": sum(getattr(p, "ds_numel", p.numel()) for p in parameters)}


def weights_hash(folder: Path) -> str:
    """Return a hash of the saved weights."""
    from safetensors.torch import load_file

    digest = hashlib.sha256()
    for name, tensor in sorted(load_file(folder / "model.safetensors").items()):
        digest.update(name.encode() + tensor.float().numpy().tobytes())
    return digest.hexdigest()


def run() -> None:
    """Train, and write the record of this rank."""
    logging.basicConfig()
    logging.getLogger("geo_rewards_trl").setLevel(logging.INFO)
    from geo_rewards_trl import train

    records = Path(sys.argv[1])
    flags = [flag.replace("{rank}", os.environ.get("RANK", "0")) for flag in sys.argv[2:]]
    trainers, noted = [], NotePartition()
    build = train.build_trainer

    def build_and_note(*args, **kwargs):
        trainer = build(*args, **kwargs)
        trainer.add_callback(noted)
        arm(trainer)
        trainers.append(trainer)
        return trainer

    train.build_trainer = build_and_note
    is_done = False
    try:
        with temporary_plugin(Plugin):
            train.run_training(flags)
        is_done = True
    finally:
        for trainer in trainers:
            rank = trainer.args.process_index
            record = {
                "world_size": trainer.args.world_size,
                "rows": RowsSeen.seen,
                "partition": noted.seen,
                "log": trainer.state.log_history,
                "weights": weights_hash(Path(trainer.args.output_dir)) if is_done and rank == 0 else None,
            }
            (records / f"rank{rank}.json").write_text(json.dumps(record))


if __name__ == "__main__":
    from geo_rewards_trl.interruptions.endings import run_as_program

    run_as_program(run)
