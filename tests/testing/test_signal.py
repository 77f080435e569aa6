"""Checks of what there is to learn: one answer for all rows, groups of answers, weights."""

import math

import pytest

import geo_rewards as gr
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import HolesFoundError, check_recipe, check_reward, find_holes
from geo_rewards.testing.landscape import measure, spread
from geo_rewards.testing.recipe_subject import RecipeSubject
from geo_rewards.testing.subject import RewardSubject
from geo_rewards.testing.towns import at_distances, largest_towns, sample_towns, spaced_distances


class Yes(gr.Reward):
    """1 if the answer is the solution."""

    name = "yes"
    needs = ("text",)

    def score(self, sample):
        return 1.0 if sample.answer.answer == sample.truth.text else 0.0


class AnyPlace(gr.Reward):
    """1 for any coordinate, as long as the truth has one."""

    name = "any_place"
    needs = ("coordinate",)

    def score(self, sample):
        return 1.0 if sample.answer.coordinate else 0.0


def recipe(*rewards):
    return gr.Recipe(parse_recipe({"rewards": list(rewards)}, where="a test"), origin="mine")


def names(findings):
    return [finding.name for finding in findings]


def holes(mine, only, **options):
    try:
        check_recipe(mine, only=only, **options)
    except HolesFoundError as error:
        return list(error.findings)
    return []


def test_a_reward_that_one_answer_satisfies_everywhere_is_found():
    (finding,) = find_holes(AnyPlace(), only=["constant_answer"])
    assert finding.name == "constant_answer"
    assert (
        "for each of 48 rows earns 1 on average, which is 100% of what right answers earn" in finding.detail
    )
    assert names(find_holes(gr.get_reward("haversine_decay"), only=["constant_answer"])) == []


def test_the_data_set_says_how_far_one_answer_goes():
    mostly = {"solution": ["yes"] * 7 + ["no"] * 3}
    (finding,) = find_holes(Yes(), data=mostly, only=["constant_answer"])
    assert finding.detail.startswith("'yes' for each of 10 rows earns 0.7 on average")
    assert find_holes(Yes(), data={"solution": ["a", "b", "c", "d", "e"]}, only=["constant_answer"]) == []
    assert find_holes(Yes(), only=["constant_answer"]) == []  # one built-in row says nothing


def test_a_data_set_of_one_town_is_found_and_all_rows_count():
    in_paris = {"lat": [48.85] * 900 + [-33.9] * 100, "lon": [2.35] * 900 + [151.2] * 100}
    (finding,) = find_holes(gr.get_reward("haversine_decay"), data=in_paris, only=["constant_answer"])
    assert "for each of 200 rows" in finding.detail


@pytest.mark.parametrize("data", [{}, {"lat": [1.0], "lon": []}, {"lat": [], "lon": []}])
def test_a_data_set_without_rows_is_an_error(data):
    with pytest.raises(ValueError, match="one value per row"):
        check_reward(gr.get_reward("haversine_decay"), data=data)


def test_a_reward_that_pays_the_same_near_and_far_is_found():
    (finding,) = find_holes(AnyPlace(), only=["spread"])
    assert finding.name == "no_spread"
    assert finding.detail.startswith("1 for each of the answers 0, 5, 50")
    assert find_holes(gr.get_reward("country_match"), only=["spread"]) == []


def test_a_ladder_whose_steps_are_wider_than_a_group_is_found():
    country = recipe({"name": "country_match"})
    (finding,) = holes(country, ["bands"])
    assert finding.name == "flat_groups"
    assert finding.detail.startswith("in 92% of groups of 8 answers 1 to 15 km from the truth")
    assert holes(recipe({"name": "haversine_decay"}), ["bands"]) == []
    text = recipe({"name": "country_match"})
    assert holes(text, ["bands"], columns={"country": "FR"}) == []  # no coordinates to go around


