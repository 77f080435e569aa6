"""Measure a million rows: first building and reopening their table, memory per rank; and the obvious way.

Run by hand, takes about five minutes, writes into ``benchmarks/RESULTS.md``::

    python benchmarks/rows.py [ROWS]

Each step runs in a separate process. Memory is what was added since the libraries were imported: RssAnon is
private to the process, RssFile are pages of mapped files, which all ranks of a machine share and which the
system reclaims when it needs them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import RESULTS, replaced

QUESTION = (
    "<image>Where was this photo taken? Look at the vegetation, the buildings, the signs, the road and the "
    "light. Reason from the country to the region, the city and the coordinates, in decimal degrees."
)
PLACES = (
    ("Japan", "Hokkaido", "Biei Town"),
    ("France", "Île-de-France", "Paris"),
    ("Brazil", "Bahia", "Salvador"),
    ("United States", "California", "San Francisco"),
    ("Kenya", "Nairobi", "Nairobi"),
)
OPENED_ROWS = 2000


def main() -> None:
    """Measure everything and rewrite the section of the results."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder), count)
        megabytes = Path(folder, "rows.jsonl").stat().st_size / 1e6
        steps = {
            "obvious": measured("obvious", folder),
            "build": measured("build", folder),
            "hash": measured("again", folder, forget=True),
            "again": measured("again", folder),
        }
    table = table_of(steps, count, megabytes)
    print(table)
    RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), "rows", table), encoding="utf-8")


def write_rows(folder: Path, count: int) -> None:
    """Write Chain of Region rows as `geo-rewards label` would, using eight pictures."""
    from PIL import Image

    generator = random.Random(0)
    for number in range(8):
        Image.new("RGB", (224, 168), (number * 30, 90, 200)).save(folder / f"{number}.jpg")
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            country, region, city = PLACES[number % len(PLACES)]
            lat, lon = round(generator.uniform(-60, 70), 6), round(generator.uniform(-180, 180), 6)
            answer = f"Country: {country} State: {region} City: {city} Coordinates: ({lat}, {lon})"
            turns = [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": answer}]
            row = {"id": f"mp16-{number:08d}", "image": f"{number % 8}.jpg", "conversations": turns}
            extra = {"source": "mp16", "width": 1024, "height": 768}
            file.write(json.dumps({**row, **extra}, ensure_ascii=False) + "\n")


def measured(step: str, folder: str, *, forget: bool = False) -> dict:
    """Run a step in a separate process and return its figures."""
    if forget:
        Path(folder, "cache", "hashes.json").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, folder], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def run_step(step: str, folder: Path) -> None:
    """Do one step and print its figures."""
    import datasets  # noqa: F401 - imported before the memory is measured
    import scipy.sparse.csgraph
    import scipy.spatial  # noqa: F401
    import torch  # noqa: F401
    from geo_rewards_trl.rows.dataset import load_dataset
    from geo_rewards_trl.rows.sampler import EpochSampler  # noqa: F401

    from geo_rewards.data import Source

    meter = Meter()
    if step == "obvious":
        with (folder / "rows.jsonl").open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        meter.note("open")
        order = torch_order(len(rows))
        meter.note("epoch")
        del order
    else:
        source = Source(folder / "rows.jsonl", folder)
        dataset = load_dataset([source], cache_dir=folder / "cache")
        meter.note("open")
        if step == "again":
            use(dataset, meter)
    print(json.dumps(meter.figures))


def torch_order(count: int) -> list[int]:
    """Return an epoch's order as TRL's own sampler stores it."""
    import torch

    indices = torch.randperm(count).tolist()
    return [indices[start : start + 64] for start in range(0, count, 64)]


def use(dataset: object, meter: Meter) -> None:
    """Split the rows, iterate over an epoch's order, and open some rows with their pictures."""
    from geo_rewards_trl.rows.dataset import has_images, split_validation
    from geo_rewards_trl.rows.sampler import EpochSampler

    train, _ = split_validation(dataset, 0.05, seed=0, split_by="row")
    meter.note("split")
    split_validation(dataset, 0.05, seed=0, split_by="place_km:1")
    meter.note("place")
    sampler = EpochSampler(has_images(train), batch_rows=64, repeat_row=1, seed=0)
    indices = iter(sampler)
    first = [next(indices) for _ in range(OPENED_ROWS)]
    for _ in indices:
        pass
    meter.note("epoch")
    for start in range(0, OPENED_ROWS, 64):
        train.__getitems__(first[start : start + 64])
    meter.note("rows")
    texts = train.select_columns(["solution", "id"])
    for start in range(0, len(texts), 10_000):
        texts[start : start + 10_000]
    meter.note("columns")


class Meter:
    """Seconds and megabytes added since the previous step, and since the start."""

    def __init__(self) -> None:
        self.start = memory_mb()
        self.time = time.perf_counter()
        self.cpu = cpu_seconds()
        self.figures: dict[str, dict[str, float]] = {}

    def note(self, name: str) -> None:
        """Record what was done since the last call under a name."""
        now = memory_mb()
        added = {key: now[key] - self.start[key] for key in now}
        spent = {"seconds": time.perf_counter() - self.time, "cpu": cpu_seconds() - self.cpu}
        self.figures[name] = {**spent, **added}
        self.time, self.cpu = time.perf_counter(), cpu_seconds()


def cpu_seconds() -> float:
    """Return the CPU seconds used by this process and its finished helpers."""
    return sum(os.times()[:4])


def memory_mb() -> dict[str, float]:
    """Return the current and peak memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}
    return {name: sizes[name] for name in ("RssAnon", "RssFile", "VmHWM")}


def table_of(steps: dict, count: int, megabytes: float) -> str:
    """Return the figures as a table."""
    obvious, build, again = steps["obvious"], steps["build"], steps["again"]
    most = max(part["RssAnon"] for part in again.values())
    captions = {
        "split": "hold out 5 % by row",
        "place": "hold out 5 % by `place_km:1`",
        "epoch": "the order of an epoch, iterated to the end",
        "rows": f"{OPENED_ROWS:,} rows of it with their pictures",
        "columns": "two text columns of all rows",
    }
    lines = [
        f"| {count:,} rows, {megabytes:.0f} MB of jsonl, one rank | seconds | CPU seconds "
        "| RssAnon added, MB | RssFile added, MB |",
        "|---|---|---|---|---|",
        line("the obvious way: `json.loads` of each line into a list", obvious["open"]),
        line("the obvious way, with the order of an epoch as lists", obvious["epoch"]),
        line("first opening: rows and truths checked, table built", build["open"]),
        line("reopened, the file hashed again", steps["hash"]["open"]),
        line("reopened, the file unchanged since", again["open"]),
        *(line(f"... then {caption}", again[name]) for name, caption in captions.items()),
        "",
        f"**{most:.0f} MB** of its own at most after any of these steps, "
        f"{obvious['epoch']['RssAnon'] / most:.0f} times less than the obvious way, which has checked "
        f"nothing yet. First opening: {build['open']['cpu'] / count * 1e6:.0f} CPU us per row.",
    ]
    return "\n".join(lines)


def line(caption: str, figures: dict[str, float]) -> str:
    """Return a table row."""
    seconds = f"{figures['seconds']:.2f} | {figures['cpu']:.2f}"
    return f"| {caption} | {seconds} | {figures['RssAnon']:.0f} | {figures['RssFile']:.0f} |"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        run_step(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
