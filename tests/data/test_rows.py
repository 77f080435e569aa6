from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.data import Row, RowProblem, read_rows
from geo_rewards.errors import DataError


def image() -> dict[str, str]:
    return {"type": "image"}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def seed_row(**changes: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": "<image>Where?"}, {"from": "gpt", "value": "48.8584, 2.2945"}]
    return {"id": 1, "image": "a.png", "conversations": turns, **changes}


def human(value: Any, answer: Any = "yes") -> list[dict[str, Any]]:
    return [{"from": "human", "value": value}, {"from": "gpt", "value": answer}]


def read_one(path: Path, folder: Path) -> Row:
    (row,) = read_rows(path, image_folder=folder)
    assert isinstance(row, Row), str(row)
    return row


def problem_of(path: Path, folder: Path) -> RowProblem:
    (problem,) = read_rows(path, image_folder=folder)
    assert isinstance(problem, RowProblem)
    return problem


def test_the_seeds_row_with_one_image_is_read(folder, write_rows):
    row = read_one(write_rows(seed_row()), folder)
    assert row.prompt == [{"role": "user", "content": [image(), text("Where?")]}]
    assert row.solution == "48.8584, 2.2945"
    assert row.images == [str(folder.resolve() / "a.png")]
    assert row.columns == {"id": 1}


def test_the_images_of_a_row_without_marks_come_first(folder, write_rows):
    """The seed's file of several images has no marks."""
    path = write_rows(seed_row(image=["b.png", "below/d.png"], conversations=human("Which is older?", "0")))
    row = read_one(path, folder)
    assert row.prompt == [{"role": "user", "content": [image(), image(), text("Which is older?")]}]
    assert [Path(name).name for name in row.images] == ["b.png", "d.png"]


def test_marks_keep_their_position(folder, write_rows):
    turns = human("Is <image> older than <image>\n?")
    row = read_one(write_rows(seed_row(image=["a.png", "b.png"], conversations=turns)), folder)
    content = [text("Is "), image(), text(" older than "), image(), text("\n?")]
    assert row.prompt[0]["content"] == content


def test_images_without_marks_come_after_the_system_turn(folder, write_rows):
    turns = [{"from": "system", "value": "Think."}, *human("Where?")]
    row = read_one(write_rows(seed_row(conversations=turns)), folder)
    assert row.prompt == [
        {"role": "system", "content": [text("Think.")]},
        {"role": "user", "content": [image(), text("Where?")]},
    ]


def test_a_row_without_image_is_text_only(folder, write_rows):
    row = read_one(write_rows({"conversations": human("How many?")}), folder)
    assert row.images == []
    assert row.prompt == [{"role": "user", "content": [text("How many?")]}]


def test_earlier_turns_belong_to_the_prompt(folder, write_rows):
    turns = [*human("<image>One?", 1), *human("Two?", "b")]
    row = read_one(write_rows(seed_row(conversations=turns)), folder)
    assert [message["role"] for message in row.prompt] == ["user", "assistant", "user"]
    assert row.prompt[1]["content"] == [text("1")]
    assert row.solution == "b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (True, "true"),
        ([48.8584, 2.2945], "[48.8584, 2.2945]"),
        ([51.5, 0.00001], "[51.5, 0.00001]"),
        ({"lat": 1, "city": "Besançon"}, '{"lat": 1, "city": "Besançon"}'),
        (None, None),
    ],
)
def test_an_answer_of_any_json_type_becomes_text(folder, write_rows, value, expected):
    row = read_one(write_rows(seed_row(conversations=human("<image>Where?", value))), folder)
    assert row.solution == expected


def test_a_row_may_have_no_answer(folder, write_rows):
    row = read_one(write_rows(seed_row(conversations=human("<image>Where?")[:1], lat=1.0, lon=2.0)), folder)
    assert row.solution is None
    assert row.columns == {"id": 1, "lat": 1.0, "lon": 2.0}


def test_a_solution_column_wins_over_the_last_turn(folder, write_rows):
    row = read_one(write_rows(seed_row(solution=[1.5, 2.5])), folder)
    assert row.solution == "[1.5, 2.5]"
    assert "solution" not in row.columns


def test_extra_columns_are_kept_as_written(folder, write_rows):
    extra = {"tags": ["x", {"y": None}], "score": 1, "model_config": "odd name"}
    assert read_one(write_rows(seed_row(**extra)), folder).columns == {"id": 1, **extra}


def test_messages_and_images_are_read(folder, write_rows):
    messages = [
        {"role": "user", "content": [{"type": "image", "text": None}, text("Where?")]},
        {"role": "assistant", "content": [text("1, 2")]},
    ]
    row = read_one(write_rows({"messages": messages, "images": ["a.png"]}), folder)
    assert row.prompt == [{"role": "user", "content": [image(), text("Where?")]}]
    assert row.solution == "1, 2"


def test_messages_of_plain_text_are_read_with_their_marks(folder, write_rows):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "See <image>"}]
    row = read_one(write_rows({"messages": messages, "images": "a.png"}), folder)
    assert row.prompt[1]["content"] == [text("See "), image()]
    assert row.solution is None


