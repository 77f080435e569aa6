"""A file that changes while it is read is noticed, however it changes."""

from __future__ import annotations

import os
import shutil

import pytest

from geo_rewards.data.reading import ChangedFileError, FilesWatch, read_values, unchanged
from geo_rewards.errors import DataError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n' * 5)
    return path


def appended(file):
    with file.open("a") as rows:
        rows.write('{"a": 2}\n')


def truncated(file):
    os.truncate(file, 20)


def replaced(file):
    other = file.with_name("other")
    shutil.copy2(file, other)
    other.replace(file)


def rewritten(file, *, sets_back=True):
    """Write other rows of the same size in place."""
    before = file.stat()
    with file.open("r+") as rows:
        rows.write('{"a": 7}\n')
    if sets_back:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (appended, "it grew from 45 to 54 bytes"),
        (truncated, "it shrank from 45 to 20 bytes"),
        (replaced, "another file took its place"),
        (lambda file: rewritten(file, sets_back=False), "it was written to"),
        (lambda file: file.unlink(), "it was removed"),
    ],
)
def test_a_change_while_rows_are_read_is_an_error_after_the_last(file, change, how):
    rows = read_values(file)
    next(rows)
    change(file)
    with pytest.raises(ChangedFileError) as error:
        list(rows)
    assert str(error.value) == (
        f"{file} changed while being read ({how}); run this again when nothing writes to it"
    )


def test_reading_itself_changes_nothing(file):
    assert len(list(read_values(file))) == 5
    with unchanged(file):
        file.read_text()


def test_a_change_comes_before_what_follows_from_it(file):
    def fail_after_a_change():
        with unchanged(file):
            appended(file)
            raise KeyError("what the change led to")

    with pytest.raises(ChangedFileError):
        fail_after_a_change()


def test_an_error_without_a_change_is_itself(file):
    with pytest.raises(KeyError), unchanged(file):
        raise KeyError("something else")


def test_a_compressed_file_is_watched_too(tmp_path, monkeypatch):
    import gzip

    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(b'{"a": %d}\n' % number for number in range(100_000))))
    rows = read_values(path)
    next(rows)
    truncated(path)
    with pytest.raises(ChangedFileError, match="it shrank"):
        list(rows)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "rows.jsonl")
    with pytest.raises(DataError, match="is not a regular file; write - to read standard input"):
        list(read_values(tmp_path / "rows.jsonl"))


def test_files_added_to_a_folder_are_a_change(file):
    watch = FilesWatch(file.parent)
    watch.check()
    (file.parent / "more.jsonl").write_text("")
    with pytest.raises(ChangedFileError, match=r"more\.jsonl was added"):
        watch.check()


def test_a_time_that_is_set_back_hides_nothing(file):
    def read_and_rewrite():
        with unchanged(file):
            rewritten(file)

    with pytest.raises(ChangedFileError, match="it was written to"):
        read_and_rewrite()


def test_a_link_or_other_permissions_are_no_change_of_content(file):
    watch = FilesWatch(file)
    with unchanged(file):
        os.link(file, file.with_name("backup"))
        file.chmod(0o600)
    file.with_name("backup").unlink()
    watch.check()
