"""A dry run: what a run would do, and what is wrong with it, before anything is trained."""

from geo_rewards_trl.dry_run.run import DryRunError, DryRunUsageError, rehearse_run

__all__ = ["DryRunError", "DryRunUsageError", "rehearse_run"]