def test_a_json_list_is_read_like_lines(folder, write_rows):
    rows = [seed_row(id=1), seed_row(id=2, image="b.png")]
    listed = list(read_rows(write_rows(*rows, name="rows.json"), image_folder=folder))
    lined = list(read_rows(write_rows(*rows), image_folder=folder))
    assert [row.columns for row in listed] == [row.columns for row in lined] == [{"id": 1}, {"id": 2}]
    assert [row.images for row in listed] == [row.images for row in lined]


def test_a_row_in_a_json_list_is_found_by_its_first_line(folder, write_rows):
    path = write_rows(seed_row(), seed_row(image="none.png"), name="rows.json")
    first_lines = [n for n, line in enumerate(path.read_text().splitlines(), start=1) if line == " {"]
    rows = list(read_rows(path, image_folder=folder))
    assert [row.line for row in rows] == first_lines
    assert isinstance(rows[1], RowProblem)


@pytest.mark.parametrize(
    ("broken", "line"),
    [('{"a": 1}', 1), ("[\n\n{]", 3), ("[{}", 1), ("", 1), ("[{}\n{}]", 2), ("[]\n[]", 2), ("[1,]", 1)],
)
def test_a_broken_json_list_is_one_problem_with_its_line(tmp_path, folder, broken, line):
    path = tmp_path / "rows.json"
    path.write_text(broken)
    *_, last = read_rows(path, image_folder=folder)
    assert isinstance(last, RowProblem)
    assert (last.cause, last.line) == ("json", line)


def test_blank_lines_are_skipped_and_counted(folder, write_rows):
    rows = list(read_rows(write_rows("", seed_row(), "  ", seed_row()), image_folder=folder))
    assert [row.line for row in rows] == [2, 4]


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path, folder):
    path = tmp_path / "rows.jsonl"
    line = json.dumps(seed_row()).encode()
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n" + line)
    assert all(isinstance(row, Row) for row in read_rows(path, image_folder=folder))


def test_a_line_separator_inside_a_text_does_not_end_the_line(folder, write_rows):
    row = read_one(write_rows(seed_row(note="a\u2028b\x85c")), folder)
    assert row.columns["note"] == "a\u2028b\x85c"