def test_a_term_that_drowns_the_others_is_found():
    entries = {"name": "haversine_decay", "weight": 100}, {"name": "country_match", "weight": 1}
    (finding,) = holes(recipe(*entries), ["weights"])
    assert finding.name == "one_weight_dominates"
    assert finding.detail == "'haversine_decay' can change the total by 100, all others by 1"
    assert holes(recipe(entries[0]), ["weights"]) == []
    assert holes(recipe({**entries[0], "weight": 10}, entries[1]), ["weights"]) == []


def test_a_format_that_pays_more_than_the_place_is_found():
    entries = {"name": "think_answer_format", "weight": 2}, {"name": "country_match", "weight": 1}
    (finding,) = holes(recipe(*entries), ["weights"])
    assert finding.name == "form_outweighs_answer"
    assert finding.detail == (
        "'think_answer_format' pay up to 2 whatever the place, and 'country_match' up to 1"
    )
    gated = {**entries[0], "weight": 1}, entries[1], {"name": "overlong_penalty", "weight": 5}
    assert holes(recipe(*gated), ["weights"]) == []


def test_towns_are_drawn_by_population_and_always_the_same():
    towns = sample_towns(100)
    assert towns == sample_towns(100)
    assert len(set(towns)) == 100
    asian = sum(60 < town.lon < 150 for town in towns)
    assert 45 <= asian <= 70  # more than half of the world's people
    assert [str(town) for town in largest_towns(2)] == ["31.2222, 121.4581", "39.9075, 116.3972"]


def test_points_lie_at_the_distances_asked_for():
    for start in (gr.Coordinate(0.0, 179.9), gr.Coordinate(89.0, 10.0), gr.Coordinate(-33.9, 151.2)):
        distances = spaced_distances(1, 9000, 8)
        points = at_distances(start, distances)
        found = [float(gr.great_circle_km(*start, *point)) for point in points]
        assert found == pytest.approx(distances, abs=0.02)


def test_what_the_default_recipe_pays_is_what_was_measured_once():
    found = measure(RecipeSubject(gr.load_recipe("default"), []), towns=200, candidates=60, groups=8)
    assert found.right == pytest.approx(1.8)
    assert found.constant == pytest.approx(0.38, abs=0.02)
    assert found.nothing_said == pytest.approx(0.2)
    assert found.coordinate_alone == pytest.approx(1.7)
    assert all(band.flat == 0.0 for band in found.spreads)


def test_a_group_that_abstains_has_no_spread():
    found = spread(RewardSubject(Yes(), []), sample_towns(3), (1.0, 15.0))
    assert math.isnan(found.deviation)
    assert math.isnan(found.flat)


def test_a_table_is_a_data_set():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"solution": ["yes"] * 7 + ["no"] * 3}, index=range(10, 20))
    (finding,) = find_holes(Yes(), data=table, only=["constant_answer"])
    assert "for each of 10 rows" in finding.detail


def test_a_truth_near_the_origin_is_written_without_exponents():
    reward = gr.get_reward("haversine_decay")
    assert find_holes(reward, columns={"lat": 0.00001, "lon": -0.00002}, skip=["time", "threads"]) == []


def test_an_unreadable_truth_in_a_data_set_is_an_error_that_names_its_row():
    data = {"country": ["FR"] * 50 + ["Atlantis"]}
    with pytest.raises(gr.GeoRewardsError, match=r"^row 50: country 'Atlantis'"):
        check_reward("country_match", data=data)


@pytest.mark.parametrize("pair", [(0.0, 0.0), (90.0, 180.0), (-90.0, 0.0), (-89.99, -179.99), (9.9, 9.9)])
def test_a_truth_at_the_edge_of_the_map_is_no_hole(pair):
    columns = {"lat": pair[0], "lon": pair[1]}
    reward = gr.get_reward("haversine_decay")
    assert find_holes(reward, columns=columns, skip=["time", "threads"]) == []
