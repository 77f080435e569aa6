"""Fail on any circular import, including for types only: ``python tools/check_circles.py [PACKAGE...]``.

import-linter checks the floors between rooms; this checks every module of every package, also within rooms.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKAGES = ("geo_rewards", "geo_rewards_trl", "geo_rewards_vqa")
SCRIPTS = ("benchmarks", "examples/satellite", "tools")
"""Folders whose files import each other by their bare names."""


def main(packages: Sequence[str] = PACKAGES) -> int:
    """Print each circle and return 1 if there is one."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    for folder in SCRIPTS:
        imports |= script_imports(Path(__file__).parents[1] / folder)
    circles = [sorted(circle) for circle in components(imports) if len(circle) > 1]
    for circle in circles:
        inside = set(circle)
        lines = [f"{module} imports {', '.join(sorted(imports[module] & inside))}" for module in circle]
        sys.stdout.write("\n  ".join([f"circle of {len(circle)} modules:", *lines]) + "\n")
    sys.stdout.write(f"{len(circles) or 'no'} circles among {len(imports)} modules\n")
    return 1 if circles else 0


def script_imports(folder: Path) -> dict[str, set[str]]:
    """Return which files of a folder each of them imports, as ``folder/name``."""
    found = {}
    for file in sorted(folder.glob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
        found[f"{folder.name}/{file.stem}"] = {
            f"{folder.name}/{name}" for name in names if (folder / f"{name}.py").exists()
        }
    return found


def components(imports: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected modules (Tarjan 1972), without recursion.

    >>> sorted(map(sorted, components({"a": {"b"}, "b": {"a"}, "c": {"a"}})))
    [['a', 'b'], ['c']]
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for root in imports:
        if root in order:
            continue
        work = [(root, iter(sorted(imports[root])))]
        order[root] = low[root] = len(order)
        stack.append(root)
        while work:
            module, rest = work[-1]
            following = next((name for name in rest if name in imports), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == order[module]:
                    start = stack.index(module)
                    yield stack[start:]
                    del stack[start:]
            elif following not in order:
                order[following] = low[following] = len(order)
                stack.append(following)
                work.append((following, iter(sorted(imports[following]))))
            elif following in stack:
                low[module] = min(low[module], order[following])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or PACKAGES))
