"""Run by torchrun in tests: several trainings one after the other in the same processes.

The only argument is a JSON file: a mapping of names to lists of flags of geo_rewards_trl.train. The start of
two processes takes longer than ten trainings of the tiny model. What each rank saw goes to `NAME.rankN.json`
beside the file.
"""

import gc
import json
import os
import sys
from pathlib import Path

from launch import NotePartition, Plugin

from geo_rewards.testing import temporary_plugin


def forget_the_last_run() -> None:
    """Let the next training choose its own DeepSpeed configuration: accelerate keeps one for a process."""
    from accelerate.state import AcceleratorState
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    unset_hf_deepspeed_config()
    AcceleratorState._reset_state(reset_partial_state=True)
    os.environ.pop("ACCELERATE_USE_DEEPSPEED", None)
    gc.collect()


def keep_the_process_group() -> None:
    """Have one process group serve all trainings: a second one would find the addresses of the first."""
    import torch.distributed

    torch.distributed.destroy_process_group = lambda group=None: None


def run_case(flags: list[str]) -> dict:
    """Train once and return what this rank saw."""
    from geo_rewards_trl import train

    noted = NotePartition()
    build = train.build_trainer

    def build_and_note(*args, **kwargs):
        trainer = build(*args, **kwargs)
        trainer.add_callback(noted)
        return trainer

    train.build_trainer = build_and_note
    try:
        with temporary_plugin(Plugin):
            trainer = train.run_training(flags)
    finally:
        train.build_trainer = build
    return {
        "world_size": trainer.args.world_size,
        "partition": noted.seen,
        "trainable": sorted(name for name, p in trainer.model.named_parameters() if p.requires_grad),
        "reference": type(trainer.ref_model).__name__,
        "log": trainer.state.log_history,
    }


def main() -> None:
    file = Path(sys.argv[1])
    from geo_rewards_trl.interruptions.endings import end_process

    rank = os.environ["RANK"]
    keep_the_process_group()
    for name, flags in json.loads(file.read_text()).items():
        record = run_case(flags)
        (file.parent / f"{name}.rank{rank}.json").write_text(json.dumps(record))
        forget_the_last_run()
    end_process()


if __name__ == "__main__":
    main()
