"""Rewards for all levels of a place together: how deep they are right, and whether they agree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from geo_rewards.contract.reward import Reward
from geo_rewards.rewards.decay import HaversineDecay  # noqa: TC001 - pydantic reads it when the class is created
from geo_rewards.rewards.place_match import Level, PlaceReward, agree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch
    from geo_rewards.types import Place

LEVELS: tuple[Level, ...] = ("country", "region", "city")


class PlaceHierarchy(PlaceReward):
    r"""The value of the deepest level reached: country, region, city, distance.

    In the `chain` mode a level counts only if all above it are right: a right city in a wrong region
    earns only the country's value. In the `deepest` mode it earns the city's, as long as the country is
    right: an answer that names a region here and a city there is then paid for the better guess. A
    level that is switched off, or that the truth does not name, is skipped: it is not a gap. A truth
    is complete at the levels that it has: an answer that is right at the deepest of them earns the value
    of the deepest level, so that a photo of a remote place is worth as much as one of a city. Abstains
    where neither a true country nor a true coordinate is known.

    Source: GeoVista (arXiv 2511.15705), whose values are the defaults and whose mode is `deepest`; GLOBE
    (arXiv 2506.14674).

    Attributes:
        mode: `chain`: the levels count up to the first that is wrong; `deepest`: the deepest right one
            counts, within the right country.
        country: Value of the right country.
        region: Value if the region is right too; null leaves the region out.
        city: Value if the city is right too; null leaves the city out.
        decay: Adds a decay of the distance once the deepest level is right: the parameters of
            `haversine_decay`, such as `{curve: exponential, scale_km: 25}`. It adds nothing where
            the answer has no coordinate, and its full value where the truth has none.
        decay_weight: Value of the full decay, at distance 0; 1 if not given.

    >>> answer = "<think>x</think><answer>Country: Germany\nRegion: Bayern\nCity: {}</answer>"
    >>> truth = {"country": ["DE"] * 2, "region": ["Bavaria"] * 2, "city": ["Munich"] * 2}
    >>> PlaceHierarchy()([answer.format("München"), answer.format("Augsburg")], **truth)
    [1.0, 0.5]
    """

    name = "place_hierarchy"
    range = (0.0, 1.0)
    needs = ("country",)
    formula = (
        "deepest level reached (chain: without a gap): its value, else 0; "
        "the deepest level's value + decay_weight * decay(d) if no level that the truth names is wrong"
    )
    reference = (
        "GeoVista (arXiv 2511.15705): 1, 2, 4 of 4, deepest; GLOBE (arXiv 2506.14674): country 0.2, city 1"
    )

    mode: Literal["chain", "deepest"] = "chain"
    country: float = Field(default=0.25, ge=0, allow_inf_nan=False)
    region: float | None = Field(default=0.5, ge=0, allow_inf_nan=False)
    city: float | None = Field(default=1.0, ge=0, allow_inf_nan=False)
    decay: HaversineDecay | None = None
    decay_weight: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        values = [value for value in (self.country, self.region, self.city) if value is not None]
        if any(deeper < value for value, deeper in pairwise(values)):
            raise ValueError(f"values of country, region and city must not decrease, not {values}")
        if self.decay is None and self.decay_weight is not None:
            raise ValueError("decay_weight needs a decay, such as {curve: exponential}")
        if self.decay is not None and self.decay_weight is None:
            self.__dict__["decay_weight"] = 1.0
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """0, and the deepest level's value plus the decay's highest."""
        return 0.0, self._deepest + self._most_of_decay

    @property
    def _deepest(self) -> float:
        return max(value for value in (self.country, self.region, self.city) if value is not None)

    @property
    def _most_of_decay(self) -> float:
        return 0.0 if self.decay is None else (self.decay_weight or 0.0) * self.decay.bounds[1]

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Go down the levels of each answer; add the decay where all of them are right."""
        rows = zip(self.places(batch), batch.truth_places, self.both_located(batch), strict=True)
        reached = [self._reached(place, truth, located=located) for place, truth, located in rows]
        if self.decay is None:
            return [value for value, _ in reached]
        weight, most = self.decay_weight or 0.0, self._most_of_decay
        decays = zip(self.decay.score_batch(batch), batch.has_truth(("coordinate",)), strict=True)
        added = [weight * (decay or 0.0) if is_known else most for decay, is_known in decays]
        pairs = zip(reached, added, strict=True)
        return [value if wrong else value + more for (value, wrong), more in pairs]

    def reasons(self, batch: Batch, row: int) -> list[str]:
        """Say at which level a row's answer stopped being right, and what the truth is there."""
        place, truth = self.places(batch)[row], batch.truth_places[row]
        located = self.both_located(batch)[row]
        _, level = self._reached(place, truth, located=located)
        if level is None:
            known = [name for name in LEVELS if getattr(self, name) is not None and getattr(truth, name)]
            if self.mode == "deepest":
                return [f"right at the deepest level that the truth has: {known[-1]}"] if known else []
            return [f"right at every level that the truth has: {', '.join(known)}"] if known else []
        written = getattr(place, level)
        given = f"the answer gives no {level}" if written is None else f"the answer is {written!r}"
        return [f"stopped at {level}: the truth is {getattr(truth, level)!r}, {given}"]

    def _reached(self, place: Place, truth: Place, *, located: bool) -> tuple[float, Level | None]:
        """Return the value of the deepest level reached, and the next one, which is wrong, if any."""
        reached, wrong = 0.0, None
        for level in LEVELS:
            value: float | None = getattr(self, level)
            if value is None or getattr(truth, level) is None:
                continue
            if agree(place, truth, level=level, located=located):
                reached, wrong = value, None
            elif self.mode == "chain" or level == "country":
                return reached, level
            else:
                wrong = wrong or level
        return (self._deepest if wrong is None else reached), wrong


