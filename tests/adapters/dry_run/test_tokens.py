"""Tokens of prompts, pictures and answers."""

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run.tokens import measure_prompt, qwen_picture_tokens
from geo_rewards_trl.model.vision import load_processor
from PIL import Image


def test_an_ideal_answer_that_does_not_fit_is_an_error_that_names_its_row(dry_run):
    _, errors = dry_run("--max_completion_length", "40")
    assert len(errors) == 1
    assert "rows.jsonl, line " in errors[0]
    assert "its ideal answer has " in errors[0]
    assert "more than --max_completion_length 40" in errors[0]
    assert not dry_run("--max_completion_length", "512")[1]


def test_the_longest_solution_of_all_rows_is_measured_whichever_rows_are_chosen(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n % 40) for n in range(200)]
    for number, row in enumerate(rows):
        del row["image"]
        row["conversations"][0]["value"] = "Where is this?"
        row["id"] = number
    rows[150]["conversations"][1]["value"] = f"<think>{'north ' * 200}</think><answer>1.5, 2.5</answer>"
    data = write_rows(tmp_path, rows)
    for seed in ("7", "8"):
        _, errors = dry_run("--seed", seed, data=data)
        assert len(errors) == 1
        assert "rows.jsonl, line 151: its saved solution has " in errors[0]


@pytest.mark.train
def test_a_prompt_has_the_tokens_that_the_trainer_gives_it(tiny_model, trained):
    trainer = trained[2]
    row = trainer.train_dataset[0]
    size = measure_prompt(load_processor(tiny_model), row["prompt"], row["images"])
    logged = next(entry for entry in trainer.state.log_history if "num_tokens" in entry)
    assert size.picture_tokens == 4  # 56 x 56 pixels, 28 x 28 a token
    completions = logged["completions/mean_length"]
    # All eight prompts have the same length; the first step generates four completions.
    assert logged["num_tokens"] == pytest.approx(4 * (size.tokens + completions))


def test_a_prompt_and_completion_longer_than_the_context_are_an_error(dry_run):
    _, errors = dry_run("--max_completion_length", "5000")
    assert len(errors) == 1
    assert "more than the model's context (max_position_embeddings) of 4,096" in errors[0]


SIZES = [(56, 56), (112, 56), (40, 90), (130, 70), (3, 3), (57, 200), (1000, 800)]


@pytest.mark.parametrize("name", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
@pytest.mark.parametrize("limits", [{}, {"min_pixels": 32**2, "max_pixels": 64**2}], ids=["own", "small"])
def test_qwens_own_preparation_makes_as_many_tokens_of_a_picture(name, limits, family):
    processor = load_processor(family(name), **limits)
    prompt = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}]
    for size in SIZES:
        picture = Image.new("RGB", size)
        expected = qwen_picture_tokens(processor, [picture])
        assert measure_prompt(processor, prompt, [picture]).picture_tokens == expected, size


def test_other_families_have_no_preparation_of_qwens(family):
    assert qwen_picture_tokens(load_processor(family("internvl")), []) is None


def test_a_picture_that_qwens_own_preparation_makes_empty_is_a_warning(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    data = write_rows(tmp_path, [seed_row(number) for number in range(4)])
    assert "qwen-vl-utils" not in dry_run(data=data)[0]
    Image.new("RGB", (1000, 9)).save(tmp_path / "2.png")
    text, errors = dry_run("--data_cache_dir", str(tmp_path / "cache"), data=data)
    assert errors == ()
    assert (
        "warning: rows.jsonl, line 3: the processor makes 11 tokens of its pictures, but qwen-vl-utils 0"
        in text
    )
