from types import SimpleNamespace

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")
pytest.importorskip("deepspeed")

from geo_rewards_trl.ranks.deepspeed import without_zero3
from transformers.integrations.deepspeed import HfDeepSpeedConfig, is_deepspeed_zero3_enabled


def test_a_configuration_of_accelerate_is_back_after_a_model_was_built_unpartitioned():
    config = HfDeepSpeedConfig({"zero_optimization": {"stage": 3}})  # sets itself
    assert is_deepspeed_zero3_enabled()
    with without_zero3(SimpleNamespace(deepspeed_plugin=SimpleNamespace(dschf=config))):
        assert not is_deepspeed_zero3_enabled()
    assert is_deepspeed_zero3_enabled()
    del config
    assert not is_deepspeed_zero3_enabled()
