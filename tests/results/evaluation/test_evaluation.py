"""Figures of answers: against an independent computation, and against the rules of published scripts."""

import json
import math

import numpy as np
import pytest
from geopy.distance import geodesic
from scipy import stats

from geo_rewards.errors import DataError, UsageError
from geo_rewards.results.evaluation.figures import known_figures
from geo_rewards.results.evaluation.files import evaluate
from geo_rewards.results.evaluation.rules import FARTHEST_KM, THRESHOLDS_KM, Rules

UNREADABLE = ("no idea", "400, 3", "48.8 or 49.1, 2.3", "")


@pytest.fixture(scope="module")
def answers():
    """Return guesses (None for an unreadable answer) and truths, from metres to half the globe apart."""
    random = np.random.default_rng(11)
    truths = np.column_stack([random.uniform(-80, 80, 400), random.uniform(-180, 180, 400)])
    spread = random.choice([0.001, 0.1, 1.0, 5.0, 60.0], 400)[:, None]
    guesses = np.clip(truths + random.normal(0, 1, (400, 2)) * spread, [-90, -180], [90, 180]).round(5)
    return [None if i % 9 == 0 else tuple(guess) for i, guess in enumerate(guesses)], truths


@pytest.fixture(scope="module")
def rows(answers):
    guesses, truths = answers
    texts = [
        UNREADABLE[i % 4] if guess is None else f"{guess[0]}, {guess[1]}" for i, guess in enumerate(guesses)
    ]
    completions = [f"<think>x</think><answer>{text}</answer>" for text in texts]
    return {"completions": completions, "lat": truths[:, 0].tolist(), "lon": truths[:, 1].tolist()}


def haversine(guess, truth, radius):
    (lat, lon), (true_lat, true_lon) = np.radians(guess), np.radians(truth)
    half = math.sin((lat - true_lat) / 2) ** 2
    half += math.cos(lat) * math.cos(true_lat) * math.sin((lon - true_lon) / 2) ** 2
    return 2 * radius * math.asin(math.sqrt(half))


def on_sphere(guess, truth):
    return haversine(guess, truth, 6371.0088)


def on_larger_sphere(guess, truth):
    return haversine(guess, truth, 6378.137)


def on_ellipsoid(guess, truth):
    return geodesic(guess, truth).km


