from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from geo_rewards.data.pictures import PictureError, open_picture
from geo_rewards.data.selection.sources import content_hash
from geo_rewards.errors import DataError, RecipeError
from geo_rewards.registry.file_rewards import RewardFileError, load_file_reward
from geo_rewards.results.output import check_output
from geo_rewards.system.regular_file import NotRegularError, open_regular, read_regular
from geo_rewards.yaml_file import read_yaml


def make_folder(path):
    path.mkdir()


def make_link_to_device(path):
    path.symlink_to("/dev/zero")


def make_socket(path):
    home = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has at most a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(home)


KINDS = {
    "a folder": make_folder,
    "a named pipe": os.mkfifo,
    "a device": make_link_to_device,
    "a socket": make_socket,
}


@pytest.fixture(params=KINDS)
def odd(request, tmp_path):
    """A function that makes something that is no file, and what it is called; reading it would not end."""

    def make(name):
        path = tmp_path / name
        KINDS[request.param](path)
        return path, request.param

    return make


def test_what_is_no_regular_file_is_named(odd):
    path, kind = odd("a")
    with pytest.raises(NotRegularError, match=f"^it is {kind}, not a file$"):
        open_regular(path)


def test_a_recipe_must_be_a_file(odd):
    path, kind = odd("a.yaml")
    with pytest.raises(RecipeError, match=rf"a\.yaml: cannot be read: it is {kind}, not a file"):
        read_yaml(path, error_class=RecipeError)


def test_a_reward_file_must_be_a_file(odd):
    path, kind = odd("a.py")
    with pytest.raises(RewardFileError, match=rf"a\.py cannot be read: it is {kind}, not a file"):
        load_file_reward(f"{path}:Mine")


def test_a_picture_must_be_a_file(odd):
    path, kind = odd("a.png")
    with pytest.raises(PictureError, match=rf"picture .*a\.png is {kind}, not a file") as caught:
        open_picture(path)
    assert caught.value.fault == "not_a_picture"


def test_a_data_file_must_be_a_file(odd):
    path, kind = odd("a.jsonl")
    with pytest.raises(DataError, match=rf"a\.jsonl cannot be read: it is {kind}, not a file"):
        content_hash([path])


def test_an_output_must_be_a_file(odd, tmp_path):
    path, kind = odd("a.jsonl")
    assert f"a.jsonl' is {kind}, which cannot be replaced" in (check_output(path, file=tmp_path / "b") or "")


@pytest.mark.parametrize("option", ["recipe", "file", "-o"])
def test_score_does_not_wait_for_a_pipe(run, tmp_path, write_rows, option):
    rows = write_rows([{"completion": "48.85, 2.35", "lat": 48.85, "lon": 2.35}])
    given = {"file": rows, "recipe": "geoguessr", "-o": tmp_path / "out.jsonl"}
    pipe = tmp_path / ("pipe.yaml" if option == "recipe" else "pipe.jsonl")
    os.mkfifo(pipe)
    given[option] = pipe
    ran = run("score", given["file"], "--recipe", given["recipe"], "-o", given["-o"])
    assert ran.code in {1, 2}
    assert str(pipe) in ran.err
    assert pipe.is_fifo()


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "a.py"
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole: no disk holds it
    with pytest.raises(RewardFileError, match="it has 1,099,511,627,776 bytes; at most 10,000,000 are read"):
        load_file_reward(f"{path}:Mine")


def test_a_link_is_followed_unless_told_otherwise(tmp_path):
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "b").symlink_to("a")
    assert read_regular(tmp_path / "b", max_bytes=10) == b"text"
    with pytest.raises(NotRegularError, match="it is a symbolic link, not a file"):
        read_regular(tmp_path / "b", max_bytes=10, follows_links=False)


def test_an_answer_from_a_device_that_never_ends_is_refused():
    program = "import sys; from geo_rewards.cli import main; sys.exit(main())"
    arguments = ["try", "geoguessr", "--completion", "-", "--lat", "1", "--lon", "1"]
    with Path("/dev/zero").open("rb") as zeros:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            stdin=zeros,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "stdin has more than 10,000,000 characters" in done.stderr
