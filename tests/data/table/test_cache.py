"""Tables are built once, reused while nothing has changed, and never used if damaged."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from threading import Event
from typing import TYPE_CHECKING

import pytest
from processes import LONGEST_S, Followed, children_of

from geo_rewards.data import Source
from geo_rewards.data.picture_check import processors
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.data.table import cache as table_cache
from geo_rewards.data.table.cache import TableRequest, file_hashes
from geo_rewards.data.table.stored import find_rows
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tables(tmp_path) -> list[Path]:
    return list((tmp_path / "cache").glob("*.arrow"))


def test_reopening_uses_the_written_table(tmp_path, store, row, read):
    first = store(row("One?", x=[1]))
    (table,) = tables(tmp_path)
    written = table.stat().st_mtime_ns
    again = store(row("One?", x=[1]))
    assert (again.path, table.stat().st_mtime_ns) == (table, written)
    assert read(again)["x"] == read(first)["x"] == [[1]]


def test_changed_content_is_read_again(store, row, read):
    assert read(store(row("One?")))["solution"] != read(store(row("One?", "other")))["solution"]


def test_other_folders_are_read_again(tmp_path, store, row, read, picture):
    picture(tmp_path / "B" / "a.png", 99)
    store(row(image="a.png"))
    columns = read(store(row(image="a.png"), folders=[tmp_path / "B"]))
    assert columns["images"][0][0].getpixel((0, 0))[0] == 99


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def between_batches(content: bytes) -> bytes:
    """Cut off after the first batch: Arrow would silently read what is there."""
    import pyarrow as pa

    with pa.BufferReader(content) as source, pa.ipc.open_stream(source) as stream:
        stream.read_next_batch()
        return content[: source.tell()]


def flipped(at: float) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        index = int(at * len(content))
        return content[:index] + bytes([content[index] ^ 4]) + content[index + 1 :]

    return flip


DAMAGES = {
    "cut in half": (half, "its end is missing"),
    "cut between batches": (between_batches, "its end is missing"),
    "empty": (lambda _: b"", "it is cut off"),
    "a flipped byte in the metadata": (flipped(0.001), "its bytes have changed"),
    "a flipped byte in the rows": (flipped(0.6), "its bytes have changed"),
    "a flipped byte at the end": (flipped(0.9999), ""),
    "longer": (lambda content: content + b"more", "its end is missing"),
    "another file's": (lambda _: b"%PDF-1.4" * 1000, "its end is missing"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_table_is_built_again(tmp_path, store, row, read, caplog, damage, reason):
    rows = [row("Where?", index=index) for index in range(3000)]
    first = read(store(*rows))
    (table,) = tables(tmp_path)
    complete = table.read_bytes()
    table.write_bytes(damage(complete))
    assert read(store(*rows)) == first
    assert table.read_bytes() == complete
    assert f"data table {table} is damaged ({reason}" in caplog.text


@pytest.mark.parametrize("name", ["arrow", "lock", "refused"])
def test_links_at_the_names_of_a_table_are_not_followed(tmp_path, store, row, name):
    bad = [row("One?", lat=95.0, lon=0.0)]
    with pytest.raises(DataError, match="latitude"):
        store(*bad)
    (refused,) = (tmp_path / "cache").glob("*.refused")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = refused.with_suffix(f".{name}")
    link.unlink(missing_ok=True)
    link.symlink_to(victim)
    with pytest.raises(DataError):
        store(*bad)
    assert victim.read_text() == "precious"
    assert link.is_symlink() == (name != "refused")  # replaced, not written through


def as_folder(path: Path) -> None:
    path.mkdir()


def as_link(path: Path) -> None:
    (path.parent / "victim").write_text("{}")
    path.symlink_to("victim")


MEMORIES = {
    "a list": lambda path: path.write_text("[1]"),
    "null": lambda path: path.write_text("null"),
    "a text": lambda path: path.write_text('"abc"'),
    "no JSON": lambda path: path.write_text("{"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "empty": lambda path: path.write_text(""),
    "no UTF-8": lambda path: path.write_bytes(b'{"\xff": "\xfe"}'),
    "no hashes": lambda path: path.write_text('{"a": 1, "b": null, "c": ["d"]}'),
    "a folder": as_folder,
    "a pipe": os.mkfifo,
    "a link": as_link,
}


@pytest.mark.parametrize("spoil", MEMORIES.values(), ids=MEMORIES)
def test_a_spoilt_memory_of_hashes_is_no_obstacle(tmp_path, spoil):
    file, cache = tmp_path / "rows.jsonl", tmp_path / "cache"
    file.write_text("one")
    os.utime(file, (1e9, 1e9))
    cache.mkdir()
    right = file_hashes([file], cache_dir=tmp_path / "other")
    spoil(cache / "hashes.json")
    assert file_hashes([file], cache_dir=cache) == right
    if not (cache / "hashes.json").is_dir():
        assert right[0] in json.loads((cache / "hashes.json").read_text()).values()
    if (cache / "victim").exists():
        assert (cache / "victim").read_text() == "{}"


def test_other_rows_of_the_same_file_get_a_separate_table(tmp_path, row, write_rows):
    file = write_rows(*(row("Where?", index=index) for index in range(40)))

    def indices(seed=0, **settings):
        request = TableRequest([Source(file, tmp_path, **settings)], seed)
        return find_rows(request, cache_dir=tmp_path / "cache").table["index"].to_pylist()

    everything = list(range(40))
    assert indices() == everything
    assert indices(sampling=parse_sampling("end:3")) == [37, 38, 39]
    assert indices(weight=2.0) == everything + everything
    chosen = [indices(seed, sampling=parse_sampling("random:10")) for seed in (1, 2)]
    assert chosen[0] != chosen[1]
    assert indices() == indices(seed=5) == everything
    assert len(tables(tmp_path)) == 5  # the seed does not matter where all rows are taken


def test_bad_rows_are_left_out_and_counted_even_when_the_table_is_reused(store, row, caplog):
    rows = [row("One?"), row("Two?", lat=95.0, lon=0.0), row("Three?", image="none.png")]
    for _ in range(2):
        caplog.clear()
        assert store(*rows, bad_rows="skip").info.rows == 1
        assert "left out 2 bad lines" in caplog.text
        assert "rows.jsonl, line 2: latitude 95.0" in caplog.text
    with pytest.raises(DataError, match="2 bad lines"):
        store(*rows, bad_rows="error")


def test_only_bad_rows_count_as_no_rows(store, row):
    with pytest.raises(DataError, match="have no rows that are good"):
        store(row("Two?", lat=95.0, lon=0.0), bad_rows="skip")


def test_a_folder_that_cannot_be_written_is_named_with_a_remedy(tmp_path, row, write_rows):
    (tmp_path / "file").write_text("")
    request = TableRequest([Source(write_rows(row("One?")), tmp_path)], 0)
    with pytest.raises(DataError, match=r"to .*/file/cache: .*; set --data_cache_dir to a writable folder"):
        find_rows(request, cache_dir=tmp_path / "file" / "cache")


def test_a_touched_file_is_hashed_again(tmp_path):
    file, cache = tmp_path / "rows.jsonl", tmp_path / "cache"
    cache.mkdir()

    def hashed(text, *, age_s):
        file.write_text(text)
        then = time.time() - age_s
        os.utime(file, (then, then))
        return file_hashes([file], cache_dir=cache)

    old = hashed("one", age_s=100)
    assert json.loads((cache / "hashes.json").read_text())
    assert hashed("two", age_s=100) != old
    known = hashed("one", age_s=50)
    assert known == old
    memory = cache / "hashes.json"
    memory.write_text(memory.read_text().replace(old[0], "0" * 32))
    assert file_hashes([file], cache_dir=cache) == ["0" * 32]
    assert hashed("one", age_s=0) == old  # changed just now: it may change again unnoticed
    assert len(json.loads(memory.read_text())) == 3


def start_together(work, request, cache_dir):
    """Return what three processes started at the same time put into a queue."""
    context = multiprocessing.get_context("fork")
    results, ready = context.Queue(), context.Barrier(3)
    ranks = [context.Process(target=work, args=(request, cache_dir, ready, results)) for _ in range(3)]
    for rank in ranks:
        rank.start()
    answers = [results.get(timeout=60) for _ in ranks]
    for rank in ranks:
        rank.join(timeout=60)
    assert [rank.exitcode for rank in ranks] == [0, 0, 0]
    return answers


def find_in_process(request, cache_dir, ready, results):
    """Report the rows found, or the error, and whether this process read them."""
    opened = []
    files = set(map(str, request.files))
    sys.addaudithook(
        lambda event, args: opened.append(1) if event == "open" and str(args[0]) in files else None
    )
    ready.wait()
    try:
        stored = find_rows(request, cache_dir=cache_dir)
        outcome = f"{stored.info.rows} rows in {stored.path}"
    except DataError as error:
        outcome = str(error)
    results.put((outcome, len(opened) > 1))  # each process opens the file once for its fingerprint


def test_ranks_that_start_together_share_one_table(tmp_path, row, write_rows):
    file = write_rows(*(row("Where?", index=index) for index in range(3000)))
    answers = start_together(find_in_process, TableRequest([Source(file, tmp_path)], 0), tmp_path / "cache")
    (table,) = tables(tmp_path)
    assert {outcome for outcome, _ in answers} == {f"3000 rows in {table}"}
    assert sum(has_read for _, has_read in answers) == 1


def test_ranks_that_waited_for_a_failed_build_do_not_read_the_rows_again(tmp_path, row, write_rows):
    file = write_rows(*(row("Where?", lat=95.0, lon=0.0) for _ in range(3000)))
    answers = start_together(find_in_process, TableRequest([Source(file, tmp_path)], 0), tmp_path / "cache")
    assert len({outcome for outcome, _ in answers}) == 1
    assert answers[0][0].startswith("3,000 bad lines (3,000 truth)")
    assert sum(has_read for _, has_read in answers) == 1


BUILD = """
import sys
from pathlib import Path
from geo_rewards.data import Source
from geo_rewards.data.table import cache as table_cache
from geo_rewards.data.table.cache import TableRequest
from geo_rewards.data.table.stored import find_rows

