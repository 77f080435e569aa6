from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import ConfigDict, Field

import geo_rewards as gr
from geo_rewards.contract.documentation import list_parameters, read_documentation
from geo_rewards.geo.decay import CURVES
from geo_rewards.testing import temporary_plugin


class Unit(Enum):
    CHARACTERS = "characters"
    TOKENS = "tokens"


class Opaque:
    pass


class Base(gr.Reward):
    """Something shared.

    Attributes:
        shared: What both have: told by the base.
    """

    shared: int = Field(default=3, ge=1, le=9)


class Elaborate(Base):
    """1 for an elaborate answer.

    More about it,
    on two lines.

    - a list

    Attributes:
        unit: What is counted; over
            two lines.
        limits: Pairs.

    >>> 1 + 1
    2
    """

    name = "elaborate"
    range = (-2.0, 2.0)
    needs = ("city", "text")
    formula = "f(x) = x"
    reference = "A Paper, 2026"

    unit: Unit = Unit.TOKENS
    level: Literal["country", "city"] = "city"
    limits: tuple[tuple[float, float], ...] = ((0.5, 1.0),)
    words: Annotated[list[str], Field(min_length=1)]
    title: str | None = Field(default=None, description="Told by the field.")

    def score(self, sample):
        return 0.0


class Odd(gr.Reward):
    """1 always."""

    name = "odd"
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: Annotated[Any, Opaque()] = None
    other: Opaque = Opaque()

    def score(self, sample):
        return 1.0


def test_parameters_tell_types_bounds_choices_and_defaults():
    found = {parameter.name: parameter for parameter in list_parameters(Elaborate)}
    assert found["shared"].type == "integer >= 1 and <= 9"
    assert found["shared"].text == "What both have: told by the base."
    assert found["unit"].type == "one of characters, tokens"
    assert found["unit"].default == "tokens"
    assert found["unit"].text == "What is counted; over two lines."
    assert found["level"].type == "one of country, city"
    assert found["limits"].type == "list of (number, number)"
    assert found["limits"].default == "[[0.5, 1.0]]"
    assert found["words"].type == "list of string items >= 1"
    assert found["words"].default is None
    assert found["title"].text == "Told by the field."


def test_a_type_without_json_schema_is_shown_by_its_annotation():
    found = {parameter.name: parameter for parameter in list_parameters(Odd)}
    assert "Opaque" in found["other"].type


def test_the_docstring_is_read_in_parts():
    documentation = read_documentation(Elaborate)
    assert (
        documentation.description == "1 for an elaborate answer.\n\nMore about it, on two lines.\n\n- a list"
    )
    assert documentation.example == ">>> 1 + 1\n2"


def test_the_text_of_a_lone_parameter_is_shown_to_its_last_line():
    class Lone(gr.Reward):
        """1 always.

        Attributes:
            limit: The limit, and
                what it is for.
        """

        name = "lone"
        limit: int = 1

    (parameter,) = list_parameters(Lone)
    assert parameter.text == "The limit, and what it is for."


def test_a_reward_is_described_completely(run):
    ran = run("describe", "haversine_decay")
    assert ran.code == 0
    for part in (
        "haversine_decay (geo-rewards ",
        "scale_km: number > 0, or null; default null",
        "one of exponential, geo_r,",
        "Distance in km at and beyond which the value is 0",
        "coordinate: columns lat and lon",
        "[0, 1]",
        "d = great-circle distance in km",
        "arXiv 2601.00388",
        ">>> reward = HaversineDecay",
    ):
        assert part in ran.out


def test_a_third_party_reward_is_described_completely(run, plugin_of):
    with temporary_plugin(plugin_of(Elaborate), distribution="elaborations"):
        out = run("describe", "Elaborate").out
    for part in (
        "elaborate (elaborations 0)",
        "[-2, 2]",
        "f(x) = x",
        "A Paper, 2026",
        "words: ",
        "required",
        "text:",
    ):
        assert part in out


