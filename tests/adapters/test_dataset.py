from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("datasets")

from geo_rewards_trl.rows.dataset import RESERVED_COLUMNS, has_images, load_dataset, split_validation
from PIL import Image

from geo_rewards.data import Source, find_sources, pair_paths
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.data.table.cache import file_hashes
from geo_rewards.data.table.figures import truth_degrees
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path


def picture(path: Path, red: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (red, 0, 0)).save(path)


def row(question: str = "<image>Where?", answer: Any = "48.8584, 2.2945", **columns: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return {"conversations": turns, **columns}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")
    return path


@pytest.fixture
def load(tmp_path):
    """A function that loads rows, or files with their folders, with a cache in the test's folder."""

    def run(*rows, files=None, folders=None, **options):
        picture(tmp_path / "A" / "a.png", 10)
        picture(tmp_path / "A" / "b.png", 20)
        files = files or [write(tmp_path / "rows.jsonl", *rows)]
        sources = [Source(*pair) for pair in zip(files, folders or [tmp_path / "A"], strict=True)]
        return load_dataset(sources, cache_dir=tmp_path / "cache", **options)

    return run


def test_rows_come_as_the_trainer_takes_them(load):
    dataset = load(row(image="a.png", lat=1.5, lon=2.5))
    sample = dataset[0]
    assert dataset.column_names == ["prompt", "images", "solution", "lat", "lon", ORIGIN_COLUMN]
    assert sample["prompt"] == [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}
    ]
    assert (sample["solution"], sample["lat"], sample["lon"]) == ("48.8584, 2.2945", 1.5, 2.5)
    (image,) = sample["images"]
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (8, 6), (10, 0, 0))


def test_several_images_without_marks_come_first_and_in_order(load):
    sample = load(row("Which?", image=["b.png", "a.png"]), row(image="a.png"))[0]
    assert [block["type"] for block in sample["prompt"][0]["content"]] == ["image", "image", "text"]
    assert [image.getpixel((0, 0))[0] for image in sample["images"]] == [20, 10]


def test_trl_fills_the_images_into_the_prompt(load):
    """TRL counts image blocks that hold no picture: an Arrow gap must not look like one."""
    from trl.data_utils import prepare_multimodal_messages

    sample = load(row("Is <image> older than <image>?", image=["b.png", "a.png"]))[0]
    (message,) = prepare_multimodal_messages(sample["prompt"], images=sample["images"])
    reds = [block["image"].getpixel((0, 0))[0] for block in message["content"] if block["type"] == "image"]
    assert reds == [20, 10]


def test_text_only_rows_have_no_image_column(load):
    dataset = load(row("How many?", 3))
    assert dataset.column_names == ["prompt", "solution", ORIGIN_COLUMN]
    assert dataset[0]["solution"] == "3"


def test_rows_without_answers_have_no_solution_column(load):
    turns = [{"from": "human", "value": "Where?"}]
    dataset = load({"conversations": turns, "lat": 1, "lon": 2})
    assert dataset.column_names == ["prompt", "lat", "lon", ORIGIN_COLUMN]


def test_extra_columns_are_the_union_with_none(load):
    dataset = load(row("One?", x=1), row("Two?", y="b"))
    assert [(item["x"], item["y"]) for item in dataset] == [(1, None), (None, "b")]


def test_extra_columns_of_any_type_come_back_as_written(load):
    values = [1, "1", None, True, 2.5, [1, "a", {"b": None}], {"c": [1, 2]}, {}, 2**80]
    dataset = load(*(row("Where?", extra=value, id=value) for value in values))
    assert [item["extra"] for item in dataset] == values
    assert [type(item["extra"]) for item in dataset] == [type(value) for value in values]
    assert dataset[2:4]["extra"] == [None, True]


def test_whole_numbers_beside_fractions_are_floats(load):
    dataset = load(row("One?", lat=48, lon=2.25), row("Two?", lat=48.5, lon=2))
    assert [item["lat"] for item in dataset] == [48.0, 48.5]
    assert json.loads(json.dumps(dataset[0]["lat"])) == 48


