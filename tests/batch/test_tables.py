"""What may be passed as completions: lists and tables; everything else is an error that says so."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import geo_rewards as gr
from geo_rewards.batch.tables import list_of
from geo_rewards.errors import InputError, TruthError

NEAR = "<think>x</think><answer>(48.86, 2.35)</answer>"
ROWS = {"completion": [NEAR, NEAR], "lat": [48.8584, None], "lon": [2.2945, None], "tag": ["a", "b"]}


class ArrowInterface:
    """A table of a library that nobody has heard of."""

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table(ROWS).__arrow_c_stream__(requested_schema)


def pandas_frame(*, nullable=False):
    frame = pytest.importorskip("pandas").DataFrame(ROWS)
    return frame.convert_dtypes() if nullable else frame


TABLES = {
    "a mapping": lambda: ROWS,
    "a mapping of arrays": lambda: {name: np.array(values, object) for name, values in ROWS.items()},
    "pandas": pandas_frame,
    "pandas, nullable": lambda: pandas_frame(nullable=True),
    "polars": lambda: pytest.importorskip("polars").DataFrame(ROWS),
    "arrow": lambda: pa.table(ROWS),
    "an arrow batch": lambda: pa.table(ROWS).to_batches()[0],
    "the arrow interface": ArrowInterface,
    "a dataset": lambda: pytest.importorskip("datasets").Dataset.from_dict(ROWS),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_is_scored_by_its_columns(table):
    scores = gr.load_recipe("geo-r").score(table())
    assert scores.total == [pytest.approx(0.9973, abs=1e-3), None]
    assert scores.batch.columns["tag"] == ["a", "b"]
    assert gr.get_reward("haversine_decay")(table()) == [pytest.approx(0.9973, abs=1e-3), None]
    (shared,) = gr.load_recipe("geo-r").trl_rewards()
    assert shared(table()) == scores.total


LISTS = {
    "a tuple": tuple,
    "an array": np.array,
    "an arrow array": pa.array,
    "pandas": lambda texts: pytest.importorskip("pandas").Series(texts),
    "polars": lambda texts: pytest.importorskip("polars").Series(texts),
}


@pytest.mark.parametrize("make", LISTS.values(), ids=LISTS)
def test_a_series_of_texts_is_a_list(make):
    scores = gr.load_recipe("geo-r").score(make([NEAR]), lat=make([48.8584]), lon=make([2.2945]))
    assert scores.total == [pytest.approx(0.9973, abs=1e-3)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Rome", r"not one text \('Rome'\): pass a list of texts"),
        (b"Rome", "not bytes: pass"),
        (None, "not None: pass"),
        ((text for text in ["Rome"]), "not a generator: pass"),
        ({"Rome"}, "not a set: pass"),
        (np.array("Rome"), "not a ndarray: pass"),
        (Path("answers.jsonl"), "not a PosixPath: pass"),
        (7, "not a int: pass"),
        ({"text": ["Rome"], "lat": [1.0]}, "no column `completion`, but 'text', 'lat'"),
        ({"completion": "Rome"}, "`completion` must be a list"),
        (pa.table({"text": ["Rome"]}), "no column `completion`, but 'text'"),
        (
            pa.table([["Rome"], [1.0], [2.0]], names=["completion", "lat", "lat"]),
            "'lat' for the name of more",
        ),
        ([{"completion": "Rome"}], "a list of rows"),
        ([{"role": "assistant", "content": "Rome"}], r"which is one completion: pass a list of them"),
        ([["Rome"]], "completion 0: "),
        ([[]], "completion 0: "),
        (np.array([["Rome"]]), "completion 0: "),
        (pa.table({"completion": ["Rome", None]}), "completion 1: .*None"),
    ],
)
def test_anything_else_is_an_error_that_says_what_to_pass(given, message):
    recipe = gr.load_recipe("geo-r")
    for call in (recipe.score, gr.get_reward("haversine_decay"), gr.Batch, recipe.trl_rewards()[0]):
        with pytest.raises(InputError, match=message):
            call(given)
    with pytest.raises(InputError, match=message):
        recipe.score_in_training(given, {})


def test_a_lazy_frame_must_be_collected():
    polars = pytest.importorskip("polars")
    with pytest.raises(InputError, match=r"collect\(\)"):
        gr.load_recipe("geo-r").score(polars.LazyFrame(ROWS))


def test_no_completions_are_no_rows():
    assert gr.load_recipe("geo-r").score([]).total == []
    assert gr.load_recipe("geo-r").score({"completion": []}).total == []


def test_a_column_cannot_be_given_twice():
    with pytest.raises(InputError, match="'lat' is both in the table and an argument"):
        gr.load_recipe("geo-r").score(ROWS, lat=[1.0, 2.0])


def test_further_columns_may_be_arguments():
    table = {"completion": [NEAR], "lat": [48.8584]}
    assert gr.load_recipe("geo-r").score(table, lon=[2.2945]).total == [pytest.approx(0.9973, abs=1e-3)]


@pytest.mark.parametrize("name", ["tag", "prompts", "completion_ids"])
def test_a_column_of_another_length_is_an_error(name):
    with pytest.raises(InputError, match=f"column '{name}' has 1 values for 2 completions"):
        gr.load_recipe("geo-r").score([NEAR, NEAR], **{name: ["x"]})


@pytest.mark.parametrize("value", ["France", b"ab", {"a": 1, "b": 2}, {1, 2}, None, 7])
def test_a_truth_column_must_be_a_list(value):
    with pytest.raises(TruthError, match="must be a list with one value per completion"):
        gr.load_recipe("geo-r").score([NEAR, NEAR], country=value)


@pytest.mark.parametrize("value", ["Where?", 7])
def test_prompts_must_be_a_list(value):
    with pytest.raises(InputError, match="'prompts' must be a list"):
        gr.load_recipe("geo-r").score([NEAR], prompts=value)


def test_a_saved_tables_prompt_restores_the_think_tag():
    table = {"completion": ["x</think><answer>(1, 2)</answer>"], "prompt": ["Where?<think>"]}
    assert gr.get_reward("think_answer_format")(table) == [1.0]


@pytest.mark.parametrize("value", [None, "ab", b"ab", {}, {1}, 7, np.array(1.0), (x for x in [])])
def test_what_is_not_a_list_is_none(value):
    assert list_of(value) is None


@pytest.mark.parametrize("value", [None, b"1, 2", 7, ["1, 2"], {"a": 1}, np.array(["1, 2"])])
def test_only_a_text_can_be_parsed(value):
    with pytest.raises(InputError, match="parse_completion takes one text"):
        gr.parse_completion(value)


def test_columns_as_one_dict_are_told_to_be_unpacked():
    for call in (gr.load_recipe("geo-r").score, gr.get_reward("haversine_decay")):
        with pytest.raises(InputError, match=r"write \*\*columns"):
            call([NEAR], columns={"lat": [1.0], "lon": [2.0]})
