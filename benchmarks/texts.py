"""The texts used for measuring: completions in every common form, never the same twice.

Labels, their case, order and separators, decimals and place names vary from text to text, so that no
reader can be tuned to one of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import geo_rewards as gr
from geo_rewards.geo.place_table import load_places
from geo_rewards.scoring.file import parse_recipe

Form = Callable[[random.Random, "Guess"], str]
"""Writes an answer stating a guess."""

WORDS = ["the", "road", "signs", "roofs", "palm", "trees", "plates", "left", "side", "asphalt", "script"]
PLACES = ("country_match", "region_match", "city_match")
RECIPES = {
    source: [
        {"name": "think_answer_format"},
        {"name": "haversine_decay"},
        *({"name": name, "params": {"source": source}} for name in PLACES),
    ]
    for source in ("coordinate", "text")
}
RECIPE = RECIPES["coordinate"]
COUNTRIES = {
    "AR": ("Argentina",),
    "AU": ("Australia",),
    "BA": ("Bosnia and Herzegovina", "Bosna i Hercegovina"),
    "BR": ("Brazil", "Brasil"),
    "CA": ("Canada",),
    "CI": ("Côte d'Ivoire", "Ivory Coast"),
    "CN": ("China", "中国"),
    "DE": ("Germany", "Deutschland"),
    "ES": ("Spain", "España"),
    "FR": ("France",),
    "GB": ("United Kingdom", "UK"),
    "ID": ("Indonesia",),
    "IN": ("India", "भारत"),
    "IT": ("Italy", "Italia"),
    "JP": ("Japan", "日本"),
    "KR": ("South Korea",),
    "MX": ("Mexico", "México"),
    "NZ": ("New Zealand",),
    "PH": ("Philippines",),
    "PL": ("Poland", "Polska"),
    "RU": ("Russia", "Россия"),
    "TH": ("Thailand",),
    "TR": ("Turkey", "Türkiye"),
    "UA": ("Ukraine",),
    "US": ("United States", "USA"),
    "VN": ("Vietnam", "Việt Nam"),
    "ZA": ("South Africa",),
}
LABELS = {
    "country": ["Country", "country", "COUNTRY", "Nation"],
    "region": ["State", "Region", "Province", "region", "REGION"],
    "city": ["City", "Town", "city", "CITY", "Locality"],
    "pair": ["Coordinates", "coordinates", "COORDINATES", "Location", "GPS"],
    "lat": ["Latitude", "latitude", "Lat", "lat", "LATITUDE"],
    "lon": ["Longitude", "longitude", "Long", "lon", "LONGITUDE"],
}
KEYS = {
    "country": ["country", "Country", "country_name"],
    "region": ["region", "state", "Region", "province"],
    "city": ["city", "City", "town"],
    "pair": ["LOC", "coordinates", "Coordinates", "location"],
    "lat": ["lat", "latitude", "Latitude"],
    "lon": ["lon", "lng", "longitude", "Longitude"],
}


@dataclass(frozen=True)
class Guess:
    """What an answer states: degrees as written, and names."""

    lat: str
    lon: str
    country: str
    region: str
    city: str

    @property
    def names(self) -> list[tuple[str, str]]:
        """Fields and names, from the country down."""
        return [("country", self.country), ("region", self.region), ("city", self.city)]


def bare_pair(rng: random.Random, guess: Guess) -> str:
    """``48.85, 2.35``."""
    return f"{guess.lat}{rng.choice([', ', ',', ' ', '; ', '/'])}{guess.lon}{rng.choice(['', '', '.'])}"


def bracketed_pair(rng: random.Random, guess: Guess) -> str:
    """``(48.85, 2.35)``."""
    pattern = rng.choice(["({}, {})", "({},{})", "[{}, {}]", "( {}, {} )", "({}, {})."])
    return pattern.format(guess.lat, guess.lon)


def chain_line(rng: random.Random, guess: Guess) -> str:
    """``Country: Japan State: Hokkaido City: Biei Coordinates: (43.45, 142.61)``."""
    return rng.choice([" ", " ", ", ", "; "]).join(chain(rng, guess))


def chain_lines(rng: random.Random, guess: Guess) -> str:
    """The same on four lines."""
    return rng.choice(["\n", "\n", ",\n", "\n\n"]).join(chain(rng, guess))


def chain(rng: random.Random, guess: Guess) -> list[str]:
    """Return the fields of a Chain of Region."""
    pair = rng.choice(["({}, {})", "({},{})", "[{}, {}]", "{}, {}"]).format(guess.lat, guess.lon)
    return labelled(rng, [*guess.names, ("pair", pair)])


def labelled(rng: random.Random, fields: list[tuple[str, str]]) -> list[str]:
    """Return ``label: value`` of each field."""
    assign = rng.choice([": ", ": ", ":", " = "])
    return [f"{rng.choice(LABELS[field])}{assign}{value}" for field, value in fields]


def lat_lon_lines(rng: random.Random, guess: Guess) -> str:
    """``Latitude: 43.45, Longitude: 142.61``, or the other way round."""
    degree = rng.choice(["", "", "°"])
    fields = [("lat", guess.lat + degree), ("lon", guess.lon + degree)]
    rng.shuffle(fields)
    return rng.choice([", ", "\n", " ", "; "]).join(labelled(rng, fields))


def labels_and_names(rng: random.Random, guess: Guess) -> str:
    """Names, latitude and longitude, each on its own line, in any order."""
    groups = [guess.names, [("lat", guess.lat), ("lon", guess.lon)]]
    rng.shuffle(groups)
    return rng.choice(["\n", ", ", "; "]).join(labelled(rng, [*groups[0], *groups[1]]))


def hemispheres(rng: random.Random, guess: Guess) -> str:
    """``40.1° N, 75.2° W``."""
    lat, lon = guess.lat.lstrip("+-"), guess.lon.lstrip("+-")
    north, east = "S" if guess.lat[0] == "-" else "N", "W" if guess.lon[0] == "-" else "E"
    link = rng.choice([", ", ",", " ", "; "])
    pattern = rng.choice(["{a}° {n}{l}{b}° {e}", "{a}°{n}{l}{b}°{e}", "{a} {n}{l}{b} {e}", "{n}{a}{l}{e}{b}"])
    return pattern.format(a=lat, b=lon, n=north, e=east, l=link)


def json_pair(rng: random.Random, guess: Guess) -> str:
    """``{"lat": 48.85, "lon": 2.35}`` or ``{"LOC": [48.85, 2.35]}``."""
    return json_object(rng, coordinate_fields(rng, guess))


def json_names(rng: random.Random, guess: Guess) -> str:
    """``{"country": "France", ...}`` with a coordinate, in any order."""
    groups = [[(field, f'"{name}"') for field, name in guess.names], coordinate_fields(rng, guess)]
    rng.shuffle(groups)
    return json_object(rng, [*groups[0], *groups[1]])


def coordinate_fields(rng: random.Random, guess: Guess) -> list[tuple[str, str]]:
    """Return the coordinate as a list, two numbers or two texts."""
    quote = rng.choice(["", "", '"'])
    axes = [("lat", f"{quote}{guess.lat}{quote}"), ("lon", f"{quote}{guess.lon}{quote}")]
    return axes if rng.random() < 0.5 else [("pair", f"[{guess.lat}, {guess.lon}]")]


def json_object(rng: random.Random, fields: list[tuple[str, str]]) -> str:
    """Return an object on one or several lines, bare or fenced."""
    begin, between, end = rng.choice(
        [("{", ", ", "}"), ("{\n  ", ",\n  ", "\n}"), ("```json\n{", ", ", "}\n```")]
    )
    return begin + between.join(f'"{rng.choice(KEYS[field])}": {value}' for field, value in fields) + end


def city_country_pair(rng: random.Random, guess: Guess) -> str:
    """``Paris, France (48.8566, 2.3522)``."""
    region = rng.choice(["", f"{guess.region}, "])
    return f"{guess.city}, {region}{guess.country} ({guess.lat}, {guess.lon})"


def name_list(rng: random.Random, guess: Guess) -> str:
    """``Biei, Hokkaido, Japan``."""
    region = rng.choice(["", f"{guess.region}, "])
    return f"{guess.city}, {region}{guess.country}{rng.choice(['', '.'])}"


def labelled_names(rng: random.Random, guess: Guess) -> str:
    """``Country: France, Region: Île-de-France, City: Paris``."""
    return rng.choice([", ", "\n", " ", "; "]).join(labelled(rng, guess.names))


COORDINATE_FORMS = (
    bare_pair,
    bracketed_pair,
    chain_line,
    chain_lines,
    lat_lon_lines,
    labels_and_names,
    hemispheres,
    json_pair,
    json_names,
    city_country_pair,
)
NAME_FORMS = (name_list, labelled_names)


def bench_recipe(source: str = "coordinate") -> gr.Recipe:
    """Return the recipe of five rewards, with places by coordinate or by name (`text`)."""
    return gr.Recipe(parse_recipe({"rewards": RECIPES[source]}, where="bench"))


def completions(
    count: int,
    *,
    seed: int,
    group: int = 1,
    form: Form = bracketed_pair,
) -> tuple[list[str], dict[str, list[float]]]:
    """Return completions of about 950 characters and their truths, `group` of them per truth."""
    rng = random.Random(seed)
    truths = [random_place(rng) for _ in range(-(-count // group))]
    rows = [place for place in truths for _ in range(group)][:count]
    lats, lons = load_places().lat, load_places().lon
    truth = {"lat": [float(lats[row]) for row in rows], "lon": [float(lons[row]) for row in rows]}
    return [completion(form(rng, guess_of(rng, row)), rng) for row in rows], truth


def completion(answer: str, rng: random.Random) -> str:
    """Return a completion of about 950 characters."""
    return f"<think>{' '.join(rng.choices(WORDS, k=170))}</think><answer>{answer}</answer>"


def guess_of(rng: random.Random, truth: int) -> Guess:
    """Return a guess that names the true or another place, with a coordinate near it or far away."""
    places = load_places()
    row = truth if rng.random() < 0.5 else random_place(rng)
    spread = rng.choice([0.01, 1.0, 20.0])
    lat = max(-90.0, min(90.0, places.lat[row] + rng.gauss(0, spread)))
    lon = max(-180.0, min(180.0, places.lon[row] + rng.gauss(0, spread)))
    decimals = rng.choice([2, 4, 4, 6])
    region = int(places.region[row])
    code = places.countries[places.region_country[region]]
    name = places.regions[region] or places.names[row]
    return Guess(
        f"{lat:.{decimals}f}", f"{lon:.{decimals}f}", rng.choice(COUNTRIES[code]), name, places.names[row]
    )


def random_place(rng: random.Random) -> int:
    """Return a row of the gazetteer in a country whose name is known here."""
    return rng.choice(rows_of_known_countries())


@cache
def rows_of_known_countries() -> list[int]:
    """Return the rows of the gazetteer that lie in `COUNTRIES`."""
    places = load_places()
    return [row for code in COUNTRIES for row in range(len(places.names))[places.country_rows[code]]]