@pytest.mark.parametrize("name", [info.name for info in gr.list_rewards()])
def test_every_builtin_parameter_is_documented(name):
    from geo_rewards.registry.registry import get_registry

    for parameter in list_parameters(get_registry().find_reward(name).thing):
        assert parameter.text, parameter.name


def test_a_recipe_is_described_with_its_comment_and_resolved_parameters(run):
    ran = run("describe", "geo_r")
    assert ran.code == 0
    assert "recipe geo-r (geo-rewards " in ran.out
    assert "A weighted sum cannot express a product, a gate can." in ran.out
    assert "curve: geo_r" in ran.out
    assert "distance: haversine\n" in ran.out
    assert "gate: format >= 1, otherwise 0.0" in ran.out


def test_a_recipe_file_is_described(run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("# Mine.\nrewards: [{name: country_match, weight: 2}]\ncolumns: {country: land}\n")
    ran = run("describe", path)
    assert ran.code == 0
    assert "Mine." in ran.out
    assert "source: either" in ran.out
    assert "country: land" in ran.out


def test_a_bad_recipe_file_is_bad_data_and_a_missing_one_wrong_usage(run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("rewards: [{name: country_mach}]\n")
    ran = run("describe", path)
    assert ran.code == 1
    assert "mine.yaml" in ran.err
    assert "country_match" in ran.err
    assert run("describe", tmp_path / "none.yaml").code == 2


def test_the_script_describes(script):
    ran = script("describe", "city_match")
    assert (ran.code, ran.err) == (0, "")
    assert "within_km: number > 0" in ran.out


def test_a_curve_is_described(run):
    ran = run("describe", "exponential")
    assert ran.code == 0
    assert "exp(-d / scale_km)" in ran.out
    assert "scale_km: default 1492.7" in ran.out
    assert "25 km: 0.9834" in ran.out
    assert "params: {curve: exponential}" in ran.out
    logistic = run("describe", "logistic").out
    assert "scale_km: required" in logistic
    assert "params: {curve: logistic, scale_km: ...}" in logistic


def test_a_curve_that_is_called_like_a_recipe_is_described_after_it(run):
    ran = run("describe", "geo-r")
    assert ran.out.index("recipe geo-r") < ran.out.index("curve geo_r of haversine_decay")


def test_every_curve_can_be_described(run):
    for name in CURVES:
        assert f"curve {name} of haversine_decay" in run("describe", name).out


def test_a_misspelt_curve_is_offered(run):
    ran = run("describe", "exponentail")
    assert ran.code == 2
    assert "there is a curve 'exponential'" in ran.err


def test_a_recipe_that_needs_a_value_says_which_and_takes_it(run):
    ran = run("describe", "gre")
    assert ran.code == 0
    assert "Must be given\n  --set distance.scale_km=VALUE" in ran.out
    assert "scale_km: 500.0" in run("describe", "gre", "--set", "distance.scale_km=500").out
    assert run("describe", "gre", "--set", "distance.scale=500").code == 2
    assert run("describe", "haversine_decay", "--set", "scale_km=500").code == 2


def test_a_time_limit_is_described_with_what_it_cannot_interrupt(run, tmp_path):
    (tmp_path / "slow.py").write_text(
        "from typing import ClassVar\n"
        "import geo_rewards as gr\n"
        "class Slow(gr.Reward):\n"
        '    """Takes long."""\n'
        '    name = "slow"\n'
        "    timeout_s: ClassVar[float] = 20\n"
    )
    recipe = tmp_path / "r.yaml"
    recipe.write_text("rewards: [{name: ./slow.py:Slow, timeout_s: 5}]")
    said = "one inside a regular expression only when that ends"
    of_reward = run("describe", f"{tmp_path}/slow.py:Slow").out
    assert "Time limit\n  20 s for each call: in the main thread" in of_reward
    assert said in of_reward
    of_recipe = run("describe", recipe).out
    assert "timeout_s: 5.0 (in the main thread" in of_recipe
    assert said in of_recipe
