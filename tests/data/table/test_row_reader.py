"""What happens to stored rows when they are used."""

import pickle

import pytest
from PIL import Image

from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.errors import DataError

USER = {"role": "user", "content": [{"type": "image", "text": None}, {"type": "text", "text": "Where?"}]}


@pytest.fixture
def batch(tmp_path):
    """Rows as stored in the table: one picture, two with one broken, none, and the first again."""
    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_bytes(b"")
    good, broken = str(tmp_path / "a.png"), str(tmp_path / "broken.png")
    return {
        "prompt": [[USER]] * 4,
        "images": [[good], [good, broken], [], [good]],
        "extra": ["[1, 2]", None, '"x"', "3"],
        "row_origin": [{"file": 1, "line": line, "lat": None, "lon": None} for line in (7, 8, 9, 7)],
    }


def reader(**parts):
    return RowReader(json_columns=("extra",), files=("a.jsonl", "b.jsonl"), **parts)


def test_a_row_with_a_broken_picture_has_blank_ones_and_says_why(batch):
    read = reader(bad_rows="skip")(batch)
    assert [[picture.size for picture in row] for row in read["images"]] == [
        [(8, 6)],
        [(224, 224), (224, 224)],
        [],
        [(8, 6)],
    ]
    assert read["images"][1][0].getcolors(maxcolors=1) is not None
    fault = read["picture_fault"][1]
    assert fault.startswith("b.jsonl, line 8: picture ")
    assert fault.endswith("broken.png is empty, a file of 0 bytes")
    assert [read["picture_fault"][row] for row in (0, 2, 3)] == [None] * 3


def test_the_prompt_is_the_same_with_and_without_the_picture(batch):
    read = reader(bad_rows="skip", system_prompt="Think.")(batch)
    assert read["prompt"][1] == read["prompt"][0]
    assert read["prompt"][0][1]["content"] == [{"type": "image"}, {"type": "text", "text": "Where?"}]


def test_a_broken_picture_is_an_error_that_names_file_and_line(batch):
    with pytest.raises(DataError, match=r"b\.jsonl, line 8: picture .*broken\.png is empty"):
        reader()(batch)


def test_a_broken_picture_is_reported_once_per_batch(batch, caplog):
    batch["images"][3], batch["row_origin"][3] = batch["images"][1], batch["row_origin"][1]
    assert reader(bad_rows="skip")(batch)["picture_fault"][3] is not None
    assert len(caplog.messages) == 1


def test_a_picture_of_several_rows_is_opened_once(batch):
    read = reader(bad_rows="skip")(batch)
    assert read["images"][0][0] is read["images"][3][0]


def test_the_origin_is_dropped_and_json_is_decoded(batch):
    read = reader(bad_rows="skip")(batch)
    assert set(read) == {"prompt", "images", "extra", "picture_fault"}
    assert read["extra"] == [[1, 2], None, "x", 3]


def test_a_batch_of_some_columns_is_read(batch):
    assert reader()({"extra": batch["extra"]}) == {"extra": [[1, 2], None, "x", 3]}
    assert reader()({"prompt": batch["prompt"]})["picture_fault"] == [None] * 4
    with pytest.raises(DataError, match="a row: picture"):
        reader()({"images": batch["images"]})


def test_a_reader_survives_pickling():
    assert pickle.loads(pickle.dumps(reader(bad_rows="skip"))) == reader(bad_rows="skip")
