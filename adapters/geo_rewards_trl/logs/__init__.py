"""What trackers get beside the trainer's own metrics."""
