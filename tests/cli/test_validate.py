import json
import sys
from typing import ClassVar

import pytest
from PIL import Image

import geo_rewards as gr
from geo_rewards.data import validation
from geo_rewards.testing import temporary_plugin

TRUTH = "48.8584, 2.2945"


@pytest.fixture
def folder(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (16, 16), "blue").save(photos / "a.png")
    (photos / "cut.png").write_bytes((photos / "a.png").read_bytes()[:50])
    return photos


def row(truth=TRUTH, image="a.png", **columns):
    turns = [{"from": "human", "value": "<image>Where?"}, {"from": "gpt", "value": truth}]
    return {"conversations": turns, "image": image, **columns}


def test_good_data_ends_with_0(run, write_rows, folder):
    file = write_rows([row(), row([1.5, 2.5])])
    ran = run("validate", file, "--images", folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{file}: 2 rows, 2 good with 2 pictures\n"


def test_every_fault_is_listed_and_summed_up_by_cause(run, write_rows, folder):
    file = write_rows(
        [row(), row("91, 2"), "{", row(image="cut.png"), row(image="no.png"), row(image="../a.png")]
    )
    ran = run("validate", file, "--images", folder)
    assert ran.code == 1
    assert "6 rows, 1 good" in ran.out
    assert "5 problems (1 truth, 1 json, 1 image truncated, 1 image missing, 1 image outside):" in ran.out
    for line, what in ((2, "latitude 91"), (3, "JSON"), (4, "cut.png"), (5, "no.png"), (6, "'..'")):
        assert any(f"{file}, line {line}: " in text and what in text for text in ran.out.splitlines())


def test_pictures_that_are_in_another_folder_bring_the_flag_that_names_it(run, write_rows, folder):
    file = write_rows([row()])
    hint = "image paths are relative to each data file's own folder; set another with --images"
    assert hint in run("validate", file).out
    assert hint not in run("validate", write_rows([row(image="no.png")]), "--images", folder).out


def test_json_is_alone_on_stdout(run, write_rows, folder):
    file = write_rows([row(), row("91, 2")])
    ran = run("validate", file, "--images", folder, "--json")
    assert (ran.code, ran.err) == (1, "")
    assert ran.json == {
        "rows": 2,
        "good": 1,
        "pictures": 1,
        "files": {str(file): 2},
        "causes": {"truth": 1},
        "kinds": {"truth": 1},
        "rehearsal": None,
        "errors": [
            {
                "file": str(file),
                "line": 2,
                "cause": "truth",
                "message": "solution: out of range: latitude 91.0 is not in [-90, 90]",
            }
        ],
    }


def test_every_kind_of_picture_fault_is_found_and_counted(script, write_rows, folder):
    """Among many good rows, so that other processes open most of the pictures."""
    Image.effect_noise((64, 64), 50).save(folder / "damaged.png")
    noise = bytearray((folder / "damaged.png").read_bytes())
    noise[200] ^= 0xFF
    (folder / "damaged.png").write_bytes(noise)
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("<html>404 not found</html>")
    (folder / "out.png").symlink_to("/etc/hostname")
    Image.new("1", (10_000, 10_000)).save(folder / "over.png")
    Image.new("1", (13_500, 13_500)).save(folder / "bomb.png")
    Image.new("L", (201, 1)).save(folder / "thin.png")
    Image.new("I", (4, 4), 70_000).save(folder / "deep.tiff")
    names = ["none", "empty", "text", "cut", "damaged", "over", "bomb", "thin", "out"]
    bad = [row(image=f"{name}.png") for name in names] + [row(image="deep.tiff")]
    ran = script("validate", write_rows([row()] * 150 + bad), "--images", folder, "--workers", 2, "--json")
    kinds = ["missing", "empty", "not_a_picture", "truncated", "damaged", "oversized", "bomb", "shape"]
    kinds += ["outside", "range"]
    assert [error["kind"] for error in ran.json["errors"]] == kinds
    assert ran.json["causes"] == {"image": 10}
    assert ran.json["kinds"] == {f"image {kind}".replace("_", " "): 1 for kind in kinds}
    assert (ran.code, ran.json["good"]) == (1, 150)


def test_pictures_of_every_readable_kind_are_good(run, write_rows, folder):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("CMYK", (8, 8)).save(folder / "cmyk.jpg")
    Image.new("I;16", (8, 8)).save(folder / "deep.png")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (200, 1)).save(folder / "line.png")
    rows = [row(image=name) for name in ("moving.gif", "cmyk.jpg", "deep.png", "dot.png", "line.png")]
    ran = run("validate", write_rows(rows), "--images", folder)
    assert (ran.code, "5 rows, 5 good with 5 pictures" in ran.out) == (0, True)


