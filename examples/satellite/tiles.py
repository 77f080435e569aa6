"""Cut square tiles around real places from the world picture, and write them as training rows.

The picture is equirectangular: columns are longitudes from -180 to 180, rows are latitudes from 90 to -90.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

import geo_rewards as gr
from geo_rewards.geo.place_table import load_places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

HERE = Path(__file__).parent
WORLD_PICTURE = HERE / "world.jpg"
QUESTION = "Where on Earth is this?"
TILE_DEGREES = 16.0
TILE_PIXELS = 112
# Beyond this latitude an equirectangular picture is stretched more than twice.
MAX_LATITUDE = 60.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A real place that a tile is cut around.

    Attributes:
        coordinate: Its location, rounded to four decimals.
        country: English name of its country.
        region: First-order division, or None.
        city: City, or None.
    """

    coordinate: gr.Coordinate
    country: str
    region: str | None
    city: str | None

    def chain_of_region(self) -> str:
        """Return the truth as a Chain-of-Region text: country, state, city, coordinates."""
        fields = {"Country": self.country, "State": self.region, "City": self.city}
        named = [f"{label}: {value}" for label, value in fields.items() if value]
        return " ".join([*named, f"Coordinates: ({self.coordinate})"])


def country_names() -> dict[str, str]:
    """Return the English name of every country by its ISO 3166-1 alpha-2 code."""
    names: dict[str, str] = json.loads((HERE / "country_names.json").read_text(encoding="utf-8"))
    return names


def choose_spots(
    count: int,
    *,
    seed: int,
    cell_degrees: float,
    least_population: int,
    without: Collection[gr.Coordinate] = (),
) -> list[Spot]:
    """Choose places spread over the globe: the largest city of each of `count` cells of a grid.

    Args:
        count: How many.
        seed: Decides which cells.
        cell_degrees: Side of a cell; two spots never share one.
        least_population: Minimum population of a city. Large cities are rarely on small islands, whose tiles
            show little but sea.
        without: Coordinates of places that must not be chosen.

    Raises:
        ValueError: If there are fewer than `count` cells with a city.
    """
    excluded = set(without)
    largest = _largest_of_each_cell(cell_degrees, least_population=least_population)
    coordinates = [spot for spot in largest if spot not in excluded]
    if len(coordinates) < count:
        raise ValueError(
            f"{count} places were asked for, but a grid of {cell_degrees} degrees has {len(coordinates)}"
        )
    chosen = random.Random(seed).sample(coordinates, count)
    names = country_names()
    places = gr.get_gazetteer().lookup([spot.lat for spot in chosen], [spot.lon for spot in chosen])
    return [
        Spot(spot, names[place.country or ""], place.region, place.city)
        for spot, place in zip(chosen, places, strict=True)
    ]


def _largest_of_each_cell(cell_degrees: float, *, least_population: int) -> list[gr.Coordinate]:
    """Return the most populous city of every cell of a grid over the globe, largest first."""
    places = load_places()
    wanted = (places.population >= least_population) & (np.abs(places.lat) <= MAX_LATITUDE)
    rows = np.flatnonzero(wanted)
    rows = rows[np.argsort(-places.population[rows], kind="stable")]
    cells = np.stack([places.lat[rows] // cell_degrees, places.lon[rows] // cell_degrees], axis=1)
    _, first = np.unique(cells, axis=0, return_index=True)
    largest = rows[np.sort(first)]
    pairs = zip(places.lat[largest].round(4).tolist(), places.lon[largest].round(4).tolist(), strict=True)
    return [gr.Coordinate(lat, lon) for lat, lon in pairs]


def pixel_of(lat: float, lon: float, *, width: int, height: int) -> tuple[float, float]:
    """Return the column and row of a coordinate in an equirectangular picture, from its upper left corner.

    >>> pixel_of(0.0, 0.0, width=2048, height=1024), pixel_of(90.0, -180.0, width=2048, height=1024)
    ((1024.0, 512.0), (0.0, 0.0))
    """
    return (lon + 180.0) / 360.0 * width, (90.0 - lat) / 180.0 * height


def cut_tile(
    world: Image.Image, centre: gr.Coordinate, *, degrees: float = TILE_DEGREES, pixels: int = TILE_PIXELS
) -> Image.Image:
    """Return a square of `degrees` around a coordinate, scaled to `pixels`; it may cross the antimeridian.

    Raises:
        ValueError: If the square reaches beyond a pole.
    """
    if abs(centre.lat) + degrees / 2 > 90.0:
        raise ValueError(f"a tile of {degrees} degrees around latitude {centre.lat} reaches beyond the pole")
    x, y = pixel_of(*centre, width=world.width, height=world.height)
    half = degrees / 360.0 * world.width / 2
    if x - half < 0 or x + half > world.width:  # turn the globe by half: the edge would cut the tile
        x = (x + world.width / 2) % world.width
        world = Image.fromarray(np.roll(np.asarray(world), world.width // 2, axis=1))
    box = (x - half, y - half, x + half, y + half)
    return world.resize((pixels, pixels), Image.Resampling.BICUBIC, box=box)


def row_of(spot: Spot, *, row_id: int, image: str) -> dict[str, object]:
    """Return a data row: an image, a question, the Chain-of-Region truth."""
    return {
        "id": row_id,
        "image": image,
        "conversations": [
            {"from": "human", "value": f"<image>{QUESTION}"},
            {"from": "gpt", "value": spot.chain_of_region()},
        ],
    }


def write_tiles(spots: Iterable[Spot], folder: Path) -> Path:
    """Write a picture for each spot and `rows.jsonl`, which refers to them; return the data file."""
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(WORLD_PICTURE) as picture:
        world = picture.convert("RGB")
    rows = []
    for index, spot in enumerate(spots):
        image = f"{index:04d}.jpg"
        cut_tile(world, spot.coordinate).save(folder / image, quality=95)
        rows.append(row_of(spot, row_id=index, image=image))
    data_file = folder / "rows.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    data_file.write_text("".join(lines), encoding="utf-8")
    return data_file


@dataclass(frozen=True, slots=True)
class Tile:
    """A row, read back.

    Attributes:
        image: Path of its picture.
        truth: The Chain-of-Region text.
        coordinate: Its centre.
        country: Name of its country.
    """

    image: Path
    truth: str
    coordinate: gr.Coordinate
    country: str


def read_tiles(data_file: Path) -> list[Tile]:
    """Read the rows that `write_tiles` wrote, and their truths with the library's own parser."""
    rows = [json.loads(line) for line in data_file.read_text(encoding="utf-8").splitlines()]
    return [_tile(row, data_file.parent) for row in rows]


def _tile(row: dict[str, object], folder: Path) -> Tile:
    turns: Sequence[dict[str, str]] = row["conversations"]  # type: ignore[assignment]
    truth = turns[1]["value"]
    answer = gr.parse_completion(truth)
    if answer.coordinate is None or answer.country is None:
        raise ValueError(f"{folder}: row {row['id']}: the truth {truth!r} names no country or no coordinate")
    return Tile(folder / str(row["image"]), truth, answer.coordinate, answer.country)
