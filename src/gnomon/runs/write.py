"""Tables on their way out: plain lists, data frames and files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.errors import FileError, Where, need
from gnomon.runs.cells import Array
from gnomon.runs.table import Runs

_FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER true",
    ".tsv": "FORMAT csv, HEADER true, DELIMITER '\t'",
    ".jsonl": "FORMAT json",
    ".json": "FORMAT json, ARRAY true",
}


def to_lists(runs: Runs) -> dict[str, list[Any]]:
    """Plain lists by column name; unknown is None, flags are booleans."""

    def cells(name: str) -> list[Any]:
        values: list[Any] = runs.data[name].tolist()
        if runs.columns[name].kind == "text":
            return values
        known = [None if math.isnan(value) else value for value in values]
        if runs.columns[name].kind == "flag":
            return [None if value is None else bool(value) for value in known]
        return known

    return {name: cells(name) for name in runs.names}


def to_polars(runs: Runs) -> Any:
    """A polars DataFrame; unknown is null."""
    polars = need("polars", "tables", "Runs.to_polars()")
    return polars.DataFrame(to_lists(runs), strict=False)


def to_pandas(runs: Runs) -> Any:
    """A pandas DataFrame; unknown is NaN in numbers and None in texts."""
    pandas = need("pandas", "tables", "Runs.to_pandas()")
    frame = {
        name: [None if math.isnan(v) else bool(v) for v in values] if runs.columns[name].kind == "flag" else values
        for name, values in runs.data.items()
    }
    return pandas.DataFrame(frame, copy=True)


def write(runs: Runs, path: str | Path, *, derived: bool = False) -> Path:
    """Write a .parquet, .csv, .tsv, .jsonl or .json file through a temporary one, so that it is whole or not there.

    Raises:
        FileError: the suffix is not known, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise FileError(
            f"got the suffix {path.suffix!r}, expected one of {', '.join(_FORMATS)}", where=Where(file=str(path))
        )
    names = [name for name in runs.names if derived or not _computed(runs, name)]
    part = path.with_name(f".{path.name}.part")
    import duckdb

    connection = duckdb.connect()
    try:
        connection.register("runs", {f"c{i}": _plain(runs.data[name]) for i, name in enumerate(names)})
        selected = ", ".join(
            f"{_cell(runs.columns[name].kind, f'c{i}')} AS {_quoted(name)}" for i, name in enumerate(names)
        )
        target = str(part).replace("'", "''")
        connection.execute(f"COPY (SELECT {selected} FROM runs) TO '{target}' ({_FORMATS[path.suffix.lower()]})")
        part.replace(path)
    except (duckdb.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise FileError(
            f"cannot be written: {str(error).splitlines()[0]}", where=Where(file=str(path)), code="cannot-write"
        ) from error
    finally:
        connection.close()
    return path


def _computed(runs: Runs, name: str) -> bool:
    """Whether gnomon computed the column from others; one that only had its unit changed stays."""
    column = runs.columns[name]
    return column.derived is not None and column.original is None


def _plain(values: Array) -> Array:
    return np.array(values)  # a writable copy: the engine does not take read-only objects


def _cell(kind: str, name: str) -> str:
    if kind == "text":
        return name
    known = f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END"
    return f"CAST({known} AS BOOLEAN)" if kind == "flag" else known


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
