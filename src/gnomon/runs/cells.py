"""From the cells of a file to the arrays of a table: numbers, texts and flags, and the first cell that is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.errors import ColumnError, InputError, Where
from gnomon.runs.numbers import parse_number
from gnomon.runs.schema import Kind

Array = npt.NDArray[Any]

#: What people write for "not known"; exactly these, in every kind of column.
UNKNOWN = ("", "NA", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "#N/A")

_INFINITE = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "infinity": math.inf, "-infinity": -math.inf}
_FLAGS = {"true": 1.0, "yes": 1.0, "1": 1.0, "1.0": 1.0, "false": 0.0, "no": 0.0, "0": 0.0, "0.0": 0.0}
_UNKNOWN = frozenset(UNKNOWN)

Place = Callable[[int], Where]


def number_of(cell: Any) -> float:
    """The number in one cell, human numbers included; NaN where it is unknown.

    Raises:
        InputError: the cell holds something else.
    """
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        text = cell.strip()
        if text in _UNKNOWN:
            return math.nan
        if text.lower() in _INFINITE:
            return _INFINITE[text.lower()]
        return parse_number(text)
    if isinstance(cell, bool | np.bool_):
        return float(cell)
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise InputError(f"got {cell!r}, expected a number") from error


def to_numbers(values: Array, place: Place, unit: str | None = None) -> Array:
    """A column as float64, NaN where unknown.

    Args:
        values: float64, or Python cells.
        place: gives file, row and column of a cell, for the message.
        unit: named in the message.

    Raises:
        ColumnError: at the first cell that holds no number.
    """
    if values.dtype.kind == "f":
        return values.astype(np.float64, copy=False)
    known: dict[Any, float] = {}
    out = np.empty(len(values))
    for index, cell in enumerate(values.tolist()):
        try:
            number = known.get(cell)
            if number is None:
                number = known[cell] = number_of(cell)
        except (InputError, TypeError) as error:
            shown = f"{cell!r}" if len(repr(cell)) <= 60 else f"{str(cell)[:57]!r}..."
            expected = f"a number of {unit}" if unit else "a number"
            raise ColumnError(
                f"got {shown}, expected {expected}",
                hint="Correct the cell, or leave it empty if the value is unknown.",
                where=place(index),
                code="text-in-number",
            ) from error
        out[index] = number
    return out


def share_numeric(values: Array) -> float:
    """Share of the different known cells that hold a number, human numbers included; 0 where nothing is known."""
    if values.dtype.kind == "f":
        return 1.0
    known = numeric = 0
    for cell in dict.fromkeys(_hashable(values)):
        try:
            if not math.isnan(number_of(cell)):
                known, numeric = known + 1, numeric + 1
        except InputError:
            known += 1
    return numeric / known if known else 0.0


def to_texts(values: Array) -> Array:
    """A column as text, None where unknown; whole numbers lose their `.0`."""
    cells = _hashable(values)
    different = {cell: _text_of(cell) for cell in dict.fromkeys(cells)}
    if all(cell is text for cell, text in different.items()) and values.dtype.kind == "O":
        return values  # texts already, as readers hand them over
    out = np.empty(len(values), dtype=object)
    out[:] = [different[cell] for cell in cells]
    return out


def to_codes(values: Array) -> Array:
    """A column as whole numbers that are equal where its cells are, texts in order of first appearance."""
    if values.dtype.kind == "f":
        return (values + 0.0).view(np.int64)
    cells = values.tolist()
    order = {cell: code for code, cell in enumerate(dict.fromkeys(cells))}
    return np.fromiter(map(order.__getitem__, cells), np.int64, len(cells))


def _text_of(cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, str):
        return None if cell in _UNKNOWN else cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)


def to_flags(values: Array, place: Place) -> Array:
    """A column as 1.0, 0.0 and NaN.

    Raises:
        ColumnError: at the first cell that is neither true nor false.
    """
    out = np.full(len(values), np.nan)
    for index, cell in enumerate(values.tolist()):
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            continue
        text = str(cell).strip()
        if text in _UNKNOWN:
            continue
        if text.lower() not in _FLAGS:
            raise ColumnError(f"got {cell!r}, expected true or false", where=place(index), code="text-in-flag")
        out[index] = _FLAGS[text.lower()]
    return out


def guess(values: Array) -> tuple[Kind, Array]:
    """Kind and array of a column nobody knows: numbers if every known cell is a plain number, flags, else text.

    Human numbers are not taken for numbers here: a label may well be called `7B`.
    """
    if values.dtype.kind == "f":
        return "number", values.astype(np.float64, copy=False)
    known: dict[Any, float] = {}
    flags = True
    cells = _hashable(values)
    for cell in dict.fromkeys(cells):
        flags = flags and (cell is None or str(cell).lower() in ("true", "false") or cell in _UNKNOWN)
        number = _plain_number(cell)
        if number is None and not flags:
            return "text", to_texts(values)
        known[cell] = math.nan if number is None else number
    if not flags:
        return "number", np.fromiter(map(known.__getitem__, cells), np.float64, len(cells))
    if all(_text_of(cell) is None for cell in known):
        return "number", np.full(len(values), np.nan)
    return "flag", to_flags(values, lambda index: Where(row=index + 1))


def _plain_number(cell: Any) -> float | None:
    """The number in a cell that holds nothing but a number; NaN where unknown, None where it is text."""
    if cell is None:
        return math.nan
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, str) and cell.strip() in _UNKNOWN:
        return math.nan
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def _hashable(values: Array) -> list[Any]:
    """The cells; a list or a mapping in a cell is taken as its text."""
    cells: list[Any] = values.tolist()
    try:
        set(cells)
    except TypeError:
        return [cell if cell is None or isinstance(cell, str | int | float) else str(cell) for cell in cells]
    return cells
