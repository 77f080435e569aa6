"""Regions by name: those the gazetteer knows, plus short, old and romanised forms that it lacks."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo_rewards.geo.city_words import says_kind
from geo_rewards.geo.countries import country_code
from geo_rewards.geo.keys import MAX_NAME_LENGTH, name_key, plain_key
from geo_rewards.geo.name_parts import split_names
from geo_rewards.geo.place_table import city_rows, load_places, region_names
from geo_rewards.geo.subdivisions import subdivision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_rewards.geo.name_parts import NameParts

REGION_FORMS: Mapping[str, Mapping[str, str]] = {
    country: {
        form: region
        for line in lines.split("; ")
        for region, forms in [line.split(": ")]
        for form in forms.split(", ")
    }
    for country, lines in {
        "AE": "dubayy: dubai emirate",
        "BE": "brussels capital: brussels, bruxelles, brussels region",
        "CA": "newfoundland and labrador: newfoundland, labrador, nfld; prince edward island: pei",
        "CL": "santiago metropolitan: region metropolitana",
        "CN": "xinjiang: xinjiang uygur, xinjiang uyghur; guangxi: guangxi zhuang; ningxia: ningxia hui; "
        "inner mongolia: nei mongol, neimenggu, nei menggu; tibet: xizang, tar; sichuan: szechwan, szechuan; "
        "zhejiang: chekiang; guangdong: kwangtung; fujian: fukien; jiangsu: kiangsu; jiangxi: kiangsi; "
        "guizhou: kweichow; guangxi: kwangsi; shandong: shantung; henan: honan; hebei: hopeh, hopei; "
        "hubei: hupeh, hupei; gansu: kansu; heilongjiang: heilungkiang; jilin: kirin; qinghai: tsinghai, "
        "chinghai; shaanxi: shensi; shanxi: shansi; xinjiang: sinkiang; anhui: anhwei",
        "CO": "bogota dc: bogota",
        "DE": "north rhine westphalia: nrw",
        "FR": "ile de france: paris region, greater paris; provence alpes cote dazur: paca",
        "GB": "england: angleterre, inglaterra, inghilterra; scotland: ecosse, escocia, schottland, scozia; "
        "wales: pays de galles, gales, galles; northern ireland: ulster, nordirland, irlande du nord",
        "IE": "leinster: laighin; connaught: connacht; munster: an mhumhain, mumhan; ulster: ulaidh",
        "IN": "odisha: orissa; uttarakhand: uttaranchal; west bengal: paschim bengal, paschimbanga; "
        "delhi: nct, nct of delhi",
        "IT": "trentino alto adige: trentino south tyrol",
        "KR": "gyeongsangbuk do: north gyeongsang; gyeongsangnam do: south gyeongsang; "
        "jeollabuk do: north jeolla; jeollanam do: south jeolla; chungcheongnam do: south chungcheong; "
        "jeju do: cheju",
        "MX": "mexico: edomex",
        "MY": "melaka: malacca",
        "PH": "national capital region: metro manila, ncr",
        "PK": "khyber pakhtunkhwa: kpk, nwfp, north west frontier province",
        "RU": "primorskiy kray: primorsky; krasnodarskiy kray: krasnodar, krasnodarskiy, kuban; "
        "sakha: yakutia; transbaikal territory: zabaykalsky, transbaikal; "
        "moscow oblast: moscow region, moscow province; altayskiy kray: altai krai",
        "VN": "ho chi minh: ho chi minh city, hcmc, saigon",
        "US": "massachusetts: mass; california: calif; pennsylvania: penn; connecticut: conn",
    }.items()
}
"""By country: forms missing from the tables, mapped to a name that they have, both as `plain_key`."""

_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def regions_named(name: str, country: str) -> frozenset[int]:
    """Return the regions (indices into `Places.regions`) of a country with a name, however written.

    An ISO 3166-2 code counts as a name, as do two names of one region (`Catalonia (Catalunya)`) and a
    region with its country (`Bavaria, Germany`).
    """
    return _regions_named(name, country) if len(name) <= MAX_NAME_LENGTH else frozenset()


@lru_cache(maxsize=65536)
def _regions_named(name: str, country: str) -> frozenset[int]:
    known = _regions_of_one(name, country)
    if known:
        return known
    parts = split_names(name)
    return _regions_of_parts(parts, country) if parts is not None else known


def _regions_of_parts(parts: NameParts, country: str) -> frozenset[int]:
    known = [_regions_of_one(part, country) for part in parts.names]
    if parts.are_alternatives or all(known):
        return frozenset.intersection(*known)
    if len(known) != 2:
        return frozenset()
    first, note = known[0], parts.names[1]
    if not first:  # `Germany, Bavaria`
        return known[1] if country_code(parts.names[0]) == country else frozenset()
    if country_code(note) == country or says_kind(note):
        return first
    inside = city_rows(plain_key(note), country=country)
    return first & {int(load_places().region[row]) for row in inside}


def _regions_of_one(name: str, country: str) -> frozenset[int]:
    names, forms = region_names(country), REGION_FORMS.get(country, {})
    plain, bare = plain_key(name), name_key(name)
    for key in (plain, bare):
        if key in forms:
            return names[forms[key]]
    if plain in names:
        return names[plain]
    code = subdivision(name, country)
    if code is not None and not code.names:
        return names.get(code.region, frozenset())
    known = _bare_names(country).get(bare) or _bare_names(country).get(_without_umlauts(bare))
    if known is None:
        return _regions_of_capital(bare, country) if bare else frozenset()
    if len(known) > 1:  # Kyiv and Kyiv Oblast: only the word for the division distinguishes them
        known = known - names.get(bare, frozenset())
    return known if len(known) == 1 else frozenset()


def regions_around(name: str, country: str) -> frozenset[int]:
    """Return the regions that a name means or lies in: `PA` in Italy is in Sicily."""
    known = regions_named(name, country)
    code = None if known else subdivision(name, country)
    return known if code is None else region_names(country).get(code.region, frozenset())


@cache
def _bare_names(country: str) -> Mapping[str, frozenset[int]]:
    """Return the regions by name, without the word for the division."""
    regions: dict[str, frozenset[int]] = {}
    for key, known in region_names(country).items():
        bare = name_key(key)
        regions[bare] = regions.get(bare, frozenset()) | known
    return regions


def _without_umlauts(key: str) -> str:
    for written, folded in _UMLAUTS:
        key = key.replace(written, folded)
    return key


def _regions_of_capital(key: str, country: str) -> frozenset[int]:
    """Return the regions named after one of their cities that has this name: `Makkah` for Mecca."""
    places = load_places()
    rows = city_rows(key, country=country)
    return frozenset(
        int(places.region[row])
        for row in rows
        if name_key(places.regions[places.region[row]] or "") == name_key(places.names[row])
    )