PUBLISHED = {
    "ours": (Rules(), on_sphere, FARTHEST_KM, "<="),
    "GeoCLIP": (Rules(distance="geodesic"), on_ellipsoid, FARTHEST_KM, "<="),
    "G3": (Rules(distance="geodesic", strict=True, unparsed="g3"), on_ellipsoid, "zero", "<"),
    "PIGEON": (Rules(distance="equatorial", strict=True), on_larger_sphere, FARTHEST_KM, "<"),
    "geobench": (Rules(unparsed="geobench"), on_sphere, None, "<="),
    "Thinking with Map": (Rules(strict=True, unparsed="thinking-with-map"), on_sphere, 99_999.0, "<"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_figures_agree_with_an_independent_computation_by_the_rules_of(name, answers, rows):
    rules, distance, stand_in, sign = PUBLISHED[name]
    evaluation = evaluate(**rows, rules=rules)
    kilometres = []
    for guess, truth in zip(*answers, strict=True):
        if guess is not None:
            kilometres.append(distance(guess, truth))
        elif stand_in == "zero":
            kilometres.append(distance((0.0, 0.0), truth))
        elif stand_in is not None:
            kilometres.append(stand_in)
    values = np.array(kilometres)
    expected = {
        f"within_{limit:g}_km": (values < limit if sign == "<" else values <= limit).mean()
        for limit in THRESHOLDS_KM
    }
    expected |= {"median_km": np.median(values), "mean_km": values.mean()}
    expected |= {"score": (5000 * np.exp(-values / 1492.7)).mean()}
    found = {key: evaluation.figures[key].value for key in expected}
    assert found == pytest.approx(expected, rel=1e-6)


def test_places_are_those_of_the_rewards(rows):
    truths = {"country": ["FR", "FR", "IT", None], "city": ["Paris", "Nice", None, None]}
    answers = ["Country: France, City: Paris", "Nice, France", "Country: Spain", "Country: Spain"]
    found = evaluate(answers, **truths).figures
    assert (found["country"].value, found["city"].value) == (2 / 3, 1.0)
    assert "region" not in found
    assert "median_km" not in found
    assert found["parsed"].value == 1.0
    assert found["located"].value == 0.0


def test_intervals_agree_with_another_bootstrap(answers, rows):
    evaluation = evaluate(**rows)
    points = evaluation.judged.figures["score"]
    theirs = stats.bootstrap((points,), np.mean, n_resamples=4000, method="percentile", random_state=1)
    ours = evaluation.figures["score"]
    width = ours.high - ours.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.1 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.1 * width)
    middle = stats.bootstrap(
        (evaluation.judged.distance_km,), np.median, n_resamples=4000, method="percentile", random_state=1
    ).confidence_interval
    ours = evaluation.figures["median_km"]
    width = middle.high - middle.low
    assert (ours.low, ours.high) == pytest.approx((middle.low, middle.high), abs=0.25 * width)


def test_answers_about_one_picture_are_drawn_together(rows):
    eight = {name: [value for value in values for _ in range(8)] for name, values in rows.items()}
    once, repeated = evaluate(**rows), evaluate(**eight, id=[i // 8 for i in range(8 * 400)])
    assert (once.pictures, repeated.pictures) == (400, 400)
    for name in ("score", "median_km", "within_200_km"):
        assert repeated.figures[name] == pytest.approx(once.figures[name])
    alone = evaluate(**eight)  # as if they were 3,200 pictures: far too sure
    assert alone.pictures == 3200
    one, other = alone.figures["score"], once.figures["score"]
    assert one.high - one.low < 0.5 * (other.high - other.low)


def test_the_same_rows_give_the_same_intervals(rows):
    assert evaluate(**rows).figures == evaluate(**rows).figures


def test_figures_by_group(rows):
    halves = ["north" if lat > 0 else "south" for lat in rows["lat"]]
    evaluation = evaluate(**rows, half=halves, by=["half"])
    groups = {group.value: group for group in evaluation.by("half")}
    for half in ("north", "south"):
        rows_of = [i for i, value in enumerate(halves) if value == half]
        part = evaluate(**{name: [values[i] for i in rows_of] for name, values in rows.items()})
        assert groups[half].rows == len(rows_of)
        assert {name: found.value for name, found in groups[half].figures.items()} == pytest.approx(
            {name: found.value for name, found in part.figures.items()}
        )
    continents = {group.value: group.rows for group in evaluation.by("continent")}
    assert sum(continents.values()) == 400
    assert {"Asia", "unknown"} <= continents.keys()


def test_problems_are_counted_by_kind_with_an_example(rows):
    found = {problem.kind: problem for problem in evaluate(**rows).problems}
    assert sum(problem.answers for problem in found.values()) == 45
    assert found["out of range"].example == "400, 3"
    assert found["empty answer"].example == ""


def test_one_fixed_answer_shows_in_the_concentration(rows):
    same = ["<answer>48.85, 2.35</answer>"] * 400
    spread = evaluate(same, lat=rows["lat"], lon=rows["lon"]).concentrations
    assert spread["answer_countries"].entropy_bits == 0.0
    assert spread["answer_countries"].commonest == ("FR", 1.0)
    assert spread["answer_cells"].distinct == 1
    two = evaluate([*same[:200], *["<answer>-33.9, 151.2</answer>"] * 200], lat=rows["lat"], lon=rows["lon"])
    assert two.concentrations["answer_countries"].entropy_bits == pytest.approx(1.0)


def test_everything_is_json(rows):
    told = json.loads(json.dumps(evaluate(**rows).to_json(by=["country"]), allow_nan=False))
    assert told["rows"] == 400
    assert list(told["figures"]) == [name for name in known_figures() if name in told["figures"]]
    assert sum(group["rows"] for group in told["by"]["country"].values()) == 400


def test_a_reward_of_scored_rows_is_a_figure(rows):
    found = evaluate(**rows, reward=[0.5, None] * 200)
    assert found.figures["reward"].value == 0.5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"by": ["sesaon"], "season": ["wet"] * 400}, UsageError, "did you mean 'season'"),
        ({"key": "nr"}, UsageError, "there is no column 'nr'"),
        ({"lat": [None] * 400}, DataError, "no row has a true place"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(rows, change, error, message):
    if "lat" in change:
        change["lon"] = change["lat"]
    with pytest.raises(error, match=message):
        evaluate(**{**rows, **change})


def test_rules_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match=r"unparsed 'wrnog' is unknown; did you mean 'wrong'"):
        Rules(unparsed="wrnog")
