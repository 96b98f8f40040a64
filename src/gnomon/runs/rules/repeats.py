"""Rules about rows that say something twice, or differently."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gnomon.runs.findings import Finding, rows_of
from gnomon.runs.rules.view import View, repeats, row_hash

OUTCOMES = ("loss", "bpb", "perplexity", "accuracy", "error")
FEW = 20  # different values: a number that takes so few is a setting rather than a measurement


def repeated_rows(view: View) -> Iterator[Finding]:
    """`duplicate-rows`: exact repeats of an earlier row."""
    names = [name for name in view.runs.names if view.given(name)]
    again = repeats(row_hash([view.codes(name) for name in names])) if names else np.zeros(0, bool)
    if again.any():
        message = f"{int(again.sum())} rows repeat an earlier row in every column; they would count double."
        yield Finding("warning", "duplicate-rows", message, **rows_of(view.runs, again))


def repeated_steps(view: View) -> Iterator[Finding]:
    """`duplicate-run-step`: two measurements for one step of one run."""
    outcomes = [name for name in OUTCOMES if name in view.runs.columns]
    if "run" not in view.runs.columns or view.along is None or not outcomes:
        return
    same = [name for name in view.runs.names if _is_setting(view, name)]
    keys = row_hash([view.codes(name) for name in ("run", view.along, *same)])
    again = repeats(keys) & ~np.isnan(view.runs.data[view.along])
    if again.any():
        again &= ~repeats(row_hash([keys.view(np.int64), *(view.codes(name) for name in outcomes)]))
    if again.any():
        message = (
            f"{int(again.sum())} rows give another {outcomes[0]} for a {view.along} of a run that an earlier row has: "
            "a resumed or repeated run? Give repeats a run name or a seed of their own."
        )
        yield Finding("warning", "duplicate-run-step", message, column="run", **rows_of(view.runs, again))


def _is_setting(view: View, name: str) -> bool:
    """Whether a column says under what circumstances a row was measured."""
    column = view.runs.columns[name]
    if name in OUTCOMES or column.derived or name in ("run", view.along):
        return False
    if column.kind != "number" or column.meaning is not None:
        return True
    values = view.runs.data[name]
    head = np.unique(values[: 50 * FEW])
    return len(head) <= FEW and len(np.unique(values)) <= FEW


def changing_size(view: View) -> Iterator[Finding]:
    """`run-changes-size`: one run name for models of several sizes."""
    params = view.number("params")
    if params is None or "run" not in view.runs.columns or not view.given("params"):
        return
    low, high = np.full(view.count, np.inf), np.full(view.count, -np.inf)
    known = np.isfinite(params)
    np.minimum.at(low, view.groups[known], params[known])
    np.maximum.at(high, view.groups[known], params[known])
    several = high > 1.01 * low
    if several.any():
        message = (
            f"{int(several.sum())} of {view.count} run names stand for models of several sizes: rows of different runs "
            "would be resampled together. Give each run its own name."
        )
        yield Finding("warning", "run-changes-size", message, column="run", **rows_of(view.runs, several[view.groups]))