@pytest.mark.parametrize(
    ("line", "cause", "words"),
    [
        ('{"id": 1', "json", "invalid JSON at column"),
        ("{} {}", "json", "one object per line"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "json", "'c' is duplicated"),
        (
            "{" + "".join(f'"k{n}": 1, ' for n in range(200_000)) + '"k199999": 2}',
            "json",
            "'k199999' is duplicated",
        ),
        ('{"a": NaN}', "json", "NaN is not valid JSON"),
        ('{"a": "\\ud800"}', "encoding", "surrogate"),
        ("[" * 100_000, "json", "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "json", "invalid JSON"),
        ("[]", "row", "a row must be an object"),
        ("{}", "row", "neither conversations nor messages"),
        ('{"conversations": [], "messages": []}', "row", "both"),
        ('{"conversations": []}', "row", "no human turn"),
        ('{"conversations": "hello"}', "row", "conversations must be a list, not 'hello'"),
        ('{"conversations": [{"from": "human"}]}', "row", "conversations.0"),
        ('{"conversations": [{"from": "robot", "value": ""}]}', "row", "'system', 'user' or 'assistant'"),
        ('{"conversations": [{"from": "human", "value": 3}]}', "row", "type int"),
        ('{"conversations": [{"from": "human", "value": ""}]}', "row", "empty"),
    ],
)
def test_a_bad_line_names_file_line_and_cause(folder, write_rows, line, cause, words):
    path = write_rows(seed_row(), line)
    good, bad = read_rows(path, image_folder=folder)
    assert isinstance(good, Row)
    assert isinstance(bad, RowProblem)
    assert (bad.file, bad.line, bad.cause) == (path, 2, cause)
    assert words in bad.message
    assert str(bad).startswith(f"{path}, line 2: ")
    assert len(bad.message) < 300


def test_a_line_that_is_not_utf8_is_a_problem(tmp_path, folder):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": "\xff"}\n')
    assert problem_of(path, folder).cause == "encoding"


@pytest.mark.parametrize(
    "turns",
    [
        human("<image><image>Where?"),
        [*human("<image>One?"), *human("<image>Two?")],
    ],
)
def test_a_wrong_number_of_marks_is_a_problem(folder, write_rows, turns):
    problem = problem_of(write_rows(seed_row(conversations=turns)), folder)
    assert "2 <image> marks, but 1 images" in problem.message


def test_a_mark_without_an_image_is_a_problem(folder, write_rows):
    problem = problem_of(write_rows({"conversations": human("<image>Where?")}), folder)
    assert "1 <image> marks, but 0 images" in problem.message


@pytest.mark.parametrize(
    ("turns", "role"),
    [
        ([{"from": "system", "value": "<image>"}, *human("Where?")], "system"),
        ([*human("One?", "<image>"), *human("Two?")], "assistant"),
    ],
)
def test_a_mark_outside_human_turns_is_a_problem(folder, write_rows, turns, role):
    problem = problem_of(write_rows(seed_row(conversations=turns)), folder)
    assert f"turn of the {role}" in problem.message


def test_a_mark_in_the_answer_is_text(folder, write_rows):
    row = read_one(write_rows(seed_row(conversations=human("<image>Tag?", "<image>"))), folder)
    assert row.solution == "<image>"


def test_a_system_turn_after_others_is_a_problem(folder, write_rows):
    turns = [*human("<image>One?"), {"from": "system", "value": "s"}, *human("Two?")]
    assert "must be the first" in problem_of(write_rows(seed_row(conversations=turns)), folder).message


@pytest.mark.parametrize(
    "block", [{"type": "image", "image": "b.png"}, {"type": "video"}, {"type": "text"}, "Where?", None]
)
def test_an_unknown_block_is_a_problem(folder, write_rows, block):
    row = {"messages": [{"role": "user", "content": [block]}], "images": ["a.png"]}
    assert problem_of(write_rows(row), folder).cause == "row"


def test_both_image_and_images_is_a_problem(folder, write_rows):
    assert "both image and images" in problem_of(write_rows(seed_row(images=["a.png"])), folder).message


@pytest.mark.parametrize("value", [3, [3], {"path": "a.png"}])
def test_an_image_that_is_not_a_path_is_a_problem(folder, write_rows, value):
    message = problem_of(write_rows(seed_row(image=value)), folder).message
    assert message == f"an image must be a path or a list of paths, not {value!r}"


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("/etc/passwd", "absolute", "outside"),
        ("C:\\a.png", "absolute", "outside"),
        ("../secret.png", "'..'", "outside"),
        ("below/../a.png", "'..'", "outside"),
        ("below\\..\\..\\secret.png", "'..'", "outside"),
        ("", "empty", "missing"),
        ("none.png", "No such file", "missing"),
        ("below", "not a file", "not_a_picture"),
        ("a.png/x", "Not a directory", "missing"),
        ("a\0.png", "null", "missing"),
        ("x" * 5000, "name too long", "missing"),
        ("link.png", "symbolic link", "outside"),
        ("linked/secret.png", "symbolic link", "outside"),
        ("dangling.png", "No such file", "missing"),
        ("loop.png", "symbolic links", "missing"),
    ],
)
def test_an_image_outside_its_folder_or_missing_is_a_problem(tmp_path, folder, write_rows, name, words, kind):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes((folder / "a.png").read_bytes())
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "link.png").symlink_to(outside / "secret.png")
    (folder / "linked").symlink_to(outside)
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    problem = problem_of(write_rows(seed_row(image=name)), folder)
    assert (problem.cause, problem.kind) == ("image", kind)
    assert words in problem.message


def test_a_special_file_is_not_a_picture(folder, write_rows):
    os.mkfifo(folder / "pipe.png")
    assert "not a file" in problem_of(write_rows(seed_row(image="pipe.png")), folder).message


def test_a_folder_with_a_longer_name_is_outside(tmp_path, folder, write_rows):
    neighbour = tmp_path / "images2"
    neighbour.mkdir()
    (neighbour / "a.png").write_bytes(b"")
    (folder / "near").symlink_to(neighbour)
    assert "symbolic link" in problem_of(write_rows(seed_row(image="near/a.png")), folder).message


def test_symbolic_links_inside_the_folder_are_followed(tmp_path, folder, write_rows):
    (folder / "alias.png").symlink_to("below/d.png")
    (tmp_path / "images_link").symlink_to(folder)
    row = read_one(write_rows(seed_row(image="alias.png")), tmp_path / "images_link")
    assert row.images == [str(folder.resolve() / "below/d.png")]


@pytest.mark.parametrize("name", ["rows.xlsx", "rows"])
def test_an_unknown_suffix_is_an_error(tmp_path, folder, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(DataError, match=r"expected \.jsonl, \.json"):
        list(read_rows(tmp_path / name, image_folder=folder))


def test_a_missing_file_or_folder_is_an_error(tmp_path, folder, write_rows):
    with pytest.raises(DataError, match=r"none\.jsonl does not exist"):
        list(read_rows(tmp_path / "none.jsonl", image_folder=folder))
    with pytest.raises(DataError, match="image folder"):
        list(read_rows(write_rows(seed_row()), image_folder=tmp_path / "none"))


turn_keys = st.sampled_from(["from", "value", "role", "content", "type", "text"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["from", "value", "role", "content", "type", "text"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
row_keys = st.sampled_from(["conversations", "messages", "image", "images", "solution", "id"])


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.dictionaries(row_keys, json_values, max_size=4) | json_values, min_size=1, max_size=4)
)
def test_any_json_is_a_row_or_a_problem(tmp_path_factory, rows):
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.jsonl"
    path.write_text("{}\n" + "".join(json.dumps(row) + "\n" for row in rows))
    assert len(list(read_rows(path, image_folder=folder))) == 1 + len(rows)
