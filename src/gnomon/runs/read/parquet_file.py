"""Parquet: typed columns; numbers become float64, everything else text."""

from __future__ import annotations

from pathlib import Path

from gnomon.errors import FileError, Where
from gnomon.runs.assemble import Raw
from gnomon.runs.read.engine import connect, engine_error, fetch, literal
from gnomon.runs.read.files import open_bytes


def read_parquet(path: Path, name: str) -> Raw:
    """The table in a Parquet file.

    Raises:
        FileError: it is none, or is cut off.
    """
    with open_bytes(path, name) as stream:
        head = stream.read(4)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 4))
        tail = stream.read(4)
    if not size:
        raise FileError("is empty", where=Where(file=name), code="empty")
    if head != b"PAR1":
        raise FileError("is not a Parquet file (it does not begin with PAR1)", where=Where(file=name), code="binary")
    if tail != b"PAR1":
        raise FileError(
            f"is a Parquet file cut off after {size} bytes",
            hint="Copy or write it again.",
            where=Where(file=name),
            code="truncated",
        )
    with connect() as connection:
        try:
            source = "read_parquet(?)"
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}", [literal(path)]).fetchall()
            names = tuple(row[0] for row in described)
            short = [f"c{index}" for index in range(len(names))]
            query = f"CREATE TEMP TABLE cells AS SELECT * FROM {source} AS t({', '.join(short)})"
            connection.execute(query, [literal(path)])
            return Raw(names, tuple(fetch(connection, "cells", short, [_is_number(row[1]) for row in described])), name)
        except engine_error() as error:
            said = str(error).splitlines()[0]
            raise FileError(f"is a damaged Parquet file: {said}", where=Where(file=name), code="damaged") from error


def _is_number(kind: str) -> bool:
    """Whether an engine type is a number: BIGINT, UTINYINT, DOUBLE, DECIMAL(10,2)."""
    simple = kind.split("(")[0]
    return "[" not in kind and (
        simple.endswith("INT") or simple in ("INTEGER", "UINTEGER", "DOUBLE", "FLOAT", "DECIMAL")
    )
