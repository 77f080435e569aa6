"""Train with GRPO: ``torchrun --nproc_per_node=2 adapters/train_grpo.py --help``.

The same as ``torchrun ... -m geo_rewards_trl.train``, for those who work in a checkout.
"""

from geo_rewards_trl.train import main

if __name__ == "__main__":
    main()
