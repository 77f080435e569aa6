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
