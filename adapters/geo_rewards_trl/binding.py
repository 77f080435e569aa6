"""Bind a recipe to TRL's GRPOTrainer: rewards, metrics over all ranks, columns for the completions table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.runs.logged_scoring import LoggedScoring
from geo_rewards_trl.ranks.agreement import gather_ranks

if TYPE_CHECKING:
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.shared_scoring import NamedReward


def bind_rewards(
    recipe: Recipe, *, think_opened: bool = False, log_completions: bool = False
) -> list[NamedReward]:
    """Return a recipe's weighted rewards for ``GRPOTrainer(reward_funcs=...)``; pass `recipe.weights` too.

    Beside what TRL logs of each reward, they log parse problems, distances, accuracies, gates, failures
    and more over all ranks; the table in docs/training.md names every key.

    Args:
        recipe: The recipe to score by.
        think_opened: The chat template opens `<think>` in the prompt; see `opens_think`.
        log_completions: Also add parsed answer, truth and distance to the completions table.

    Raises:
        RecipeError: If a label is a column of the completions table.
    """
    scoring = LoggedScoring(
        recipe, gather=gather_ranks, think_opened=think_opened, log_completions=log_completions
    )
    return scoring.named_rewards()


def opens_think(processing_class: Any) -> bool:
    """Return whether the chat template ends the prompt with an open `<think>`."""
    messages = [{"role": "user", "content": [{"type": "text", "text": "Where?"}]}]
    prompt = processing_class.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return str(prompt).rstrip().endswith("<think>")
