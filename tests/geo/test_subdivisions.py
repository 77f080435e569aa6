"""ISO 3166-2 codes: a few against common knowledge, all against the table of regions."""

import re
from pathlib import Path

import pytest

from geo_rewards.geo.names import same_region
from geo_rewards.geo.place_table import load_places, region_names
from geo_rewards.geo.regions import regions_around, regions_named
from geo_rewards.geo.subdivisions import subdivision
from geo_rewards.geo.tables import TABLES

LINES = [line.split("\t") for line in (TABLES / "subdivisions.tsv").read_text(encoding="utf-8").splitlines()]


def names(rows):
    return {load_places().regions[row] for row in rows}


@pytest.mark.parametrize(
    ("code", "country", "region"),
    [
        ("US-CA", "US", "California"),
        ("us_ca", "US", "California"),
        ("US.CA", "US", "California"),
        ("CA", "US", "California"),
        ("US-MT", "US", "Montana"),  # `mt` is short for mount elsewhere
        ("MT", "US", "Montana"),
        ("JP-01", "JP", "Hokkaido"),
        ("GB-SCT", "GB", "Scotland"),
        ("FR-IDF", "FR", "Île-de-France"),
        ("SP", "BR", "São Paulo"),
        ("MZ-MPM", "MZ", "Maputo City"),
        ("MZ-L", "MZ", "Maputo"),
        ("UA-30", "UA", "Kyiv"),
        ("UA-32", "UA", "Kyiv Oblast"),
        ("RU-MOS", "RU", "Moscow Oblast"),
        ("UZ-TK", "UZ", "Toshkent Shahri"),
        ("UZ-TO", "UZ", "Toshkent"),
        ("AZ-YE", "AZ", "Yevlax City"),
        ("AZ-YEV", "AZ", "Yevlax"),
        ("TJ-DU", "TJ", "Dushanbe"),
        ("KE-32", "KE", "Nandi"),
    ],
)
def test_a_code_is_a_name_of_its_region(code, country, region):
    assert names(regions_named(code, country)) == {region}


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("US-CA", "CA"),  # its letters belong to another country
        ("01", "JP"),  # digits alone are not a code
        ("B", "ES"),
        ("US-XX", "US"),
        ("US-", "US"),
        ("-CA", "GB"),
        ("US CALIFORNIA", "US"),
        ("", "US"),
        ("US-CA" * 1000, "US"),
        ("US-CA", ""),
    ],
)
def test_anything_but_a_code_of_the_country_is_not_a_subdivision(code, country):
    assert subdivision(code, country) is None


def test_a_deeper_code_says_where_it_lies_and_is_not_that_region():
    assert names(regions_around("PA", "IT")) == {"Sicily"}
    assert regions_named("IT-PA", "IT") == frozenset()
    assert subdivision("IE-WW", "IE") == ("leinster", ("Wicklow",))


@pytest.mark.parametrize(
    ("code", "region"),
    [
        ("IR-00", "Markazī"),
        ("IR-03", "East Azerbaijan"),
        ("IR-10", "Isfahan"),
        ("IR-23", "Tehrān"),
        ("IR-27", "Golestān"),
        ("MA-04", "Rabat-Salé-Kénitra"),
        ("MA-07", "Marrakech-Safi"),
        ("NP-P1", "Koshi"),
    ],
)
def test_a_code_that_iso_has_given_to_another_division_means_that_one(code, region):
    assert names(regions_named(code, code[:2])) == {region}


@pytest.mark.parametrize(
    ("code", "region"),
    [
        ("GB-CMD", "England"),
        ("HU-DE", "Hajdú-Bihar"),
        ("MA-CHT", "Souss-Massa"),
        ("PH-SAR", "Soccsksargen"),  # ISO still lists it in Davao
        ("PS-JEM", "West Bank"),
        ("RS-20", "Central Serbia"),
        ("TW-LIE", "Fukien"),
    ],
)
def test_a_division_of_a_region_lies_in_it(code, region):
    assert regions_named(code, code[:2]) == frozenset()
    assert names(regions_around(code, code[:2])) == {region}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("IT-FI", "Florence"),
        ("IT-FI", "Firenze"),
        ("BE-VAN", "Provincie Antwerpen"),
        ("BE-VAN", "Anvers"),
        ("RS-20", "Nišavski okrug"),
        ("GB-EDH", "City of Edinburgh"),
        ("FI-01", "Åland"),
    ],
)
def test_a_code_that_is_not_a_region_has_names_in_english_and_its_own_language(code, name):
    assert same_region(code, name, country=code[:2])
    assert same_region(name, code, country=code[:2])


def test_a_code_that_is_not_a_region_is_neither_the_region_around_it_nor_its_neighbour():
    assert not same_region("IT-FI", "Tuscany", country="IT")
    assert not same_region("IT-FI", "IT-PA", country="IT")
    assert not same_region("GB-LND", "London", country="GB")  # the City, not Greater London


def test_two_codes_with_the_same_name_are_two_divisions():
    assert not same_region("TW-CYI", "TW-CYQ", country="TW")  # Chiayi, the county and the city
    assert not same_region("EE-897", "EE-899", country="EE")
    assert same_region("TW-CYI", "tw_cyi", country="TW")
    assert same_region("IT-FI", "FI", country="IT")


def test_names_are_free_of_notes():
    for _, region, own in LINES:
        assert not re.search(r"[²³†()\[\]]", own), own
        assert region.strip() == region
        assert all(name.strip() == name != "" for name in own.split("|")) or not own


def test_the_table_says_what_was_decided_by_hand():
    by_hand = Path(__file__).parents[2] / "tools/subdivisions_by_hand.tsv"
    table = {code: (region, own) for code, region, own in LINES}
    decided = [line.split("\t") for line in by_hand.read_text(encoding="utf-8").splitlines()[1:]]
    assert len(decided) > 400
    for code, _, region, around, own in decided:
        if region not in {"", "-"}:
            assert table[code] == (region, "")
        else:
            assert table[code][1]
            assert around in {"", table[code][0]}
            assert own in {"", table[code][1]}


def test_every_line_points_to_a_region_of_its_country():
    assert len(LINES) > 5000
    for code, region, own in LINES:
        country = code[:2]
        assert region or own
        if region:
            found = regions_named(region, country) if not own else regions_around(code, country)
            assert region in names(found), code


def test_nearly_every_region_of_a_large_country_has_one_code():
    first_order = [(code, region) for code, region, own in LINES if not own]
    for country, least in {
        "US": 51,
        "DE": 16,
        "JP": 47,
        "BR": 27,
        "IN": 35,
        "FR": 13,
        "CA": 13,
        "CN": 31,
    }.items():
        own = [region for code, region in first_order if code.startswith(country)]
        assert len(set(own)) == len(own) >= least, country
        assert len(own) <= len(set().union(*region_names(country).values()))
