"""Whether two names mean the same place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo.names import same_city, same_region

SAME_CITIES = [
    ("Munich", "München", "DE"), ("Munich", "慕尼黑", "DE"), ("Muenchen", "Munich", "DE"),
    ("Tokyo", "東京", "JP"), ("Biei Town", "Biei", "JP"), ("New York", "New York City", "US"),
    ("St. Petersburg", "Санкт-Петербург", "RU"), ("Rome", "Roma", "IT"), ("Bombay", "Mumbai", "IN"),
    ("Kyiv", "Kiev", "UA"), ("Saigon", "Ho Chi Minh City", "VN"), ("Cairo", "القاهرة", "EG"),
    ("City of London", "London", "GB"), ("Mexico City", "Ciudad de México", "MX"),
    ("Peking", "北京", "CN"), ("The Hague", "Den Haag", "NL"), ("Washington", "Washington, D.C.", "US"),
    ("Nowhereville", "nowhereville", "US"),
]  # fmt: skip
OTHER_CITIES = [
    ("Lyon", "Paris", "FR"), ("Paris, Lyon", "Paris", "FR"), ("Paris or Lyon", "Paris", "FR"),
    ("Par", "Paris", "FR"), ("Kansas City", "Kansas", "US"), ("York", "New York", "US"), ("", "", "FR"),
    ("", "Paris", "FR"), ("?", "!", "FR"), ("Salzburg", "Salzburger", "AT"),
]  # fmt: skip
SAME_REGIONS = [
    ("Bavaria", "Bayern", "DE"), ("Île-de-France", "Ile de France", "FR"),
    ("Hokkaidō", "Hokkaido Prefecture", "JP"), ("北海道", "Hokkaido", "JP"),
    ("Catalonia", "Cataluña", "ES"), ("Lombardia", "Lombardy", "IT"),
    ("New York State", "New York", "US"), ("NSW", "New South Wales", "AU"), ("浙江省", "Zhejiang", "CN"),
    ("State of São Paulo", "Sao Paulo", "BR"), ("Bretagne", "Brittany", "FR"),
    ("Genève", "Geneva", "CH"), ("North Holland", "Noord-Holland", "NL"),
    ("Dalarna", "Dalarna County", "SE"), ("Αττική", "Attica", "GR"),
]  # fmt: skip
OTHER_REGIONS = [
    ("Moscow", "Moscow Oblast", "RU"), ("Kyiv", "Kyiv Oblast", "UA"),
    ("Mexico City", "State of Mexico", "MX"), ("England", "Scotland", "GB"),
    ("Normandie, Bretagne", "Normandie", "FR"), ("Punjab", "Sindh", "PK"),
    ("Virginia", "West Virginia", "US"), ("", "", "US"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "country"), SAME_CITIES)
def test_names_of_one_city_match_both_ways(a, b, country):
    assert same_city(a, b, country=country)
    assert same_city(b, a, country=country)


@pytest.mark.parametrize(("a", "b", "country"), OTHER_CITIES)
def test_names_of_other_cities_do_not_match(a, b, country):
    assert not same_city(a, b, country=country)
    assert not same_city(b, a, country=country)


@pytest.mark.parametrize(("a", "b", "country"), SAME_REGIONS)
def test_names_of_one_region_match_both_ways(a, b, country):
    assert same_region(a, b, country=country)
    assert same_region(b, a, country=country)


@pytest.mark.parametrize(("a", "b", "country"), OTHER_REGIONS)
def test_names_of_other_regions_do_not_match(a, b, country):
    assert not same_region(a, b, country=country)
    assert not same_region(b, a, country=country)


def test_aliases_hold_within_their_country_only():
    assert not same_city("Munich", "München", country="FR")
    assert not same_region("Bavaria", "Bayern", country="")


@settings(deadline=None)  # the first calls load the names of a country
@given(st.text(max_size=150), st.sampled_from(["FR", "US", "", "ZZ"]))
def test_any_text_is_answered_and_matches_no_real_place_by_accident(text, country):
    assert isinstance(same_region(text, "Île-de-France", country=country), bool)
    assert not same_city(text + " and Paris", "Paris", country=country)
