"""How much of the lists in `data` is understood; `benchmarks/places.py` measures the rest."""

import csv
from pathlib import Path

import pytest

from geo_rewards.geo import country_code, get_builtin_gazetteer, same_city, same_region

DATA = Path(__file__).with_name("data")


def lines(name):
    with (DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("name", ["landmarks", "landmarks_held_out"])
def test_landmarks_lie_in_their_city(name):
    marks = lines(name)
    places = get_builtin_gazetteer().lookup(*([float(m[key]) for m in marks] for key in ("lat", "lon")))
    found = [
        place.country == mark["country"] and same_city(place.city, mark["city"], country=mark["country"])
        for mark, place in zip(marks, places, strict=True)
    ]
    assert sum(found) >= 0.93 * len(found)


def test_other_names_of_a_city_match_and_other_cities_do_not():
    pairs = lines("cities")
    known = [same_city(line["other"], line["city"], country=line["country"]) for line in pairs]
    assert sum(known) >= 0.94 * len(pairs)
    apart = lines("cities_apart")
    assert [p["other"] for p in apart if same_city(p["other"], p["city"], country=p["country"])] == []


def test_other_names_of_a_region_match_and_other_regions_do_not():
    pairs = lines("regions")
    known = [same_region(line["other"], line["region"], country=line["country"]) for line in pairs]
    assert sum(known) >= 0.88 * len(pairs)
    wrong = [
        (a["other"], b["region"])
        for a in pairs
        for b in pairs
        if a["country"] == b["country"]
        and not same_region(a["region"], b["region"], country=a["country"])
        and same_region(a["other"], b["region"], country=a["country"])
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["countries", "countries_held_out"])
def test_country_names_are_known_and_none_is_mistaken_for_another(name):
    found = [
        (line["code"], country_code(alias)) for line in lines(name) for alias in line["names"].split("|")
    ]
    assert sum(right == code for right, code in found) >= 0.97 * len(found)
    assert [pair for pair in found if pair[1] not in {None, pair[0]}] == []
