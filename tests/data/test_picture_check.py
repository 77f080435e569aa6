import multiprocessing
import subprocess
import sys

import pytest
from PIL import Image

from geo_rewards.data import check_pictures
from geo_rewards.data.problems import RowProblem
from geo_rewards.data.rows import Row


@pytest.fixture
def pictures(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "good.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:50])
    return lambda *names: [str(tmp_path / name) for name in names]


def row(tmp_path, line, images):
    return Row(tmp_path / "rows.jsonl", line, [], None, images, {})


def test_each_bad_picture_becomes_a_problem_of_its_line(tmp_path, pictures):
    rows = [
        row(tmp_path, 1, pictures("good.png")),
        row(tmp_path, 2, pictures("good.png", "cut.png")),
        RowProblem(tmp_path / "rows.jsonl", 3, "json", "bad"),
        row(tmp_path, 4, []),
        row(tmp_path, 5, pictures("text.png")),
    ]
    checked = list(check_pictures(rows, workers=1))
    assert [checked[0], checked[2], checked[3]] == [rows[0], rows[2], rows[3]]
    assert [(problem.line, problem.cause) for problem in checked if isinstance(problem, RowProblem)] == [
        (2, "image"),
        (3, "json"),
        (5, "image"),
    ]
    assert "cut.png" in checked[1].message


def test_many_processes_find_the_same_in_the_same_order(tmp_path, pictures):
    names = ["good.png", "good.png", "cut.png"]
    rows = [row(tmp_path, line, pictures(names[line % 3])) for line in range(300)]
    alone = list(check_pictures(rows, workers=1))
    assert list(check_pictures(iter(rows), workers=2)) == alone
    assert sum(isinstance(found, RowProblem) for found in alone) == 100


def test_a_problem_has_the_kind_of_fault(tmp_path, pictures):
    rows = [row(tmp_path, 1, pictures("text.png")), row(tmp_path, 2, pictures("none.png"))]
    assert [problem.kind for problem in check_pictures(rows, workers=1)] == ["not_a_picture", "missing"]


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    """Give processes started from here on a decoder that dies of a certain file, as a faulty one would."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "from PIL import Image\n"
        f"open({str(tmp_path / 'starts')!r}, 'a').write('.')\n"
        "Image.register_open('DEATH', lambda *_: os._exit(9), lambda begin: begin.startswith(b'DEATH'))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "deadly.png").write_bytes(b"DEATH of a process")


@pytest.mark.usefixtures("deadly")
def test_a_picture_that_kills_the_process_is_a_problem_of_its_line_alone(tmp_path, pictures):
    lines = {150, 151}
    rows = [
        row(tmp_path, line, pictures("deadly.png" if line in lines else "good.png")) for line in range(1000)
    ]
    checked = list(check_pictures(rows, workers=2))
    assert {found.line for found in checked if isinstance(found, RowProblem)} == lines
    assert [found.line for found in checked] == list(range(1000))
    assert "killed the process" in checked[150].message
    assert len((tmp_path / "starts").read_text()) < 15  # not one for each of the 25 chunks after it


@pytest.mark.usefixtures("deadly")
def test_a_worker_death_noticed_on_submission_is_survived(tmp_path, pictures):
    rows = [row(tmp_path, line, pictures("deadly.png" if line == 240 else "good.png")) for line in range(600)]
    found = []
    for checked in check_pictures(rows, workers=2):
        found.append(checked)
        while checked.line == 128 and multiprocessing.active_children():
            pass  # until the line that is far ahead has ended all processes
    assert [problem.line for problem in found if isinstance(problem, RowProblem)] == [240]
    assert [checked.line for checked in found] == list(range(600))


def test_a_script_without_a_guard_is_an_error_that_says_so(tmp_path, pictures):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from geo_rewards.data import check_pictures\n"
        "from geo_rewards.data.rows import Row\n"
        f"rows = [Row(Path('a'), n, [], None, {pictures('good.png')}, {{}}) for n in range(200)]\n"
        "list(check_pictures(rows, workers=2))\n"
    )
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "guarded by `if __name__ == '__main__':`" in ran.stderr.splitlines()[-1]
