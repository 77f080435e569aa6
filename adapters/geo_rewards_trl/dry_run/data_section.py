"""The sections of a dry run that tell what it is trained on and by."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards_trl.dry_run.report import byte_size, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.dry_run.report import Report

_SCANNED_ROWS = 10_000  # at a time


def describe_recipe(report: Report, recipe: Recipe) -> None:
    """Spell the recipe out, with what each reward comes from."""
    low, high = recipe.bounds
    resolved, sources = recipe.resolved(), recipe.provenance()
    report.section("recipe", f"{recipe.origin}: a row earns {low:g} to {high:g}")
    for label, entry in zip(recipe.entries, resolved["rewards"], strict=True):
        report.line(
            label, f"weight {entry.get('weight', 1.0):g}, {entry['name']} ({sources[label]}){_gate(entry)}"
        )
        if params := _params(entry["params"]):
            report.line("", params)
    if columns := ", ".join(f"{field} is {column!r}" for field, column in resolved["columns"].items()):
        report.line("columns", columns)
    report.line("gazetteer", resolved["gazetteer"])


def describe_data(report: Report, rows: Any, held_out: Any, manifest: Mapping[str, Any]) -> None:
    """Tell how many rows and pictures there are, and where the table of them is."""
    from geo_rewards.data.table.table import read_info

    data = manifest["data"]
    files = plural(len(data.get("files", ())), "file")
    if not hasattr(rows, "__len__"):
        report.section(
            "data", f"a stream of {files}, of which the first {plural(len(rows.head), 'row')} are read"
        )
        return
    validation = f", {len(held_out):,} held out (--seed decides which)" if held_out is not None else ""
    report.section("data", f"{plural(len(rows), 'row')} to train on{validation}, of {files}")
    kinds = pictures_by_row(rows)
    text = ", ".join(
        f"{plural(count, 'row')} with {_pictures(pictures)}" for pictures, count in sorted(kinds.items())
    )
    report.line("pictures", f"{sum(pictures * count for pictures, count in kinds.items()):,}: {text}")
    path = Path(rows.cache_files[0]["filename"])
    if skipped := read_info(path).skipped:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in skipped.items())
        report.line("left out", f"{plural(sum(skipped.values()), 'bad line')} ({causes}), by --bad_rows skip")
    report.line("table", f"{path} ({byte_size(path.stat().st_size)}), which the run takes again")


def describe_packages(report: Report, manifest: Mapping[str, Any]) -> None:
    """List the versions that the run is made with."""
    versions = [f"{name} {version}" for name, version in manifest["packages"].items()]
    report.section("packages", ", ".join(versions))


def pictures_by_row(rows: Any) -> Counter[int]:
    """Return how many rows there are with each number of pictures, without opening any."""
    import pyarrow.compute as pc

    if "images" not in rows.column_names:
        return Counter({0: len(rows)})
    counts: Counter[int] = Counter()
    for table in rows.select_columns(["images"]).with_format("arrow").iter(batch_size=_SCANNED_ROWS):
        lengths = pc.fill_null(pc.list_value_length(table["images"]), 0)
        counts.update({entry["values"]: entry["counts"] for entry in pc.value_counts(lengths).to_pylist()})
    return counts


def _pictures(count: int) -> str:
    return "no picture" if count == 0 else plural(count, "picture")


def _params(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items() if value is not None)


def _gate(entry: Mapping[str, Any]) -> str:
    gate = entry.get("gate")
    on_error = f", on_error {entry['on_error']}" if "on_error" in entry else ""
    if gate is None:
        return on_error
    return f", if {gate['reward']} is at least {gate['at_least']:g}, else {gate['otherwise']}{on_error}"