def test_a_mixture_is_checked_as_a_run_would_read_it(run, write_rows, folder, tmp_path):
    first = write_rows([row(), row("91, 2"), row("92, 2")], "a.jsonl")
    second = write_rows([row(image="cut.png"), row(), row()], "b.jsonl")
    mixture = tmp_path / "mix.yaml"
    mixture.write_text(
        "datasets:\n"
        "  - {json_path: a.jsonl, image_folder: photos, sampling_strategy: 'first:2', weight: 2}\n"
        "  - {json_path: b.jsonl, image_folder: photos, sampling_strategy: 'end:2'}\n"
    )
    ran = run("validate", mixture)
    assert f"{mixture}: 6 rows, 4 good with 4 pictures" in ran.out
    assert f"{first}: 4 rows" in ran.out
    assert f"{second}: 2 rows" in ran.out
    assert "1 problem (1 truth):" in ran.out  # once, although its row would be read twice


def test_the_seed_of_the_run_decides_what_is_checked(run, write_rows, folder, tmp_path):
    write_rows([row("91, 2"), *[row()] * 3], "a.jsonl")
    (tmp_path / "mix.yaml").write_text(
        "datasets: [{json_path: a.jsonl, image_folder: photos, sampling_strategy: 'random:2'}]"
    )
    codes = [run("validate", tmp_path / "mix.yaml", "--seed", seed).code for seed in range(10)]
    assert set(codes) == {0, 1}
    assert codes == [run("validate", tmp_path / "mix.yaml", "--seed", seed).code for seed in range(10)]


def test_a_method_for_each_file_reaches_the_rehearsal(run, write_rows, folder, tmp_path):
    first, second = write_rows([row("4")], "a.jsonl"), write_rows([row("a dog")], "b.jsonl")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("rewards: [{name: vqa_auto}]")
    data = ("validate", f"{first}:{second}", "--images", f"{folder}:{folder}")
    command = (*data, "--recipe", recipe, "--reward-method")
    assert run(*command, "numeric:exact").code == 0
    ran = run(*command, "numeric:numeric")
    assert (ran.code, "cannot be graded" in ran.out + ran.err) == (1, True)
    ran = run(*command, "numeric")
    assert (ran.code, "names 1 methods for 2 data files" in ran.err) == (1, True)


def test_text_shows_the_first_problems_and_json_all(run, write_rows, folder):
    file = write_rows([row("91, 2")] * 30)
    assert "and 10 more" in run("validate", file, "--images", folder).out
    assert len(run("validate", file, "--images", folder, "--json").json["errors"]) == 30


def test_files_and_folders_pair_up(run, write_rows, folder, tmp_path):
    first, second = write_rows([row()], "a.jsonl"), write_rows([row(image="photos/a.png")], "b.jsonl")
    ran = run("validate", f"{first}:{second}", "--images", f"{folder}:{tmp_path}")
    assert (ran.code, "2 rows, 2 good" in ran.out) == (0, True)
    ran = run("validate", f"{first}:{second}", "--images", folder)
    assert (ran.code, "2 data files" in ran.err) == (1, True)
    assert run("validate", second).code == 0  # its own folder, where none is given


def test_the_rehearsal_passes_on_good_labels(run, write_rows, folder):
    ran = run("validate", write_rows([row(), row("4", "a.png")]), "--images", folder, "--recipe", "default")
    assert ran.code == 0
    assert "rehearsal of default on 2 rows: ideal answers earn the most, junk the least" in ran.out
    assert "reward 'distance' abstains on 1 of 2 rows" in ran.out


def test_a_rehearsal_without_good_rows_reports_no_success(run, write_rows, folder):
    ran = run("validate", write_rows([row("91, 2")]), "--images", folder, "--recipe", "default")
    assert ran.code == 1
    assert "rehearsal of default on 0 rows: no good rows to score" in ran.out


def test_the_rehearsal_explains_the_rows_that_fail(run, write_rows, folder):
    file = write_rows([row(), row("x", lat=40.0, lon=-3.7, country="France")])
    ran = run("validate", file, "--images", folder, "--recipe", "default")
    assert ran.code == 1
    assert "1 problem (1 rehearsal)" in ran.out
    assert f"{file}, line 2: its own truth as an ideal answer earns" in ran.out
    assert "  lies in    country 'ES'" in ran.out
    error = run("validate", file, "--images", folder, "--recipe", "default", "--json").json["errors"][0]
    assert (error["line"], error["cause"]) == (2, "rehearsal")
    assert "lies in    country 'ES'" in error["explanation"]


def test_a_recipe_that_does_not_fit_the_data_is_an_error(run, write_rows, folder):
    ran = run("validate", write_rows([row("4")]), "--images", folder, "--recipe", "geo-r")
    assert ran.code == 1
    assert "'distance' abstain on every row" in ran.out


