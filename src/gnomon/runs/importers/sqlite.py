"""SQLite files, opened for reading only: the databases of MLflow and trackio."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gnomon.errors import FileError, Where
from gnomon.runs.importers.logs import refuse

MAGIC = b"SQLite format 3\x00"


@contextmanager
def opened_database(path: Path, expected: str, tables: tuple[str, ...]) -> Iterator[sqlite3.Connection]:
    """A database with these tables, its rows given by name.

    Raises:
        FileError: it is empty, no database, damaged, or the database of something else.
    """
    from gnomon.runs.read.files import open_bytes

    with open_bytes(path, str(path)) as stream:
        head = stream.read(len(MAGIC))
    if not head:
        refuse(str(path), "is empty", expected, code="empty")
    if head != MAGIC:
        refuse(str(path), f"begins with {head[:8]!r}", expected)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            base.row_factory = sqlite3.Row
            there = {row["name"] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            missing = [table for table in tables if table not in there]
            if missing:
                shown = ", ".join(sorted(there)[:6]) or "none"
                refuse(str(path), f"is a database without the table {missing[0]} (it has {shown})", expected)
            yield base
    except IndexError as error:  # what a row raises about a column it does not have
        refuse(str(path), f"has a table without a column that was looked for ({error})", expected)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise FileError(f"is a damaged database: {error}", where=Where(file=str(path)), code="damaged") from error
