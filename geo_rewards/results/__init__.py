"""Rows out: reading saved completions, writing scored rows, and comparing two scorings."""
