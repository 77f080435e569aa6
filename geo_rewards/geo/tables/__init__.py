"""The data tables that ship with the library; README.md beside this file says what they are."""

from pathlib import Path

TABLES = Path(__file__).parent
"""Folder of the tables."""
