"""Adapters stay in the language model, merge to the same model, and bring the projector along on request."""

import shutil
from types import SimpleNamespace

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")
pytest.importorskip("peft")

import torch
from geo_rewards_trl.model.lora import lora_config
from geo_rewards_trl.model.vision import projector_names, vision_module_names
from geo_rewards_trl.train import run_training
from peft import PeftModel, get_peft_model
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, AutoProcessor
from trl import ModelConfig

from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]


@pytest.fixture(scope="module")
def train(photos, common_flags, vowels_plugin):
    """Return a function that trains adapters of a model for two steps."""

    def run(model, output, *flags):
        base = ["--model_name_or_path", str(model), "--output_dir", str(output), "--max_steps", "2"]
        base += ["--data_file_paths", str(photos), "--reward_funcs", "vowels", "--use_peft", "true"]
        with temporary_plugin(vowels_plugin):
            return run_training([*common_flags, *base, "--lora_r", "4", *flags])

    return run


@pytest.fixture(scope="module", params=["qwen2_5_vl", "internvl"])
def trained(request, family, train, tmp_path_factory):
    """Return a model's folder, the run's folder and the trainer, of adapters beside a trained projector."""
    output = tmp_path_factory.mktemp("run")
    flags = ["--lora_target_modules", *ATTENTION, "--train_projector", "true"]
    return family(request.param), output, train(family(request.param), output, *flags)


def targets(name, *modules, **flags):
    """Return the names of the modules that get adapters, and the trainable parameters, of a real model."""
    run = SimpleNamespace(**{"lora_vision": False, "train_projector": False, **flags})
    model_args = ModelConfig(
        model_name_or_path=str(name), use_peft=True, lora_target_modules=list(modules), lora_r=2
    )
    config = lora_config(run, SimpleNamespace(trust_remote_code=False), model_args)
    model = get_peft_model(AutoModelForImageTextToText.from_pretrained(name), config)
    found = {key.rpartition(".lora_A")[0] for key, _ in model.named_parameters() if ".lora_A" in key}
    trainable = {key for key, value in model.named_parameters() if value.requires_grad}
    return {key.removeprefix("base_model.model.") for key in found}, trainable


@pytest.mark.parametrize("modules", [["all-linear"], ATTENTION], ids=["all-linear", "attention"])
def test_adapters_leave_tower_and_projector_alone(family_name, modules, family):
    vision = vision_module_names(AutoModelForImageTextToText.from_pretrained(family(family_name)))
    found, _ = targets(family(family_name), *modules)
    assert len(found) == 2 * (7 if modules == ["all-linear"] else 4)  # two layers of the language model
    assert not any(inside(key, vision) for key in found)


@pytest.mark.parametrize("name", ["qwen3_vl", "internvl"])
def test_adapters_go_to_the_vision_side_when_asked(name, family):
    vision = vision_module_names(AutoModelForImageTextToText.from_pretrained(family(name)))
    found, _ = targets(family(name), "all-linear", lora_vision=True)
    assert all(any(inside(key, [part]) for key in found) for part in vision)


def test_a_name_that_the_tower_has_too_reaches_it_only_when_asked(family):
    tower = "model.vision_tower."
    left_alone, _ = targets(family("internvl"), "q_proj")  # a single name is a name, not a pattern
    assert len(left_alone) == 2
    both, _ = targets(family("internvl"), "q_proj", lora_vision=True)
    assert {key for key in both if key.startswith(tower)} == both - left_alone != set()


def test_the_projector_is_trained_whole_beside_the_adapters(family_name, family):
    projectors = projector_names(AutoModelForImageTextToText.from_pretrained(family(family_name)))
    found, trainable = targets(family(family_name), "all-linear", train_projector=True, lora_vision=True)
    assert not any(inside(key, projectors) for key in found)
    whole = {key.removeprefix("base_model.model.") for key in trainable if ".lora_" not in key}
    assert all(any(inside(key, [projector]) for key in whole) for projector in projectors)
    assert all(inside(key, projectors) for key in whole)


@pytest.mark.parametrize(
    ("flags", "error", "message"),
    [
        (["--lora_target_modules", "qkv"], UsageError, "qkv: only the vision side .* add --lora_vision true"),
        (["--lora_target_modules", "q_prj", "v_proj"], UnknownNameError, "'q_prj'; did you mean 'q_proj'"),
        (
            [
                "--lora_target_modules",
                "all-linear",
                "--lora_vision",
                "true",
                "--freeze_vision_modules",
                "true",
            ],
            UsageError,
            "--lora_vision would train what --freeze_vision_modules freezes",
        ),
        (["--use_peft", "false", "--lora_vision", "true"], UsageError, "--lora_vision goes with --use_peft"),
        (["--use_peft", "false", "--train_projector", "true"], UsageError, "--train_projector goes with"),
    ],
)
def test_what_adapters_cannot_do_is_said_before_weights_are_read(
    flags, error, message, family, train, tmp_path
):
    without_weights = tmp_path / "model"
    shutil.copytree(family("qwen2_5_vl"), without_weights, ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(error, match=message):
        train(without_weights, tmp_path / "run", *flags)
    with pytest.raises(GeoRewardsError, match=r"model\.safetensors"):
        train(without_weights, tmp_path / "run", "--lora_target_modules", "q_proj")


def test_adapters_and_projector_learn_and_nothing_else(trained):
    folder, output, trainer = trained
    base = AutoModelForImageTextToText.from_pretrained(folder).state_dict()
    saved = load_file(output / "adapter_model.safetensors")
    learnt = {key: value for key, value in saved.items() if ".lora_" not in key}
    names = {key.removeprefix("base_model.model.") for key in learnt}
    assert any(value.abs().sum() > 0 for key, value in saved.items() if "lora_B" in key)
    assert names
    assert all(inside(name, projector_names(trainer.model.get_base_model())) for name in names)
    assert any(not value.equal(base[key.removeprefix("base_model.model.")]) for key, value in learnt.items())


def test_merged_saved_and_loaded_it_is_the_model_that_was_trained(trained, tmp_path):
    folder, output, trainer = trained
    processor = AutoProcessor.from_pretrained(output)
    loaded = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(folder), output)
    expected = logits(trainer.model, processor)
    assert torch.allclose(logits(loaded, processor), expected, atol=1e-5)
    loaded.merge_and_unload().save_pretrained(tmp_path)
    merged = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert torch.allclose(logits(merged, processor), expected, atol=1e-5)
    assert not torch.allclose(
        logits(AutoModelForImageTextToText.from_pretrained(folder), processor), expected, atol=1e-4
    )
    assert load_file(tmp_path / "model.safetensors").keys() == load_file(folder / "model.safetensors").keys()


def inside(key, modules):
    return any(key == module or key.startswith(f"{module}.") for module in modules)


def logits(model, processor):
    content = [{"type": "image"}, {"type": "text", "text": "Where?"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], tokenize=False)
    inputs = processor(text=[text], images=[[Image.new("RGB", (56, 56), "green")]], return_tensors="pt")
    model.eval()
    with torch.no_grad():
        return model(**inputs).logits
