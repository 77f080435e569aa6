from collections import Counter

import pytest

import geo_rewards as gr
from geo_rewards.cli import listing, output
from geo_rewards.registry.catalog import PluginSource
from geo_rewards.registry.registry import build_registry, using_registry
from geo_rewards.testing import temporary_plugin


class Verbose(gr.Reward):
    """1 for an answer that has very many words, more of them than fit in eighty columns of a terminal."""

    name = "verbose"
    range = (-1.0, 1.0)

    def score(self, sample):
        return 1.0


def broken():
    raise ImportError("no module named 'torch_geo'")


@pytest.fixture
def troubled(plugin_of):
    """A registry with a sound plugin, a broken one, one that wants a built-in's name, and two that clash."""
    registry = build_registry()
    taken = type("Taken", (Verbose,), {"name": "country_match", "__doc__": "x", "__module__": __name__})
    registry.load(PluginSource("sound", "1.0", "a = sound"), lambda: plugin_of(Verbose))
    registry.load(PluginSource("broken", "0.2", "b = broken.plugin"), broken)
    registry.load(PluginSource("greedy", "3", "c = greedy"), lambda: plugin_of(taken))
    with using_registry(registry):
        yield registry


def test_list_names_every_reward_in_json(run):
    rewards = run("list", "--json").json
    assert [reward["name"] for reward in rewards] == [info.name for info in gr.list_rewards()]
    assert set(rewards[0]) == {"name", "plugin", "version", "summary", "range"}


def test_list_in_a_pipe_is_complete_and_tab_separated(run, plugin_of):
    with temporary_plugin(plugin_of(Verbose)):
        lines = run("list").out.splitlines()
    header, *rows = [line.split("\t") for line in lines]
    row = dict(zip(header, next(row for row in rows if row[0] == "verbose"), strict=True))
    assert row["summary"] == Verbose.__doc__
    assert row["range"] == "[-1, 1]"
    assert (row["plugin"], row["version"]) == ("temporary", "0")


def test_list_on_a_narrow_terminal_cuts_nothing_off(run, monkeypatch):
    piped = run("list").out
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    drawn = run("list").out
    assert max(map(len, drawn.splitlines())) <= 60
    assert "\t" not in drawn
    assert Counter(filter(str.isalnum, drawn)) == Counter(filter(str.isalnum, piped))


def test_the_script_lists_as_the_function_does(run, script):
    assert script("list", "--json") == run("list", "--json")
    assert script("recipes").out == run("recipes").out
    assert script("plugins", "--json").json[0]["plugin"] == "geo-rewards"


def test_a_sound_plugin_is_ok_and_provides_its_rewards(run, troubled):
    records = {record["plugin"]: record for record in run("plugins", "--json").json}
    assert records["sound"]["state"] == "ok"
    assert records["sound"]["provides"] == ["reward verbose"]
    assert records["sound"]["entry_point"] == "a = sound"
    assert "gazetteer default" in records["geo-rewards"]["provides"]


def test_a_broken_plugin_shows_reason_and_traceback(run, troubled):
    record = next(record for record in run("plugins", "--json").json if record["plugin"] == "broken")
    assert record["state"] == "broken"
    assert record["error"] == "ImportError: no module named 'torch_geo'"
    assert "in broken" in record["traceback"]
    ran = run("plugins")
    assert ran.code == 0
    row = next(line for line in ran.out.splitlines() if line.startswith("broken\t"))
    assert "no module named 'torch_geo'" in row
    assert "Traceback" in ran.out.split("broken 0.2 is broken:")[1]


def test_a_refused_claim_is_shown_with_its_reason(run, troubled):
    record = next(record for record in run("plugins", "--json").json if record["plugin"] == "greedy")
    assert record["provides"] == []
    assert "'country_match' is reserved" in record["refused"][0]
    assert "'country_match' is reserved" in run("plugins").out


def test_a_disabled_plugin_is_shown_as_such(run):
    import importlib.metadata

    [builtin] = importlib.metadata.entry_points(group="geo_rewards", name="builtin")
    registry = build_registry([builtin])
    registry.plugins.append(
        listing_info := type(registry.plugins[0])(PluginSource("off", "1"), disabled=True)
    )
    with using_registry(registry):
        record = run("plugins", "--json").json[-1]
    assert listing_info.disabled
    assert (record["plugin"], record["state"]) == ("off", "disabled")


def test_recipes_tell_rewards_weights_and_purpose(run):
    records = {record["name"]: record for record in run("recipes", "--json").json}
    assert {"default", "geo-r", "geo-r-code", "geoguessr"} <= set(records)
    geo_r = records["geo-r"]
    assert geo_r["summary"].startswith("Geo-R")
    assert {"label": "distance", "name": "haversine_decay", "weight": 1.0} in geo_r["rewards"]
    assert all(record["error"] is None for record in records.values())


def test_an_unreadable_recipe_does_not_affect_the_others(run, plugin_of, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("rewards: [{nam: x}]\n")
    with temporary_plugin(plugin_of(bad=bad)):
        records = {record["name"]: record for record in run("recipes", "--json").json}
    assert "unknown key 'rewards.0.nam'" in records["bad"]["error"]
    assert "default" in records


def test_a_first_sentence_does_not_end_inside_a_number():
    assert (
        listing._first_sentence("exp(-d / 1492.7 km), as e.g\nPIGEON. More.")
        == "exp(-d / 1492.7 km), as e.g PIGEON."
    )
