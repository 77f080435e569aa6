"""Rewards for the right country, region and city.

A field matches only in full, after normalisation and alias lookup, never by containment: "France,
Spain or Italy" is one wrong field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from geo_rewards.contract.reward import Reward
from geo_rewards.geo import same_city, same_region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch
    from geo_rewards.types import GroundTruth, Place

Level = Literal["country", "region", "city"]


def agree(place: Place, truth: GroundTruth | Place, *, level: Level, located: bool = False) -> bool:
    """Return whether a place has the true country, region or city, whatever its other levels.

    Args:
        place: A place with the country as ISO code.
        truth: What it is compared with; its country says whose regions and cities are meant.
        level: Which of the three.
        located: Whether both come from the gazetteer, which has one name per place: names must be equal.

    >>> from geo_rewards.types import Place
    >>> agree(Place("DE", "Bayern"), Place("DE", "Bavaria", "Munich"), level="region")
    True
    """
    written, true = getattr(place, level), getattr(truth, level)
    if written is None or true is None:
        return False
    if level == "country" or located:  # two cities of one name in different regions are two cities
        return bool(written == true) and (level != "city" or place.region == truth.region)
    same = same_region if level == "region" else same_city
    return same(written, true, country=truth.country or "")


class PlaceReward(Reward):
    """Base of the rewards for the right place: which places of the answer count.

    Attributes:
        source: `text`: what the answer names; `coordinate`: where its coordinate lies; `either`: for
            each of country, region and city, the name if the answer gives one, else the coordinate's.
    """

    reference = "the usual place accuracies; source=either as in GeoVista and GLOBE"

    source: Literal["text", "coordinate", "either"] = "either"

    def places(self, batch: Batch) -> Sequence[Place]:
        """Return the place of each answer, according to `source`."""
        if self.source == "text":
            return batch.named_places
        return batch.located_places if self.source == "coordinate" else batch.answer_places

    def both_located(self, batch: Batch) -> list[bool]:
        """Return, for each row, whether the answer's place and the true one both come from the gazetteer."""
        if self.source == "text":
            return [False] * len(batch)
        if self.source == "coordinate":
            return batch.truth_is_located
        rows = zip(batch.answer_is_located, batch.truth_is_located, strict=True)
        return [answer and truth for answer, truth in rows]


class PlaceMatch(PlaceReward):
    """Base of the rewards that are 1 or 0: a comparison of one level, within the right country."""

    level: ClassVar[Level] = "country"

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Compare each answer's place with its truth."""
        located = self.both_located(batch)
        alike = batch.located_alike[self.level] if any(located) else [0.0] * len(batch)
        if all(located):
            return alike
        # A group of completions has one truth, and many of them name one place: each two are compared once.
        compared: dict[tuple[int, int], float] = {}
        values: list[float | None] = []
        truths = batch.truth_places
        rows = zip(alike, self.places(batch), batch.truth_countries, located, strict=True)
        for row, (value, place, country, is_located) in enumerate(rows):
            if is_located:
                values.append(value)
            elif place.country != country or country is None:
                values.append(0.0)
            elif self.level == "country":
                values.append(1.0)
            else:
                truth = truths[row]
                pair = id(place), id(truth)
                if pair not in compared:
                    compared[pair] = float(agree(place, truth, level=self.level))
                values.append(compared[pair])
        return values


class CountryMatch(PlaceMatch):
    """1 if the answer's country is the true one, else 0.

    Countries are compared as ISO 3166-1 codes: HK is not CN, and England, Scotland, Wales and
    Northern Ireland are GB. Abstains where neither a true country nor a true coordinate is known.

    Source: the country accuracy of the field.

    >>> CountryMatch()(["<think>x</think><answer>Country: Deutschland</answer>"], country=["DE"])
    [1.0]
    """

    name = "country_match"
    needs = ("country",)
    formula = "1 if the country is the true one, else 0"


class RegionMatch(PlaceMatch):
    r"""1 if the answer's region (admin1) is the true one and its country too, else 0.

    Abstains where neither the true region nor a true coordinate is known.

    Source: the region accuracy of the field, as in SeekWorld.

    >>> answer = "<think>x</think><answer>Country: Japan\nRegion: Hokkaidō Prefecture</answer>"
    >>> RegionMatch()([answer], country=["JP"], region=["Hokkaido"])
    [1.0]
    """

    name = "region_match"
    level = "region"
    needs = ("country", "region")
    formula = "1 if region and country are the true ones, else 0"


class CityMatch(PlaceMatch):
    """1 if the answer's city is the true one and its country too, else 0.

    Any known name of the city counts (München is Munich). Abstains where neither the true city nor
    a true coordinate is known.

    Source: the city accuracy of the field.

    Attributes:
        within_km: If given, a coordinate no farther than this from the true one counts too, in km.

    >>> answer = "<think>x</think><answer>Country: Germany, City: München</answer>"
    >>> CityMatch()([answer], country=["DE"], city=["Munich"])
    [1.0]
    """

    name = "city_match"
    level = "city"
    needs = ("country", "city")
    formula = "1 if city and country are the true ones (or d <= within_km), else 0"

    within_km: float | None = Field(default=None, gt=0)

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Compare names, and distances if `within_km` is given."""
        matches = super().score_batch(batch)
        if self.within_km is None:
            return matches
        near = batch.distance_km <= self.within_km  # false for NaN
        return [1.0 if close else value for close, value in zip(near, matches, strict=True)]
