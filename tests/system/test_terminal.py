"""What plugins, files and models wrote never steers a terminal; commands run at a real one."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import sys

import pytest

from geo_rewards.errors import RecipeError
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.system.terminal import CleanFormatter, CleanStream, clean, clean_line, indented, uncleaned

PROGRAM = "import sys; from geo_rewards.cli import main; sys.exit(main())"

# Clears the screen, sets the title, begins a link, overwrites the line, reverses text, ends a line elsewhere.
ATTACKS = [
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\x9b2J",
    "\rerror",
    "\u202e",
    "\u2066",
    "\u2028",
    "\x08",
    "\x7f",
    "\x85",
]
EVIL = "".join(ATTACKS)
STEERING = {ord(c) for c in EVIL if not c.isascii() or not c.isprintable()}


def printed_at_terminal(*arguments):
    """Return the exit code and what a command writes to a real terminal, output and errors together."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "NO_COLOR": "1"}
        os.execve(sys.executable, [sys.executable, "-c", PROGRAM, *map(str, arguments)], environment)
    written = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # Linux reports the end so
            break
        if not block:
            break
        written += block
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


def assert_harmless(written):
    # the terminal itself writes a carriage return before each newline; rich sets bold text
    own = written.replace("\r\n", "\n").replace("\x1b[1m", "").replace("\x1b[0m", "")
    found = {hex(ord(c)) for c in own if ord(c) in STEERING}
    assert not found, repr(own)


@pytest.fixture
def evil_files(tmp_path):
    """A folder whose name is an attack, with a reward that speaks like one."""
    folder = tmp_path / f"evil{EVIL}\nerror: all is well"
    folder.mkdir()
    (folder / "evil.py").write_text(
        "import logging, sys\n"
        "import geo_rewards as gr\n"
        f"EVIL = {EVIL!r}\n"
        "class Evil(gr.Reward):\n"
        f"    {('Says ' + EVIL)!r}\n"
        "    name = 'evil'\n"
        "    reference = EVIL\n"
        "    word: str = EVIL\n"
        "    def score(self, sample):\n"
        "        print(EVIL)\n"
        "        print(EVIL, file=sys.stderr)\n"
        "        logging.getLogger('geo_rewards.evil').warning('watch\\nerror: %s', EVIL)\n"
        "        if sample.row.get('fails', True): raise ValueError('no\\nerror: ' + EVIL)\n"
        "        return 1.0\n"
    )
    return folder


COMMANDS = {
    "describe": lambda folder: ["describe", folder / "evil.py:Evil"],
    "describe a missing class": lambda folder: ["describe", f"{folder / 'evil.py'}:{EVIL}"],
    "describe a missing name": lambda _: ["describe", EVIL],
    "an unknown option": lambda _: ["list", f"--{EVIL}"],
    "try": lambda folder: [
        "try",
        folder / "evil.py:Evil",
        "--completion",
        f"48.85, 2.35 {EVIL}",
        "--lat",
        "1",
    ],
    "try a text": lambda _: ["try", "geoguessr", "--completion", EVIL, "--lat", "1", "--lon", "1"],
    "validate": lambda folder: ["validate", folder / "rows.jsonl"],
    "score": lambda folder: [
        "score",
        folder / "rows.jsonl",
        "--recipe",
        folder / "r.yaml",
        "-o",
        folder / "o.jsonl",
    ],
    "score to the terminal": lambda folder: [
        "score",
        folder / "good.jsonl",
        "--recipe",
        "geoguessr",
        "-o",
        "-",
    ],
    "score by workers": lambda folder: [
        *["score", folder / "good.jsonl", "--recipe", folder / "r.yaml", "-o", folder / "o.jsonl"],
        *["--workers", "2", "--samples", "2"],
    ],
    "tracebacks": lambda folder: [
        "--debug",
        "score",
        folder / "good.jsonl",
        "--recipe",
        folder / "r.yaml",
        "-o",
        "-",
    ],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_command_passes_an_attack_on_to_a_terminal(evil_files, command):
    good = {
        "completion": f"<think>{EVIL}</think><answer>48.85, 2.35</answer>",
        "lat": 48.85,
        "lon": 2.35,
        "x": EVIL,
    }
    rows = [{**good, "lat": EVIL}, {EVIL: EVIL}, {"completion": EVIL, "lat": 91, "lon": 0}]
    (evil_files / "good.jsonl").write_text(json.dumps(good, ensure_ascii=False) + "\n")
    (evil_files / "rows.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    )
    (evil_files / "r.yaml").write_text(json.dumps({"rewards": [{"name": "./evil.py:Evil"}]}))
    _, written = printed_at_terminal(*command(evil_files))
    assert written
    assert_harmless(written)
    lines = written.replace("\r\n", "\n").split("\n")
    assert not [line for line in lines if line.startswith("error: all is well")]


def test_json_in_a_pipe_stays_as_it_is(run, tmp_path):
    row = {"completion": f"48.85, 2.35 {EVIL}", "lat": 48.85, "lon": 2.35}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n")
    ran = run("score", tmp_path / "rows.jsonl", "--recipe", "geoguessr", "-o", "-")
    assert json.loads(ran.out)["completion"] == row["completion"]


def test_json_of_a_command_stays_json(run, tmp_path):
    turns = [{"from": EVIL, "value": EVIL}]
    (tmp_path / EVIL.replace("/", "")).mkdir()
    rows = tmp_path / EVIL.replace("/", "") / "rows.jsonl"
    rows.write_text(json.dumps({"conversations": turns}) + "\n")
    ran = run("validate", rows, "--json")
    assert ran.json["errors"][0]["file"] == str(rows)
    assert {ord(c) for c in ran.out}.isdisjoint(STEERING)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_that_steers_is_written_as_an_escape(attack):
    assert clean(attack).isprintable()
    assert clean_line(f"a\n{attack}").isprintable()


def test_ordinary_texts_of_all_scripts_stay():
    text = "Zürich, São Paulo\t東京都 القاهرة תל אביב Москва नई दिल्ली 👨‍👩‍👧 👍🏽 \u200f\n"
    assert clean(text) == text


def test_a_message_of_several_lines_cannot_look_like_several_messages():
    assert indented("error: a\nerror: b\n  c\n\nd") == "error: a\n  error: b\n  c\n\n  d"
    record = logging.LogRecord("x", logging.WARNING, "", 0, "a\nWARNING: b", None, None)
    assert CleanFormatter("%(levelname)s: %(message)s").format(record) == "WARNING: a\n  WARNING: b"


def test_progress_bars_may_move_the_cursor_and_their_texts_may_not():
    file = io.StringIO()
    stream = CleanStream(file, moves_cursor=True)
    for text in ("\r", "\r 10%|###   |", "\x1b[A", "\n\n", "\r    \r", "a\rb\x1b[A"):
        assert stream.write(text) == len(text)
    assert file.getvalue() == "\r\r 10%|###   |\x1b[A\n\n\r    \ra\\rb\\x1b[A"
    assert uncleaned(stream) is file
    assert uncleaned(file) is file


def test_a_label_must_not_steer_either():
    with pytest.raises(RecipeError, match=r"rewards.0.as: .*contains control characters"):
        parse_recipe({"rewards": [{"name": "city_match", "as": "a\x1b[2J"}]}, where="here")
