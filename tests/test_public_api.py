import importlib.metadata
import subprocess
import sys

import pytest

import geo_rewards as gr

DESIGNED = {
    "parse_completion", "get_reward", "list_rewards", "load_recipe", "great_circle_km", "get_gazetteer",
    "Reward", "Sample", "Batch", "Answer", "GroundTruth", "Coordinate", "Place", "hookimpl",
}  # fmt: skip


def test_every_designed_name_is_public():
    assert set(gr.__all__) >= DESIGNED
    assert all(hasattr(gr, name) for name in gr.__all__)


def test_public_names_are_listed_though_imported_late():
    assert set(gr.__all__) <= set(dir(gr))
    code = "import geo_rewards; print(set(geo_rewards.__all__) <= set(dir(geo_rewards)))"
    assert output_of(code) == "True"


def test_every_public_name_has_a_module_to_import_it_from():
    assert set(gr._MODULES) == set(gr.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'geo_rewards' has no attribute 'get_rewards'"):
        _ = gr.get_rewards


def test_only_public_names_are_listed():
    listed = {name for name in dir(gr) if not name.startswith("__")}
    assert listed == {*gr.__all__, *gr._PACKAGES}
    assert all(hasattr(gr, name) for name in listed)


def test_the_version_is_that_of_the_distribution():
    assert gr.__version__ == importlib.metadata.version("geo-rewards")


def test_a_misspelt_name_gets_pythons_own_suggestion():
    code = "import geo_rewards as gr; gr.get_rewards"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Did you mean: 'get_reward'?" in done.stderr


def test_the_packages_are_attributes_without_further_imports():
    assert output_of("import geo_rewards as gr; print(gr.errors.RecipeError.__name__)") == "RecipeError"


def test_importing_the_package_imports_neither_numpy_nor_pydantic():
    code = "import sys, geo_rewards; print({'numpy', 'pydantic', 'asyncio'} & set(sys.modules))"
    assert output_of(code) == "set()"


def test_reading_an_answer_imports_neither_the_registry_nor_yaml():
    code = (
        "import sys, geo_rewards; geo_rewards.parse_completion('48.86, 2.35'); "
        "print({'pluggy', 'yaml', 'asyncio', 'geo_rewards.registry.registry'} & set(sys.modules))"
    )
    assert output_of(code) == "set()"


def test_the_base_class_imports_no_event_loop():
    code = "import sys, geo_rewards as gr; gr.Reward, gr.list_rewards(); print('asyncio' in sys.modules)"
    assert output_of(code) == "False"


def test_every_public_name_is_documented():
    assert [name for name in gr.__all__ if name != "hookimpl" and not getattr(gr, name).__doc__] == []


def test_the_core_imports_no_trainer_and_nothing_heavy():
    heavy = [
        "torch",
        "transformers",
        "trl",
        "deepspeed",
        "datasets",
        "pandas",
        "PIL",
        "scipy",
        "pyarrow",
        "typer",
    ]
    code = f"import sys; from geo_rewards import *; print([name for name in {heavy} if name in sys.modules])"
    assert output_of(code) == "[]"


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_listing_rewards_imports_no_reader_of_answers():
    code = (
        "import sys, geo_rewards as gr; gr.list_rewards(); "
        "print([name for name in sys.modules if name.startswith('geo_rewards.parse.read')])"
    )
    assert output_of(code) == "[]"
