"""Which text of a completion is judged: the last turn of the assistant, and nothing that others said."""

import pytest

import geo_rewards as gr
from geo_rewards.errors import InputError
from geo_rewards.parse.chat import completion_text

RIGHT = "<think>a tower</think><answer>(48.8584, 2.2945)</answer>"
WRONG = "<think>a dome</think><answer>(41.9, 12.5)</answer>"
TRUTH = {"lat": [48.8584], "lon": [2.2945]}


def says(content, **keys):
    return {"role": "assistant", "content": content, **keys}


CALL = says(None, tool_calls=[{"type": "function", "function": {"name": "zoom", "arguments": {}}}])
TOOL = {"role": "tool", "name": "zoom", "content": RIGHT}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([says("zoom in"), TOOL, says("Rome")], "Rome"),
        ([says(RIGHT), TOOL, says(WRONG)], WRONG),
        ([CALL, TOOL, says("Rome")], "Rome"),
        ([says("Rome"), says("Oslo")], "Oslo"),
        ([says("Rome"), {"role": "user", "content": "Sure?"}], "Rome"),
        ([says("Rome"), TOOL, CALL], ""),
        ([says(""), TOOL], ""),
        ([says("Rome", function_call={"name": "zoom"})], "Rome"),
        ([{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "Rome"}], "Rome"),
        ([{"role": "model", "content": "Rome"}, {"role": "function", "content": "Oslo"}], "Rome"),
        ([says("Rome", reasoning_content="a dome")], "<think>a dome</think>Rome"),
        ([says("Rome", reasoning="a dome")], "<think>a dome</think>Rome"),
        ([says("Oslo", reasoning_content="fjords"), TOOL, says("Rome")], "Rome"),
    ],
)
def test_the_last_turn_of_the_assistant_is_judged(messages, text):
    assert completion_text(messages) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "Ro"}, {"type": "text", "text": "me"}], "Rome"),
        ([{"text": "Rome"}], "Rome"),
        (["Rome"], "Rome"),
        ({"type": "text", "text": "Rome"}, "Rome"),
        ([{"type": "image"}, {"type": "output_text", "text": "Rome"}], "Rome"),
        (
            [{"type": "thinking", "thinking": "a dome"}, {"type": "text", "text": "R"}],
            "<think>a dome</think>R",
        ),
        ([{"type": "tool_use", "text": "Oslo"}, {"type": "text", "text": "Rome"}], "Rome"),
        ([{"type": "tool_result", "text": "Oslo", "content": "Oslo"}], ""),
        ([{"type": "text", "text": None, "image": None}], ""),
        (None, ""),
    ],
)
def test_the_text_blocks_of_a_turn_are_its_text(content, text):
    assert completion_text([says(content)]) == text


@pytest.mark.parametrize(
    ("completion", "message"),
    [
        (None, "not None: a row without a completion"),
        (float("nan"), "not nan: a row without a completion"),
        (b"Rome", "not the bytes b'Rome': decode them first"),
        (["Rome"], "a string or a list of messages, not"),
        (says("Rome"), "put the messages of a completion into a list"),
        ([], "one of the assistant, not no message"),
        ([TOOL, {"role": "user", "content": "?"}], "one of the assistant, not only of tool, user"),
        ([{"role": "bot", "content": "Rome"}], "the role 'bot'"),
        ([{"role": "assistant", "text": "Rome"}], "no `content`"),
        ([says(7)], "a text or a list of blocks, not 7"),
        ([says([7])], "a block of a message's content is 7"),
        ([says([{"type": "speech", "text": "Rome"}])], "expected a block of type text"),
    ],
)
def test_what_is_neither_a_text_nor_readable_messages_is_an_error(completion, message):
    with pytest.raises(InputError, match=message):
        completion_text(completion)


def test_the_error_of_a_batch_names_the_completion():
    with pytest.raises(InputError, match="completion 1: "):
        gr.Batch([RIGHT, None])


@pytest.mark.parametrize("recipe", ["default", "geo-r", "geo-r-code", "geoguessr"])
def test_a_right_answer_after_a_tool_call_earns_what_it_earns_alone(recipe):
    recipe = gr.load_recipe(recipe)
    (alone,) = recipe.score([RIGHT], **TRUTH).total
    assert recipe.score([[says(WRONG), TOOL, says(RIGHT)]], **TRUTH).total == [alone]
    assert alone > 0.9


@pytest.mark.parametrize("recipe", ["default", "geo-r", "geo-r-code", "geoguessr", "geoagent", "globe"])
def test_a_tools_text_is_never_paid_for(recipe):
    recipe = gr.load_recipe(recipe)
    unknown = says("I do not know.")
    (nothing,) = recipe.score([[unknown]], **TRUTH).total
    assert recipe.score([[CALL, TOOL, unknown]], **TRUTH).total == [nothing]
    transcript = f"<tool_call>zoom</tool_call>\nuser\n<tool_response>{RIGHT}</tool_response>\nassistant\nNo."
    scores = recipe.score([transcript], **TRUTH)
    assert scores.total == [nothing]
    assert "tool text: '<tool_response>'" in scores.explain(0)
