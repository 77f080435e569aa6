"""The tiny model loads like a published one, answers, and speaks the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

pytest.importorskip("transformers")
pytest.importorskip("torch")

from geo_rewards_trl.tiny_model import build_tiny_model, main

if TYPE_CHECKING:
    from pathlib import Path

COMPLETION = "<think>Île de Ré</think><answer>Country: France Coordinates: (-46.2, 101.4)</answer>"
QUESTION = [{"type": "image"}, {"type": "text", "text": "Where?"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"), seed=3)


@pytest.fixture(scope="module")
def processor(folder: Path) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(folder, local_files_only=True)


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True)


def prompt(processor: Any, content: Any) -> str:
    messages = [{"role": "user", "content": content}]
    return str(processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))


def test_it_is_a_qwen_of_under_a_million_parameters(model: Any) -> None:
    assert model.config.model_type == "qwen2_5_vl"
    assert 100_000 < sum(parameter.numel() for parameter in model.parameters()) < 1_000_000


def test_it_answers_about_a_picture(processor: Any, model: Any) -> None:
    inputs = processor(
        text=prompt(processor, QUESTION), images=[Image.new("RGB", (90, 150), "green")], return_tensors="pt"
    )
    tokens = model.generate(**inputs, max_new_tokens=5, do_sample=False)
    assert tokens.shape[1] > inputs["input_ids"].shape[1]


def test_its_answer_depends_on_the_picture(processor: Any, model: Any) -> None:
    import torch

    pictures = [Image.new("RGB", (112, 112), colour) for colour in ("red", "blue")]
    inputs = processor(text=[prompt(processor, QUESTION)] * 2, images=pictures, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[:, -1]
    assert not torch.allclose(logits[0], logits[1])


def test_a_picture_becomes_at_most_the_tokens_of_its_size(processor: Any) -> None:
    text = prompt(processor, QUESTION)
    inputs = processor(text=text, images=[Image.new("RGB", (2000, 2000))], return_tensors="pt")
    image_token = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    assert (inputs["input_ids"] == image_token).sum() == (112 // 28) ** 2


def test_special_tokens_are_dropped_from_a_completion_and_tags_are_kept(processor: Any) -> None:
    tokenizer = processor.tokenizer
    tokens = tokenizer(COMPLETION + "<|im_end|>").input_ids
    assert tokens[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(tokens, skip_special_tokens=True) == COMPLETION


def test_tags_and_digits_are_tokens_of_their_own(processor: Any) -> None:
    tokens = processor.tokenizer.tokenize("<answer>12.5</answer>")
    assert tokens == ["<answer>", "1", "2", ".", "5", "</answer>"]


def test_any_text_can_be_encoded(processor: Any) -> None:
    text = "Zürich 東京 🗺\n\t…"
    assert processor.tokenizer.decode(processor.tokenizer(text).input_ids) == text


def test_the_template_takes_blocks_in_order_and_plain_text(processor: Any) -> None:
    image = "<|vision_start|><|image_pad|><|vision_end|>"
    blocks = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert prompt(processor, blocks) == f"<|im_start|>user\na{image}b<|im_end|>\n<|im_start|>assistant\n"
    assert prompt(processor, "a") == "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"


def test_batches_are_padded_on_the_left(processor: Any) -> None:
    padded = processor.tokenizer(["a", "a longer text"], padding=True, return_tensors="pt")
    assert padded["attention_mask"][0, 0] == 0
    assert padded["attention_mask"][0, -1] == 1


def test_the_same_seed_gives_the_same_weights(folder: Path, tmp_path: Path) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    assert (build_tiny_model(tmp_path / "same", seed=3) / "model.safetensors").read_bytes() == weights
    assert (build_tiny_model(tmp_path / "other", seed=4) / "model.safetensors").read_bytes() != weights


def test_building_leaves_torchs_random_numbers_alone(tmp_path: Path) -> None:
    import torch

    state = torch.random.get_rng_state()
    build_tiny_model(tmp_path)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_tokenizer_learns_from_the_given_texts(tmp_path: Path) -> None:
    build_tiny_model(tmp_path, texts=["Zanzibar Zanzibar Zanzibar"], vocab_size=300)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert "Zanzibar" in vocabulary


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"vocab_size": 200}, "vocab_size is 200"),
        ({"hidden_size": 100}, "hidden_size is 100; it must be a positive multiple of 64"),
        ({"vision_hidden_size": 0}, "vision_hidden_size is 0"),
        ({"image_size": 100}, "image_size is 100; it must be a positive multiple of 28"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(tmp_path: Path, size: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_tiny_model(tmp_path, **size)


def test_the_command_builds_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "tiny")]) == 0
    assert (tmp_path / "tiny" / "model.safetensors").is_file()
    assert str(tmp_path / "tiny") in capsys.readouterr().out
