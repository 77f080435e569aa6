"""What the trainer logs beside its own metrics."""
