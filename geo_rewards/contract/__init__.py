"""The contract for reward authors: `Reward`, the hooks, how rewards are called and documented."""
