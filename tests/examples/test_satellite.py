"""The demo's parts: tiles are where their rows say, the verdict is right, the plots are written."""

from __future__ import annotations

import doctest
import importlib
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from PIL import Image

import geo_rewards as gr
from geo_rewards.geo import country_code

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "examples" / "satellite"
GRID: dict[str, Any] = {"cell_degrees": 8.0, "least_population": 100_000}
MODULES = ("tiles", "verdict", "training", "evaluation", "warm_start", "plots")


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def tiles(importable: None) -> Any:
    return importlib.import_module("tiles")


@pytest.fixture(scope="module")
def verdict(importable: None) -> Any:
    return importlib.import_module("verdict")


@pytest.fixture(scope="module")
def training(importable: None) -> Any:
    return importlib.import_module("training")


@pytest.fixture(scope="module")
def evaluation(importable: None) -> Any:
    pytest.importorskip("torch")
    return importlib.import_module("evaluation")


@pytest.fixture(scope="module")
def plots(importable: None) -> Any:
    pytest.importorskip("matplotlib")
    return importlib.import_module("plots")


@pytest.fixture(scope="module")
def spots(tiles: Any) -> list[Any]:
    return tiles.choose_spots(64, seed=0, **GRID)


def world_with_a_dot(centre: gr.Coordinate) -> Image.Image:
    """Return a black world with one white pixel at the coordinate."""
    world = np.zeros((1024, 2048, 3), dtype=np.uint8)
    column = int((centre.lon + 180) / 360 * 2048)
    world[int((90 - centre.lat) / 180 * 1024), column % 2048] = 255
    return Image.fromarray(world)


@pytest.mark.parametrize(
    "centre", [(48.86, 2.35), (-33.87, 151.21), (-18.14, 178.44), (21.3, -179.9), (60.0, 0.0), (0.0, 180.0)]
)
def test_a_tile_has_its_place_in_the_centre(tiles: Any, centre: tuple[float, float]) -> None:
    coordinate = gr.Coordinate(*centre)
    picture = tiles.cut_tile(world_with_a_dot(coordinate), coordinate, degrees=16.0, pixels=112)
    tile = np.asarray(picture).sum(axis=2)
    row, column = np.unravel_index(tile.argmax(), tile.shape)
    assert tile.max() > 100
    assert abs(row - 56) <= 2
    assert abs(column - 56) <= 2


def test_a_tile_keeps_north_up_and_east_right(tiles: Any) -> None:
    north_east = gr.Coordinate(4.0, 5.0)
    tile = np.asarray(tiles.cut_tile(world_with_a_dot(north_east), gr.Coordinate(0.0, 0.0))).sum(axis=2)
    row, column = np.unravel_index(tile.argmax(), tile.shape)
    assert row < 40
    assert column > 72


def test_a_tile_beyond_a_pole_is_refused(tiles: Any) -> None:
    with pytest.raises(ValueError, match="beyond the pole"):
        tiles.cut_tile(Image.new("RGB", (2048, 1024)), gr.Coordinate(85.0, 0.0))


def test_tiles_of_the_world_picture_differ(tiles: Any, spots: list[Any], tmp_path: Path) -> None:
    data_file = tiles.write_tiles(spots[:8], tmp_path)
    pictures = [Image.open(tile.image).tobytes() for tile in tiles.read_tiles(data_file)]
    assert len(set(pictures)) == 8


def test_the_seed_decides_which_spots_are_chosen(tiles: Any, spots: list[Any]) -> None:
    assert tiles.choose_spots(64, seed=0, **GRID) == spots
    assert tiles.choose_spots(64, seed=1, **GRID) != spots


