"""``python -m geo_rewards``: the commands of ``geo-rewards``."""

from geo_rewards.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
