import types

import numpy as np
import pytest

from geo_rewards.batch.batch import Batch, training_progress
from geo_rewards.types import Place

PARIS = "<think>x</think><answer>48.8584, 2.2945</answer>"
NAMED = "<think>x</think><answer>Country: Italy\nCity: Rome\nCoordinates: (48.8584, 2.2945)</answer>"


class CountingGazetteer:
    """Counts lookups; everything lies in Paris."""

    name = "counting"

    def __init__(self):
        self.asked = []

    def lookup(self, lats, lons):
        self.asked.extend(zip(lats, lons, strict=True))
        return [Place("FR", "Île-de-France", "Paris") for _ in lats]


def test_truth_names_are_looked_up_once_per_coordinate():
    gazetteer = CountingGazetteer()
    batch = Batch([PARIS] * 4, {"lat": [48.85] * 4, "lon": [2.35] * 4}, gazetteer=gazetteer)
    assert {truth.city for truth in batch.truths} == {"Paris"}
    assert gazetteer.asked == [(48.85, 2.35)]


def test_given_names_are_kept_and_only_missing_ones_are_filled_in():
    columns = {"lat": [48.85], "lon": [2.35], "country": ["France"], "city": ["Lutetia"]}
    truth = Batch([PARIS], columns, gazetteer=CountingGazetteer()).truths[0]
    assert (truth.country, truth.region, truth.city) == ("FR", "Île-de-France", "Lutetia")


def test_names_in_a_country_other_than_the_given_one_are_not_filled_in():
    columns = {"lat": [48.85], "lon": [2.35], "country": ["Belgium"]}
    truth = Batch([PARIS], columns, gazetteer=CountingGazetteer()).truths[0]
    assert (truth.country, truth.region, truth.city) == ("BE", None, None)


def test_the_gazetteer_is_not_queried_needlessly():
    gazetteer = CountingGazetteer()
    batch = Batch([PARIS], {"lat": [48.85], "lon": [2.35]}, gazetteer=gazetteer)
    assert batch.distance_km[0] == pytest.approx(4.17, abs=0.05)
    assert batch.has_truth(["coordinate"]) == [True]
    assert gazetteer.asked == []


def test_an_answers_place_comes_from_its_name_or_else_its_coordinate():
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


def test_taken_rows_are_not_recomputed_and_keep_their_numbers():
    batch = Batch(
        [PARIS, "nothing", NAMED], {"lat": [1.0, 2.0, 3.0], "lon": [1.0, 2.0, 3.0], "tag": ["a", "b", "c"]}
    )
    answers = batch.answers
    part = batch.take([2, 0])
    assert part.answers[0] is answers[2]
    assert [sample.index for sample in part.samples] == [2, 0]
    assert part.columns["tag"] == ["c", "a"]
    assert [tuple(truth.coordinate) for truth in part.given_truths] == [(3.0, 3.0), (1.0, 1.0)]


def test_the_row_has_the_other_list_columns():
    columns = {
        "lat": [1.0],
        "lon": [2.0],
        "id": [7],
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


SEA = "<think>x</think><answer>(0.0, -30.0)</answer>"
LABELLED = "<think>x</think><answer>Latitude: 48.8584, Longitude: 2.2945</answer>"


def test_a_common_completion_is_read_without_an_answer_object():
    batch = Batch([PARIS, LABELLED, "no"], {"lat": [48.85] * 3, "lon": [2.35] * 3})
    assert batch.well_formed == [True, True, False]
    assert batch.distance_km[0] == batch.distance_km[1]
    assert sorted(dict(batch.answers.made())) == [2]
    assert batch.answers[0].coordinate == batch.answers[1].coordinate


def test_columns_say_what_the_answers_and_truths_say():
    texts = [PARIS, NAMED, LABELLED, SEA, "no", "<answer>Rome, Italy</answer>"]
    columns = {"lat": [48.85, 1, 2.5, 0, -90, 90.0], "lon": [2.35, 2, 180, -180.0, 0, 5]}
    batch = Batch(texts, columns, gazetteer=CountingGazetteer())
    pairs = [answer.coordinate and tuple(answer.coordinate) for answer in batch.answers]
    assert [None if np.isnan(lat) else (lat, lon) for lat, lon in batch.answer_degrees.T] == pairs
    assert batch.well_formed == [answer.well_formed for answer in batch.answers]
    assert [tuple(truth.coordinate) for truth in batch.truths] == list(zip(*columns.values(), strict=True))
    named = [(place.country, place.region, place.city) for place in batch.truth_places]
    assert named == [(truth.country, truth.region, truth.city) for truth in batch.truths]


def test_plain_and_other_truths_are_filled_in_alike():
    plain = Batch([PARIS] * 2, {"lat": [48.85, 1], "lon": [2.35, 2]}, gazetteer=CountingGazetteer())
    mixed = {"lat": [48.85, "1"], "lon": [2.35, 2], "city": [None, ""]}
    other = Batch([PARIS] * 2, mixed, gazetteer=CountingGazetteer())
    assert list(plain.truths) == list(other.truths)
    assert plain.truth_is_located == other.truth_is_located == [True, True]
    for fields in (["coordinate"], ["country", "city"], ["text"], []):
        assert plain.has_truth(fields) == other.has_truth(fields)


def test_an_answer_is_located_only_if_it_names_nothing():
    batch = Batch([PARIS, NAMED, LABELLED], {}, gazetteer=CountingGazetteer())
    assert batch.answer_is_located == [True, False, True]


def test_parts_share_their_lookups():
    gazetteer = CountingGazetteer()
    batch = Batch([PARIS, "nothing", SEA], {}, gazetteer=gazetteer)
    assert batch.take([0, 1]).take([0]).located_places == [Place("FR", "Île-de-France", "Paris")]
    assert batch.take([2]).located_places == [Place("FR", "Île-de-France", "Paris")]
    assert len(gazetteer.asked) == 2


def test_a_gazetteer_that_gives_too_few_places_is_an_error():
    class Short(CountingGazetteer):
        def lookup(self, lats, lons):
            return []

    with pytest.raises(ValueError, match="gazetteer 'counting' returned 0 places for 1 coordinates"):
        _ = Batch([PARIS], {}, gazetteer=Short()).located_places