def test_no_two_spots_share_a_cell(spots: list[Any]) -> None:
    cells = {(spot.coordinate.lat // 8, spot.coordinate.lon // 8) for spot in spots}
    assert len(cells) == len(spots)


def test_excluded_spots_are_not_chosen(tiles: Any, spots: list[Any]) -> None:
    taken = [spot.coordinate for spot in spots]
    others = tiles.choose_spots(150, seed=0, **GRID, without=taken)
    assert not {spot.coordinate for spot in others} & set(taken)


def test_asking_for_more_spots_than_cells_is_an_error(tiles: Any) -> None:
    with pytest.raises(ValueError, match="10000 places were asked for"):
        tiles.choose_spots(10_000, seed=0, **GRID)


def test_every_country_name_means_its_country(tiles: Any) -> None:
    assert {code: country_code(name) for code, name in tiles.country_names().items()} == {
        code: code for code in tiles.country_names()
    }


def test_rows_parse_to_their_own_truth(tiles: Any) -> None:
    for spot in tiles.choose_spots(250, seed=0, **GRID):
        answer = gr.parse_completion(spot.chain_of_region())
        assert answer.coordinate == spot.coordinate
        assert (answer.country, answer.city) == (spot.country, spot.city)
        # The parser takes the full stop in `Bogotá D.C.` for the end of a sentence.
        assert (answer.region or "").rstrip(".") == (spot.region or "").rstrip(".")


def test_rows_have_an_image_a_question_and_the_truth(tiles: Any, spots: list[Any], tmp_path: Path) -> None:
    data_file = tiles.write_tiles(spots[:3], tmp_path / "data")
    rows = [json.loads(line) for line in data_file.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [0, 1, 2]
    for row, spot in zip(rows, spots, strict=False):
        question, truth = row["conversations"]
        assert (question["from"], truth["from"]) == ("human", "gpt")
        assert question["value"].startswith("<image>")
        assert truth["value"] == spot.chain_of_region()
        assert (data_file.parent / row["image"]).is_file()


def test_the_librarys_loader_accepts_the_rows(tiles: Any, spots: list[Any], tmp_path: Path) -> None:
    from geo_rewards.data import Row, read_rows

    data_file = tiles.write_tiles(spots, tmp_path)
    rows = list(read_rows(data_file, image_folder=tmp_path))
    assert len(rows) == 64
    assert all(isinstance(row, Row) for row in rows)


def test_the_imitated_answer_earns_almost_the_recipes_maximum(
    evaluation: Any, tiles: Any, spots: list[Any], tmp_path: Path
) -> None:
    warm_start = importlib.import_module("warm_start")
    read = tiles.read_tiles(tiles.write_tiles(spots, tmp_path))
    recipe = gr.load_recipe(FOLDER / "recipe.yaml")
    completions = [warm_start.imitated_answer(tile) for tile in read]
    guesses = evaluation.score_answers(completions, read, recipe=recipe)
    assert min(guess.reward for guess in guesses) > 1.18  # of 1.25: whole degrees are at most 79 km off
    assert max(guess.distance_km for guess in guesses) < 80
    figures = evaluation.evaluation_figures(guesses)
    assert figures["within_750_km"] == figures["parse_rate"] == 1.0
    assert figures["distinct_answers"] == figures["samples"] == 64


def test_an_answer_without_a_coordinate_counts_as_infinitely_far(evaluation: Any) -> None:
    truth = gr.Coordinate(0.0, 0.0)
    near = evaluation.Guess("", truth, gr.Coordinate(0.0, 1.0), 1.0)
    lost = evaluation.Guess("", truth, None, 0.0)
    figures = evaluation.evaluation_figures([near, near, lost, near])
    assert figures["median_km"] == pytest.approx(111.2, abs=0.1)
    assert figures["within_750_km"] == figures["parse_rate"] == 0.75
    assert figures["mean_reward"] == 0.75
    assert figures["distinct_answers"] == 1
    assert evaluation.evaluation_figures([lost, lost, near])["median_km"] is None


def evaluated(**changed: Any) -> dict[str, Any]:
    return {"mean_reward": 0.5, "distinct_answers": 40, "samples": 64, **changed}


def figures_of(verdict: Any, rewards: list[float], **after: Any) -> dict[str, Any]:
    return verdict.run_figures(
        rewards, before=evaluated(mean_reward=0.3), after=evaluated(**after), seconds=1.26
    )


LEARNING = [0.2] * 20 + [0.25] * 20 + [0.3] * 20


def test_a_run_that_learned_passes(verdict: Any) -> None:
    figures = figures_of(verdict, LEARNING)
    assert figures["reward_first_20"] == 0.2
    assert figures["reward_last_20"] == 0.3
    assert figures["seconds"] == 1.3
    assert verdict.reasons_it_did_not_learn(figures) == []


def test_too_small_a_gain_is_not_learning(verdict: Any) -> None:
    reasons = verdict.reasons_it_did_not_learn(figures_of(verdict, [0.2] * 20 + [0.25] * 20))
    assert len(reasons) == 1
    assert "0.25, is less than 1.3 times" in reasons[0]


@pytest.mark.parametrize("reward", [0.0, math.nan])
def test_no_reward_at_all_is_not_learning(verdict: Any, reward: float) -> None:
    assert verdict.reasons_it_did_not_learn(figures_of(verdict, [reward] * 40))


def test_a_worse_greedy_evaluation_is_not_learning(verdict: Any) -> None:
    reasons = verdict.reasons_it_did_not_learn(figures_of(verdict, LEARNING, mean_reward=0.3))
    assert len(reasons) == 1
    assert "greedy evaluation did not improve" in reasons[0]


def test_a_collapse_to_few_answers_is_not_learning(verdict: Any) -> None:
    reasons = verdict.reasons_it_did_not_learn(figures_of(verdict, LEARNING, distinct_answers=15))
    assert len(reasons) == 1
    assert "collapsed: 15 different ones for 64 pictures" in reasons[0]
    assert verdict.reasons_it_did_not_learn(figures_of(verdict, LEARNING, distinct_answers=16)) == []


def test_a_run_that_is_too_short_to_judge_is_an_error(verdict: Any) -> None:
    with pytest.raises(ValueError, match="39 steps were logged"):
        figures_of(verdict, [0.1] * 39)


@pytest.fixture
def guesses(evaluation: Any) -> list[Any]:
    fiji, samoa, paris = gr.Coordinate(-18.1, 178.4), gr.Coordinate(-13.8, -171.8), gr.Coordinate(48.9, 2.4)
    return [
        evaluation.Guess("", fiji, samoa, 0.5),
        evaluation.Guess("", paris, fiji, 0.1),
        evaluation.Guess("", paris, None, 0.0),
    ]


def test_the_line_across_the_antimeridian_goes_the_short_way(plots: Any, guesses: list[Any]) -> None:
    lines = plots.joining_lines(guesses[0])
    assert len(lines) == 2
    for lons, lats in lines:
        assert abs(lons[0] - lons[1]) == pytest.approx(9.8)
        assert lats == (-18.1, -13.8)
    assert plots.joining_lines(guesses[1]) == [((2.4, 178.4), (48.9, -18.1))]
    assert plots.joining_lines(guesses[2]) == []


def test_the_map_is_written(plots: Any, guesses: list[Any], tmp_path: Path) -> None:
    plots.plot_map({"before": guesses, "after": guesses}, tmp_path / "map.png")
    colours = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).reshape(-1, 3)
    assert (colours == (255, 90, 79)).all(axis=1).sum() > 20  # the guesses' red


def test_the_curve_is_written(plots: Any, tmp_path: Path) -> None:
    figures = {"parse_rate": 1.0, "distance_km/p50": 900}
    log = [{"step": step, "reward": step / 50, **figures} for step in range(50)]
    log[0]["distance_km/p50"] = None  # nothing parsed in that step
    log[1]["distance_km/p50"] = "None"  # as the trainer prints it
    plots.plot_curve(log, tmp_path / "curve.png")
    picture = Image.open(tmp_path / "curve.png")
    assert picture.width > 800
    assert len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_the_smoothed_line_is_a_running_mean(plots: Any) -> None:
    assert plots.smoothed([1.0, 3.0, 5.0, 7.0], steps=2).tolist() == [1.0, 2.0, 4.0, 6.0]


def test_figures_are_read_from_the_trainers_output(training: Any) -> None:
    assert training.step_figures("{'reward': '0.31', 'loss': '0.1'}\n") == {"reward": "0.31", "loss": "0.1"}
    for line in ("loading {'reward': 1}", "{'train_runtime': '3'}", "{'reward': '0.3", "{1, 2}", ""):
        assert training.step_figures(line) is None


def test_the_cause_of_a_failure_is_a_ranks_error_not_torchruns_report(training: Any) -> None:
    ending = ["E1122 torchrun: failed\n"] * 40
    sentence = "geo-rewards [rank 0]: no such recipe\n"
    assert training.cause_of(["loading\n", sentence, *ending]) == sentence
    traceback = ["[rank1]: Traceback\n", "[rank1]: KeyError\n"]
    assert training.cause_of(["loading\n", *traceback, *ending]) == "".join(traceback)
    assert training.cause_of(ending) == "".join(ending[: training.LAST_LINES])


def test_a_failed_training_is_an_error_with_the_end_of_its_log(training: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with pytest.raises(training.TrainingFailedError, match=r"(?s)exited with code 3.*the reason"):
        training.train(command, log_file=tmp_path / "train.log", on_step=lambda _: None)
    assert (tmp_path / "train.log").read_text(encoding="utf-8") == "the reason\n"


def test_each_step_of_the_trainer_is_reported(training: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('starting'); print({'reward': '0.1'}); print({'reward': '0.2'})"]
    seen: list[Any] = []
    training.train(command, log_file=tmp_path / "train.log", on_step=seen.append)
    assert [figures["reward"] for figures in seen] == ["0.1", "0.2"]


@pytest.mark.parametrize("name", ["tiles", "plots", "training"])
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    if name == "plots":
        pytest.importorskip("matplotlib")
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_the_log_of_a_run_is_its_steps(training: Any, tmp_path: Path) -> None:
    history = [{"step": 1, "reward": 0.2}, {"step": 2, "reward": 0.3}, {"step": 2, "train_runtime": 9.0}]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history}), encoding="utf-8")
    assert training.read_log(tmp_path) == history[:2]


def test_the_trainer_accepts_the_run_file_and_the_command(training: Any, tmp_path: Path) -> None:
    pytest.importorskip("trl")
    from geo_rewards_trl.flags.command_line import RunParser

    rows = tmp_path / "rows.jsonl"
    command = training.training_command(model_dir=tmp_path, data_file=rows, run_dir=tmp_path)
    flags = command[command.index(str(training.LAUNCHER)) + 1 :]
    parser = RunParser()
    parser.check_flags(flags)
    parser.check_config(flags[flags.index("--config") + 1])
    settings = yaml.safe_load((FOLDER / "run.yaml").read_text(encoding="utf-8"))
    assert settings["max_steps"] >= 40
