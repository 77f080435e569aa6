"""Rows as TRL's trainer takes them."""
