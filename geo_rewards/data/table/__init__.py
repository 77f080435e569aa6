"""Rows stored in an Arrow file: built once, found again, split and read."""
