from __future__ import annotations

import pytest

pytest.importorskip("transformers")

from geo_rewards_trl.model.vision import VisionError, freeze_vision, load_processor
from geo_rewards_trl.tiny_model import build_tiny_model
from PIL import Image
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

TINY = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def qwen(model_dir):
    return AutoModelForImageTextToText.from_pretrained(model_dir)


@pytest.fixture
def llava():
    vision = CLIPVisionConfig(**TINY, image_size=28, patch_size=14)
    text = LlamaConfig(**TINY, vocab_size=64)
    return LlavaForConditionalGeneration(LlavaConfig(vision_config=vision, text_config=text))


def size_of(parameters):
    return sum(parameter.numel() for parameter in parameters)


def frozen_names(model):
    return {name for name, parameter in model.named_parameters() if not parameter.requires_grad}


def test_the_tower_with_its_merger_is_frozen_and_nothing_else(qwen):
    assert freeze_vision(qwen) == size_of(qwen.model.visual.parameters())
    names = frozen_names(qwen)
    assert names == {name for name, _ in qwen.named_parameters() if name.startswith("model.visual.")}


def test_a_projector_inside_the_tower_can_be_kept(qwen):
    visual = qwen.model.visual
    assert freeze_vision(qwen, keep_projector=True) == size_of(visual.parameters()) - size_of(
        visual.merger.parameters()
    )
    assert all(parameter.requires_grad for parameter in visual.merger.parameters())
    assert not any(parameter.requires_grad for parameter in visual.blocks.parameters())


def test_a_projector_beside_the_tower_is_frozen_too(llava):
    tower, projector = llava.model.vision_tower, llava.model.multi_modal_projector
    assert freeze_vision(llava) == size_of(tower.parameters()) + size_of(projector.parameters())
    assert all(parameter.requires_grad for parameter in llava.model.language_model.parameters())
    assert llava.lm_head.weight.requires_grad


def test_a_projector_beside_the_tower_can_be_kept(llava):
    assert freeze_vision(llava, keep_projector=True) == size_of(llava.model.vision_tower.parameters())
    assert all(parameter.requires_grad for parameter in llava.model.multi_modal_projector.parameters())


def test_a_text_model_has_nothing_to_freeze():
    model = LlamaForCausalLM(LlamaConfig(**TINY, vocab_size=64))
    with pytest.raises(VisionError, match="is it a text model"):
        freeze_vision(model)
    assert not frozen_names(model)


def test_a_projector_that_is_not_there_cannot_be_kept(llava):
    del llava.model.multi_modal_projector
    with pytest.raises(VisionError, match="projector"):
        freeze_vision(llava, keep_projector=True)
    assert not frozen_names(llava)


def test_pixel_limits_arrive_in_the_processor(model_dir):
    processor = load_processor(model_dir, min_pixels=28 * 28, max_pixels=4 * 28 * 28)
    pixels = processor.image_processor(Image.new("RGB", (560, 560)), return_tensors="pt")
    assert int(pixels["image_grid_thw"].prod()) == 4 * 4


def test_one_limit_leaves_the_other_alone(model_dir):
    before = load_processor(model_dir).image_processor.size
    after = load_processor(model_dir, min_pixels=784).image_processor.size
    assert (after["shortest_edge"], after["longest_edge"]) == (784, before["longest_edge"])


def test_limits_survive_saving(model_dir, tmp_path):
    load_processor(model_dir, max_pixels=7840).save_pretrained(tmp_path)
    assert load_processor(tmp_path).image_processor.size["longest_edge"] == 7840


@pytest.mark.parametrize(
    "limits", [{"min_pixels": 0}, {"max_pixels": -1}, {"min_pixels": 9999, "max_pixels": 999}]
)
def test_limits_without_sense_are_an_error(model_dir, limits):
    with pytest.raises(VisionError, match="pixels"):
        load_processor(model_dir, **limits)


def test_a_processor_without_pixel_limits_is_an_error(tmp_path):
    CLIPImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(VisionError, match="has no such limit"):
        load_processor(tmp_path, max_pixels=1000)


def test_the_processor_is_of_the_same_version_as_the_model(model_dir, monkeypatch):
    asked = {}
    found = AutoProcessor.from_pretrained(model_dir)
    monkeypatch.setattr(
        AutoProcessor, "from_pretrained", lambda name, **options: asked.update(options) or found
    )
    load_processor(model_dir, revision="v2", trust_remote_code=True)
    assert asked == {"revision": "v2", "trust_remote_code": True}
