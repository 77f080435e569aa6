"""What the author of a reward writes against: `Reward`, the hooks, how rewards are called and documented."""