def test_a_recipe_of_a_file_and_its_settings_are_rehearsed(run, write_rows, folder, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import geo_rewards as gr\n"
        "class Mine(gr.Reward):\n"
        '    """Pays for anything."""\n'
        '    name = "mine"\n'
        "    value: float = 0.0\n"
        "    def score(self, sample):\n"
        "        return self.value if not sample.answer.coordinate else 1.0\n"
    )
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("rewards: [{name: './mine.py:Mine'}]")
    file = write_rows([row()])
    assert run("validate", file, "--images", folder, "--recipe", recipe).code == 0
    ran = run("validate", file, "--images", folder, "--recipe", recipe, "--set", "mine.value=0.5")
    assert ran.code == 1
    assert "line 1: junk ('') earns 0.5 instead of 0" in ran.out


def test_columns_of_the_recipe_are_read_and_a_missing_one_is_an_error(run, write_rows, folder, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("rewards: [{name: haversine_decay}]\ncolumns: {lat: breite, lon: laenge}")
    file = write_rows([row(None, breite=48.0, laenge=2.0), row(None, breite=95.0, laenge=2.0)])
    ran = run("validate", file, "--images", folder, "--recipe", recipe)
    assert "line 2: latitude 95" in ran.out
    ran = run("validate", write_rows([row(None, breit=48.0)]), "--images", folder, "--recipe", recipe)
    assert (ran.code, "'breite'" in ran.err, "'breit'" in ran.err) == (1, True, True)
    ran = run("validate", write_rows(["{"]), "--images", folder, "--recipe", recipe)
    assert "line 1: invalid JSON" in ran.out  # nothing is known of the columns


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.jsonl"], 1, "no.jsonl does not exist"),
        (["{file}", "--images", "no"], 1, "image folder no"),
        (["{file}", "--recipe", "geogueser"], 2, "'geoguessr'"),
        (["{file}", "--set", "a.b=1"], 2, "--recipe"),
        (["{file}", "--imagse", "x"], 2, "--images"),
        (["{empty}"], 1, "contains no rows"),
    ],
)
def test_a_mistake_is_an_error_with_the_reason(run, write_rows, arguments, code, message):
    files = {"file": write_rows([row()]), "empty": write_rows([], "empty.jsonl")}
    ran = run("validate", *(argument.format(**files) for argument in arguments))
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_the_bar_is_for_terminals_only(run, write_rows, folder, monkeypatch):
    assert run("validate", write_rows([row()]), "--images", folder).err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "checking" in run("validate", write_rows([row()]), "--images", folder).err


def test_the_script_opens_pictures_in_many_processes(script, write_rows, folder):
    rows = [row(image="cut.png" if number % 50 == 0 else "a.png") for number in range(200)]
    ran = script("validate", write_rows(rows), "--images", folder, "--workers", 2, "--json")
    assert (ran.code, ran.err) == (1, "")
    assert [error["line"] for error in ran.json["errors"]] == [1, 51, 101, 151]


class Appender(gr.Reward):
    """Adds a row to the data file while it is rehearsed."""

    name = "appender"
    file: ClassVar = None

    def score(self, sample):
        with self.file.open("a") as rows:
            rows.write(json.dumps(row()) + "\n")
        return 1.0


def test_a_file_that_changes_while_it_is_checked_is_an_error(
    run, write_rows, folder, plugin_of, monkeypatch, tmp_path
):
    monkeypatch.setattr(validation, "CHUNK_ROWS", 1)
    file = write_rows([row(), row()])
    monkeypatch.setattr(Appender, "file", file)
    (tmp_path / "recipe.yaml").write_text("rewards: [{name: appender}]")
    with temporary_plugin(plugin_of(Appender)):
        ran = run("validate", file, "--images", folder, "--recipe", tmp_path / "recipe.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert f"{file} changed while being read (it grew" in ran.err


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.parquet", "rows.jsonl.gz", "-"])
def test_every_kind_of_file_is_checked(run, folder, tmp_path, monkeypatch, name):
    import gzip
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row(), row("91, 2")]
    lines = "".join(json.dumps(record) + "\n" for record in rows)
    path = tmp_path / name
    if name == "rows.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name == "rows.jsonl.gz":
        path.write_bytes(gzip.compress(lines.encode()))
    elif name == "-":
        path = name
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    else:  # turns do not fit a cell
        separator = "," if name.endswith(".csv") else "\t"
        path.write_text(separator.join(("image", "lat", "lon")) + "\n" + separator.join(("a.png", "1", "2")))
    ran = run("validate", path, "--images", folder)
    if name.endswith("sv"):
        assert "neither conversations nor messages are given" in ran.out
    else:
        where = {"rows.parquet": f"{path}, row 2", "-": "standard input, line 2"}.get(name, f"{path}, line 2")
        assert f"{where}: solution: out of range: latitude 91" in ran.out
    assert ran.code == 1
