import pickle
import re

import pytest

import geo_rewards as gr
from geo_rewards.errors import RecipeError, RewardError, UnknownNameError
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.scoring.recipe import recipe_of_rewards
from geo_rewards.testing import temporary_plugin

GOOD = "<think>an iron tower</think><answer>(48.8584, 2.2945)</answer>"
BARE = "<think>an iron tower</think><answer>48.8584, 2.2945</answer>"
UNTAGGED = "(48.8584, 2.2945)"
IDEAL = (
    "<think>an iron tower</think>"
    "<answer>Country: France Region: Île-de-France City: Paris Coordinates: (48.8584, 2.2945)</answer>"
)
TRUTH = {"lat": [48.8584], "lon": [2.2945]}


def recipe(*rewards, **keys):
    return gr.Recipe(parse_recipe({"rewards": list(rewards), **keys}, where="test"), origin="test")


class Fails(gr.Reward):
    """Fails where the answer is bare."""

    name = "fails"

    def score(self, sample: gr.Sample) -> float | None:
        if "(" not in sample.completion:
            raise ConnectionError("service is down")
        return 1.0


class FailingPlugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Fails)


def test_geo_r_is_a_product_of_distance_and_format():
    geo_r = gr.load_recipe("geo-r")
    far = {"lat": [48.8584 + 4.5], "lon": [2.2945]}  # 500 km north: the curve gives 1 - 0.5 * 500 / 750
    scores = geo_r.score([GOOD], **far)
    assert scores.total == pytest.approx([1 - 0.5 * (4.5 * 111.195) / 750], abs=1e-3)
    assert geo_r.score([BARE], **far).total == [0.0]
    assert geo_r.weights == [1.0]
    assert [reward.__name__ for reward in geo_r.trl_rewards()] == ["distance"]


def test_geo_r_code_adds_format_to_distance():
    assert gr.load_recipe("geo-r-code").score(
        [GOOD, UNTAGGED], lat=[48.8584] * 2, lon=[2.2945] * 2
    ).total == [2.0, 1.0]


FACTOR = [
    {"name": "cost_factor", "as": "cost", "weight": 0},
    {"name": "haversine_decay", "as": "distance", "weight": 2, "factor": "cost"},
]


def test_a_factor_multiplies_and_abstains_with_either():
    scores = recipe(*FACTOR).score(
        [GOOD] * 4, lat=[48.8584, 48.8584, 48.8584, None], lon=[2.2945] * 3 + [None], cost=[0.1, 9, None, 0]
    )
    assert scores.rewards["distance"] == [0.9, 0.8, None, None]
    assert scores.total == [1.8, 1.6, None, None]
    assert "factor cost: 0.9000" in scores.explain(0)
    assert "factor cost: abstains" in scores.explain(2)


def test_a_factor_counts_before_the_gate_and_in_the_bounds():
    gate = {"reward": "format", "at_least": 1.0, "otherwise": -1.0}
    gated = recipe(
        {"name": "think_answer_format", "as": "format", "weight": 0},
        FACTOR[0],
        FACTOR[1] | {"gate": gate},
    )
    assert gated.bounds == (-2.0, 2.0)
    assert gated.score([GOOD, UNTAGGED], lat=[48.8584] * 2, lon=[2.2945] * 2, cost=[0.1] * 2).rewards[
        "distance"
    ] == [0.9, -1.0]
    penalty = recipe({"name": "overlong_penalty", "as": "long"}, FACTOR[1] | {"factor": "long"})
    assert penalty.weighted_bounds["distance"] == (-2.0, 0.0)


def test_a_recipe_with_a_factor_loads_again():
    base = recipe(*FACTOR)
    again = gr.Recipe(parse_recipe(base.resolved(), where="again"))
    columns = {**TRUTH, "cost": [0.1]}
    assert again.score([GOOD], **columns).total == base.score([GOOD], **columns).total == [1.8]


