import subprocess
import sys

import geo_rewards as gr

DESIGNED = {
    "parse_completion", "get_reward", "list_rewards", "load_recipe", "great_circle_km", "get_gazetteer",
    "Reward", "Sample", "Batch", "Answer", "GroundTruth", "Coordinate", "Place", "hookimpl",
}  # fmt: skip


def test_every_designed_name_is_public():
    assert set(gr.__all__) >= DESIGNED
    assert all(hasattr(gr, name) for name in gr.__all__)


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
    code = f"import sys, geo_rewards; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
