"""Installed plugins, discovered and checked; rewards, looked up by name or file."""