def test_weights_multiply_and_abstentions_are_left_out():
    scores = recipe(
        {"name": "think_answer_format", "as": "format", "weight": 0.5},
        {"name": "haversine_decay", "as": "distance", "weight": 2},
    ).score([GOOD, GOOD, UNTAGGED], lat=[48.8584, None, None], lon=[2.2945, None, None])
    assert scores.rewards == {"format": [1.0, 1.0, 0.0], "distance": [1.0, None, None]}
    assert scores.total == [2.5, 0.5, 0.0]


def test_a_row_on_which_every_weighted_reward_abstains_has_no_total():
    scores = recipe({"name": "haversine_decay"}, {"name": "think_answer_format", "weight": 0}).score([GOOD])
    assert scores.total == [None]


def test_a_closed_gate_gives_its_number_or_abstains():
    gate = {"reward": "think_answer_format", "at_least": 1.0}
    entries = [
        {"name": "think_answer_format", "weight": 0},
        {"name": "coordinate_format", "as": "low", "gate": {**gate, "otherwise": -1.0}},
        {"name": "coordinate_format", "as": "none", "gate": {**gate, "otherwise": "abstain"}},
    ]
    assert recipe(*entries).score([UNTAGGED]).rewards == {
        "think_answer_format": [0.0],
        "low": [-1.0],
        "none": [None],
    }


def test_a_gate_sees_the_final_value_of_its_entry_whatever_the_order():
    entries = [
        {"name": "coordinate_format", "as": "last", "gate": {"reward": "middle", "at_least": 0.5}},
        {"name": "coordinate_format", "as": "middle", "gate": {"reward": "first", "at_least": 0.5}},
        {"name": "think_answer_format", "as": "first"},
    ]
    assert recipe(*entries).score([UNTAGGED]).rewards == {"last": [0.0], "middle": [0.0], "first": [0.0]}


def test_a_gate_that_abstains_makes_the_gated_entry_abstain():
    entries = [
        {"name": "haversine_decay", "as": "distance"},
        {"name": "coordinate_format", "gate": {"reward": "distance", "at_least": 0.5}},
    ]
    assert recipe(*entries).score([GOOD]).rewards["coordinate_format"] == [None]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"name": "coordinate_format"}, {"name": "coordinate_format"}],
            "label 'coordinate_format' is duplicated",
        ),
        (
            [{"name": "coordinate_format", "gate": {"reward": "x", "at_least": 1}}],
            "names 'x', which is not a label",
        ),
        (
            [
                {"name": "coordinate_format", "as": "a", "gate": {"reward": "b", "at_least": 1}},
                {"name": "coordinate_format", "as": "b", "gate": {"reward": "a", "at_least": 1}},
            ],
            "the gates and factors form a cycle: a -> b -> a",
        ),
        (
            [{"name": "coordinate_format", "factor": "cots"}, {"name": "cost_factor", "as": "cost"}],
            "the factor of 'coordinate_format' names 'cots', which is not a label; did you mean 'cost'",
        ),
        (
            [
                {"name": "coordinate_format", "as": "a", "factor": "b"},
                {"name": "coordinate_format", "as": "b", "factor": "c"},
                {"name": "coordinate_format", "as": "c", "gate": {"reward": "a", "at_least": 1}},
            ],
            "the gates and factors form a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)",
        ),
        (
            [{"name": "haversine_decay", "params": {"curv": "linear"}}],
            "unknown key 'curv'; did you mean 'curve'",
        ),
        (
            [{"name": "haversine_decay", "params": {"curve": "geo_r", "scale_km": 5}}],
            "does not take scale_km",
        ),
        ([{"name": "haversine_decay", "params": {"curve": "logistic"}}], "has no default scale_km"),
        ([{"name": "haversin_decay"}], "unknown reward 'haversin_decay'; did you mean 'haversine_decay'"),
        (
            [{"name": "haversine_decay", "wieght": 2}],
            r"unknown key 'rewards.0.wieght'; did you mean 'weight'",
        ),
        (
            [{"name": "coordinate_format", "gate": {"reward": "a", "atleast": 1}}],
            r"unknown key 'rewards.0.gate.atleast'; did you mean 'at_least'",
        ),
        ([], "`rewards` is empty: name at least one"),
        (
            [{"name": "coordinate_format", "on_error": "rais"}],
            r"^test: rewards\.0\.on_error must be `raise`, `abstain` or a number, not 'rais'$",
        ),
        (
            [{"name": "coordinate_format", "gate": {"reward": "a", "at_least": 1, "otherwise": "no"}}],
            r"^test: rewards\.0\.gate\.otherwise must be a number or `abstain`, not 'no'$",
        ),
        (
            [{"name": "coordinate_format", "wieght": 2}],
            r"^test: unknown key 'rewards\.0\.wieght'; did you mean 'weight'\?$",
        ),
    ],
)
def test_a_wrong_recipe_is_an_error_that_names_the_mistake(entries, message):
    with pytest.raises(RecipeError, match=message):
        recipe(*entries)


