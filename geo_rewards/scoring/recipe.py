"""`Recipe`: a set of rewards with parameters, weights and gates, and how they score a batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.batch import Batch
from geo_rewards.batch.tables import read_table
from geo_rewards.contract.silence import warn_of_silence
from geo_rewards.errors import (
    RecipeError,
    UnknownNameError,
    hint,
    nearest_names,
)
from geo_rewards.registry.lookup import find_reward
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.column import Column
from geo_rewards.scoring.display import recipe_line, recipe_table
from geo_rewards.scoring.entries import (
    FoundEntry,
    build_reward,
    create_reward,
    explicit_parameters,
    find_entries,
    scoring_order,
)
from geo_rewards.scoring.file import Entry, OnError, RecipeFile, parse_recipe
from geo_rewards.scoring.limits import check_bounds, check_closed_value, check_gates, check_totals
from geo_rewards.scoring.named import find_recipe_file, origin_of
from geo_rewards.scoring.overrides import override_entries
from geo_rewards.scoring.scores import Scores
from geo_rewards.scoring.settling import (
    closed_rows,
    errors_by_row,
    multiplied,
    spanned,
    value_when_closed,
    with_errors_replaced,
    with_label,
)
from geo_rewards.scoring.shared_scoring import NamedReward, SharedScoring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo_rewards.contract.reward import Reward


class Recipe:
    """Rewards with parameters, weights and gates, ready to score.

    Args:
        file: The recipe as written, or the content of its file as a dict.
        origin: The name or path that it was loaded from, for messages.
        found: The entries with their rewards, if already looked up; replaces the file's entries.

    Raises:
        RecipeError: If labels repeat, a gate or factor refers to an unknown label, gates and factors form a
            cycle, or a reward or parameter is unknown or invalid.
        PluginError: If the plugin of a reward is broken.
    """

    def __init__(
        self,
        file: RecipeFile | Mapping[str, Any],
        *,
        origin: str = "recipe",
        found: Mapping[str, FoundEntry] | None = None,
    ) -> None:
        self.origin = origin
        file = file if isinstance(file, RecipeFile) else parse_recipe(file, where=origin)
        self._found = dict(find_entries(file.rewards, origin) if found is None else found)
        self.entries: dict[str, Entry] = {label: found.entry for label, found in self._found.items()}
        self.file = file.model_copy(update={"rewards": tuple(self.entries.values())})
        self._order = scoring_order(self.entries, origin)
        self._rewards = {label: create_reward(found, origin) for label, found in self._found.items()}
        self._check_limits()
        if file.gazetteer is not None:  # an unknown name is an error now, not at the first batch
            get_registry().check_gazetteer(file.gazetteer)

    def _check_limits(self) -> None:
        for label, entry in self.entries.items():
            where = f"{self.origin}: reward {label!r}"
            check_bounds(self._rewards[label], where=where)
            check_closed_value(entry, self._multiplied_bounds(label)[1], where=where)
        check_gates(self.entries, self.final_bounds, self.origin)
        check_totals(self.weighted_bounds, self.origin)

    def __repr__(self) -> str:
        """Show the terms of the total, and what a row can earn."""
        return recipe_line(self.origin, self.entries, self.bounds)

    def _repr_html_(self) -> str:
        """Show the rewards as a table in a notebook."""
        return recipe_table(self.origin, self.entries, self.bounds)

    @property
    def rewards(self) -> dict[str, Reward]:
        """The reward objects by label, in order."""
        return dict(self._rewards)

    @property
    def weighted_labels(self) -> list[str]:
        """The labels whose rewards count in the total, in order."""
        return [label for label, entry in self.entries.items() if entry.weight]

    @property
    def weights(self) -> list[float]:
        """The weights that belong to `trl_rewards`, in order."""
        return [self.entries[label].weight for label in self.weighted_labels]

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest total that a row can earn, if no reward abstains."""
        ends = self.weighted_bounds.values()
        return sum(low for low, _ in ends), sum(high for _, high in ends)

    @property
    def weighted_bounds(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest contribution of each weighted reward to the total, by label."""
        return {
            label: spanned([self.entries[label].weight], self.final_bounds(label))
            for label in self.weighted_labels
        }

    def final_bounds(self, label: str, *, factor: float | None = None) -> tuple[float, float]:
        """Return the lowest and highest value of an entry after its factor and gate, before its weight.

        Args:
            label: The entry.
            factor: The value of its factor, if known.
        """
        entry = self.entries[label]
        low, high = self._multiplied_bounds(label, factor=factor)
        if entry.gate is None or isinstance(entry.gate.otherwise, str):
            return low, high
        return min(low, entry.gate.otherwise), max(high, entry.gate.otherwise)

    def score(self, completions: Sequence[Any], **columns: Any) -> Scores:
        """Score completions.

        Args:
            completions: Strings, or lists of chat messages.
            **columns: Columns by name, one value per completion, as for `Reward.__call__`; the
                recipe's `columns` say which of them contain the truth.

        Raises:
            RewardError: If a reward fails and its `on_error` is ``raise`` (the default here).
            TruthError: If a truth is unreadable; names the row.
            RecipeError: If a column that the recipe names is missing.
        """
        return self._score_with_warning(completions, columns, default_on_error="raise")

    def score_in_training(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Score like `score`, but a reward that fails abstains unless the recipe says otherwise."""
        return self._score_with_warning(completions, columns, default_on_error="abstain")

    def _score_with_warning(
        self, completions: Any, columns: Mapping[str, Any], *, default_on_error: OnError
    ) -> Scores:
        """Score, and warn if no row has what the rewards need to judge: its columns are probably misnamed."""
        completions, columns = read_table(completions, columns)
        scores = self.score_columns(completions, columns, default_on_error=default_on_error)
        judges = [label for label in self.weighted_labels if self._rewards[label].needs]
        if judges and all(set(scores.rewards[label]) == {None} for label in judges):
            needs = [field for label in judges for field in self._rewards[label].needs]
            who = f"{self.origin}: {' and '.join(judges)} {'abstains' if len(judges) == 1 else 'abstain'}"
            warn_of_silence(who, needs, scores.batch, columns)
        return scores

    def score_columns(
        self, completions: Sequence[Any], columns: Mapping[str, Any], *, default_on_error: OnError
    ) -> Scores:
        """Score like `score`, with another default for `on_error`: in training it is ``abstain``."""
        gazetteer = (
            get_registry().get_gazetteer(self.file.gazetteer or "default") if self.file.gazetteer else None
        )
        completions, columns = read_table(completions, columns)
        batch = Batch(completions, self.map_columns(columns), gazetteer=gazetteer)
        done: dict[str, Column] = {}
        for label in self._order:
            on_error = self.entries[label].on_error
            policy = default_on_error if on_error is None else on_error
            done[label] = self._score_entry(label, batch, done, on_error=policy)
        faulty = {row for column in done.values() for row in column.errors if column.final[row] is None}
        return Scores(batch, {label: done[label] for label in self.entries}, frozenset(faulty))

    def map_columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns with the truth under its standard names.

        Raises:
            RecipeError: If a column that the recipe names is missing.
        """
        mapped = dict(columns)
        for field, source in self.file.columns.items():
            if source not in columns:
                known = f" (columns: {', '.join(map(str, columns)) or 'none'})"
                nearest = hint(nearest_names(source, columns, count=1)) or known
                raise RecipeError(
                    f"{self.origin}: column {source!r}, named for {field!r}, is not in the data{nearest}"
                )
            mapped[field] = columns[source]
        return mapped

    def trl_rewards(self) -> list[NamedReward]:
        """Return the weighted rewards as named callables, in the order of `weights`.

        TRL calls them one by one with the same lists: the first call scores the complete recipe, the
        others read their column of the result. In training a reward that fails abstains by default.
        """
        return SharedScoring(self.weighted_labels, self.score_in_training).named_rewards()

    def override(self, values: Mapping[str, Any]) -> Recipe:
        """Return a recipe with other parameters.

        Args:
            values: New values by ``label.parameter`` (or ``label.weight``).

        Raises:
            RecipeError: If a label or parameter does not exist.
        """
        found = override_entries(self._found, values, origin=self.origin)
        return Recipe(self.file, origin=self.origin, found=found)

    def with_on_error(self, on_error: OnError) -> Recipe:
        """Return a recipe in which every entry has this `on_error`."""
        update = {"on_error": on_error}
        found = {
            label: replace(found, entry=found.entry.model_copy(update=update))
            for label, found in self._found.items()
        }
        return Recipe(self.file, origin=self.origin, found=found)

    def resolved(self) -> dict[str, Any]:
        """Return the recipe with every parameter and default explicit, as JSON values that load again."""
        rewards = []
        for label, entry in self.entries.items():
            written = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
            params = explicit_parameters(self._rewards[label])
            sha256 = self._found[label].found.sha256
            pin = {} if sha256 is None else {"sha256": sha256}
            rewards.append({**written, **pin, "params": params})
        columns: dict[str, str] = {**self.file.columns}
        return {"rewards": rewards, "columns": columns, "gazetteer": self.file.gazetteer or "default"}

    def provenance(self) -> dict[str, str]:
        """Return where each label's reward comes from: distribution and version, or file and sha256."""
        return {label: str(found.found.source) for label, found in self._found.items()}

    def _score_entry(
        self, label: str, batch: Batch, done: Mapping[str, Column], *, on_error: OnError
    ) -> Column:
        entry, reward = self.entries[label], self._rewards[label]
        outcomes = reward.outcomes(batch, timeout_s=entry.timeout_s)
        errors = errors_by_row(outcomes)
        for row in batch.picture_faults:  # the model saw another picture: no reward can judge its answer
            outcomes[row] = None
            errors.pop(row, None)
        if errors and on_error == "raise":
            raise with_label(next(iter(errors.values())), label)
        ungated = with_errors_replaced(outcomes, errors, on_error=on_error)
        if entry.factor is not None:
            ungated = multiplied(ungated, done[entry.factor].final)
        closed = closed_rows(entry, ungated, done)
        final = list(ungated)
        for row, gate_value in closed.items():
            final[row] = value_when_closed(entry, gate_value)
        notes = batch.drain_notes()
        own = getattr(reward, "reasons", None)
        reasons = own if callable(own) else None
        bounds = self._multiplied_bounds(label)
        return Column(entry, ungated, final, frozenset(closed), errors, notes, bounds, reward.needs, reasons)

    def _multiplied_bounds(self, label: str, *, factor: float | None = None) -> tuple[float, float]:
        """Return the lowest and highest value of an entry after its factor, whose value may be known."""
        multiplier, bounds = self.entries[label].factor, self._rewards[label].bounds
        if multiplier is None:
            return bounds
        return spanned(self.final_bounds(multiplier) if factor is None else [factor], bounds)


def load_recipe(
    source: str | Path | Mapping[str, Any], *, override: Mapping[str, Any] | None = None
) -> Recipe:
    """Load a recipe by name, from a YAML file or from a dict.

    Args:
        source: A name from ``geo-rewards recipes``; a path that ends in .yaml or .yml; the content of such
            a file; or a reward, by name or as ``./my_reward.py:MyReward``, which is then the only one.
        override: New values by ``label.parameter``, as for `Recipe.override`.

    Raises:
        RecipeError: If the recipe is invalid; names the file, the key and the nearest valid key.
        UnknownNameError: If a recipe or reward does not exist; offers the nearest names.
    """
    origin = origin_of(source)
    return build_recipe(find_recipe_file(source), override or {}, origin=origin)


def build_recipe(file: RecipeFile, override: Mapping[str, Any], *, origin: str) -> Recipe:
    """Return a recipe with some parameters overridden.

    Args:
        file: The recipe as written; it may lack a parameter that `override` gives.
        override: New values by ``label.parameter``.
        origin: Its name or path, for messages.

    Raises:
        RecipeError: If it is invalid with these values.
    """
    found = find_entries(file.rewards, origin)
    return Recipe(file, origin=origin, found=override_entries(found, override, origin=origin))


def recipe_of_rewards(
    names: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    override: Mapping[str, Any] | None = None,
) -> Recipe:
    """Return a recipe of rewards.

    Args:
        names: Names of rewards, or files with a class (``./my_reward.py:MyReward``).
        weights: One weight per name; all 1 if None.
        override: Parameters by ``label.parameter``, where a label is the reward's name.

    Raises:
        RecipeError: If the numbers of names and weights differ, or a name is duplicated.
        UnknownNameError: If a reward does not exist.
    """
    weights = [1.0] * len(names) if weights is None else list(weights)
    if len(weights) != len(names):
        raise RecipeError(f"{len(weights)} weights for {len(names)} rewards: give one weight per reward")
    entries = [{"name": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]
    file = parse_recipe({"rewards": entries}, where="reward functions")
    try:
        return build_recipe(file, override or {}, origin="reward functions")
    except RecipeError as error:
        cause = error.__cause__  # here a misspelt name is wrong usage; in a file, the file is wrong
        if isinstance(cause, UnknownNameError) and cause.kind == "reward":
            raise cause from None
        raise


def get_reward(name: str, **params: Any) -> Reward:
    """Return a reward by name.

    Args:
        name: A name from ``geo-rewards list``, or a file and a class in it (``./my_reward.py:MyReward``).
        **params: Its parameters; see ``geo-rewards describe NAME``.

    Raises:
        UnknownNameError: If the reward does not exist.
        PluginError: If its plugin or its file is broken.
        RecipeError: If a parameter is unknown or invalid.
    """
    return build_reward(find_reward(name).reward_class, params, where=f"reward {name!r}")
