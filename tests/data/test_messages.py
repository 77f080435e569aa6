from __future__ import annotations

from geo_rewards.data import with_system_prompt
from geo_rewards.data.messages import split_marks, text_block

QUESTION = {"role": "user", "content": [text_block("Where?")]}


def test_a_system_prompt_comes_first():
    assert with_system_prompt([QUESTION], "Think.") == [
        {"role": "system", "content": [text_block("Think.")]},
        QUESTION,
    ]


def test_a_rows_own_system_turn_is_kept_after_it():
    own = {"role": "system", "content": [text_block("Be brief.")]}
    joined, question = with_system_prompt([own, QUESTION], "Think.")
    assert "".join(block["text"] for block in joined["content"]) == "Think.\n\nBe brief."
    assert question == QUESTION
    assert own["content"] == [text_block("Be brief.")]


def test_without_a_system_prompt_nothing_changes():
    assert with_system_prompt([QUESTION], None) == with_system_prompt([QUESTION], "") == [QUESTION]


def test_marks_side_by_side_leave_no_empty_text():
    assert split_marks("<image><image>") == [{"type": "image"}, {"type": "image"}]
    assert split_marks("") == []
