"""Short, old and romanised forms of regions."""

import pytest

from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.names import same_region
from geo_rewards.geo.place_table import region_names
from geo_rewards.geo.regions import REGION_FORMS, regions_named

FORMS = [(country, form, region) for country, forms in REGION_FORMS.items() for form, region in forms.items()]


@pytest.mark.parametrize(("country", "form", "region"), FORMS)
def test_every_form_leads_to_a_region_that_the_tables_have(country, form, region):
    assert plain_key(form) == form
    assert regions_named(form, country) == region_names(country)[region]


@pytest.mark.parametrize(
    ("a", "b", "country"),
    [
        ("Moscow Region", "Moscow", "RU"), ("Kyiv Region", "Kyiv", "UA"),
        ("Altai Republic", "Altai Krai", "RU"),
        ("State of Mexico", "Mexico City", "MX"), ("Leningrad Oblast", "Saint Petersburg", "RU"),
        ("Shanxi", "Shaanxi", "CN"), ("Virginia", "West Virginia", "US"), ("Pest", "Budapest", "HU"),
        ("Washington", "District of Columbia", "US"), ("Bavaria or Hesse", "Bavaria", "DE"),
    ],
)  # fmt: skip
def test_regions_that_sound_alike_are_not_the_same(a, b, country):
    assert not same_region(a, b, country=country)
    assert not same_region(b, a, country=country)


def test_the_word_for_the_division_distinguishes_a_region_from_its_capital():
    assert same_region("Kyiv Province", "Kyiv Oblast", country="UA")


def test_a_region_has_the_names_of_the_city_it_is_named_after():
    assert same_region("Makkah Province", "Mecca", country="SA")
    assert same_region("Cusco", "Cuzco", country="PE")


def test_an_unknown_country_has_no_regions():
    assert regions_named("Bavaria", "ZZ") == frozenset()
