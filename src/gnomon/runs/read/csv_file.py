"""CSV and TSV: one header line, one row a line, cells in any order of columns."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.errors import FileError, Where
from gnomon.runs.assemble import Raw
from gnomon.runs.cells import UNKNOWN, Array
from gnomon.runs.match import text_columns
from gnomon.runs.read.engine import connect, engine_error, fetch, literal
from gnomon.runs.read.files import check_text, open_bytes

SAMPLE = 200  # rows looked at to guess which columns hold numbers; a wrong guess costs a second pass
_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def read_csv(path: Path, name: str) -> Raw:
    """The table in a CSV or TSV file.

    The separator is a tab for .tsv and else the one of comma, semicolon, tab and bar that the header has most of.

    Raises:
        FileError: it is no such table; the message names the row.
    """
    lines = check_text(path, name, first_row=0)
    separator = "\t" if ".tsv" in path.suffixes else _separator(path, name)
    header, skip, sample = _head(path, name, separator)
    numeric = _numeric(header, sample)
    try:
        columns = _by_engine(path, header, skip, separator, numeric)
        plain = len(header) > 1 and len(columns[0]) == lines - skip  # else blank lines, or line breaks within quotes
    except engine_error():
        plain = False
    if not plain:
        columns = _by_hand(path, name, header, separator)
    kept = [index for index, title in enumerate(header) if title or not _empty(columns[index])]
    names = tuple(header[index] or f"column{index + 1}" for index in kept)
    return Raw(names, tuple(columns[index] for index in kept), name)


@contextmanager
def _rows(path: Path, name: str, separator: str) -> Iterator[Any]:
    """The rows of the file, blank lines left out, with the number of lines read so far as `line_num`."""
    with open_bytes(path, name) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        yield csv.reader(text, delimiter=separator, strict=True)


def _separator(path: Path, name: str) -> str:
    with open_bytes(path, name) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig") as text:
        first = next((line for line in text if line.strip()), "")
    first = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=first.count)


def _head(path: Path, name: str, separator: str) -> tuple[list[str], int, list[list[str]]]:
    """Column names, lines up to the data, and some rows."""
    try:
        with _rows(path, name, separator) as rows:
            titles: list[str] = next((row for row in rows if any(cell.strip() for cell in row)), [])
            skip = rows.line_num
            header: list[str] = [title.strip() for title in titles]
            sample: list[list[str]] = []
            with suppress(csv.Error):  # said later, with the row
                sample.extend(itertools.islice((row for row in rows if row), SAMPLE))
    except csv.Error as error:
        raise FileError(f"does not parse: {error}", where=Where(file=name), code="bad-csv") from error
    for index, title in enumerate(header):
        if title and title in header[:index]:
            first = header.index(title)
            raise FileError(
                f"the header has {title!r} twice, as columns {first + 1} and {index + 1}",
                hint="Rename one of them.",
                where=Where(file=name, column=title),
                code="duplicate-header",
            )
    if all(_FLOAT.fullmatch(title) for title in header):
        raise FileError(
            f"the first line is {separator.join(header)[:60]!r}, expected the names of the columns",
            hint="Add a header line, e.g. params,tokens,loss.",
            where=Where(file=name),
            code="no-header",
        )
    return header, skip, sample


def _numeric(header: list[str], sample: list[list[str]]) -> list[bool]:
    """Which columns hold nothing but plain numbers, as far as the sample goes; names of runs are never numbers."""
    texts = text_columns(header)

    def plain(index: int) -> bool:
        cells = [row[index] for row in sample if index < len(row) and row[index].strip() not in UNKNOWN]
        return bool(cells) and all(_FLOAT.fullmatch(cell) for cell in cells)

    return [title not in texts and plain(index) for index, title in enumerate(header)]


def _by_engine(path: Path, header: list[str], skip: int, separator: str, numeric: list[bool]) -> list[Array]:
    """The columns, read with the guessed types; after a wrong guess as text, and cast where all cells allow."""
    unknown = ", ".join("'" + text.replace("'", "''") + "'" for text in UNKNOWN)
    short = [f"c{index}" for index in range(len(header))]

    def load(connection: Any, numbers: list[bool]) -> None:
        types = ", ".join(f"'{c}': '{'DOUBLE' if n else 'VARCHAR'}'" for c, n in zip(short, numbers, strict=True))
        scan = (
            f"read_csv(?, auto_detect=false, header=false, skip={skip}, columns={{{types}}}, delim='{separator}', "
            f"quote='\"', escape='\"', nullstr=[{unknown}])"
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE cells AS SELECT * FROM {scan}", [literal(path)])

    with connect() as connection:
        try:
            load(connection, numeric)
        except engine_error():
            load(connection, [False] * len(header))
            whole = ", ".join(f"count({column}) = count(try_cast({column} AS DOUBLE))" for column in short)
            casts = connection.execute(f"SELECT {whole} FROM cells").fetchall()[0]
            numeric = [guess and cast for guess, cast in zip(numeric, casts, strict=True)]
        return fetch(connection, "cells", short, numeric)


def _by_hand(path: Path, name: str, header: list[str], separator: str) -> list[Array]:
    """The columns, read row by row: finds the row that is wrong, or reads what the engine is too strict for."""
    columns: list[list[str | None]] = [[] for _ in header]
    number = 0
    with _rows(path, name, separator) as rows:
        try:
            next(row for row in rows if any(cell.strip() for cell in row))
            for row in rows:
                if not row:
                    continue
                number += 1
                if len(row) != len(header):
                    raise FileError(
                        f"has {len(row)} cells, the header has {len(header)}",
                        hint="Put text with separators in it into double quotes.",
                        where=Where(file=name, row=number),
                        code="ragged-row",
                    )
                for column, cell in zip(columns, row, strict=True):
                    column.append(None if cell in UNKNOWN else cell)
        except csv.Error as error:
            raise FileError(
                f"does not parse: {error}",
                hint="Look for a double quote that is opened and not closed.",
                where=Where(file=name, row=number + 1),
                code="bad-csv",
            ) from error
    return [np.array(column, dtype=object) for column in columns]


def _empty(values: Array) -> bool:
    return all(cell is None or cell != cell for cell in values.tolist())
