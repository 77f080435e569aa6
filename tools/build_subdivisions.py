"""Make subdivisions.tsv: what each ISO 3166-2 code means, from the Unicode CLDR.

    npm pack cldr-subdivisions-full@48.2.0 cldr-core@48.2.0     # and unpack each into a separate folder
    python tools/build_subdivisions.py cldr-subdivisions-full/package cldr-core/package

The CLDR has every current code, what it lies in, and an English name. Each line of the table has the code,
the region in our gazetteer that it is or lies in, and, if it is not a region, its names, joined by `|`: where
codes go deeper than the first order (IT-PA lies in IT-82), or divide the country differently.

A code is the region with its name. Where names do not decide, subdivisions_by_hand.tsv (next to this file)
does; the script prints codes that may be regions by their spelling, for a person to review and add. The
CLDR keeps a code's first name even if ISO has reassigned the code to another division: Iran's codes, all
but two renumbered in 2020, are corrected below, those of Morocco and a few others by hand.
Make places.npz first: the regions are looked up in it.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.geo.keys import name_key, plain_key
from geo_rewards.geo.place_table import city_rows, load_places, region_names
from geo_rewards.geo.regions import REGION_FORMS
from geo_rewards.geo.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BY_HAND = Path(__file__).with_name("subdivisions_by_hand.tsv")
NO_REGION = "-"
LEAST_LIKENESS = 0.6

NOTE = re.compile(r"[²³†]|\([^)]*\)")
"""What the CLDR adds to names that would be duplicates, or to parts of disputed land."""

RENUMBERED = {
    "IR": "01>03 02>04 03>24 04>10 05>16 06>18 07>23 08>14 10>06 11>19 12>20 13>11 14>07 15>08 16>12 17>05 "
    "18>17 19>01 20>15 21>02 22>00 23>22 24>13 25>21 26>25 28>26 30>09 31>28 32>30"
}
"""Codes before and after ISO renumbered a country's divisions (Iran: 24 November 2020)."""


class Code(NamedTuple):
    """An ISO 3166-2 code.

    Attributes:
        name: English name, as the CLDR writes it; empty for a territory that has a country code.
        parent: The country or the code that it lies in.
    """

    name: str
    parent: str


class ByHand(NamedTuple):
    """A line of subdivisions_by_hand.tsv; empty fields are computed.

    Attributes:
        cldr: Name in the CLDR when the line was written: if it differs now, review the line.
        region: The region that the code is, or `-` if it is not one.
        around: The region that it lies in.
        names: Its names, joined by `|`.
    """

    cldr: str
    region: str
    around: str
    names: str


def main() -> None:
    """Write a line for each code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subdivisions", type=Path, help="folder of the npm package cldr-subdivisions-full")
    parser.add_argument("core", type=Path, help="folder of the npm package cldr-core")
    arguments = parser.parse_args()
    codes, by_hand = read_codes(arguments.subdivisions, arguments.core), read_by_hand()
    check(codes, by_hand)
    regions = regions_of(codes, by_hand)
    suggest(codes, regions)
    lines = [line(code, codes, regions=regions, by_hand=by_hand) for code in sorted(codes)]
    (TABLES / "subdivisions.tsv").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    sys.stdout.write(f"subdivisions.tsv: {len(lines)} codes, {len(regions)} of them regions\n")


def read_codes(subdivisions: Path, core: Path) -> dict[str, Code]:
    """Return the codes in use, with their current names."""
    containment = json.loads((core / "supplemental/subdivisionContainment.json").read_text(encoding="utf-8"))
    english = json.loads((subdivisions / "subdivisions/en/en.json").read_text(encoding="utf-8"))
    written = english["subdivisions"]["localeDisplayNames"]["subdivisions"]
    names = {iso_code(code): NOTE.sub("", name).strip() for code, name in written.items()}
    names |= {
        f"{country}-{new}": names[f"{country}-{old}"]
        for country, pairs in RENUMBERED.items()
        for old, new in (pair.split(">") for pair in pairs.split())
    }
    return {
        iso_code(code): Code(names.get(iso_code(code), ""), iso_code(parent))
        for parent, inside in containment["supplemental"]["subdivisionContainment"].items()
        for code in inside["_contains"]
    }


def iso_code(code: str) -> str:
    """Return a code as ISO writes it: `itpa` is IT-PA, and a country's two letters stay as they are."""
    return f"{code[:2]}-{code[2:]}".rstrip("-").upper()


def read_by_hand() -> dict[str, ByHand]:
    """Return what a person has decided about codes."""
    with BY_HAND.open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {code: ByHand(*rest) for code, *rest in rows[1:]}


def check(codes: Mapping[str, Code], by_hand: Mapping[str, ByHand]) -> None:
    """Exit if a decision is about a code that now means something else, or names an unknown region."""
    known = {(country_of(number), name) for number, name in enumerate(load_places().regions)}
    for code, decided in by_hand.items():
        if code not in codes or codes[code].name != decided.cldr:
            raise SystemExit(f"{BY_HAND.name}: {code} is no longer {decided.cldr!r}")
        for region in {decided.region, decided.around} - {"", NO_REGION}:
            if (code[:2], region) not in known:
                raise SystemExit(f"{BY_HAND.name}: {code}: the gazetteer has no region {region!r}")
    for code, (name, _) in codes.items():
        if not name and code not in by_hand:
            raise SystemExit(f"{code} has no name: add it to {BY_HAND.name}")


