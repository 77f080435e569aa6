"""The command line: flags, their checks, and the manifest made from them."""
