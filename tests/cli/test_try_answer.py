import io

import pytest

import geo_rewards as gr
from geo_rewards.testing import temporary_plugin

TRUTH_OPTIONS = ("--lat", "48.8584", "--lon", "2.2945")

GOOD = "<think>a tower</think><answer>48.86, 2.35</answer>"
PARIS = ["--lat", "48.8584", "--lon", "2.2945"]


def test_a_reward_explains_an_answer(run):
    ran = run("try", "haversine_decay", "--completion", GOOD, *PARIS)
    assert (ran.code, ran.err) == (0, "")
    assert "coordinate 48.86, 2.35" in ran.out
    assert "distance   4." in ran.out
    assert "haversine_decay: 0.9973 of [0, 1]" in ran.out


def test_a_recipe_explains_gates_weights_and_the_total(run):
    closed = run("try", "default", "--completion", "48.86, 2.35", *PARIS).out
    assert "distance: 0.0000" in closed
    assert "gate format is closed (0.0000, at least 1 is needed); without it 0.9973" in closed
    opened = run("try", "default", "--completion", GOOD, *PARIS).out
    assert "gate format is open (1.0000, at least 1 is needed)" in opened
    assert "1 x 0.9973 distance" in opened


def test_an_abstention_says_which_truth_is_missing(run):
    out = run("try", "default", "--completion", GOOD, "--country", "France").out
    assert "distance: abstains" in out
    assert "the truth has no coordinate" in out


def test_what_was_not_read_is_explained(run):
    out = run("try", "coordinate_format", "--completion", "<think>x</think><answer>48.86, 400</answer>").out
    assert "coordinate none" in out
    assert "longitude 400.0 is not in" in out


def test_parameters_are_yaml_scalars(run):
    linear = ["--param", "curve=linear", "--param", "limit_km=1e1"]
    out = run("try", "haversine-decay", "--completion", GOOD, *PARIS, *linear).out
    assert "haversine_decay: 0.59" in out
    steps = ["--param", "curve=steps", "--param", "steps=[[5, 0.75]]"]
    assert "0.7500 of" in run("try", "haversine_decay", "--completion", GOOD, *PARIS, *steps).out
    tags = ["--param", "mode=tags", "--param", "think_in_template=true"]
    assert "1.0000 of" in run("try", "think_answer_format", "--completion", GOOD, *tags).out


def test_parameters_of_a_recipe_are_named_by_label(run):
    override = ["--param", "distance.scale_km=1", "--param", "format.weight=0"]
    out = run("try", "geoguessr", "--completion", GOOD, *PARIS, *override).out
    assert "format: 1.0000 of [0, 1], weight 0" in out
    assert "distance: 0.0" in out


def test_a_recipe_file_can_be_tried_with_the_truth_under_its_own_names(run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("rewards: [{name: haversine_decay}]\ncolumns: {lat: breite, lon: laenge}\n")
    assert "0.9973" in run("try", path, "--completion", GOOD, *PARIS).out


def test_the_truth_may_be_a_solution(run):
    out = run("try", "haversine_decay", "--completion", GOOD, "--solution", "48.8584, 2.2945").out
    assert "0.9973" in out


def test_a_completion_is_read_from_stdin(run, script, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD))
    assert "0.9973" in run("try", "haversine_decay", "--completion", "-", *PARIS).out
    assert "0.9973" in script("try", "haversine_decay", "--completion", "-", *PARIS, stdin=GOOD).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lat", "91", "--lon", "0"], "latitude 91.0 is not in"),
        (["--lat", "5"], "lat is given without lon"),
        (["--lat", "x"], "--lat"),
        (["--country", "Narnia"], "Narnia"),
        (["--param", "scale_km"], "key=value"),
        (["--param", "scale_km=-1"], "greater than 0"),
        (["--param", "scale_km=["], "YAML"),
        (["--param", "scale_km=1", "--param", "scale_km=2"], "twice"),
        (["--param", "curve=linear", "--param", "scale_km=2"], "does not take scale_km"),
        (["--param", "curve=liner"], "'linear'"),
    ],
)
def test_bad_arguments_are_wrong_usage(run, arguments, message):
    ran = run("try", "haversine_decay", "--completion", GOOD, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_reward_that_fails_is_explained_and_ends_with_1(run, plugin_of):
    class Faulty(gr.Reward):
        """Fails."""

        name = "faulty"

        def score(self, sample):
            sample.note("half_way", 0.5)
            raise KeyError("colour")

    with temporary_plugin(plugin_of(Faulty)):
        ran = run("try", "faulty", "--completion", GOOD)
    assert ran.code == 1
    assert "failed: reward 'faulty'" in ran.out
    assert "half_way = 0.5" in ran.out
    assert "KeyError: 'colour'" in ran.err


def test_json_has_what_a_scored_row_has_and_the_explanation(run):
    ran = run("try", "geo-r", "--completion", "<answer>(48.8584, 2.2945)</answer>", *TRUTH_OPTIONS, "--json")
    assert ran.code == 0
    assert ran.json["rewards"] == {"format": 1.0, "distance": 1.0}
    assert ran.json["reward"] == 1.0
    assert ran.json["parsed"]["lat"] == 48.8584
    assert ran.json["distance_km"] == 0.0
    assert ran.json["errors"] == {}
    assert ran.json["explanation"][-1].startswith("total      1.0000")
    refused = run("try", "geo-r", "--completion", "400, 2", *TRUTH_OPTIONS, "--json").json
    assert refused["problems"] == ["out of range: latitude 400.0 is not in [-90, 90]"]


def test_json_reports_a_failing_reward_and_the_command_still_fails(run, tmp_path):
    file = tmp_path / "faulty.py"
    source = "import geo_rewards as gr\nclass Faulty(gr.Reward):\n    '''Fails.'''\n"
    file.write_text(source + "    def score(self, sample):\n        return '0'\n", encoding="utf-8")
    ran = run("try", f"{file}:Faulty", "--completion", "x", "--json")
    assert ran.code == 1
    assert "returned '0' of type str, which is not a number" in ran.json["errors"]["Faulty"]
    assert ran.json["reward"] is None


def test_without_a_truth_it_says_how_to_give_one(run):
    assert "set --lat and --lon" in run("try", "geo-r", "--completion", GOOD).err
    assert run("try", "geo-r", "--completion", GOOD, *TRUTH_OPTIONS).err == ""
    assert run("try", "think_answer_format", "--completion", GOOD).err == ""


def test_it_says_where_a_hierarchy_stopped(run):
    truth = ["--country", "France", "--region", "Bretagne", "--city", "Brest"]
    ran = run(
        "try", "place_hierarchy", "--completion", "<answer>Country: France, City: Nantes</answer>", *truth
    )
    assert "stopped at region: the truth is 'Bretagne', the answer gives no region" in ran.out
