"""The version of the package, stamped on every document it writes."""

__version__ = "0.1.0"
