"""Tables in memory: records, columns, and the data frames of pandas, polars and arrow, none of which gnomon needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.errors import FileError, InputError, Where
from gnomon.runs.assemble import Raw
from gnomon.runs.cells import Array

DEPTH = 3  # levels of nested objects that become columns


def from_records(records: Sequence[Any], name: str) -> Raw:
    """A table from a list of objects; a key that one lacks is unknown there, nested objects get dotted names.

    Raises:
        FileError: the list is empty, or one of its entries is no object.
    """
    if not records:
        raise FileError("holds an empty list", where=Where(file=name), code="no-rows")
    flat: list[dict[str, Any]] = []
    for row, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise FileError(
                f"got {repr(record)[:40]}, expected an object with named values",
                where=Where(file=name, row=row),
                code="not-a-table",
            )
        flat.append(dict(_opened(record, "", 1)))
    names = tuple(dict.fromkeys(key for record in flat for key in record))
    if not names:
        raise FileError("holds objects without keys", where=Where(file=name), code="no-columns")
    return Raw(names, tuple(array_of([record.get(key) for record in flat]) for key in names), name)


def _opened(record: Mapping[Any, Any], prefix: str, depth: int) -> list[tuple[str, Any]]:
    cells: list[tuple[str, Any]] = []
    for key, value in record.items():
        if isinstance(value, Mapping) and value and depth < DEPTH:
            cells += _opened(value, f"{prefix}{key}.", depth + 1)
        else:
            cells.append((f"{prefix}{key}", value))
    return cells


def from_columns(columns: Mapping[Any, Any], name: str) -> Raw:
    """A table from a mapping of names to equally long sequences.

    Raises:
        FileError: there are none, or they differ in length.
        InputError: one of them is no sequence.
    """
    if not columns:
        raise FileError("holds no columns", where=Where(file=name), code="no-columns")
    arrays = {str(key): _column(values, str(key), name) for key, values in columns.items()}
    lengths = {key: len(values) for key, values in arrays.items()}
    (first, length), *_ = lengths.items()
    for key, other in lengths.items():
        if other != length:
            raise FileError(
                f"has {other} values, but column {first!r} has {length}",
                where=Where(file=name, column=key),
                code="ragged-columns",
            )
    return Raw(tuple(arrays), tuple(arrays.values()), name)


def _column(values: Any, key: str, name: str) -> Array:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__len__"):
        raise InputError(
            f"got {repr(values)[:40]}, expected an array or a list",
            where=Where(file=name, column=key),
            code="bad-table",
        )
    if isinstance(values, np.ndarray) or hasattr(values, "__array__"):
        array = np.ma.filled(values, np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
        if array.ndim != 1:
            raise InputError(
                f"got an array of shape {array.shape}, expected one dimension",
                where=Where(file=name, column=key),
                code="bad-table",
            )
        if array.dtype.kind in "iuf":
            return array.astype(np.float64)
        values = array.astype(str).tolist() if array.dtype.kind in "mM" else array.tolist()
    return array_of(list(values))


def array_of(cells: list[Any]) -> Array:
    """Cells as float64 when all are numbers or None, else as objects."""
    if all(
        cell is None or (isinstance(cell, int | float | np.number) and not isinstance(cell, bool)) for cell in cells
    ):
        return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    out = np.empty(len(cells), dtype=object)
    out[:] = [_scalar(cell) for cell in cells]
    return out


def _scalar(cell: Any) -> Any:
    """A cell as a Python scalar; anything else as its text."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def frame_kind(source: Any) -> str | None:
    """`pandas`, `polars` or `pyarrow` if the object is a table of theirs, without importing any of them."""
    package = type(source).__module__.split(".")[0]
    known = {"pandas": ("DataFrame",), "polars": ("DataFrame", "LazyFrame"), "pyarrow": ("Table", "RecordBatch")}
    return package if type(source).__name__ in known.get(package, ()) else None


def from_frame(frame: Any, name: str) -> Raw:
    """A table from a data frame; the named index levels of pandas are columns too.

    Raises:
        FileError: it has no columns, or two of one name.
    """
    kind = frame_kind(frame)
    if kind == "pandas":
        named = [level for level in frame.index.names if level is not None and level not in frame.columns]
        frame = frame.reset_index(level=named) if named else frame
        titles = [".".join(map(str, t)) if isinstance(t, tuple) else str(t) for t in frame.columns]
        columns = [_pandas(frame.iloc[:, index]) for index in range(len(titles))]
    elif kind == "polars":
        frame = frame.collect() if hasattr(frame, "collect") else frame
        titles, columns = list(frame.columns), [_polars(series) for series in frame.get_columns()]
    else:
        titles, columns = list(frame.schema.names), [_arrow(column) for column in frame.columns]
    for index, title in enumerate(titles):
        if title in titles[:index]:
            raise FileError(
                f"has two columns called {title!r}", where=Where(file=name, column=title), code="duplicate-header"
            )
    if not titles:
        raise FileError("has no columns", where=Where(file=name), code="no-columns")
    return Raw(tuple(titles), tuple(columns), name)


def _pandas(series: Any) -> Array:
    if series.dtype.kind in "iuf":
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan)).copy()
    return array_of([None if missing else cell for cell, missing in zip(series, series.isna(), strict=True)])


def _polars(series: Any) -> Array:
    if series.dtype.is_numeric():
        return np.array([np.nan if cell is None else float(cell) for cell in series.to_list()], dtype=np.float64)
    return array_of(series.to_list())


def _arrow(column: Any) -> Array:
    return array_of(column.to_pylist())
