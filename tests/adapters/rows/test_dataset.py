from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("datasets", reason="needs the extra `train`")

from geo_rewards_trl.rows.dataset import RESERVED_COLUMNS, has_images, load_dataset, split_validation
from PIL import Image

from geo_rewards.data import Source
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError

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
    """A function that loads rows, with a cache in the test's folder."""

    def run(*rows, **options):
        picture(tmp_path / "A" / "a.png", 10)
        picture(tmp_path / "A" / "b.png", 20)
        source = Source(write(tmp_path / "rows.jsonl", *rows), tmp_path / "A")
        return load_dataset([source], cache_dir=tmp_path / "cache", **options)

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


def test_extra_columns_of_any_type_come_back_as_written(load):
    values = [1, "1", None, True, 2.5, [1, "a", {"b": None}], {"c": [1, 2]}, {}, 2**80]
    dataset = load(*(row("Where?", extra=value, id=value) for value in values))
    assert [item["extra"] for item in dataset] == values
    assert [type(item["extra"]) for item in dataset] == [type(value) for value in values]
    assert dataset[2:4]["extra"] == [None, True]


def test_a_system_prompt_reaches_every_prompt(load):
    dataset = load(row("One?"), row("Two?"), system_prompt="Think first.")
    assert [item["prompt"][0] for item in dataset] == [
        {"role": "system", "content": [{"type": "text", "text": "Think first."}]}
    ] * 2


def test_rewards_do_not_see_where_a_row_comes_from(load):
    assert ORIGIN_COLUMN not in load(row("One?"))[0]


@pytest.mark.parametrize("name", sorted(RESERVED_COLUMNS))
def test_a_column_that_the_trainer_passes_itself_is_refused(load, name):
    with pytest.raises(DataError, match=rf"line 2: the trainer uses the name '{name}'"):
        load(row("One?"), row("Two?", **{name: 1}))


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


def test_the_rows_of_a_part_have_their_own_figures(load):
    dataset = load(row("Where?"), row(image="a.png"), row("Which?", image=["a.png", "b.png"]))
    assert [len(item["images"]) for item in dataset] == [0, 1, 2]
    assert has_images(dataset).tolist() == [False, True, True]
    assert has_images(dataset.select([2, 0])).tolist() == [True, False]
    assert has_images(dataset.select(range(1, 3))).tolist() == [True, True]
