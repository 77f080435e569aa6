"""Tiny models of the families that people train: each really trains, saves and loads again."""

import json
import math
import shutil
from types import SimpleNamespace

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

import torch
from geo_rewards_trl.model.file_names import keep_used_conversions, without_tied_copies
from geo_rewards_trl.model.lora import empty_model
from geo_rewards_trl.model.vision import (
    VisionError,
    freeze_vision,
    load_processor,
    projector_names,
    vision_module_names,
)
from geo_rewards_trl.train import run_training
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.integrations.deepspeed import _load_state_dict_into_zero3_model

from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train

SIZES = ((56, 56), (112, 56), (40, 90), (130, 70))  # pictures of several shapes: tiles and patches differ


@pytest.fixture(scope="module")
def shapes(make_rows, tmp_path_factory):
    """Return rows whose pictures differ in shape."""
    seed_row, write_rows = make_rows
    folder = tmp_path_factory.mktemp("shapes")
    file = write_rows(folder, [seed_row(number) for number in range(8)])
    for number, picture in enumerate(sorted(folder.glob("*.png"))):
        Image.open(picture).resize(SIZES[number % len(SIZES)]).save(picture)
    return file


@pytest.fixture(scope="module")
def trained(family_name, family, shapes, common_flags, vowels_plugin, tmp_path_factory):
    """Return a family's name, its model's folder, the folder of the run, and the trainer after two steps."""
    model, output = family(family_name), tmp_path_factory.mktemp("run")
    flags = ["--model_name_or_path", str(model), "--output_dir", str(output), "--max_steps", "2"]
    flags += ["--data_file_paths", str(shapes), "--reward_funcs", "vowels", "--disable_tqdm", "true"]
    with temporary_plugin(vowels_plugin):
        trainer = run_training([*common_flags, *flags])
    return family_name, model, output, trainer


def test_every_family_here_is_tested(families, family_names):
    assert set(family_names) == set(families.FAMILIES)


def test_it_trains_language_vision_and_projector(trained):
    _, folder, output, trainer = trained
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 2
    assert all(math.isfinite(loss) for loss in losses)
    before = AutoModelForImageTextToText.from_pretrained(folder)
    after = dict(AutoModelForImageTextToText.from_pretrained(output).named_parameters())
    changed = {key for key, value in before.named_parameters() if not value.equal(after[key])}
    vision, projectors = vision_module_names(before), projector_names(before)
    assert any(inside(key, vision) and not inside(key, projectors) for key in changed), "the tower"
    assert all(any(inside(key, [projector]) for key in changed) for projector in projectors)
    assert any(not inside(key, [*vision, *projectors]) for key in changed), "the language model"


def test_what_it_saved_loads_answers_and_looks_at_the_picture(trained):
    model = AutoModelForImageTextToText.from_pretrained(trained[2])
    processor = AutoProcessor.from_pretrained(trained[2])
    red, blue = (question(processor, Image.new("RGB", (112, 56), colour)) for colour in ("red", "blue"))
    assert model.generate(**red, max_new_tokens=3, min_new_tokens=3).shape[1] == red["input_ids"].shape[1] + 3
    with torch.no_grad():
        difference = model(**red).logits[:, -1] - model(**blue).logits[:, -1]
    assert difference.abs().max() > 1e-3


def test_it_saves_under_the_names_of_the_files_it_was_loaded_from(trained):
    assert tensors_of(trained[2]) == tensors_of(trained[1])


@pytest.mark.parametrize("layout", ["published", "current"])
def test_loaded_as_under_zero3_it_still_saves_the_names_it_was_loaded_from(
    family_name, layout, family, tmp_path
):
    folder, again = tmp_path / "before", tmp_path / "after"
    AutoModelForImageTextToText.from_pretrained(family(family_name)).save_pretrained(
        folder, save_original_format=layout == "published"
    )
    model = load_as_under_zero3(folder)
    keep_used_conversions(model)
    model.save_pretrained(again, state_dict=model.state_dict())
    assert tensors_of(again) == tensors_of(folder)


def test_a_save_in_several_files_has_these_names_too(family, tmp_path):
    folder = family("qwen2_vl")
    model = load_as_under_zero3(folder)
    keep_used_conversions(model)
    model.save_pretrained(tmp_path, max_shard_size="200KB")
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(index.values())) > 2
    assert index.keys() == tensors_of(folder).keys()
    assert tensors_of(tmp_path) == tensors_of(folder)


def test_a_limit_of_pixels_arrives_or_is_refused(family_name, family, families):
    if families.FAMILIES[family_name].pixel_limits:
        processor = load_processor(family(family_name), min_pixels=32**2, max_pixels=64**2)
        pixels = processor.image_processor(Image.new("RGB", (640, 640)), return_tensors="pt")
        assert pixels["image_grid_thw"].tolist() == [[1, 4, 4]]
    else:
        with pytest.raises(
            VisionError, match=r"has no such limit, but a size of its own .*: leave --max_pixels out"
        ):
            load_processor(family(family_name), max_pixels=64**2)


def test_a_model_without_a_chat_template_is_an_error_that_says_so(family, tmp_path):
    shutil.copytree(family("internvl"), tmp_path / "model")
    (tmp_path / "model" / "chat_template.jinja").unlink()
    with pytest.raises(VisionError, match="has no chat template"):
        load_processor(tmp_path / "model")


def test_a_weight_that_is_two_is_saved_once_also_from_copies(family_name, family, tmp_path):
    model = AutoModelForImageTextToText.from_pretrained(family(family_name))
    copies = {key: value.clone() for key, value in model.state_dict().items()}  # as gathered under ZeRO-2
    model.save_pretrained(tmp_path, state_dict=without_tied_copies(model, copies))
    assert tensors_of(tmp_path) == tensors_of(family(family_name))


def test_frozen_vision_leaves_language_and_on_request_the_projector(family_name, family):
    model = AutoModelForImageTextToText.from_pretrained(family(family_name))
    freeze_vision(model, keep_projector=True)
    vision, projectors = vision_module_names(model), projector_names(model)
    for key, value in model.named_parameters():
        assert value.requires_grad == (inside(key, projectors) or not inside(key, vision)), key
    freeze_vision(model)
    for key, value in model.named_parameters():
        assert value.requires_grad == (not inside(key, [*vision, *projectors])), key


def test_the_parts_are_found_without_weights(family_name, family, families):
    empty = empty_model(str(family(family_name)))
    assert {parameter.device.type for parameter in empty.parameters()} == {"meta"}
    loaded = AutoModelForImageTextToText.from_pretrained(family(family_name))
    assert vision_module_names(empty) == vision_module_names(loaded)
    assert all(families.FAMILIES[family_name].projector in found for found in projector_names(empty))


def inside(key, modules):
    return any(key.startswith(f"{module}.") for module in modules)


def question(processor, picture):
    content = [{"type": "image"}, {"type": "text", "text": "Where?"}]
    text = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    return processor(text=[text], images=[[picture]], return_tensors="pt")


def load_as_under_zero3(folder):
    """Load a model and take its renamings as transformers does under ZeRO-3; no ranks are needed."""
    model = AutoModelForImageTextToText.from_pretrained(folder)
    renamings = SimpleNamespace(weight_mapping=get_model_conversion_mapping(model))
    _load_state_dict_into_zero3_model(model, load_file(folder / "model.safetensors"), renamings)
    return model


def tensors_of(folder):
    """Return name, shape and type of every saved tensor."""
    return {
        name: (tuple(tensor.shape), tensor.dtype)
        for file in folder.glob("*.safetensors")
        for name, tensor in load_file(file).items()
    }
