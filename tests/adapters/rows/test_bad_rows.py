"""Bad rows and mixtures in real trainings of the tiny model, in this process."""

import json
import logging

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.train import run_training
from PIL import Image

import geo_rewards as gr
from geo_rewards.errors import DataError
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train


class Vowels(gr.Reward):
    """Share of vowels; notes what it is given, and may do harm to files when it is first called."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        if HARM:
            HARM.pop()()
        SEEN.append((sample.row["id"], sample.row.get("accu_reward_method"), text_of(sample.prompt)))
        return sum(sample.completion.count(vowel) for vowel in "aeiou") / max(1, len(sample.completion))


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Vowels)


SEEN = []
HARM = []


@pytest.fixture(autouse=True)
def _fresh():
    SEEN.clear()
    HARM.clear()


@pytest.fixture
def train(tiny_model, common_flags, tmp_path):
    """Return a function that trains on the rows of some files."""

    def run(data, *flags, output="run", steps=2):
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(tmp_path / output)]
        base += ["--max_steps", str(steps), "--reward_funcs", "vowels", "--data_file_paths", str(data)]
        with temporary_plugin(Plugin):
            return run_training([*common_flags, *base, *flags])

    return run


@pytest.fixture
def rows(tmp_path, make_rows):
    """Return a file of eight rows with one picture each, beside it."""
    make_row, write = make_rows
    return write(tmp_path, [make_row(number) for number in range(8)])


def text_of(prompt):
    """Return all that the model is given of a prompt beside the pixels."""
    turns = [(turn["role"], block) for turn in prompt for block in turn["content"]]
    return json.dumps([(role, block["type"], block.get("text")) for role, block in turns])


def steps_of(trainer):
    return [entry for entry in trainer.state.log_history if "loss" in entry]


def break_pictures(folder):
    """Delete half of the pictures, cut the others off."""
    for number in range(8):
        path = folder / f"{number}.png"
        if number % 2:
            path.write_bytes(path.read_bytes()[:60])
        else:
            path.unlink()


def test_pictures_that_break_in_mid_run_change_no_prompt_and_teach_nothing(train, rows, caplog):
    train(rows, output="undisturbed", steps=4)
    undisturbed = list(SEEN)
    SEEN.clear()
    HARM.append(lambda: break_pictures(rows.parent))
    with caplog.at_level(logging.WARNING, "geo_rewards_trl"):
        trainer = train(rows, "--bad_rows", "skip", steps=4)
    assert undisturbed == SEEN
    # The loader is a batch ahead: the first two of four were read before the harm was done.
    steps = steps_of(trainer)
    assert [entry["picture_faults"] for entry in steps] == [0, 0, 4, 4]
    assert [entry["grad_norm"] == 0 for entry in steps[2:]] == [True, True]
    assert steps[0]["grad_norm"] > 0
    told = [record.getMessage() for record in caplog.records if "blank pictures" in record.getMessage()]
    broken = [number for number, *_ in undisturbed[8::2]]
    assert len(told) == len(broken) == 4
    for number, message in zip(broken, told, strict=True):
        assert message.startswith(f"{rows}, line {number + 1}: picture {rows.parent / f'{number}.png'} ")
        assert ("ends too early" if number % 2 else "does not exist") in message


def test_a_picture_that_breaks_in_mid_run_ends_it_and_the_same_rows_go_on_without_it(train, rows):
    HARM.append(lambda: break_pictures(rows.parent))
    saving = ("--save_steps", "1", "--save_only_model", "false")
    with pytest.raises(DataError, match=rf"{rows}, line \d: picture .*\d\.png .*--bad_rows skip"):
        train(rows, *saving, steps=4)
    SEEN.clear()
    trainer = train(rows, *saving, "--bad_rows", "skip", steps=4)
    # It ended when the third batch was loaded, before the second was trained on.
    assert [entry["picture_faults"] for entry in steps_of(trainer)] == [0, 4, 4, 4]
    assert len(SEEN) == 12


@pytest.fixture
def spoilt(rows):
    """Return the file of rows with two bad pictures and a bad line among them."""
    (rows.parent / "1.png").write_bytes(b"")
    (rows.parent / "6.png").write_text("no picture")
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([*lines[:4], "{", *lines[4:]]) + "\n")
    return rows


def test_bad_rows_are_an_error_before_the_model_is_loaded(train, spoilt):
    message = r"3 bad lines \(.*1 image empty.*1 image not a picture\)(.|\n)*line 8: picture .*6\.png is not"
    with pytest.raises(DataError, match=message):
        train(spoilt, "--model_name_or_path", "no/such/model")


def test_bad_rows_are_skipped_with_a_count_by_file_and_cause(train, spoilt, caplog):
    for _ in ("when the table is built", "and whenever it is found again"):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "geo_rewards_trl"):
            trainer = train(spoilt, "--bad_rows", "skip", "--data_cache_dir", str(spoilt.parent / "cache"))
        assert len(trainer.train_dataset) == 6
        assert {number for number, *_ in SEEN} <= {0, 2, 3, 4, 5, 7}
        (told,) = (text for text in caplog.messages if "left out" in text)
        assert f"left out 3 bad lines: {spoilt}: 3 (" in told
        assert all(kind in told for kind in ("1 json", "1 image empty", "1 image not a picture"))


def test_without_the_check_the_first_use_tells(train, rows):
    (rows.parent / "3.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 bad line \(1 image empty\)"):
        train(rows)
    with pytest.raises(DataError, match=r"line 4: picture .*3\.png is empty"):
        train(rows, "--check_pictures", "false", steps=4)


def test_odd_but_readable_pictures_train(train, tmp_path, make_rows):
    make_row, write = make_rows
    file = write(tmp_path, [make_row(number) for number in range(8)])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1, 1), "red").save(tmp_path / "0.png")
    Image.new("RGB", (200, 1)).save(tmp_path / "1.png")
    Image.new("RGB", (1, 200)).save(tmp_path / "2.png")
    Image.new("CMYK", (40, 30)).save(tmp_path / "3.png", format="JPEG")
    Image.new("I;16", (40, 30), 30_000).save(tmp_path / "4.png")
    Image.new("RGB", (40, 30)).save(tmp_path / "5.png", exif=exif)
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "6.png", format="GIF", save_all=True, append_images=frames[1:])
    Image.new("LA", (40, 30), (90, 0)).save(tmp_path / "7.png")
    trainer = train(file, steps=4)
    assert {number for number, *_ in SEEN} == set(range(8))
    assert all(entry["picture_faults"] == 0 for entry in steps_of(trainer))


def test_a_mixture_trains_on_the_rows_it_names(train, tmp_path, make_rows):
    make_row, write = make_rows
    for folder, start in (("north", 0), ("south", 4)):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, [make_row(start + number) for number in range(4)])
    mixture = tmp_path / "mix.yaml"
    mixture.write_text(
        "datasets:\n"
        "  - {json_path: north/rows.jsonl, sampling_strategy: 'first:1', weight: 2, reward_method: fuzzy}\n"
        "  - {json_path: south/rows.jsonl, sampling_strategy: 'end:2', reward_method: mcq}\n"
    )
    trainer = train(mixture, output="mixture")
    assert len(trainer.train_dataset) == 4
    assert {(number, method) for number, method, _ in SEEN} == {(0, "fuzzy"), (6, "mcq"), (7, "mcq")}
    SEEN.clear()
    files = f"{tmp_path}/north/rows.jsonl:{tmp_path}/south/rows.jsonl"
    trainer = train(files, "--reward_method", "fuzzy:mcq", output="pair")
    assert len(trainer.train_dataset) == 8
    assert {(number < 4, method) for number, method, _ in SEEN} == {(True, "fuzzy"), (False, "mcq")}
