"""The table of a run's rows: built once by one process, then reused by all.

A lock makes one rank build while the others wait; without a shared disk, each machine builds its own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import re
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from geo_rewards.data import check_pictures, content_hash, read_sources
from geo_rewards.data.picture_check import processors
from geo_rewards.data.reading import files_of, unchanged
from geo_rewards.data.selection.mixture import files_of_sources
from geo_rewards.data.table.encoding import build_table
from geo_rewards.data.table.seal import seal, why_unsealed
from geo_rewards.data.table.table import TABLE_FORMAT
from geo_rewards.errors import DataError, GeoRewardsError
from geo_rewards.system.atomic_file import replacing, write_text
from geo_rewards.system.regular_file import kind_of_file, read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geo_rewards.data import Row, RowProblem, Source

logger = logging.getLogger(__name__)

_HASHES = "hashes.json"
_HASH = re.compile(r"[0-9a-f]{32}")
_MOST_OF_HASHES = 50_000_000  # bytes; 200,000 data files
_MOST_OF_REFUSAL = 1_000_000
_SETTLED_S = 2.0  # a file changed this recently may change again within one tick of the disk's clock
_PROGRESS_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class TableRequest:
    """Everything a table depends on, apart from the code.

    Attributes:
        sources: The data files.
        seed: Decides which rows are taken if a source samples them at random.
        bad_rows: Whether bad lines are an error or skipped.
        check_pictures: Whether to open every picture.
        columns: Dataset column of each truth field, where names differ.
        reserved: Names that the trainer uses itself: a column with such a name is an error.
    """

    sources: Sequence[Source]
    seed: int
    bad_rows: Literal["error", "skip"] = "error"
    check_pictures: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()

    @property
    def files(self) -> list[Path]:
        """The data files, without duplicates."""
        return files_of_sources(self.sources)

    def key(self, hashes: Sequence[str]) -> str:
        """Return a name for the table.

        Args:
            hashes: One for each file's content; file names do not matter.
        """
        files = self.files
        by_file = dict(zip(files, hashes, strict=True))
        sources = [
            {
                "files": [
                    [files.index(file), by_file[file], *file.suffixes[-2:]] for file in files_of(source.path)
                ],
                "folder": str(source.image_folder.resolve()),
                "rows": [str(source.sampling), source.weight, source.reward_method],
            }
            for source in self.sources
        ]
        chance = any(source.sampling is not None or source.weight != 1 for source in self.sources)
        seed = self.seed if chance else None
        rest = [seed, self.bad_rows, self.check_pictures, dict(self.columns), sorted(self.reserved)]
        parts = [version("geo-rewards"), TABLE_FORMAT, sources, rest]
        return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def find_table(request: TableRequest, *, cache_dir: Path) -> Path:
    """Return the table of these rows, building it if needed. All ranks may call this at once.

    Args:
        request: Which rows.
        cache_dir: Where tables are kept.

    Raises:
        DataError: If rows are bad, or a file changes meanwhile; also on ranks that waited for the one that
            found out.
        UnknownNameError: If a column that the recipe names is missing.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # A build worker imports the script that started it, and would wait for itself.
        raise DataError('a script that loads rows must do so inside `if __name__ == "__main__":`')
    _make_folder(cache_dir)
    with unchanged(*request.files) as check_unchanged:
        return _find(request, cache_dir=cache_dir, check_unchanged=check_unchanged)


def _find(request: TableRequest, *, cache_dir: Path, check_unchanged: Callable[[], None]) -> Path:
    hashes = file_hashes(request.files, cache_dir=cache_dir)
    # A table built without any bad rows also serves `skip`: a run stopped by a broken picture can then
    # continue with the same rows.
    for name in dict.fromkeys((replace(request, bad_rows="error").key(hashes), request.key(hashes))):
        path = cache_dir / f"{name}.arrow"
        damage = why_unsealed(path)
        if damage is None:
            return path
    refused_before = _stamp(path.with_suffix(".refused"))
    with _locked(path.with_suffix(".lock")):
        damage = why_unsealed(path)
        if damage is not None:
            if path.exists():
                logger.warning("data table %s is damaged (%s): building it again", path, damage)
            _build_unless_refused(
                request, path, refused_before=refused_before, check_unchanged=check_unchanged
            )
    return path


def _make_folder(cache_dir: Path) -> None:
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache_dir):
            pass
    except OSError as error:
        raise DataError(
            f"cannot write the data table to {cache_dir}: {error.strerror}; set --data_cache_dir "
            "to a writable folder"
        ) from error


