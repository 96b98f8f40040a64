"""Plain tables: CSV, JSON lines and Parquet, and what trackers export as such."""

from __future__ import annotations

from pathlib import Path

from gnomon.runs.importers.logs import Found


def read(source: str) -> Found:
    """The table in a file, by its suffix.

    Raises:
        FileError: it is no table.
    """
    from gnomon.runs.read.source import read_table

    found = Found(source)
    found.tables.append(read_table(Path(source), source))
    return found
