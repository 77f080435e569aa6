"""Which city a point or a section lies in."""

import pytest

from geo_rewards.geo.cities import city_of_section
from geo_rewards.geo.gazetteer import get_builtin_gazetteer
from geo_rewards.geo.names import same_city
from geo_rewards.geo.place_table import city_rows, load_places

SECTIONS = [
    ("Paris 16", "Paris", "FR"), ("Paris 16 Passy", "Paris", "FR"),
    ("16th arrondissement of Paris", "Paris", "FR"),
    ("Shibuya, Tokyo", "Tokyo", "JP"), ("Shibuya", "東京", "JP"), ("Manhattan", "New York", "US"),
    ("Brooklyn, New York", "New York City", "US"), ("Kreuzberg", "Berlin", "DE"),
    ("City of Westminster", "London", "GB"),
    ("Prague 1", "Praha", "CZ"), ("Paris, Île-de-France", "Paris", "FR"),
    ("Paris, France", "Paris", "FR"), ("Lyon, Auvergne-Rhône-Alpes, France", "Lyon", "FR"),
]  # fmt: skip
NOT_SECTIONS = [
    ("Paris, Lyon", "Lyon", "FR"), ("Paris, Lyon", "Paris", "FR"),
    ("Shibuya, Osaka", "Tokyo", "JP"),
    ("Paris, Texas", "Dallas", "US"), ("Brooklyn, Queens", "New York", "US"),
    ("Paris, Germany", "Paris", "FR"),
    ("Paris, Paris, Paris, Paris, Paris", "Paris", "FR"), (",", "Paris", "FR"), ("Paris,", "Lyon", "FR"),
    ("Saint-Denis", "Paris", "FR"), ("Kawasaki", "Yokohama", "JP"), ("Cambridge", "Boston", "US"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "city", "country"), SECTIONS)
def test_a_section_is_its_city(section, city, country):
    assert same_city(section, city, country=country)
    assert same_city(city, section, country=country)


@pytest.mark.parametrize(("name", "city", "country"), NOT_SECTIONS)
def test_lists_and_neighbours_are_not_the_city(name, city, country):
    assert not same_city(name, city, country=country)


def test_a_name_shared_by_sections_of_several_cities_does_not_give_the_city():
    places = load_places()
    rows = city_rows("chinatown", country="US")
    cities = {city_of_section(row) for row in rows}
    assert len(cities) > 1
    for city in cities - rows:
        assert not same_city("Chinatown", places.names[city], country="US")


@pytest.mark.parametrize(
    ("lat", "lon", "city"),
    [
        (35.5309, 139.7030, "Kawasaki"),  # Yokohama reaches it, but is farther away relative to its size
        (48.9362, 2.3574, "Saint-Denis"),
        (42.3751, -71.1056, "Cambridge"),
        (36.3356, 43.1189, "Mosul"),  # one of its districts is recorded with more people than the city
        (40.6782, -73.9442, "New York City"),  # the middle of Brooklyn
    ],
)
def test_of_several_cities_the_nearest_for_its_size_counts(lat, lon, city):
    assert get_builtin_gazetteer().lookup([lat], [lon])[0].city == city


def test_sections_lead_to_a_city_in_their_region_that_is_not_a_section():
    places = load_places()
    inner = places.inner.nonzero()[0].tolist()
    assert len(inner) > 3000
    for row in inner[::50]:
        city = city_of_section(row)
        assert city == row or not places.inner[city]
        assert places.region[city] == places.region[row]
