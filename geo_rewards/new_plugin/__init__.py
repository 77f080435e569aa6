"""A new plugin package, written from the files in `template/`."""

from geo_rewards.new_plugin.package import Names, names_of, write_package

__all__ = ["Names", "names_of", "write_package"]