def test_two_files_pair_with_two_folders(tmp_path, load):
    picture(tmp_path / "B" / "a.png", 99)
    first = write(tmp_path / "first.jsonl", row(image="a.png"))
    second = tmp_path / "second.json"
    second.write_text(json.dumps([row(image="a.png", source="B")]))
    files, folders = pair_paths(f"{first}:{second}", f"{tmp_path / 'A'}:{tmp_path / 'B'}")
    dataset = load(files=files, folders=folders)
    assert [item["images"][0].getpixel((0, 0))[0] for item in dataset] == [10, 99]
    assert [item["source"] for item in dataset] == [None, "B"]


def test_a_system_prompt_reaches_every_prompt(load):
    dataset = load(row("One?"), row("Two?"), system_prompt="Think first.")
    assert [item["prompt"][0] for item in dataset] == [
        {"role": "system", "content": [{"type": "text", "text": "Think first."}]}
    ] * 2


def test_all_bad_lines_are_named_before_anything_is_written(tmp_path, load):
    with pytest.raises(DataError) as caught:
        load(
            row(image="a.png"),
            row(image="../secret.png"),
            row(image="none.png"),
            row(image="a.png", lat=95.0, lon=0.0),
            row(image="a.png", answer="91.5, 2.0"),
            row(),
        )
    message = str(caught.value)
    assert message.startswith("5 bad lines (2 truth, 1 image outside, 1 image missing, 1 row)")
    for line in range(2, 7):
        assert f"rows.jsonl, line {line}: " in message
    assert not list((tmp_path / "cache").glob("*.arrow"))


def test_rows_with_and_without_images_stand_in_one_table(load):
    dataset = load(row("Where?"), row(image="a.png"), row("Which?", image=["a.png", "b.png"]))
    assert [len(item["images"]) for item in dataset] == [0, 1, 2]
    assert has_images(dataset).tolist() == [False, True, True]
    assert has_images(dataset.select([2, 0])).tolist() == [True, False]
    assert has_images(dataset.select(range(1, 3))).tolist() == [True, True]
    assert has_images(load(row("Where?"))).tolist() == [False]


def test_truth_coordinates_are_kept_whatever_they_were_written_as(load):
    rows = [
        row("One?", "Country: Japan Coordinates: (43.45, 142.61)"),
        row("Two?", "a fountain"),
        row("Three?", "no place", y=-1.5, x=2),
    ]
    degrees = truth_degrees(load(*rows, columns={"lat": "y", "lon": "x"}).data.table)
    assert degrees[:, [0, 2]].T.tolist() == [[43.45, 142.61], [-1.5, 2.0]]
    assert np.isnan(degrees[:, 1]).all()


def test_rewards_do_not_see_where_a_row_comes_from(load):
    assert ORIGIN_COLUMN not in load(row("One?"))[0]


@pytest.mark.parametrize("name", sorted(RESERVED_COLUMNS))
def test_a_column_that_the_trainer_passes_itself_is_refused(load, name):
    with pytest.raises(DataError, match=rf"line 2: the trainer uses the name '{name}'"):
        load(row("One?"), row("Two?", **{name: 1}))


def test_a_mapped_column_that_is_missing_is_an_error_with_the_nearest(load):
    with pytest.raises(UnknownNameError, match="did you mean 'my_lat'"):
        load(row("One?", my_lat=1.0, my_lon=1.0), columns={"lat": "mylat", "lon": "my_lon"})


def test_mapped_truth_columns_are_checked(load):
    with pytest.raises(DataError, match="1 truth"):
        load(row("One?", y=100.0, x=1.0), columns={"lat": "y", "lon": "x"})


def test_reopening_takes_the_written_table(tmp_path, load):
    first = load(row("One?", x=[1]))
    (table,) = (tmp_path / "cache").glob("*.arrow")
    written = table.stat().st_mtime_ns
    again = load(row("One?", x=[1]), system_prompt="Think.")
    assert table.stat().st_mtime_ns == written
    assert [file["filename"] for file in again.cache_files] == [str(table)]
    assert again[0]["x"] == first[0]["x"] == [1]


def test_changed_content_is_read_anew(load):
    assert load(row("One?"))[0]["solution"] != load(row("One?", "other"))[0]["solution"]


