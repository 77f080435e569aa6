"""The shipped tables are complete, small, and consistent with each other and with the code."""

import numpy as np

from geo_rewards.geo.borders import COLUMNS, ROWS, country_index, load_borders
from geo_rewards.geo.countries import iso_codes
from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.place_table import city_rows, load_places, region_names
from geo_rewards.geo.tables import TABLES


def test_the_tables_stay_under_ten_megabytes():
    assert sum(path.stat().st_size for path in TABLES.iterdir() if path.is_file()) < 10_000_000


def test_columns_are_complete_and_in_range():
    places = load_places()
    columns = (places.lat, places.lon, places.population, places.region, places.country)
    assert {len(column) for column in columns} == {len(places.names)}
    assert len(places.names) > 200_000
    assert (np.abs(places.lat) <= 90).all()
    assert (np.abs(places.lon) <= 180).all()
    assert (np.diff(places.country) >= 0).all()
    assert len(places.regions) == len(places.region_keys) == len(places.region_country)


def test_every_country_is_an_iso_code():
    codes = set(iso_codes().values())
    assert set(load_places().countries) <= codes
    assert set(load_borders().countries) - {""} <= codes


def test_places_are_found_by_their_own_names():
    # fails if `plain_key` changed but the tables were not rebuilt
    places = load_places()
    for row in range(0, len(places.names), 400):
        key = plain_key(places.names[row])
        assert len(key) < 2 or row in city_rows(key, country=places.countries[places.country[row]])


def test_regions_are_found_by_their_own_names():
    places = load_places()
    for region, name in enumerate(places.regions):
        if name is not None and plain_key(name):
            assert region in region_names(places.countries[places.region_country[region]])[plain_key(name)]


def test_every_row_of_the_borders_begins_at_the_antimeridian():
    cells = load_borders().cells
    assert cells[0] == 0
    assert (np.diff(cells) > 0).all()
    assert cells[-1] < ROWS * COLUMNS


def test_borders_agree_with_almost_every_town():
    places, borders = load_places(), load_borders()
    drawn = np.array(borders.countries)[country_index(places.lat, places.lon)]
    named = np.array(places.countries)[places.country]
    on_land = drawn != ""
    assert on_land.mean() > 0.985
    assert (drawn[on_land] == named[on_land]).mean() > 0.996
