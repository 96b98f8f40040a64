"""DuckDB as the engine that parses files: closed to everything else, and handing back arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.runs.cells import Array


def connect() -> Any:
    """A database to read files with, that fetches no extension from elsewhere."""
    import duckdb

    closed: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(":memory:", config=closed)


def engine_error() -> type[Exception]:
    """The root of the engine's exceptions."""
    import duckdb

    error: type[Exception] = duckdb.Error
    return error


def literal(path: Path) -> str:
    """A path as the engine takes it literally: what would be a pattern stands in brackets."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def fetch(connection: Any, table: str, columns: Sequence[str], numeric: Sequence[bool]) -> list[Array]:
    """Columns of a table of the engine as arrays.

    Texts come as codes into their different values, so that equal cells are one object: a million run names cost a
    thousand strings.

    Args:
        connection: the database.
        table: name of the table.
        columns: expressions of its columns.
        numeric: which of them are numbers; those are cast to float64, the others to text.

    Returns:
        float64 arrays with NaN, or object arrays with None, for unknown.
    """
    different: dict[int, Array] = {}
    wanted: list[str] = []
    for index, (column, number) in enumerate(zip(columns, numeric, strict=True)):
        if number:
            wanted.append(f"{column}::DOUBLE AS c{index}")
            continue
        known = f"(SELECT DISTINCT ({column})::VARCHAR AS v FROM {table} WHERE {column} IS NOT NULL ORDER BY v)"
        texts = connection.execute(f"SELECT v FROM {known}").fetchnumpy()["v"]
        different[index] = np.concatenate([np.asarray(texts, dtype=object), np.array([None], dtype=object)])
        if len(texts):
            connection.execute(f"CREATE TYPE e{index} AS ENUM {known}")
            wanted.append(f"enum_code(({column})::VARCHAR::e{index}) AS c{index}")
        else:
            wanted.append(f"NULL::UTINYINT AS c{index}")
    found = connection.execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchnumpy()
    arrays: list[Array] = []
    for index in range(len(columns)):
        values = found[f"c{index}"]
        if index in different:
            codes = np.ma.filled(values.astype(np.int64), len(different[index]) - 1)
            arrays.append(different[index][codes])
        else:
            arrays.append(np.asarray(np.ma.filled(values, np.nan)))
    return arrays
