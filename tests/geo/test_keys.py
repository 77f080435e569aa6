"""Keys of names."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo.keys import MAX_NAME_LENGTH, name_key, plain_key


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Île-de-France", "ile de france"),
        ("Hokkaidō", "Hokkaido Prefecture"),
        ("St. Louis", "Saint Louis"),
        ("St.Louis", "Saint Louis"),
        ("Łódź", "lodz"),
        ("Straße", "STRASSE"),
        ("Côte d’Azur", "Cote d'Azur"),
        ("City of London", "London"),
        ("The State of New York", "New York State"),
        ("Province of Québec", "Quebec"),
        ("Región de Murcia", "Murcia"),
        ("Washington, D.C.", "washington dc"),
        ("Bosnia & Herzegovina", "Bosnia and Herzegovina"),
        ("江苏省", "江苏"),
        ("Ａｉｘ", "aix"),
    ],
)
def test_spellings_of_one_name_have_one_key(a, b):
    assert name_key(a) == name_key(b)


@pytest.mark.parametrize("word", ["Prefecture", "State", "Region", "City of", "The", "Oblast"])
def test_a_generic_word_alone_is_kept(word):
    assert name_key(word) == word.lower()


@pytest.mark.parametrize(
    ("a", "b"), [("Paris", "Paris, Lyon"), ("York", "New York"), ("Moscow", "Moscow Idaho")]
)
def test_other_names_have_other_keys(a, b):
    assert name_key(a) != name_key(b)


@settings(deadline=None)  # the first call imports anyascii
@given(st.text(max_size=150))
def test_keys_are_plain_ascii_and_stable(text):
    key = plain_key(text)
    assert key.isascii()
    assert key == " ".join(key.split())
    assert name_key(text).isascii()


def test_no_name_is_longer_than_the_limit():
    assert plain_key("a" * MAX_NAME_LENGTH) == "a" * MAX_NAME_LENGTH
    start = time.perf_counter()
    assert plain_key("ab " * 100_000) == ""
    assert time.perf_counter() - start < 0.1
