from geo_rewards.runs.text_table import table_of

PROMPT = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}]


def row(completion, **columns):
    return {"prompt": PROMPT, "completion": [{"role": "assistant", "content": completion}], **columns}


def test_each_picture_gets_a_column_and_rows_with_fewer_are_padded():
    table = table_of([row("Rome", distance=0.5), row("Paris", distance=None)], [["a", "b"], []])
    assert table["columns"] == ["prompt", "completion", "distance", "image_1", "image_2"]
    assert table["data"] == [
        ["user: [image] Where?", "Rome", 0.5, "a", "b"],
        ["user: [image] Where?", "Paris", None, None, None],
    ]


def test_without_pictures_there_are_none():
    assert table_of([{"prompt": "Where?", "completion": "Rome"}], []) == {
        "columns": ["prompt", "completion"],
        "data": [["Where?", "Rome"]],
    }
    assert table_of([], []) == {"columns": [], "data": []}
