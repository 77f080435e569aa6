"""Which rows are read and rehearsed."""

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run.chosen_rows import chosen_indices


def test_the_row_with_the_most_pictures_is_always_looked_at(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number % 40) | {"image": "a.png"} for number in range(100)]
    rows[70] |= {"image": ["a.png"] * 5}
    rows[70]["conversations"][0]["value"] = "Where were these taken?"
    data = write_rows(tmp_path, rows)
    for seed in ("7", "8"):
        text, _ = dry_run("--seed", seed, data=data)
        assert "the longest is rows.jsonl, line 71; 4 to 20 of pictures" in text
        assert "104: 99 rows with 1 picture, 1 row with 5 pictures" in text


def test_a_stream_is_looked_at_by_its_first_rows(dry_run):
    text, errors = dry_run("--streaming", "true", "--max_steps", "3")
    assert errors == ()
    assert "a stream of 1 file, of which the first 8 rows are read" in text
    assert "batches           3 steps\n" in text
    assert "8 rows (--seed 7), pictures opened" in text
    _, errors = dry_run("--streaming", "true", "--max_steps", "3", "--max_completion_length", "40")
    assert "rows.jsonl, line " in errors[0]


def test_rows_are_chosen_by_the_seed_from_all_of_the_data():
    from datasets import Dataset

    rows = Dataset.from_dict({"prompt": ["x"] * 1000})
    chosen = chosen_indices(rows, seed=1)
    assert len(chosen) == 32
    assert chosen == chosen_indices(rows, seed=1) != chosen_indices(rows, seed=2)
    assert chosen[-1] > 800


def test_a_picture_that_is_gone_is_an_error_that_names_its_line(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    data = write_rows(tmp_path, [seed_row(number) for number in range(6)])
    assert not dry_run(data=data)[1]
    (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes()[:60])
    _, errors = dry_run(data=data)
    assert len(errors) == 1
    assert "rows.jsonl, line 4" in errors[0]
    assert "3.png" in errors[0]


def test_a_row_whose_own_truth_does_not_earn_the_most_is_an_error(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number) for number in range(6)]
    rows[2] |= {"lat": 40.4168, "lon": -3.7038, "country": "France"}
    _, errors = dry_run(data=write_rows(tmp_path, rows))
    assert len(errors) == 1
    assert "rows.jsonl, line 3: its own truth as an ideal answer earns" in errors[0]


def test_a_reward_that_abstains_on_all_chosen_rows_is_a_warning(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number) for number in range(200)]
    for number, row in enumerate(rows):
        del row["image"]
        row["conversations"][0]["value"] = "What is this?"
        row["conversations"][1]["value"] = "48.8584, 2.2945" if number == 189 else "a fountain in a square"
    text, _ = dry_run("--seed", "7", "--recipe", "geoguessr", data=write_rows(tmp_path, rows))
    assert "warning: reward 'distance' abstains on all 3" in text
    assert "abstains on 3" in text
