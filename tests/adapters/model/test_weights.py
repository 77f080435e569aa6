"""Saved weights come back into a model, all of them, as they were."""

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from types import SimpleNamespace

import torch
from geo_rewards_trl.model.weights import LoadError, load_weights
from geo_rewards_trl.trainer import ResumableGRPOTrainer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText
from transformers.trainer_utils import set_seed


def changed(folder, **options):
    """Return a saved model whose weights are others than in its files."""
    model = AutoModelForImageTextToText.from_pretrained(folder, **options)
    set_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.rand_like(parameter))
    return model


def copy_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_same(model, expected):
    for name, value in model.state_dict().items():
        assert value.dtype == expected[name].dtype, name
        assert value.equal(expected[name]), name


def test_a_model_gets_back_what_it_has_saved(family_name, family, tmp_path):
    model = changed(family(family_name))
    expected = copy_of(model)
    model.save_pretrained(tmp_path)
    other = AutoModelForImageTextToText.from_pretrained(family(family_name))
    load_weights(other, tmp_path)
    assert_same(other, expected)


def test_weights_that_are_more_precise_than_the_rest_are_not_rounded(family, tmp_path):
    model = changed(family("qwen2_5_vl"), dtype=torch.bfloat16)
    model.lm_head.float()
    with torch.no_grad():
        model.lm_head.weight.add_(1e-4)
    expected = copy_of(model)
    model.save_pretrained(tmp_path)
    with torch.no_grad():
        model.lm_head.weight.zero_()
    load_weights(model, tmp_path)
    assert_same(model, expected)


def test_files_without_a_weight_are_refused_instead_of_drawn_at_random(family, tmp_path):
    model = AutoModelForImageTextToText.from_pretrained(family("internvl"))
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = load_file(file)
    lost = next(name for name in weights if "q_proj" in name)
    save_file({key: value for key, value in weights.items() if key != lost}, file, metadata={"format": "pt"})
    with pytest.raises(LoadError, match=r"lacks 1 of the model's weights, such as .*q_proj"):
        load_weights(model, tmp_path)


class Trainer(ResumableGRPOTrainer):
    """As much of the trainer as loading needs; the stock one would find no weight by its module's name."""

    is_deepspeed_enabled = is_fsdp_enabled = False

    def __init__(self, model, best):
        self.model = model
        self.state = SimpleNamespace(best_model_checkpoint=str(best))


@pytest.mark.parametrize("name", ["gemma3", "qwen2_vl"])
def test_the_best_model_is_found_under_its_published_names(name, family, tmp_path):
    model = changed(family(name))
    expected = copy_of(model)
    model.save_pretrained(tmp_path)
    trainer = Trainer(AutoModelForImageTextToText.from_pretrained(family(name)), tmp_path)
    trainer._load_best_model()
    assert_same(trainer.model, expected)
