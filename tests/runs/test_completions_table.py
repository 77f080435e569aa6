import json

import geo_rewards as gr
from geo_rewards.runs.completions_table import TABLE_COLUMNS, CompletionColumns

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"


def test_no_column_of_the_table_can_collide_with_a_label_of_a_shipped_recipe():
    scores = gr.load_recipe("default").score([GOOD], lat=[1.0], lon=[1.0])
    columns = set(CompletionColumns()(scores))
    assert columns < TABLE_COLUMNS
    assert not columns & set(scores.rewards)


def test_the_table_holds_the_other_columns_of_a_row_and_says_what_it_leaves_out(caplog):
    scores = gr.load_recipe("geoguessr").score(
        [GOOD] * 2, lat=[1.0] * 2, lon=[1.0] * 2, tag=["é", None], boxes=[[[0.1, 2]], [{"a": 1}]],
        essay=["x" * 10_000, "short"], images=[object(), object()], shape=[{1, 2}, {3}],
    )  # fmt: skip
    make = CompletionColumns()
    rows = [json.loads(row) for row in make(scores)["row"]]
    assert rows == [{"tag": "é", "boxes": [[0.1, 2]]}, {"tag": None, "boxes": [{"a": 1}], "essay": "short"}]
    make(scores)
    assert [record.args[0] for record in caplog.records] == ["essay", "shape"]  # each once
    assert "cannot be scored again from the table" in caplog.text


def test_the_table_tells_of_a_picture_only_where_it_could_not_be_read():
    faults = [None, "a.jsonl, line 2: picture a.png is truncated"]
    scores = gr.load_recipe("default").score(
        [GOOD] * 2, lat=[1.0] * 2, lon=[1.0] * 2, id=[1, 2], picture_fault=faults
    )
    rows = [json.loads(row) for row in CompletionColumns()(scores)["row"]]
    assert rows == [{"id": 1}, {"id": 2, "picture_fault": faults[1]}]


def test_a_saved_row_wins_over_the_reward_of_the_same_name(tmp_path):
    from geo_rewards.results.rows import scoring_cells

    table = {"completion": GOOD, "advantage": 0.0, "truth": '{"lat": 1.0, "lon": 2.0}', "country": 1.0}
    row = '{"country_hint": "FR", "step": 3}'
    cells = scoring_cells({**table, "row": row, "step": 9, "prompt": "Where?"})
    assert cells["country_hint"] == "FR"
    assert cells["step"] == 3
    assert cells["prompts"] == "Where?"
    assert "country" not in cells
    assert (cells["lat"], cells["lon"]) == (1.0, 2.0)
