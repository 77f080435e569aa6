"""Rewards for the right country, region and city.

A field matches as a whole, after normalisation and alias lookup, never by containment: "France,
Spain or Italy" is one wrong field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from geo_rewards.geo import same_city, same_region
from geo_rewards.reward import Reward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch import Batch
    from geo_rewards.types import GroundTruth, Place


class PlaceMatch(Reward):
    """What the place rewards share: which places of the answer count.

    Attributes:
        source: `text`: what the answer names; `coordinate`: where its coordinate lies; `either`: for
            each of country, region and city the name if the answer gives one, else the coordinate's.
    """

    reference = "the usual place accuracies; source=either as in GeoVista and GLOBE"

    source: Literal["text", "coordinate", "either"] = "either"

    def places(self, batch: Batch) -> list[Place]:
        """Return the place of each answer, as `source` says."""
        if self.source == "text":
            return batch.named_places
        return batch.located_places if self.source == "coordinate" else batch.answer_places

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Compare each answer's place with its truth."""
        pairs = zip(self.places(batch), batch.truths, strict=True)
        return [1.0 if self.agrees(place, truth) else 0.0 for place, truth in pairs]

    def agrees(self, place: Place, truth: GroundTruth) -> bool:
        """Return whether the place is the true one, at this reward's level."""
        return place.country is not None and place.country == truth.country


class CountryMatch(PlaceMatch):
    """1 if the answer's country is the true one, else 0.

    Countries are compared as ISO 3166-1 codes: HK is not CN, and England, Scotland, Wales and
    Northern Ireland are GB. Abstains where neither a true country nor a true coordinate is known.

    >>> CountryMatch()(["<think>x</think><answer>Country: Deutschland</answer>"], country=["DE"])
    [1.0]
    """

    name = "country_match"
    needs = ("country",)
    formula = "1 if the country is the true one, else 0"


class RegionMatch(PlaceMatch):
    r"""1 if the answer's region (admin1) is the true one and its country too, else 0.

    Abstains where neither the true region nor a true coordinate is known.

    >>> answer = "<think>x</think><answer>Country: Japan\nRegion: Hokkaidō Prefecture</answer>"
    >>> RegionMatch()([answer], country=["JP"], region=["Hokkaido"])
    [1.0]
    """

    name = "region_match"
    needs = ("country", "region")
    formula = "1 if region and country are the true ones, else 0"

    def agrees(self, place: Place, truth: GroundTruth) -> bool:
        """Compare country and region."""
        return (
            super().agrees(place, truth)
            and place.region is not None
            and truth.region is not None
            and same_region(place.region, truth.region, country=truth.country or "")
        )


class CityMatch(PlaceMatch):
    """1 if the answer's city is the true one and its country too, else 0.

    Any known name of the city counts (München is Munich). Abstains where neither the true city nor
    a true coordinate is known.

    Attributes:
        source: As for `PlaceMatch`.
        within_km: If given, a coordinate no farther than this from the true one counts too, in km.

    >>> answer = "<think>x</think><answer>Country: Germany, City: München</answer>"
    >>> CityMatch()([answer], country=["DE"], city=["Munich"])
    [1.0]
    """

    name = "city_match"
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

    def agrees(self, place: Place, truth: GroundTruth) -> bool:
        """Compare country and city."""
        return (
            super().agrees(place, truth)
            and place.city is not None
            and truth.city is not None
            and same_city(place.city, truth.city, country=truth.country or "")
        )
