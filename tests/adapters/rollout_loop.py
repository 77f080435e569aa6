"""The loop of TRL's asynchronous trainer in its child process, with texts in the place of a vLLM server.

Everything else is TRL's: the child is spawned and receives the rewards by pickling, the rows come from the
data set, and groups are scored in threads.
"""

import asyncio
import itertools
from typing import Any

from trl.experimental.async_grpo.async_rollout_worker import _AsyncRolloutLoop


class CannedLoop(_AsyncRolloutLoop):
    """Answers with given texts, in turn; needs neither vLLM nor aiohttp."""

    def __init__(self, *, texts: list[str], **options: Any) -> None:
        super().__init__(**options)
        self._texts = itertools.cycle(texts)

    async def _run_loops(self, stop_event: asyncio.Event) -> None:
        loops = self._generate_loop, self._score_loop
        await asyncio.gather(*[loop(stop_event=stop_event) for loop in loops])

    async def _generate_one_turn(self, prompt_ids: list[int]) -> tuple[list[int], list[float]]:
        ids = self.tokenizer(next(self._texts))["input_ids"]
        return ids, [-1.0] * len(ids)
