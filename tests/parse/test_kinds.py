"""Kinds of mistakes learned from public cases, and variations: other letters, words, marks, keys.

`kinds.json` has the texts: those to be read with their coordinate, and those to be refused.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.parse import ProblemKind, parse_answer, parse_completion

KINDS = json.loads(Path(__file__).with_name("kinds.json").read_text("utf-8"))
READ = [(kind, text, pair) for kind, cases in KINDS["read"].items() for text, pair in cases]
REFUSED = [(kind, text) for kind, texts in KINDS["refused"].items() for text in texts]
TEXTS = [text for _, text, _ in READ]
PAIRS = {text: pair for _, text, pair in READ}
# Letters that match ASCII ones case-insensitively, or look like them.
TWINS = {"i": "ıİіï", "k": "Kк", "s": "ſŚЅՏš", "n": "ñŃΝո", "e": "éЕεё", "w": "ŵԜω", "o": "öОο", "a": "àА"}
any_letter = st.characters(categories=["L", "M", "N"], min_codepoint=0x80)


@pytest.mark.parametrize(("kind", "text", "pair"), READ)
def test_a_kind_is_read(kind: str, text: str, pair: tuple[float, float]) -> None:
    answer = parse_answer(text)
    assert answer.coordinate is not None, answer.problems
    assert tuple(answer.coordinate) == pytest.approx(pair, abs=1.5e-4)
    assert not [problem for problem in answer.problems if problem.kind is not ProblemKind.SEVERAL_PLACES]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_a_kind_is_refused_with_a_reason(kind: str, text: str) -> None:
    answer = parse_answer(text)
    assert answer.coordinate is None
    assert answer.problems


@st.composite
def misspelt(draw):
    """Return a text in any notation with one of its letters replaced."""
    text = draw(st.sampled_from(TEXTS))
    places = [at for at, character in enumerate(text) if character.isalpha()]
    if not places:
        return text + draw(any_letter)
    at = draw(st.sampled_from(places))
    twins = TWINS.get(text[at].lower(), "")
    letter = draw(st.one_of(any_letter, st.sampled_from(twins)) if twins else any_letter)
    return text[:at] + letter + text[at + 1 :]


@settings(max_examples=600)
@given(misspelt())
def test_no_letter_makes_a_text_raise(text):
    for answer in (parse_answer(text), parse_completion(f"<think>x</think><answer>{text}</answer>")):
        assert (answer.coordinate is None) == (answer.coordinate_form is None)


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title, str.swapcase, str.casefold])
def test_no_change_of_case_makes_a_text_raise_or_read_as_another_place(change):
    for text in TEXTS:
        if "http" in text or "{{" in text:  # a link means another page
            continue
        answer = parse_answer(change(text))
        if answer.coordinate is not None:
            assert tuple(answer.coordinate) == pytest.approx(PAIRS[text], abs=1.5e-4), change(text)


@pytest.mark.parametrize("label", ["Latıtude", "LATİTUDE", "latıtude", "Latitude", "LATITUDE"])
@pytest.mark.parametrize("other", ["Longıtude", "LONGİTUDE", "longıtude", "Longitude", "ſong", "LONGITUDE"])
@pytest.mark.parametrize(
    "template", ["{}: 48.85, {}: 2.35", "{} 48.85 {} 2.35", '{{"{}": 48.85, "{}": 2.35}}']
)
def test_labels_with_letters_of_other_alphabets_do_not_raise(label, other, template):
    answer = parse_answer(template.format(label, other))
    assert answer.coordinate is None or tuple(answer.coordinate) == (48.85, 2.35)


@given(st.sampled_from([text for _, text in REFUSED]), any_letter, st.integers(0, 40))
def test_an_extra_letter_makes_nothing_raise(text, letter, at):
    parse_answer(text[:at] + letter + text[at:])
