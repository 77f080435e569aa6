"""What goes wrong in a training of the tests: deaths, full disks, rewards that fail or hang.

The environment variable FAULTS holds a JSON list of `{"what": ..., "step": ..., "rank": ..., "life": ...}`;
the life is how often torchrun has restarted the processes.
"""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import time
from functools import cache
from typing import ClassVar

import torch
from transformers import TrainerCallback

import geo_rewards as gr

# Doubles its time with each letter: thirty take minutes.
EVIL = re.compile(r"(a+)+$")


def arm(trainer) -> None:
    """Prepare the faults of this rank and life."""
    here = {"rank": int(os.environ["RANK"]), "life": int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))}
    for fault in json.loads(os.environ.get("FAULTS", "[]")):
        if all(fault.get(key, value) == value for key, value in here.items()):
            WHAT[fault["what"]](trainer, fault["step"])


def kill_in_step(trainer, step: int) -> None:
    """Die at the start of a step, without a word."""

    class Death(TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            if state.global_step + 1 == step:
                os.kill(os.getpid(), signal.SIGKILL)

    trainer.add_callback(Death())


def kill_in_save(trainer, step: int) -> None:
    """Die in the middle of writing a checkpoint: the model is written, the rest is not."""
    save = torch.save

    def save_or_die(*args, **kwargs):
        if trainer.state.global_step == step:
            os.kill(os.getpid(), signal.SIGKILL)
        save(*args, **kwargs)

    torch.save = save_or_die


def full_disk(trainer, step: int) -> None:
    """Let no file grow over 20 kB from a step on."""

    class Limit(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if state.global_step == step:
                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    trainer.add_callback(Limit())


WHAT = {"kill_in_step": kill_in_step, "kill_in_save": kill_in_save, "full_disk": full_disk}


def is_rank(number: int) -> bool:
    return os.environ["RANK"] == str(number)


@cache
def silent_port() -> int:
    """Return a port of this process that takes connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    LISTENING.append(server)
    return server.getsockname()[1]


LISTENING: list[socket.socket] = []


class HangsInRegex(gr.Reward):
    """Hangs in a regular expression on the second rank alone, on every other row."""

    name = "hangs_in_regex"
    timeout_s: ClassVar[float] = 0.3

    def score(self, sample: gr.Sample) -> float | None:
        if is_rank(1) and sample.index % 2:
            EVIL.match("a" * 30 + "!")
        return 1.0


class HangsAsBatch(gr.Reward):
    """Hangs on the first rank alone, and catches what it can."""

    name = "hangs_as_batch"

    def score_batch(self, batch: gr.Batch) -> list[float]:
        while is_rank(0):
            try:
                time.sleep(600)
            except Exception:  # noqa: BLE001 - what the tests are about
                continue
        return [1.0] * len(batch)


class DeadService(gr.Reward):
    """Asks a service that refuses (first rank) or never answers (second rank)."""

    name = "dead_service"
    timeout_s: ClassVar[float] = 0.3

    async def score(self, sample: gr.Sample) -> float | None:
        port = 1 if is_rank(0) else silent_port()
        reader, _ = await asyncio.open_connection("127.0.0.1", port)
        await reader.read(1)
        return 1.0


class BlocksTheLoop(gr.Reward):
    """Calls a service that never answers from `async def`, without awaiting, on the second rank alone."""

    name = "blocks_the_loop"
    timeout_s: ClassVar[float] = 0.3

    async def score(self, sample: gr.Sample) -> float | None:
        if is_rank(1):
            with socket.create_connection(("127.0.0.1", silent_port())) as service:
                service.recv(1)
        return 1.0


class FailsLateOnRank1(gr.Reward):
    """Fails on the second rank alone, in the second half of the run."""

    name = "fails_late_on_rank_1"

    def score(self, sample: gr.Sample) -> float | None:
        if is_rank(1) and sample.progress >= 0.5:
            raise ConnectionError("service is down")
        return 1.0


FAULTY_REWARDS = (HangsInRegex, HangsAsBatch, DeadService, BlocksTheLoop, FailsLateOnRank1)