def country_of(region: int) -> str:
    """Return the code of a region's country."""
    places = load_places()
    return places.countries[int(places.region_country[region])]


def line(
    code: str, codes: Mapping[str, Code], *, regions: Mapping[str, int], by_hand: Mapping[str, ByHand]
) -> str:
    """Return the line for a code: its region, and its names if it is not that region."""
    if code in regions:
        return f"{code}\t{load_places().regions[regions[code]]}\t"
    decided = by_hand.get(code)
    around = next((regions[other] for other in ancestors(code, codes) if other in regions), None)
    name = load_places().regions[around] if around is not None else ""
    if decided is not None:
        name = decided.around or name
    own = decided.names if decided is not None and decided.names else codes[code].name
    return f"{code}\t{name}\t{own}"


def ancestors(code: str, codes: Mapping[str, Code]) -> Iterator[str]:
    """Yield the codes that a code lies in, nearest first."""
    parent = codes[code].parent
    while parent in codes:
        yield parent
        parent = codes[parent].parent


def regions_of(codes: Mapping[str, Code], by_hand: Mapping[str, ByHand]) -> dict[str, int]:
    """Return the region of each code that is one."""
    regions = {}
    for code, decided in by_hand.items():
        if decided.region not in {"", NO_REGION}:
            regions[code] = region_called(decided.region, code[:2])
    not_regions = {code for code, decided in by_hand.items() if decided.region == NO_REGION}
    levels: dict[tuple[str, int], list[str]] = defaultdict(list)
    for code in sorted(codes.keys() - not_regions):
        levels[code[:2], len(list(ancestors(code, codes)))].append(code)
    for _, level in sorted(levels.items()):
        for find in (by_name, by_name_without_kind, by_city):
            regions |= matched(open_codes(level, codes, regions), codes, regions=regions, find=find)
    return regions


def region_called(name: str, country: str) -> int:
    """Return the region of a country with this name in the gazetteer."""
    names = load_places().regions
    return next(i for i, known in enumerate(names) if known == name and country_of(i) == country)


def open_codes(level: list[str], codes: Mapping[str, Code], regions: Mapping[str, int]) -> list[str]:
    """Return the codes of a level that may still be regions: neither they nor those around them are."""
    return [code for code in level if not {code, *ancestors(code, codes)} & regions.keys()]


def free_regions(country: str, regions: Mapping[str, int]) -> list[int]:
    """Return the regions of a country that have no code yet."""
    return sorted(frozenset[int]().union(*region_names(country).values()) - set(regions.values()))


def matched(
    level: list[str],
    codes: Mapping[str, Code],
    *,
    regions: Mapping[str, int],
    find: Callable[[str, str], frozenset[int]],
) -> dict[str, int]:
    """Return the codes whose name means one region that no other code of the level means."""
    taken = set(regions.values())
    found = {code: find(codes[code].name, code[:2]) - taken for code in level}
    claims = Counter(region for known in found.values() for region in known)
    return {code: min(known) for code, known in found.items() if len(known) == 1 and claims[min(known)] == 1}


def by_name(name: str, country: str) -> frozenset[int]:
    """Return the regions with a name."""
    key = plain_key(name)
    return region_names(country).get(REGION_FORMS.get(country, {}).get(key, key), frozenset())


def by_name_without_kind(name: str, country: str) -> frozenset[int]:
    """Return the regions with a name, whatever kind of division it specifies."""
    return bare_names(country).get(name_key(name), frozenset())


@cache
def bare_names(country: str) -> Mapping[str, frozenset[int]]:
    """Return the regions of a country by name, without the word for the division."""
    regions: dict[str, frozenset[int]] = {}
    for key, known in region_names(country).items():
        bare = name_key(key)
        regions[bare] = regions.get(bare, frozenset()) | known
    return regions


def by_city(name: str, country: str) -> frozenset[int]:
    """Return the regions named after one of their cities that has this name: `Agdash` is Ağdaş."""
    places = load_places()
    return frozenset(
        int(places.region[row])
        for row in city_rows(name_key(name), country=country)
        if name_key(places.regions[places.region[row]] or "") == name_key(places.names[row])
    )


def suggest(codes: Mapping[str, Code], regions: Mapping[str, int]) -> None:
    """Print the codes that may be a region without one, with the most similarly named region."""
    for code in open_codes(sorted(codes), codes, regions):
        closest = max(
            ((likeness(codes[code].name, region), region) for region in free_regions(code[:2], regions)),
            default=(0.0, 0),
        )
        if closest[0] >= LEAST_LIKENESS:
            name = load_places().regions[closest[1]]
            sys.stdout.write(f"{code}: {codes[code].name} may be {name} ({closest[0]:.2f})\n")


def likeness(name: str, region: int) -> float:
    """Return how much of a name is in the most similar name of a region, from 0 to 1."""
    key = name_key(name).replace(" ", "")
    others = (name_key(other).replace(" ", "") for other in load_places().region_keys[region])
    return max((SequenceMatcher(None, key, other).ratio() for other in others), default=0.0)


if __name__ == "__main__":
    main()
