"""What a training run needs whatever the trainer: metrics, manifest, fault window, checkpoints. No torch."""
