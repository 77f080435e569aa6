"""The data tables that ship with the library; the README.md in this folder describes them."""

from pathlib import Path

TABLES = Path(__file__).parent
"""Folder with the tables."""
