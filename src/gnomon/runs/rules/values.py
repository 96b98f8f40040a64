"""Rules about single cells: unknown, infinite, not above zero, text among numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from gnomon.runs.cells import UNKNOWN
from gnomon.runs.findings import Finding, Severity, rows_of
from gnomon.runs.rules.view import View
from gnomon.runs.schema import FIELDS


def not_finite(view: View) -> Iterator[Finding]:
    """`empty-column`, `non-finite`: a quantity that is unknown or infinite."""
    for name in view.quantities:
        values = view.runs.data[name]
        wrong = ~np.isfinite(values)
        if not wrong.any() or not view.given(name):
            continue
        if wrong.all():
            yield Finding("error", "empty-column", f"{name} is known in no row.", column=name, count=len(values))
            continue
        infinite = int(np.isinf(values).sum())
        what = f"{name} is missing or not a number in {int(wrong.sum()) - infinite}" if infinite < wrong.sum() else name
        what += f"{' and ' if infinite < wrong.sum() else ' is '}infinite in {infinite}" if infinite else ""
        message = f"{what} of {len(values)} rows; they cannot be used where {name} is needed."
        severity: Severity = "warning" if name == "loss" or infinite else "note"
        yield Finding(severity, "non-finite", message, column=name, **rows_of(view.runs, wrong))


def not_positive(view: View) -> Iterator[Finding]:
    """`non-positive`: a quantity that is zero or below."""
    step = view.number("step")
    for name in view.quantities:
        values = view.runs.data[name]
        wrong = values <= 0
        if not wrong.any() or not view.given(name):
            continue
        start = values == 0 if step is None else (values == 0) & (step == 0)
        if name in ("tokens", "flops") and bool(start[wrong].all()):
            message = f"{name} is 0 in {int(wrong.sum())} rows, before training: a law of {name} leaves them out."
            yield Finding("note", "non-positive", message, column=name, **rows_of(view.runs, wrong))
            continue
        known = np.isfinite(values)
        why = " Is it a log-likelihood? Its negative is the loss." if name == "loss" and wrong[known].all() else ""
        message = f"{name} is zero or negative in {int(wrong.sum())} of {len(values)} rows.{why}"
        yield Finding("error", "non-positive", message, column=name, **rows_of(view.runs, wrong))


def text_in_numbers(view: View) -> Iterator[Finding]:
    """`text-in-number`: a column of numbers that is text because of a few cells."""
    for name, column in view.runs.columns.items():
        if column.kind != "text" or (name in FIELDS and FIELDS[name].kind == "text"):
            continue
        cells = list(itertools.islice((c for c in view.runs.data[name].tolist() if c is not None), 2000))
        if len(cells) < 10 or sum(map(_is_number, cells[:20])) < 10:
            continue
        wrong = [cell for cell in cells if not _is_number(cell)]
        if len(wrong) > len(cells) / 10:
            continue
        mask = np.array([c is not None and not _is_number(c) for c in view.runs.data[name].tolist()])
        message = f"{name} would be a column of numbers but for {wrong[0]!r}; it is kept as text."
        yield Finding("warning", "text-in-number", message, column=name, **rows_of(view.runs, mask))


def _is_number(cell: str) -> bool:
    if cell.strip() in UNKNOWN:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
