"""Rows stored in an Arrow file: built once, reused, split and read."""
