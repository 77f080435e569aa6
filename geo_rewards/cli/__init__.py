"""The commands of ``geo-rewards``, one file per group; `main` is the console script."""

from geo_rewards.cli.app import main

__all__ = ["main"]
