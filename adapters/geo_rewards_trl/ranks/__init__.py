"""What several processes agree on and share."""
