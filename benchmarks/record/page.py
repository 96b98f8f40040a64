"""The record as a page of Markdown: what was measured, what must hold, and what was tried."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from benchmarks.record.assess import OURS, Assessment
from benchmarks.record.score import decades, groups

from gnomon.forecast.variance import constants


def _cell(column: str, value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if column in ("n", "forecasts"):
        return f"{int(number):,}"
    if column.startswith("cov") or column in ("sets", "better on", "worst"):
        return f"{number:.0%}"
    if any(mark in column for mark in ("ARE", "last value", "width")):
        return f"{number:.1%}"
    return f"{number:.3f}" if number < 10 else f"{number:.3g}"


def markdown(rows: Iterable[Sequence[object]], columns: Sequence[str]) -> str:
    """A table, first column to the left."""
    lines = [f"| {' | '.join(columns)} |", f"|---|{'---:|' * (len(columns) - 1)}"]
    lines += [f"| {' | '.join(_cell(c, v) for c, v in zip(columns, row, strict=True))} |" for row in rows]
    return "\n".join(lines)


def framed(table: pd.DataFrame, first: str, chosen: dict[str, str]) -> str:
    """Some columns of a data frame under other names."""
    part = table[list(chosen)].rename(columns=chosen)
    return markdown(
        [(str(i), *row) for i, row in zip(part.index, part.to_numpy(), strict=True)], (first, *part.columns)
    )


SCORES = {
    "cov50%": "cov50", "cov80%": "cov80", "cov90%": "cov90", "cov95%": "cov95", "plain90": "cov90, runs alike",
    "IS80%": "IS80", "relative": "IS80 / ours",
    "IS95%": "IS95", "width80%": "width80", "width95%": "width95", "sets": "sets", "n": "n",
}  # fmt: skip
GROUPS = {
    "n": "n", "median ARE": "median ARE", "mean ARE": "mean ARE", "last value": "last value", "cov50%": "cov50",
    "cov80%": "cov80", "cov90%": "cov90", "cov95%": "cov95", "width": "width90", "IS": "IS80",
}  # fmt: skip


def page(found: Assessment, spent: float | None, notes: str) -> str:
    """The whole page; `notes` is the hand-written part about rules and trials."""
    ours, table, forecast = found.intervals[OURS], found.table, found.forecast
    checks = [(n, b, f"{x:.4g}", "yes" if ok else "**no**") for n, b, x, ok in found.requirements()]
    k, shipped = found.learnt, constants()
    names = ("k_bootstrap", "k_residual", "k_spread", "k_backtest", "growth", "no_backtest", "tail_df")
    learnt = [
        (
            name,
            *(f"{v:.4g}" for v in _over(found, lambda c, name=name: getattr(c, name))),
            f"{getattr(k, name):.4g}",
            f"{getattr(shipped, name):.4g}",
        )
        for name in names
    ]
    learnt += [
        (
            f"multiplier {level:.0%}",
            *(f"{v:.4g}" for v in _over(found, lambda c, level=level: c.multipliers[level])),
            f"{k.multipliers[level]:.4g}",
            f"{shipped.multipliers[level]:.4g}",
        )
        for level in k.multipliers
    ]
    time = (
        ""
        if spent is None
        else f" Measuring took {spent:.0f} CPU seconds ({spent / len(table):.3f} a forecast with its interval, baselines included)."
    )
    return f"""# The record: forecasts of {len(table):,} real runs that were hidden

Measured on {datetime.date.today().isoformat()} with `python -m benchmarks.record --write docs/results/record.md`.{time}

![What intervals promised and what they caught](../pictures/record.svg)

Every public data set becomes forecasting tasks: fit the small runs, forecast the large ones. All constants of the interval recipe that a
row is scored with were learnt without its source. Coverage (cov), median width, and the interval score (IS, smaller is better) count data
sets the same, inside them families, inside them forecasts. ARE is |forecast / truth - 1|.

## What must hold

{markdown(checks, ("", "required", "measured", "holds"))}

## Intervals

{framed(found.scores(), "method", SCORES)}

`cov90, runs alike`: the plain share of all hidden runs caught at nominal 90%, large data sets counting more. `n`: forecasts with an
interval; curve_fit has none where it finds no optimum or no covariance. `sets`: share of data sets in which nominal 90% covers at least
80%. Widths are of ln response: .05 is 5% of the loss.

## Forecasts

{framed(found.errors(), "gnomon's forecast against", {"ours / theirs": "ours / theirs", "better on": "better on"})}

Ratio of errors: per data set the median over families of the median ARE, geometric mean over data sets. The plain law is Chinchilla's over
two inputs, power plus floor over one; rivals see all checkpoints.

## By distance

{framed(groups(table, decades(table.horizon.to_numpy()), forecast, ours), "decades beyond the fitted runs", GROUPS)}

Every forecast counts the same here. Without `laion_clip`:

{framed(_without(found, "laion_clip"), "decades beyond the fitted runs", GROUPS)}

## By data set

{framed(groups(table, table.dataset.to_numpy(), forecast, ours), "data set", GROUPS)}

## Constants

{markdown(learnt, ("constant", "least of the folds", "most of the folds", "all data sets", "shipped"))}

`python -m benchmarks.record --learn src/gnomon/forecast/recipe_constants.json` writes the column "all data sets" into the package.

{notes}"""


def _over(found: Assessment, value: object) -> tuple[float, float]:
    values = [value(c) for c in found.folds.values()]  # type: ignore[operator]
    return min(values), max(values)


def _without(found: Assessment, dataset: str) -> pd.DataFrame:
    keep = (found.table.dataset != dataset).to_numpy()
    part = found.table[keep].reset_index(drop=True)
    ours = found.intervals[OURS].rows(keep)
    return groups(part, decades(part.horizon.to_numpy()), found.forecast[keep], ours)


def notes() -> str:
    """The hand-written part."""
    return Path(__file__).with_name("notes.md").read_text(encoding="utf-8")
