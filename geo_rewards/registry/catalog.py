"""`Catalog`: rewards, recipes or gazetteers by name, each claimed by a plugin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from geo_rewards.errors import PluginError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT_IN = "geo-rewards"
DISABLE_VARIABLE = "GEO_REWARDS_DISABLE_PLUGINS"

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class PluginSource:
    """Where a plugin comes from.

    Attributes:
        distribution: Name of the installed distribution.
        version: Its version.
        entry_point: Name and value of the entry point, as ``name = module``.
    """

    distribution: str
    version: str
    entry_point: str = ""

    @property
    def is_built_in(self) -> bool:
        """Whether it is this library's own plugin."""
        return normalise_name(self.distribution) == normalise_name(BUILT_IN)

    def __str__(self) -> str:
        """Return ``distribution version``."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Claim(Generic[Thing]):
    """A name that a plugin claims, with the thing it names."""

    name: str
    thing: Thing
    source: PluginSource


class Catalog(Generic[Thing]):
    """The things of one kind by name. If two plugins claim a name, neither gets it; built-in ones are kept.

    Args:
        kind: What is listed, for messages: ``reward``, ``recipe`` or ``gazetteer``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._claims: dict[str, list[Claim[Thing]]] = {}

    def add(self, claim: Claim[Thing]) -> None:
        """Record a claim.

        Raises:
            PluginError: If the same plugin has already claimed the name.
        """
        claims = self._claims.setdefault(normalise_name(claim.name), [])
        if any(other.source is claim.source for other in claims):
            raise PluginError(
                f"{self.kind} {claim.name!r} is registered twice by {claim.source}: rename one of them"
            )
        claims.append(claim)

    def discard(self, source: PluginSource) -> list[str]:
        """Forget the claims of a plugin; return their names."""
        names = [claim.name for claim in self.claims_of(source)]
        for key in map(normalise_name, names):
            self._claims[key] = [claim for claim in self._claims[key] if claim.source is not source]
        return names

    def claims_of(self, source: PluginSource) -> list[Claim[Thing]]:
        """Return a plugin's claims, in order."""
        return [claim for claims in self._claims.values() for claim in claims if claim.source is source]

    def refusal(self, claim: Claim[Thing]) -> str | None:
        """Return why a claim is refused, or None if it is not."""
        claims = self._claims[normalise_name(claim.name)]
        owners = [other for other in claims if other.source.is_built_in] or claims
        if len(owners) == 1 and owners[0] is claim:
            return None
        if owners[0].source.is_built_in:
            return f"{self.kind} {claim.name!r} is reserved by {BUILT_IN}"
        return (
            f"{self.kind} {claim.name!r} is claimed by {' and '.join(str(other.source) for other in owners)}"
        )

    def get(self, name: str) -> Claim[Thing]:
        """Return the accepted claim of a name.

        Raises:
            PluginError: If two plugins claim it.
            UnknownNameError: If none does.
        """
        claims = self._claims.get(normalise_name(name))
        if not claims:
            raise UnknownNameError(self.kind, name, self.names())
        accepted = [claim for claim in claims if self.refusal(claim) is None]
        if not accepted:
            refusal = self.refusal(claims[0])
            raise PluginError(f"{refusal}: uninstall one, or block it with {DISABLE_VARIABLE}")
        return accepted[0]

    def names(self) -> list[str]:
        """Return the usable names, sorted."""
        return [claim.name for claim in self]

    def __iter__(self) -> Iterator[Claim[Thing]]:
        """Yield the usable claims, sorted by name."""
        claims = [
            claim for claims in self._claims.values() for claim in claims if self.refusal(claim) is None
        ]
        return iter(sorted(claims, key=lambda claim: claim.name))


def normalise_name(name: str) -> str:
    """Return the form in which names are compared.

    >>> normalise_name("Geo-R.code")
    'geo_r_code'
    """
    return re.sub(r"[-_.]+", "_", name).lower()
