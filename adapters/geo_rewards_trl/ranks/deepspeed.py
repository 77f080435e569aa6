"""What DeepSpeed needs on machines without a GPU, and how it is kept out of the way."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trl import GRPOConfig


def use_deepspeed_on_cpu() -> None:
    """Keep DeepSpeed from compiling its shared-memory operation, which takes minutes and only serves CPUs."""
    import torch

    if torch.cuda.is_available():
        return
    import deepspeed

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False


def start_deepspeed(training: GRPOConfig) -> None:
    """Initialise DeepSpeed's communication where accelerate does not.

    With `use_cpu`, accelerate skips it, and the run would die with ``train_batch_size is not equal``.
    """
    if training.deepspeed is None or not training.use_cpu:
        return
    import deepspeed

    deepspeed.init_distributed(dist_backend="gloo")


@contextmanager
def without_zero3(training: GRPOConfig) -> Iterator[None]:
    """Build a model unpartitioned: under ZeRO-3, transformers would split its weights and wait for others."""
    from transformers.integrations.deepspeed import set_hf_deepspeed_config, unset_hf_deepspeed_config

    # The first exists only with --deepspeed, the second with a configuration of `accelerate launch`.
    config = getattr(training, "hf_deepspeed_config", None)
    config = config or getattr(getattr(training, "deepspeed_plugin", None), "dschf", None)
    unset_hf_deepspeed_config()
    try:
        yield
    finally:
        if config is not None:
            set_hf_deepspeed_config(config)
