from __future__ import annotations

from pathlib import Path

import pytest

from geo_rewards.data.selection.mixture import Source
from geo_rewards.data.selection.mixture_file import find_sources
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.errors import DataError


@pytest.fixture
def mixture(tmp_path):
    """A function that writes a mixture and returns its path."""

    def write(text: str) -> str:
        path = tmp_path / "mix.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_a_mixture_names_files_folders_samplings_weights_and_methods(mixture, tmp_path):
    path = mixture("""
        datasets:
          - {json_path: a.jsonl, image_folder: photos, sampling_strategy: "first:100"}
          - {json_path: below/b.json, sampling_strategy: 10%, weight: 2, reward_method: fuzzy}
          - {json_path: /data/c.jsonl, image_folder: /photos, sampling_strategy: all}
    """)
    assert find_sources(path, None) == [
        Source(tmp_path / "a.jsonl", tmp_path / "photos", parse_sampling("first:100")),
        Source(tmp_path / "below/b.json", tmp_path / "below", parse_sampling("random:10%"), 2.0, "fuzzy"),
        Source(Path("/data/c.jsonl"), Path("/photos")),
    ]


def test_paths_are_relative_to_the_mixture_wherever_the_command_runs(mixture, tmp_path, monkeypatch):
    path = mixture("datasets: [{json_path: a.jsonl}]")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert find_sources(path, None) == [Source(tmp_path / "a.jsonl", tmp_path)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset: []", "unknown key 'dataset'; did you mean 'datasets'"),
        ("datasets: [{json_pth: a.jsonl}]", "unknown key 'datasets.0.json_pth'; did you mean 'json_path'"),
        (
            "datasets: [{json_path: a.jsonl}, {json_path: a.jsonl, sampling: all}]",
            "'datasets.1.sampling'; did you mean 'sampling_strategy'",
        ),
        ("datasets: [{image_folder: a}]", "key 'datasets.0.json_path' is missing"),
        ("datasets: []", "datasets must have at least 1 value"),
        ("datasets: [{json_path: a.jsonl, weight: -1}]", "datasets.0.weight must be at least 0, not -1"),
        ("datasets: [{json_path: a.jsonl, weight: .nan}]", "datasets.0.weight"),
        ("datasets: [{json_path: a.jsonl, weight: '2'}]", "datasets.0.weight must be a number, not '2'"),
        (
            "datasets: [{json_path: a.jsonl, sampling_strategy: frist:3}]",
            r"sampling_strategy: 'frist:3' is not a sampling strategy; did you mean 'first'.*random\)$",
        ),
        ("datasets: [{json_path: a.jsonl, sampling_strategy: 3}]", "3 is not a text; write all, first:N"),
        ("datasets: [{json_path: a.xlsx}]", "a.xlsx has the suffix '.xlsx'; expected .jsonl, .json"),
        ("datasets: [{json_path: a.jsonl, json_path: b.jsonl}]", "duplicate key 'json_path'"),
        ("a list", "a mixture must be a mapping with the key `datasets`"),
        ("datasets: [", "not valid YAML"),
    ],
)
def test_a_wrong_mixture_is_an_error_that_names_file_and_key(mixture, text, message):
    with pytest.raises(DataError, match=rf"mix\.yaml: .*{message}"):
        find_sources(mixture(text), None)


def test_a_missing_mixture_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read"):
        find_sources(str(tmp_path / "none.yaml"), None)


@pytest.mark.parametrize(
    ("folders", "methods", "named"),
    [("photos", None, "image folders"), (None, "mcq", "reward methods")],
)
def test_flags_for_what_a_mixture_contains_are_refused(mixture, folders, methods, named):
    path = mixture("datasets: [{json_path: a.jsonl}]")
    with pytest.raises(DataError, match=f"{named} are given with the mixture .*mix.yaml"):
        find_sources(path, folders, reward_methods=methods)


def test_a_mixture_is_given_alone(mixture):
    path = mixture("datasets: [{json_path: a.jsonl}]")
    with pytest.raises(DataError, match=r"mix.yaml is given with other files"):
        find_sources(f"{path}:b.jsonl", None)


def test_methods_pair_up_with_files():
    sources = find_sources("a.jsonl:b.jsonl", "A:B", reward_methods="fuzzy:mcq")
    assert sources == [
        Source(Path("a.jsonl"), Path("A"), reward_method="fuzzy"),
        Source(Path("b.jsonl"), Path("B"), reward_method="mcq"),
    ]


@pytest.mark.parametrize("methods", ["fuzzy", "a:b:c"])
def test_a_wrong_number_of_methods_is_an_error(methods):
    with pytest.raises(DataError, match=f"{methods!r} names [13] methods for 2 data files"):
        find_sources("a.jsonl:b.jsonl", None, reward_methods=methods)


def test_an_empty_method_is_an_error():
    with pytest.raises(DataError, match="empty name"):
        find_sources("a.jsonl:b.jsonl", None, reward_methods="a:")
