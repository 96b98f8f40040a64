"""Which runs are hidden from a fit, so that it can be tried on them.

A hold-out is always a statement about scale or kind, never a random draw: a law is asked about runs larger than those
it has seen, and a random tenth of the runs lies between the others. The forms:

- `largest:flops:3`     the three largest runs by `flops`, and any run exactly as large as the smallest of those three
- `largest:flops:20%`   that share of the runs, at least one
- `top:flops:0.5`       every run within half a decade of the largest (`0.5dex` is the same)
- `where:family = 'c4'` the rows that meet an SQL condition

A run is as large as its largest row, and goes to one side with all its rows. Rows whose size is unknown go to neither
side and are counted as removed.
"""

from __future__ import annotations

import math

import numpy as np

from gnomon.errors import InputError, RefusalError, Where
from gnomon.runs.cells import Array
from gnomon.runs.table import Runs
from gnomon.runs.where import mask_of

FORMS = "largest:COLUMN:COUNT, largest:COLUMN:20%, top:COLUMN:DECADES or where:CONDITION"


def split(runs: Runs, hold_out: str, *, leave: int = 2) -> tuple[Runs, Runs]:
    """The rows to fit and the rows held out.

    Args:
        runs: the table.
        hold_out: one of the forms above.
        leave: runs that must be left to fit.

    Returns:
        (to fit, held out); rows of neither are in the `removed` of both.

    Raises:
        InputError: the form is not known, or its number is none.
        ColumnError: there is no such column.
        RefusalError: nothing would be held out, or fewer than `leave` runs would be left.
    """
    form, _, rest = hold_out.partition(":")
    if form == "where" and rest.strip():
        held = mask_of(runs, rest.strip())
        return _parts(runs, held, hold_out, leave)
    column, _, amount = rest.rpartition(":")
    if form not in ("largest", "top") or not column or not amount:
        hint = f"Write {FORMS}."
        if form == "random":
            hint = f"A random part lies between the other runs and tests nothing about larger ones. {hint}"
        raise InputError(f"got the hold-out {hold_out!r}, expected {FORMS.split(',')[0]} or the like", hint=hint)
    (values,) = runs.numbers(column)
    runs = runs.keep(np.isfinite(values), f"{column} unknown, so not on either side of the hold-out")
    if not len(runs):
        raise RefusalError(f"no row has a known {column!r} to hold out by", where=Where(file=runs.source))
    (values,) = runs.numbers(column)
    groups = runs.groups()
    size = np.full(int(groups.max()) + 1, -np.inf)
    np.maximum.at(size, groups, values)
    held_runs = _largest(size, amount, hold_out) if form == "largest" else _top(size, amount, hold_out, column)
    return _parts(runs, held_runs[groups], hold_out, leave)


def _largest(size: Array, amount: str, hold_out: str) -> Array:
    """Marks of the largest runs: a count or a share of them, ties with the last one included."""
    share = amount.endswith("%")
    count = _number(amount.removesuffix("%"), hold_out)
    if share:
        count = max(1, round(len(size) * count / 100))
    if count < 1 or not float(count).is_integer():
        raise InputError(f"got the hold-out {hold_out!r}, expected a whole number of runs, at least 1")
    smallest = np.sort(size)[::-1][min(int(count), len(size)) - 1]
    return np.asarray(size >= smallest)


def _top(size: Array, amount: str, hold_out: str, column: str) -> Array:
    """Marks of the runs within so many decades of the largest."""
    decades = _number(amount.removesuffix("dex"), hold_out)
    if decades < 0 or size.max() <= 0:
        raise InputError(f"got the hold-out {hold_out!r}, expected decades >= 0 of a column {column!r} above zero")
    return np.asarray(size >= size.max() * 10**-decades * (1 - 1e-12))


def _number(text: str, hold_out: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"got {text!r} in the hold-out {hold_out!r}, expected a number", hint=f"Write {FORMS}.")
    return value


def _parts(runs: Runs, held: Array, hold_out: str, leave: int) -> tuple[Runs, Runs]:
    fit, out = runs.take(~held), runs.take(held)
    left, hidden = (len(np.unique(part.groups())) for part in (fit, out))
    if not hidden:
        raise RefusalError(f"the hold-out {hold_out!r} hides no run", where=Where(file=runs.source), code="no-hold-out")
    if left < leave:
        raise RefusalError(
            f"the hold-out {hold_out!r} hides {hidden} runs and leaves {left}, expected at least {leave} to fit",
            hint="Hold out fewer runs, or add smaller ones.",
            where=Where(file=runs.source),
            code="too-few-left",
        )
    return fit, out
