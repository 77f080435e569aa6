"""Completions and their columns, read once and shared by all rewards."""
