"""A recipe as a whole: gates that can open, totals that stay finite."""

import pytest

import geo_rewards as gr
from geo_rewards.errors import RecipeError

FORMAT = {"name": "think_answer_format", "as": "format"}


def recipe(*entries):
    return gr.Recipe({"rewards": list(entries)}, origin="test")


def gated(reward="format", **gate):
    return {"name": "haversine_decay", "as": "distance", "gate": {"reward": reward, "at_least": 1, **gate}}


def test_a_gate_that_can_never_open_is_an_error():
    with pytest.raises(
        RecipeError, match=r"gate of 'distance' can never open: it needs at least 2 from 'format'"
    ):
        recipe(FORMAT, gated(at_least=2))
    penalty = {"name": "repetition_penalty", "as": "format"}
    with pytest.raises(RecipeError, match=r"can never open: .*whose highest value is 0"):
        recipe(penalty, gated(at_least=0.5))
    assert recipe(penalty, gated(at_least=0))


def test_what_opens_a_gate_may_come_from_another_gate_or_from_an_error():
    raised = {"name": "coordinate_format", "as": "more", "weight": 0}
    raised["gate"] = {"reward": "format", "at_least": 1, "otherwise": 2}
    assert recipe(FORMAT, raised, gated("more", at_least=2))
    assert recipe({**FORMAT, "on_error": 3}, gated(at_least=3))


def test_a_closed_gate_must_not_pay_more_than_an_open_one():
    with pytest.raises(
        RecipeError, match=r"reward 'distance': its gate gives 5 when it is closed, more than"
    ):
        recipe(FORMAT, gated(otherwise=5))
    assert recipe(FORMAT, gated(otherwise=-1))
    assert recipe(FORMAT, {**gated(otherwise=5), "weight": -1})


@pytest.mark.parametrize("weights", [(1e308, 1e308), (1e300, 1), (1, -1e16)])
def test_a_total_that_could_overflow_is_an_error(weights):
    entries = [{**FORMAT, "weight": weights[0]}, {"name": "coordinate_format", "weight": weights[1]}]
    with pytest.raises(
        RecipeError, match=r"test: a total can reach .* choose weights that keep it below 1e\+15"
    ):
        recipe(*entries)


def test_a_parameter_cannot_make_a_total_overflow_either():
    with pytest.raises(RecipeError, match="a total can reach"):
        recipe({"name": "repetition_penalty", "params": {"scale": 1e300}})


@pytest.mark.parametrize(
    ("top", "message"), [(1.0, r"range \[0, inf\] must be finite"), (0.0, "ZeroDivision")]
)
def test_a_range_must_be_finite(tmp_path, top, message):
    file = tmp_path / "endless.py"
    source = "import geo_rewards as gr\nclass Endless(gr.Reward):\n    '''No end.'''\n    top: float = 1.0\n"
    source += "    @property\n    def bounds(self):\n        return 0.0, 1 / self.top * 1e309\n"
    source += "    def score(self, sample):\n        return 1.0\n"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(RecipeError, match=message):
        recipe({"name": f"{file}:Endless", "params": {"top": top}})
