import types

import numpy as np
import pytest

from geo_rewards.batch import Batch, training_progress
from geo_rewards.types import Place

PARIS = "<think>x</think><answer>48.8584, 2.2945</answer>"
NAMED = "<think>x</think><answer>Country: Italy\nCity: Rome\nCoordinates: (48.8584, 2.2945)</answer>"


class CountingGazetteer:
    """Counts what it is asked; everything lies in Paris."""

    name = "counting"

    def __init__(self):
        self.asked = []

    def lookup(self, lats, lons):
        self.asked.extend(zip(lats, lons, strict=True))
        return [Place("FR", "Île-de-France", "Paris") for _ in lats]


def test_truth_names_come_from_the_gazetteer_once_a_coordinate():
    gazetteer = CountingGazetteer()
    batch = Batch([PARIS] * 4, {"lat": [48.85] * 4, "lon": [2.35] * 4}, gazetteer=gazetteer)
    assert {truth.city for truth in batch.truths} == {"Paris"}
    assert gazetteer.asked == [(48.85, 2.35)]


def test_given_names_are_kept_and_only_the_missing_ones_filled():
    columns = {"lat": [48.85], "lon": [2.35], "country": ["France"], "city": ["Lutetia"]}
    truth = Batch([PARIS], columns, gazetteer=CountingGazetteer()).truths[0]
    assert (truth.country, truth.region, truth.city) == ("FR", "Île-de-France", "Lutetia")


def test_names_of_another_country_than_the_given_one_are_not_filled_in():
    columns = {"lat": [48.85], "lon": [2.35], "country": ["Belgium"]}
    truth = Batch([PARIS], columns, gazetteer=CountingGazetteer()).truths[0]
    assert (truth.country, truth.region, truth.city) == ("BE", None, None)


def test_the_gazetteer_is_not_asked_without_need():
    gazetteer = CountingGazetteer()
    batch = Batch([PARIS], {"lat": [48.85], "lon": [2.35]}, gazetteer=gazetteer)
    assert batch.distance_km[0] == pytest.approx(4.17, abs=0.05)
    assert batch.has_truth(["coordinate"]) == [True]
    assert gazetteer.asked == []


def test_an_answers_place_is_its_name_or_else_where_its_coordinate_lies():
    batch = Batch([NAMED, PARIS, "nothing"], {}, gazetteer=CountingGazetteer())
    assert batch.answer_places == [
        Place("IT", "Île-de-France", "Rome"),
        Place("FR", "Île-de-France", "Paris"),
        Place(),
    ]


def test_distances_are_nan_where_a_coordinate_is_missing():
    batch = Batch([PARIS, "nothing", PARIS], {"lat": [48.85, 48.85, None], "lon": [2.35, 2.35, None]})
    assert np.isnan(batch.distance_km).tolist() == [False, True, True]
    assert batch.samples[1].distance_km is None


def test_a_taken_part_is_not_computed_again_and_keeps_its_row_numbers():
    batch = Batch(
        [PARIS, "nothing", NAMED], {"lat": [1.0, 2.0, 3.0], "lon": [1.0, 2.0, 3.0], "tag": ["a", "b", "c"]}
    )
    answers = batch.answers
    part = batch.take([2, 0])
    assert part.answers[0] is answers[2]
    assert [sample.index for sample in part.samples] == [2, 0]
    assert part.columns["tag"] == ["c", "a"]
    assert [tuple(truth.coordinate) for truth in part.given_truths] == [(3.0, 3.0), (1.0, 1.0)]


def test_the_row_holds_the_other_list_columns_of_batch_length():
    columns = {
        "lat": [1.0],
        "lon": [2.0],
        "id": [7],
        "pair": [1, 2],
        "log_metric": print,
        "prompts": ["Where?"],
    }
    sample = Batch([PARIS], columns).samples[0]
    assert sample.row == {"id": 7}
    assert sample.prompt == "Where?"


def test_notes_are_drained_once():
    batch = Batch([PARIS, PARIS])
    batch.samples[1].note("clues", 3)
    assert batch.drain_notes() == [{}, {"clues": 3.0}]
    assert batch.drain_notes() == [{}, {}]


def test_progress_is_the_share_of_steps_done():
    assert training_progress(types.SimpleNamespace(global_step=5, max_steps=20)) == 0.25
    assert training_progress(types.SimpleNamespace(global_step=5, max_steps=-1)) is None
    assert training_progress(None) is None
