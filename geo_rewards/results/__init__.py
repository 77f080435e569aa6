"""Rows out: saved completions read back, scored rows written, and how two scorings differ."""