class PlaceConsistency(Reward):
    """1 if the answer's coordinate lies in the country (and region) that the answer names, else 0.

    0 if the name or the coordinate is missing. What the truth says does not matter, except where
    nothing can be consistent: the reward abstains if the truth is a place without a coordinate, or if
    its coordinate lies in no country (or region). One fixed answer that agrees with itself would earn
    it on every photo: give it a small weight, and a gate that opens only for right answers.

    Source: this library; Geo-R's Chain of Region (arXiv 2601.00388) asks for such agreement.

    Attributes:
        level: `country`, or `region` for the region too.

    >>> answers = ["Country: France (48.86, 2.35)", "Country: Spain (48.86, 2.35)", "48.86, 2.35"]
    >>> PlaceConsistency()([f"<think>x</think><answer>{answer}</answer>" for answer in answers])
    [1.0, 0.0, 0.0]
    """

    name = "place_consistency"
    range = (0.0, 1.0)
    formula = "1 if the named country (and region) is where the coordinate lies, else 0"
    reference = "this library; the agreement that Geo-R's Chain of Region (arXiv 2601.00388) asks for"

    level: Literal["country", "region"] = "country"

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Compare the place each answer names with where its coordinate lies."""
        rows = zip(batch.named_places, batch.located_places, self._possible(batch), strict=True)
        return [
            float(self._agrees(named, located)) if possible else None for named, located, possible in rows
        ]

    def reasons(self, batch: Batch, row: int) -> list[str]:
        """Say why nothing can be consistent on a row, if that is the case."""
        if self._possible(batch)[row]:
            return []
        if not batch.has_truth(("coordinate",))[row]:
            return ["the truth has no coordinate"]
        return [f"the truth's coordinate lies in no known {self.level}"]

    def _possible(self, batch: Batch) -> list[bool]:
        """Return for each row whether an answer could be right and agree with itself."""
        lies = [getattr(place, self.level) is not None for place in batch.located_truths]
        if all(lies):
            return lies
        rows = zip(lies, batch.has_truth(("coordinate",)), batch.truth_places, strict=True)
        return [lying or not (located or _names_a_place(truth)) for lying, located, truth in rows]

    def _agrees(self, named: Place, located: Place) -> bool:
        levels = LEVELS[: LEVELS.index(self.level) + 1]
        return all(agree(named, located, level=level) for level in levels)


def _names_a_place(truth: Place) -> bool:
    return any(getattr(truth, level) is not None for level in LEVELS)