def file_hashes(files: Sequence[Path], *, cache_dir: Path) -> list[str]:
    """Return a fingerprint of each file's content, cached for files that have not changed.

    A file counts as unchanged as long as its path, size, inode and modification times are the same.

    Args:
        files: The files.
        cache_dir: Where the fingerprints are cached.

    Raises:
        DataError: If a file is missing.
    """
    memory = cache_dir / _HASHES
    known = _read_hashes(memory)
    found = {path: (_identity(path), known.get(_identity(path) or "")) for path in files}
    fresh = {path: content_hash([path]) for path, (_, digest) in found.items() if digest is None}
    new = {
        name: fresh[path]
        for path, (name, _) in found.items()
        if path in fresh and name and name == _identity(path) and _is_settled(path)
    }
    if new:
        _write_hashes(memory, {**known, **new})
    return [found[path][1] or fresh[path] for path in files]


def _read_hashes(memory: Path) -> dict[str, str]:
    """Return the cached fingerprints; none if the file is missing or is not one of ours."""
    try:
        known = json.loads(read_regular(memory, max_bytes=_MOST_OF_HASHES, follows_links=False))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        return _without_hashes(memory, str(error))
    if not isinstance(known, dict):
        return _without_hashes(memory, f"it holds a {type(known).__name__}")
    return {name: digest for name, digest in known.items() if _is_hash(digest)}


def _without_hashes(memory: Path, reason: str) -> dict[str, str]:
    logger.warning("%s cannot be used (%s): all data files are read for their fingerprints", memory, reason)
    return {}


def _is_hash(digest: object) -> bool:
    return isinstance(digest, str) and _HASH.fullmatch(digest) is not None


def _write_hashes(memory: Path, hashes: Mapping[str, str]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_text(memory, json.dumps(hashes, indent=1))
    except OSError as error:  # the next start reads the files again
        logger.warning("%s cannot be written: %s", memory, error.strerror)


def _identity(path: Path) -> str | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return f"{path.resolve()} {status.st_size} {status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns}"


def _is_settled(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > _SETTLED_S


def _build_unless_refused(
    request: TableRequest,
    path: Path,
    *,
    refused_before: tuple[int, int] | None,
    check_unchanged: Callable[[], None],
) -> None:
    refusal = path.with_suffix(".refused")
    if _stamp(refusal) != refused_before:  # another rank has just read the rows: do not read them again
        reason = read_regular(refusal, max_bytes=_MOST_OF_REFUSAL, follows_links=False)
        raise DataError(reason.decode(errors="replace"))
    try:
        _build(request, path, check_unchanged)
    except GeoRewardsError as error:
        write_text(refusal, str(error).encode(errors="backslashreplace").decode())
        raise
    except OSError as error:
        raise DataError(
            f"cannot build the data table in {path.parent}: {error}; it takes about twice the space of "
            "the data files; set --data_cache_dir to use another folder"
        ) from error
    refusal.unlink(missing_ok=True)


def _build(request: TableRequest, path: Path, check_unchanged: Callable[[], None]) -> None:
    """Check all rows, then write them; the file gets its final name when it is complete."""
    start = time.monotonic()
    workers = processors() - 1
    rows: Iterator[Row | RowProblem] = read_sources(request.sources, seed=request.seed)
    if request.check_pictures:
        rows = check_pictures(rows)
    with replacing(path) as part:
        info = build_table(
            _with_progress(rows),
            part,
            files=request.files,
            columns=request.columns,
            reserved=request.reserved,
            skip_bad=request.bad_rows == "skip",
            workers=workers,
        )
        seal(part)
        check_unchanged()  # the name says which content the rows are from
    files = "1 data file" if len(request.files) == 1 else f"{len(request.files)} data files"
    logger.info("read %d rows from %s in %.0f s into %s", info.rows, files, time.monotonic() - start, path)


def _with_progress(rows: Iterator[Row | RowProblem]) -> Iterator[Row | RowProblem]:
    """Pass rows through, logging now and then how many there were."""
    reported = time.monotonic()
    for count, row in enumerate(rows):
        if count % 1000 == 0 and time.monotonic() - reported > _PROGRESS_EVERY_S:
            logger.info("building the data table: %d rows so far", count)
            reported = time.monotonic()
        yield row


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    if path.is_symlink() or kind_of_file(path) is not None:  # locking would empty what a link leads to
        raise DataError(f"{path} must be a file, not a link or anything else: remove it")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_PROGRESS_EVERY_S)
    except Timeout:
        logger.info("waiting for another process to build the data table (%s)", path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
