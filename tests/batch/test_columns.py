import pickle
import subprocess
import sys

import numpy as np

from geo_rewards.batch.columns import LazyRows, column, row_columns, taken


def test_an_item_is_created_on_first_use_and_kept():
    made = []
    rows = LazyRows(lambda row: made.append(row) or [row], 3)
    assert rows[1] is rows[1]
    assert made == [1]
    assert dict(rows.made()) == {1: [1]}


def test_lazy_rows_read_like_a_list():
    rows = LazyRows(str, 4)
    assert rows == ["0", "1", "2", "3"]
    assert (rows[-1], rows[1:3], list(reversed(rows)), len(rows)) == (
        "3",
        ["1", "2"],
        ["3", "2", "1", "0"],
        4,
    )
    assert rows != ["0"]
    assert repr(LazyRows(str, 1)) == "['0']"


def test_an_item_taken_twice_is_created_once():
    rows = LazyRows(lambda row: [row], 3)
    part = rows.take([2, 0])
    assert part[0] is rows[2]
    assert part.take([1])[0] is rows[0]


def test_lazy_rows_survive_pickling():
    assert pickle.loads(pickle.dumps(LazyRows(str, 2))) == ["0", "1"]


class Numbers:
    parent = None
    parent_rows = ()

    def __init__(self):
        self.computed = 0

    @column
    def squares(self):
        self.computed += 1
        return [0, 1, 4, 9]


def test_a_part_takes_its_rows_of_a_column_from_its_parent():
    parent, part = Numbers(), Numbers()
    part.parent, part.parent_rows = parent, [3, 1]
    assert part.squares == [9, 1]
    assert parent.squares == [0, 1, 4, 9]
    assert (parent.computed, part.computed) == (1, 0)


def test_rows_are_taken_from_each_column_of_a_mapping():
    assert taken({"a": [1, 2, 3], "b": ("x", "y", "z")}, [2, 0]) == {"a": [3, 1], "b": ["z", "x"]}
    assert taken(None, [0]) is None


def test_dates_reach_rewards_as_dates():
    when = np.array(["2020-01-01T00:00:00.000000001"], dtype="datetime64[ns]")
    found = row_columns({"when": when}, 1)["when"]
    assert found == [when[0]]
    assert isinstance(found[0], np.datetime64)


WITHOUT_PANDAS = """
import sys

class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoPandas())
import numpy as np
import pyarrow as pa
import geo_rewards as gr

class Seen(gr.Reward):
    '''1.'''
    name = "seen"
    def score(self, sample):
        print(repr(sample.row["when"]))
        return 1.0

for kind in (pa.timestamp("ns"), pa.duration("ns"), pa.time64("ns"), pa.list_(pa.timestamp("ns"))):
    values = pa.array([[1]] if pa.types.is_list(kind) else [1], kind)
    for column in (values, pa.chunked_array([values])):
        Seen()(["x"], when=column)
"""


def test_nanoseconds_of_arrow_reach_rewards_without_pandas():
    ran = subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[::2] == lines[1::2]
    date, duration = "np.datetime64('1970-01-01T00:00:00.000000001')", "np.timedelta64(1,'ns')"
    assert lines[::2] == [date, duration, duration, f"[{date}]"]  # a time of day is what has passed of it
