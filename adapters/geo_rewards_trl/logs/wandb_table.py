"""The table of completions in wandb, which refuses prompts with pictures as TRL hands them over.

A wandb table has one type for each column, and a message list with a picture block has none: TRL's call would
end the run.
"""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

logger = logging.getLogger(__name__)


class LogsWandbTable:
    """Part of a GRPOTrainer: with ``--report_to wandb --log_completions true``, logs the table as text.

    A table that wandb refuses all the same is a warning: no picture of a run is worth the run.
    """

    args: Any
    state: Any
    accelerator: Any
    log_completions: bool
    _logs: Any

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log as TRL does, but wandb's table."""
        trackers = self.args.report_to
        if "wandb" not in trackers or not self.log_completions:
            super().log(logs, start_time)  # type: ignore[misc]  # GRPOTrainer's
            return
        self.args.report_to = [name for name in trackers if name != "wandb"]
        try:
            super().log(logs, start_time)  # type: ignore[misc]  # GRPOTrainer's
        finally:
            self.args.report_to = trackers
        if self.accelerator.is_main_process:
            self._log_table()

    def _log_table(self) -> None:
        import pyarrow.parquet as pq

        wandb: Any = importlib.import_module("wandb")  # no dependency of this library
        if wandb.run is None:
            return
        name = f"completions_{self.state.global_step:05d}.parquet"
        try:
            rows = pq.read_table(Path(self.args.output_dir) / "completions" / name).to_pylist()
            pictures = [[wandb.Image(image) for image in images or ()] for images in self._logs["images"]]
            wandb.log({"completions": wandb.Table(**table_of(rows, pictures))})
        except Exception as error:  # noqa: BLE001 - whatever a tracker does, the run goes on
            logger.warning("wandb took no table of completions at step %d: %r", self.state.global_step, error)


def table_of(rows: Sequence[Mapping[str, Any]], pictures: Sequence[list[Any]]) -> dict[str, list[Any]]:
    """Return columns and data of a table whose prompts and completions are plain text.

    Args:
        rows: What TRL wrote down of each completion.
        pictures: Each row's pictures, which get a column each; empty if there are none.

    >>> prompt = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}]
    >>> completion = [{"role": "assistant", "content": "Rome"}]
    >>> table = table_of([{"prompt": prompt, "completion": completion, "distance": 0.5}], [["a picture"]])
    >>> table["columns"], table["data"]
    (['prompt', 'completion', 'distance', 'image_1'], [['user: [image] Where?', 'Rome', 0.5, 'a picture']])
    """
    columns = list(rows[0]) if rows else []
    as_text: dict[str, Callable[[Any], Any]] = {"prompt": _prompt_text, "completion": completion_text}
    shown = [[as_text.get(name, _as_it_is)(value) for name, value in row.items()] for row in rows]
    if len(pictures) != len(rows):
        return {"columns": columns, "data": shown}
    most = max(map(len, pictures), default=0)
    padded = [[*images, *[None] * (most - len(images))] for images in pictures]
    data = [[*row, *images] for row, images in zip(shown, padded, strict=True)]
    return {"columns": [*columns, *(f"image_{number}" for number in range(1, most + 1))], "data": data}


def _as_it_is(value: Any) -> Any:
    return value


def _prompt_text(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{message['role']}: {_content_text(message['content'])}" for message in prompt)


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(block.get("text") or f"[{block.get('type', 'block')}]") for block in content)
