import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("grimp", reason="needs the extra `dev`")

TOOL = Path(__file__).parents[2] / "tools" / "check_circles.py"


@pytest.fixture
def check(tmp_path):
    """Write a package of modules and run the check on it."""

    def run(**modules: str) -> subprocess.CompletedProcess:
        package = tmp_path / "house"
        package.mkdir()
        (package / "__init__.py").touch()
        for name, code in modules.items():
            (package / f"{name}.py").write_text(code)
        command = [sys.executable, str(TOOL), "house"]
        return subprocess.run(
            command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )

    return run


def test_a_house_without_circles_passes(check):
    ran = check(ground="", first="from house import ground", second="from house import first, ground")
    assert (ran.returncode, ran.stdout.split(" among ")[0]) == (0, "no circles")


def test_a_circle_at_run_time_is_found(check):
    ran = check(one="import house.two", two="def later():\n    import house.three", three="import house.one")
    assert ran.returncode == 1
    assert "circle of 3 modules:\n  house.one imports house.two\n" in ran.stdout


def test_a_circle_of_types_alone_is_found(check):
    ran = check(
        batch="from house.sample import Sample",
        sample="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.batch import Batch",
    )
    assert ran.returncode == 1
    assert "circle of 2 modules" in ran.stdout


def test_scripts_that_import_each_other_by_name_are_looked_at(tmp_path):
    spec = importlib.util.spec_from_file_location("check_circles", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    (tmp_path / "run.py").write_text("import json\nimport texts")
    (tmp_path / "texts.py").write_text("def later():\n    from run import RECIPE")
    place = tmp_path.name
    imports = tool.script_imports(tmp_path)
    assert imports == {f"{place}/run": {f"{place}/texts"}, f"{place}/texts": {f"{place}/run"}}
    assert [sorted(circle) for circle in tool.components(imports)] == [[f"{place}/run", f"{place}/texts"]]
