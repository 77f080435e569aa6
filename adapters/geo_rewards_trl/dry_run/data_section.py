"""The sections of a dry run about data and packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.data.table.figures import picture_counts
from geo_rewards.runs.report import byte_size, plural
from geo_rewards_trl.rows.dataset import row_figures, table_file, table_info

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo_rewards.runs.report import Report


def describe_data(report: Report, rows: Any, held_out: Any, manifest: Mapping[str, Any]) -> None:
    """Report how many rows and pictures there are, and where their table is."""
    data = manifest["data"]
    files = plural(len(data.get("files", ())), "file")
    if not hasattr(rows, "__len__"):
        report.section(
            "data", f"a stream of {files}, of which the first {plural(len(rows.head), 'row')} are read"
        )
        return
    validation = f", {len(held_out):,} held out (--seed decides which)" if held_out is not None else ""
    report.section("data", f"{plural(len(rows), 'row')} to train on{validation}, of {files}")
    counts = row_figures(rows, picture_counts)
    kinds = zip(*map(np.ndarray.tolist, np.unique(counts, return_counts=True)), strict=True)
    text = ", ".join(f"{plural(count, 'row')} with {_pictures(pictures)}" for pictures, count in kinds)
    report.line("pictures", f"{counts.sum():,}: {text}")
    path = table_file(rows)
    if skipped := table_info(rows).skipped:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in skipped.items())
        report.line(
            "left out", f"{plural(sum(skipped.values()), 'bad line')} ({causes}), because of --bad_rows skip"
        )
    report.line("table", f"{path} ({byte_size(path.stat().st_size)}), which the run reuses")


def describe_packages(report: Report, manifest: Mapping[str, Any]) -> None:
    """List the versions of the packages."""
    versions = [f"{name} {version}" for name, version in manifest["packages"].items()]
    report.section("packages", ", ".join(versions))


def _pictures(count: int) -> str:
    return "no picture" if count == 0 else plural(count, "picture")
