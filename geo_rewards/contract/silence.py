"""The warning that nothing was judged: which columns were seen, and which of them was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.batch.truths import TRUTH_COLUMNS, TRUTH_FIELDS
from geo_rewards.contract.time_limit import warn_once

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from typing import Any

    from geo_rewards.batch.batch import Batch

COLUMNS_OF = {
    "coordinate": "columns lat and lon, or a solution that contains them",
    "country": "column country, or a solution that names it, or a coordinate (the gazetteer names it)",
    "region": "column region, or a solution that names it, or a coordinate (the gazetteer names it)",
    "city": "column city, or a solution that names it, or a coordinate (the gazetteer names it)",
    "text": "column solution with plain text",
}
"""The columns from which each truth field is read."""
_OTHER_NAMES = {
    "lat": {"lat", "lats", "latitude", "latitudes", "lattitude", "latitud", "y"},
    "lon": {"lon", "lng", "long", "lons", "longitude", "longitudes", "longtitude", "longitud", "x"},
    "country": {"country", "countries", "countrycode", "cc", "iso", "nation"},
    "region": {"region", "state", "province", "admin1", "subdivision"},
    "city": {"city", "town", "municipality", "locality"},
    "solution": {"solution", "answer", "truth", "target", "label", "gt", "gold", "reference"}
    | {"location", "coordinates", "coordinate", "coords", "latlon", "latlng", "gps", "place"},
}
"""Words in the names of columns that other data sets have for these truths."""
_PAIR = ("lat", "lon", "solution")
_USEFUL = {"coordinate": _PAIR, "text": ("solution",)} | {
    level: (level, *_PAIR) for level in ("country", "region", "city")
}
"""From which columns each truth field can be read."""
_SHOWN = 12


def warn_of_silence(who: str, needs: Iterable[str], batch: Batch, columns: Mapping[str, Any]) -> None:
    """Warn, once per process, that no row could be judged; nothing if a row has all that is needed.

    Args:
        who: The recipe or reward that abstained, at the start of the sentence.
        needs: The truth fields that its rewards need.
        batch: The rows.
        columns: The columns as given by the caller.
    """
    lacking = [field for field in dict.fromkeys(needs) if not any(batch.has_truth([field]))]
    if not len(batch) or not lacking:
        return
    wanted = "; ".join(f"{field} ({COLUMNS_OF.get(field, field)})" for field in lacking)
    useful = {name for field in lacking for name in _USEFUL.get(field, ())}
    seen = _seen(list(map(str, columns)), useful)
    warn_once(f"{who} on every row: no row has the true {wanted}. {seen}")


def _seen(names: Sequence[str], useful: Container[str]) -> str:
    """Return which columns there are, and what to do about those that look like a truth."""
    if not names:
        return "No columns were given."
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    seen = f"Columns: {', '.join(map(repr, names[:_SHOWN]))}{more}"
    truths = [name for name in names if name in TRUTH_COLUMNS]
    others = [name for name in names if name not in TRUTH_COLUMNS]
    likely = {field: name for name in others for field in _likely(name) if field in useful}
    if likely:
        pairs = ", ".join(f"{field}: {name}" for field, name in likely.items())
        return f"{seen}; rename them, or name them in the recipe: `columns: {{{pairs}}}`"
    if truths:
        return f"{seen}; what is needed is not in {' and '.join(map(repr, truths))}"
    return f"{seen}; none of them is a truth"


def _likely(name: str) -> list[str]:
    """Return the truth fields that a column's name may stand for.

    >>> _likely("GPSLatitude"), _likely("gt_lng"), _likely("image")
    (['lat'], ['lon'], [])
    """
    words = set(re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+1?", name))
    lowered = {word.lower() for word in words} | {re.sub(r"[\W_]", "", name.lower())}
    found = [field for field in TRUTH_FIELDS if lowered & _OTHER_NAMES[field]]
    return [field for field in found if field != "solution"] or found
