"""`sample`: one sample in a line."""

import pytest

import geo_rewards as gr
from geo_rewards.testing import sample


def test_an_answer_is_put_into_a_well_formed_completion():
    one = sample("48.8, 2.3", lat=48.8584, lon=2.2945)
    assert one.answer.well_formed
    assert one.answer.coordinate == gr.Coordinate(48.8, 2.3)
    assert one.truth.coordinate == gr.Coordinate(48.8584, 2.2945)
    assert one.distance_km == pytest.approx(6.5, abs=0.1)


@pytest.mark.parametrize("text", ["<answer>Rome</answer>", "<think>Rome", "Rome</answer>"])
def test_a_text_with_tags_is_unchanged(text):
    assert sample(text).completion == text


def test_a_list_of_messages_is_unchanged():
    assert sample([{"role": "assistant", "content": "Rome"}]).completion == "Rome"


def test_columns_progress_and_what_a_trainer_adds_reach_the_sample():
    one = sample(
        "Rome", prompts="Where?", completion_ids=[1, 2], progress=0.25, difficulty=3, country="Italy"
    )
    assert (one.prompt, one.completion_ids, one.progress, one.row) == (
        "Where?",
        [1, 2],
        0.25,
        {"difficulty": 3},
    )
    assert one.truth.country == "IT"


def test_there_is_no_progress_outside_of_training():
    assert sample("Rome").progress is None


def test_a_gazetteer_can_be_given():
    class Nowhere:
        def lookup(self, lats, lons):
            return [gr.Place(country="XK") for _ in lats]

    assert sample("48.8, 2.3", gazetteer=Nowhere()).answer_place.country == "XK"
