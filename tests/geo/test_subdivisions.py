"""Codes of ISO 3166-2, against what everybody knows of a few and against the table of regions for all."""

import pytest

from geo_rewards.geo.places import load_places, region_names
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
    ],
)
def test_a_code_is_a_name_of_its_region(code, country, region):
    assert names(regions_named(code, country)) == {region}


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("US-CA", "CA"),  # its letters are another country's
        ("01", "JP"),  # digits alone are no code
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
def test_what_is_no_code_of_the_country_is_no_subdivision(code, country):
    assert subdivision(code, country) is None


def test_a_code_of_a_deeper_order_tells_where_it_lies_and_is_not_that_region():
    assert names(regions_around("PA", "IT")) == {"Sicily"}
    assert regions_named("IT-PA", "IT") == frozenset()
    assert subdivision("IE-WW", "IE") == ("leinster", "Wicklow")


def test_every_line_points_to_a_region_of_its_country():
    assert len(LINES) > 5000
    for code, region, name in LINES:
        country = code[:2]
        assert region or name
        if region:
            found = regions_named(region, country) if not name else regions_around(code, country)
            assert region in names(found), code


def test_nearly_every_region_of_a_large_country_has_one_code():
    first_order = [(code, region) for code, region, name in LINES if not name]
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
