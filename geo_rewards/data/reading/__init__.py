"""Reading rows from files of every kind: `read_chunks` and `read_values` are the ways in.

`kinds.py` says what a path is, `opened.py` opens and decompresses it and notices if it changes meanwhile;
`json_rows.py`, `delimited.py` and `parquet_rows.py` read one kind each.
"""

from geo_rewards.data.reading.chunks import Chunk, count_values, read_chunks, read_values, row_at, total_size
from geo_rewards.data.reading.kinds import files_of, is_stdin, kind_of
from geo_rewards.data.reading.unchanged import ChangedFileError, FilesWatch, unchanged

__all__ = [
    "ChangedFileError",
    "Chunk",
    "FilesWatch",
    "count_values",
    "files_of",
    "is_stdin",
    "kind_of",
    "read_chunks",
    "read_values",
    "row_at",
    "total_size",
    "unchanged",
]