def test_other_folders_are_read_anew(tmp_path, load):
    picture(tmp_path / "B" / "a.png", 99)
    load(row(image="a.png"))
    dataset = load(row(image="a.png"), folders=[tmp_path / "B"])
    assert dataset[0]["images"][0].getpixel((0, 0))[0] == 99


def test_a_half_written_table_is_replaced(tmp_path, load):
    load(row("One?"))
    (table,) = (tmp_path / "cache").glob("*.arrow")
    whole = table.read_bytes()
    table.with_suffix(".partial").write_bytes(whole[: len(whole) // 2])
    table.unlink()
    assert len(load(row("One?"))) == 1
    assert table.read_bytes() == whole
    assert not table.with_suffix(".partial").exists()


def test_rows_are_mapped_not_held_in_memory(load):
    dataset = load(row("One?"))
    assert type(dataset.data).__name__ == "MemoryMappedTable"


def test_pictures_are_opened_on_use_only(tmp_path, load):
    dataset = load(row(image="a.png"), row(image="b.png"))
    (tmp_path / "A" / "b.png").unlink()
    assert dataset[0]["images"]
    assert len(list(dataset.select_columns(["prompt", "solution"]))) == 2
    with pytest.raises(DataError, match=r"b\.png does not exist"):
        dataset[1]


def test_a_picture_repeated_in_a_batch_is_opened_once(load):
    rows = load(row(image="a.png"), row(image="b.png")).__getitems__([0, 0, 1])
    assert rows[0]["images"][0] is rows[1]["images"][0]
    assert rows[0]["images"][0] is not rows[2]["images"][0]


def test_a_truncated_picture_is_an_error_that_names_it(tmp_path, load):
    dataset = load(row(image="a.png"))
    path = tmp_path / "A" / "a.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"a\.png"):
        dataset[0]


def test_a_dataset_goes_to_worker_processes(load):
    dataset = pickle.loads(pickle.dumps(load(row(image="a.png", x={"y": 1}), system_prompt="Think.")))
    assert dataset[0]["x"] == {"y": 1}
    assert dataset[0]["prompt"][0]["role"] == "system"


def _load_in_process(sources, cache_dir, start, results):
    while time.time() < start:
        pass
    dataset = load_dataset(sources, cache_dir=cache_dir)
    results.put((os.getpid(), len(dataset), dataset.cache_files[0]["filename"]))


def test_ranks_that_start_together_share_one_table(tmp_path):
    file = write(tmp_path / "rows.jsonl", *(row("Where?", index=index) for index in range(3000)))
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    arguments = ([Source(file, tmp_path)], tmp_path / "cache", time.time() + 0.2, results)
    ranks = [context.Process(target=_load_in_process, args=arguments) for _ in range(3)]
    for rank in ranks:
        rank.start()
    answers = [results.get(timeout=60) for _ in ranks]
    for rank in ranks:
        rank.join(timeout=60)
    assert len({pid for pid, _, _ in answers}) == 3
    assert {(count, name) for _, count, name in answers} == {(3000, answers[0][2])}
    assert [rank.exitcode for rank in ranks] == [0, 0, 0]


def test_a_table_of_other_rows_of_the_same_file_is_another(tmp_path, load):
    file = write(tmp_path / "rows.jsonl", *(row("Where?", index=index) for index in range(40)))

    def indices(seed=0, **settings):
        source = Source(file, tmp_path, **settings)
        return load_dataset([source], seed=seed, cache_dir=tmp_path / "cache")[:]["index"]

    whole = list(range(40))
    assert indices() == whole
    assert indices(sampling=parse_sampling("end:3")) == [37, 38, 39]
    assert indices(weight=2.0) == whole + whole
    chosen = [indices(seed, sampling=parse_sampling("random:10")) for seed in (1, 2)]
    assert chosen[0] != chosen[1]
    assert indices() == indices(seed=5) == whole
    assert len(list((tmp_path / "cache").glob("*.arrow"))) == 5  # the seed does not change a whole file


def test_bad_rows_are_left_out_and_counted_also_when_the_table_is_found_again(load, caplog):
    rows = [row("One?"), row("Two?", lat=95.0, lon=0.0), row("Three?", image="none.png")]
    for _ in range(2):
        caplog.clear()
        dataset = load(*rows, bad_rows="skip")
        assert len(dataset) == 1
        assert "left out 2 bad lines" in caplog.text
        assert "rows.jsonl, line 2: latitude 95.0" in caplog.text
    with pytest.raises(DataError, match="2 bad lines"):
        load(*rows, bad_rows="error")


def test_only_bad_rows_are_no_rows(load):
    with pytest.raises(DataError, match="hold no rows that are good"):
        load(row("Two?", lat=95.0, lon=0.0), bad_rows="skip")


def test_a_file_is_hashed_again_when_it_was_touched(tmp_path, monkeypatch):
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
    memory.write_text(memory.read_text().replace(old[0], "from memory"))
    assert file_hashes([file], cache_dir=cache) == ["from memory"]
    assert hashed("one", age_s=0) == old  # changed just now: it may change again unseen
    assert len(json.loads(memory.read_text())) == 3


BUILD = """
import sys
from pathlib import Path
from geo_rewards.data import Source
from geo_rewards_trl.rows.dataset import load_dataset

if __name__ == "__main__":
    file, cache = map(Path, sys.argv[1:])
    print(len(load_dataset([Source(file, file.parent)], cache_dir=cache)))
"""


def test_a_build_that_is_killed_leaves_nothing_that_is_taken_for_a_table(tmp_path):
    line = json.dumps(row("Where?" * 20, "Country: Japan Coordinates: (43.45, 142.61)")) + "\n"
    file, cache, script = tmp_path / "rows.jsonl", tmp_path / "cache", tmp_path / "build.py"
    file.write_text(line * 60_000)
    script.write_text(BUILD)
    command = [sys.executable, str(script), str(file), str(cache)]
    build = subprocess.Popen(command, start_new_session=True)
    end = time.monotonic() + 60
    while not list(cache.glob("*.lock")) and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(1.0)
    assert build.poll() is None
    os.killpg(build.pid, signal.SIGKILL)
    build.wait()
    left = {path.suffix for path in cache.iterdir()}
    assert ".arrow" not in left
    assert sum(path.stat().st_size for path in cache.glob("*.partial")) == 0  # rows wait in an unnamed file
    file.write_text(line * 10)
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout == "10\n"


def test_a_validation_part_keeps_the_system_prompt(load):
    rows = load(row("One?"), row("Two?"), system_prompt="Think.")
    for part in split_validation(rows, 0.5, seed=0):
        assert part[0]["prompt"][0]["role"] == "system"


def test_the_parts_are_all_rows(load):
    rows = load(*(row("Where?", index=index) for index in range(8)))
    train, held_out = split_validation(rows, 0.25, seed=0)
    assert (len(train), len(held_out)) == (6, 2)
    assert sorted([*train["index"], *held_out["index"]]) == list(range(8))
    assert split_validation(rows, 0.0, seed=0) == (rows, None)


def test_ranks_that_waited_for_a_build_that_failed_do_not_read_the_rows_again(tmp_path):
    file = write(tmp_path / "rows.jsonl", *(row("Where?", lat=95.0, lon=0.0) for _ in range(3000)))
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    arguments = (find_sources(str(file), None), tmp_path / "cache", time.time() + 0.3, results)
    ranks = [context.Process(target=_fail_in_process, args=arguments) for _ in range(3)]
    for rank in ranks:
        rank.start()
    answers = [results.get(timeout=60) for _ in ranks]
    for rank in ranks:
        rank.join(timeout=60)
    assert len({message for message, _ in answers}) == 1
    assert answers[0][0].startswith("3,000 bad lines (3,000 truth)")
    assert sum(built for _, built in answers) == 1


def _fail_in_process(sources, cache_dir, start, results):
    from geo_rewards.data.table import cache as table_cache

    built = []
    build = table_cache._build
    table_cache._build = lambda *given: (built.append(1), build(*given))
    while time.time() < start:
        pass
    try:
        load_dataset(sources, cache_dir=cache_dir)
    except DataError as error:
        results.put((str(error), len(built)))


def test_a_table_that_was_cut_off_is_not_trained_on(tmp_path, load):
    load(*(row("Where?", index=index) for index in range(3000)))
    (table,) = (tmp_path / "cache").glob("*.arrow")
    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises((DataError, OSError)):
        load(*(row("Where?", index=index) for index in range(3000)))
