import sys

import pytest

import geo_rewards as gr
from geo_rewards.errors import PluginError
from geo_rewards.testing import temporary_plugin


def test_an_installed_plugins_module_takes_its_own_place():
    module = pytest.importorskip("geo_rewards_vqa")
    with temporary_plugin(module) as registry:
        assert gr.get_reward("vqa_exact")(["<think>x</think><answer>a dog</answer>"], solution=["a dog"]) == [
            1.0
        ]
        assert registry.find_reward("vqa_exact").source.distribution == "temporary"


def test_a_plugin_that_fails_is_an_error_with_its_failure_as_the_cause():
    class Broken:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            raise RuntimeError("no model here")

    with pytest.raises(PluginError, match="no model here") as caught, temporary_plugin(Broken):
        sys.exit("the block must not run")
    assert isinstance(caught.value.__cause__, RuntimeError)