if __name__ == "__main__":
    file, cache = map(Path, sys.argv[1:])
    print(find_rows(TableRequest([Source(file, file.parent)], 0), cache_dir=cache).info.rows)
"""


@pytest.mark.skipif(sys.platform != "linux" or processors() < 2, reason="follows workers by pidfd")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_build_leaves_no_worker_and_nothing_that_passes_for_a_table(tmp_path, row, number):
    line = json.dumps(row("Where?" * 20, "Country: Japan Coordinates: (43.45, 142.61)")) + "\n"
    file, cache, script = tmp_path / "rows.jsonl", tmp_path / "cache", tmp_path / "build.py"
    file.write_text(line * 200_000)
    script.write_text(BUILD)
    command = [sys.executable, str(script), str(file), str(cache)]
    build = subprocess.Popen(command)
    end = time.monotonic() + LONGEST_S
    while len(children_of(build.pid)) < 2 and time.monotonic() < end:  # Python's own tracker is one
        Event().wait(0.01)
    followed = Followed({build.pid, *children_of(build.pid)})
    assert build.poll() is None
    build.send_signal(number)
    assert followed.have_ended()
    build.wait()
    assert not list(cache.glob("*.arrow"))
    (part,) = cache.glob(".*.part")
    assert part.stat().st_size == 0  # rows wait in an unnamed file
    file.write_text(line * 10)
    again = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    assert again.stdout == "10\n"
    assert not list(cache.glob(".*.part"))


@pytest.mark.parametrize("step", ["file_hashes", "read_sources"])
def test_a_file_that_changes_while_a_table_is_built_leaves_no_table(tmp_path, store, row, monkeypatch, step):
    real = getattr(table_cache, step)

    def meddled(*arguments, **keywords):
        found = real(*arguments, **keywords)
        with (tmp_path / "rows.jsonl").open("a") as file:
            file.write(json.dumps(row("Two?")) + "\n")
        return found

    monkeypatch.setattr(table_cache, step, meddled)
    with pytest.raises(DataError, match="changed while being read"):
        store(row("One?"))
    assert not tables(tmp_path)
    monkeypatch.undo()
    assert store(row("One?")).info.rows == 1


def test_memory_of_fingerprints_that_is_no_mapping_is_ignored(tmp_path, store, row):
    store(row("One?"))
    (tmp_path / "cache" / "hashes.json").write_text("[1]")
    assert store(row("One?")).info.rows == 1


def test_a_table_of_a_folder_names_the_file_of_each_row(tmp_path, row):
    shards = tmp_path / "shards"
    shards.mkdir()
    for name in ("a", "b"):
        (shards / f"{name}.jsonl").write_text(json.dumps(row(name)) + "\n")
    request = TableRequest((Source(shards, shards),), 0)
    stored = find_rows(request, cache_dir=tmp_path / "cache")
    assert stored.info.files == [str(shards / "a.jsonl"), str(shards / "b.jsonl")]
    assert [origin["file"] for origin in stored.table["row_origin"].to_pylist()] == [0, 1]