def test_errors_of_a_file_name_the_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("reward:\n  - name: coordinate_format\n")
    with pytest.raises(
        RecipeError, match=rf"{re.escape(str(file))}: .*unknown key 'reward'; did you mean 'rewards'"
    ):
        gr.load_recipe(file)


def test_a_duplicate_key_in_a_file_is_refused(tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text("rewards:\n  - name: coordinate_format\n    weight: 1\n    weight: 2\n")
    with pytest.raises(RecipeError, match="duplicate key 'weight'"):
        gr.load_recipe(file)


def test_invalid_yaml_is_an_error_with_file_and_place(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("rewards: [\n")
    with pytest.raises(RecipeError, match=r"broken\.yaml: not valid YAML: expected .* at line 2, column 1$"):
        gr.load_recipe(file)


def test_a_missing_file_and_an_unknown_name_are_errors(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.yaml: cannot be read"):
        gr.load_recipe(tmp_path / "none.yaml")
    with pytest.raises(UnknownNameError, match="unknown recipe 'geor'; did you mean 'geo-r'"):
        gr.load_recipe("geor")


def test_columns_are_mapped_and_a_missing_one_is_an_error():
    mapped = recipe({"name": "haversine_decay"}, columns={"lat": "gps_lat", "lon": "gps_lon"})
    assert mapped.score([GOOD], gps_lat=[48.8584], gps_lon=[2.2945]).total == [1.0]
    with pytest.raises(
        RecipeError, match="column 'gps_lat', named for 'lat', is not in the data; did you mean 'gps_la'"
    ):
        mapped.score([GOOD], gps_la=[48.8584], gps_lon=[2.2945])
    with pytest.raises(RecipeError, match="'latt' is not a truth field; did you mean 'lat'"):
        recipe({"name": "haversine_decay"}, columns={"latt": "x"})


def test_override_changes_parameters_and_weights_only_by_label():
    base = gr.load_recipe("geoguessr")
    changed = base.override({"distance.scale_km": 500, "format.weight": 2})
    assert changed.rewards["distance"].scale_km == 500
    assert changed.weights == [1.0, 2.0]
    assert base.rewards["distance"].scale_km == 1492.7
    with pytest.raises(RecipeError, match="'dist' is not a label; did you mean 'distance'"):
        base.override({"dist.scale_km": 500})
    with pytest.raises(RecipeError, match="unknown key 'scale'; did you mean 'scale_km'"):
        base.override({"distance.scale": 500})


def test_scoring_raises_for_a_failing_reward_and_training_abstains():
    with temporary_plugin(FailingPlugin):
        failing = recipe({"name": "fails", "as": "judge"}, {"name": "think_answer_format", "as": "format"})
        with pytest.raises(RewardError, match=r"reward 'judge'.*row 1: ConnectionError: service is down"):
            failing.score([GOOD, BARE])
        judge, form = failing.trl_rewards()
        assert judge([GOOD, BARE]) == [1.0, None]
        assert form([GOOD, BARE]) == [
            1.0,
            None,
        ]  # all rewards of the row abstain: no fault looks like a bad answer


def test_on_error_may_be_a_number():
    with temporary_plugin(FailingPlugin):
        scores = recipe({"name": "fails", "on_error": 0.25}).score([GOOD, BARE])
    assert scores.total == [1.0, 0.25]
    assert list(scores.errors["fails"]) == [1]


def test_on_error_raise_stops_training_too():
    with temporary_plugin(FailingPlugin):
        (reward,) = recipe({"name": "fails", "on_error": "raise"}).trl_rewards()
        with pytest.raises(RewardError, match="service is down"):
            reward([BARE])


def test_a_recipe_without_its_scale_says_so_in_one_sentence():
    message = (
        r"^gre: reward 'distance': .* no default scale_km, which must be given \(override=\{.*: ...\}\)$"
    )
    with pytest.raises(RecipeError, match=message):
        gr.load_recipe("gre")


@pytest.mark.parametrize("name", ["default", "globe", "thinking-with-map"])
def test_a_resolved_recipe_loads_again_and_scores_the_same(name):
    base = gr.load_recipe(name)
    again = gr.Recipe(parse_recipe(base.resolved(), where="again"))
    assert again.resolved() == base.resolved()
    for completion in (GOOD, IDEAL, IDEAL.replace("France", "Spain"), IDEAL.replace("Paris", "Lyon")):
        assert again.score([completion], **TRUTH).total == base.score([completion], **TRUTH).total


def test_the_resolved_recipe_spells_out_default_constants():
    resolved = recipe({"name": "haversine_decay", "as": "d"}).resolved()
    assert resolved["rewards"][0]["params"] == {
        "curve": "exponential",
        "scale_km": 1492.7,
        "distance": "haversine",
    }


def test_provenance_names_distribution_and_version():
    assert gr.load_recipe("geo-r").provenance()["distance"].startswith("geo-rewards ")


def test_reward_names_make_a_recipe():
    named = recipe_of_rewards(["coordinate_format", "haversine_decay"], weights=[1, 3])
    assert named.weights == [1.0, 3.0]
    with pytest.raises(RecipeError, match="1 weights for 2 rewards"):
        recipe_of_rewards(["coordinate_format", "haversine_decay"], weights=[1])
    with pytest.raises(UnknownNameError, match="haversine_decay"):
        recipe_of_rewards(["haversine_decai"])


def test_recipes_are_picklable():
    base = gr.load_recipe("geo-r")
    assert pickle.loads(pickle.dumps(base)).score([GOOD], **TRUTH).total == [1.0]


def test_the_explanation_shows_why_a_total_is_zero():
    text = gr.load_recipe("geo-r").score(["<think>x</think><answer>400, 2.3</answer>"], **TRUTH).explain(0)
    for part in (
        "latitude 400.0 is not in",
        "48.8584, 2.2945",
        "format: 0.0000",
        "gate format is closed (0.0000, at least 1 is needed)",
        "0.0000",
    ):
        assert part in text


def test_a_reward_that_fails_on_a_row_whose_picture_is_bad_stops_nothing():
    class Strict(gr.Reward):
        """1, unless the row has no picture."""

        name = "strict"

        def score(self, sample: gr.Sample) -> float | None:
            if sample.row["picture_fault"]:
                raise OSError("truncated")
            return 1.0

    class StrictPlugin:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            register(Strict)

    with temporary_plugin(StrictPlugin):
        recipe = gr.Recipe(parse_recipe({"rewards": [{"name": "strict"}]}, where="test"))
        scores = recipe.score(["a", "b"], picture_fault=[None, "a.png is truncated"])
    assert scores.rewards == {"strict": [1.0, None]}
    assert scores.errors == {"strict": {}}
