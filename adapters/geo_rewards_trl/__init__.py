"""geo-rewards for TRL: the binding, the data set, the vision side and the training script.

Needs the extra ``train``: ``pip install geo-rewards[train]``.
"""
