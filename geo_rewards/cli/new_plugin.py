"""``new-plugin``: a package to publish a reward with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def new_plugin_command(
    name: Annotated[
        str, typer.Argument(help="What the reward is called, such as street-name.", show_default=False)
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where the package goes; a folder of its name if not given.", show_default=False),
    ] = None,
    *,
    author: Annotated[str | None, typer.Option(help="Its author, for the package's metadata.")] = None,
) -> None:
    """Write a plugin package with one reward: it installs, and passes its tests, lint and types."""
    from geo_rewards.new_plugin import names_of, write_package
    from geo_rewards.registry.registry import get_registry

    names = names_of(name)
    target = folder or Path(names.distribution)
    for path in write_package(names, target, taken=get_registry().rewards.names(), author=author):
        sys.stdout.write(f"{path}\n")
    sys.stderr.write(
        f"wrote the plugin {names.distribution}; next:\n"
        f"  cd {target} && pip install -e '.[dev]' && pytest\n"
        f"then write your formula into {names.package}/rewards.py\n"
    )
