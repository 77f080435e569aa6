"""The package's public names and the cost of importing it."""

import subprocess
import sys

import geo_rewards.geo

HEAVY = (
    "scipy",
    "countrynames",
    "babel",
    "anyascii",
    "reverse_geocoder",
    "geopy",
    "pyarrow",
    "shapely",
    "torch",
)


def test_public_names_exist_and_are_sorted():
    names = geo_rewards.geo.__all__
    assert all(hasattr(geo_rewards.geo, name) for name in names)
    assert len(names) == len(set(names))


def test_importing_loads_no_heavy_library_and_no_table():
    code = (
        "import sys, geo_rewards.geo; from geo_rewards.geo import place_table, borders, countries;"
        f"print([m for m in {HEAVY!r} if m in sys.modules], place_table._load_places.cache_info().currsize,"
        "borders._load_borders.cache_info().currsize, countries._load_tables.cache_info().currsize)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] 0 0 0"
