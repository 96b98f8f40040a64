"""How the runs were trained: checkpoints that are not ends, schedules that were not finished, rates that were not tuned."""

from __future__ import annotations

import numpy as np

from gnomon.forecast.audits.rule import Seen, Unknown
from gnomon.forecast.audits.subject import Subject
from gnomon.forecast.early import EARLY, furthest
from gnomon.forecast.simulate import within_run

Array = np.ndarray

BY_RUN = ("bootstrap", "wild", "within", "bayes")  # engines that resample or move whole runs
MANY_EARLY = 0.1  # share of rows: fewer do not turn a robust fit
TOGETHER = 0.3  # share of the variance: ten checkpoints a run then count as 2.7 (10 / (1 + 9 x 0.3))
FINISHED = 0.95  # of its schedule: a cosine to a tenth has then come down to 11 % of its peak
ONE_RATE_SPAN = (
    1.0  # decades of size over which the best rate falls twofold or more (exponents of -0.3 to -0.7 in size)
)
LEAST_RATES = 3  # rates tried at one setting before an edge is an edge


def early(subject: Subject) -> Seen | Unknown:
    """Rows from the first part of their runs, and what the forecast becomes without them."""
    tokens = subject.number("tokens")
    if tokens is None or not subject.several_rows or "params" not in subject.fit.data:
        return Seen(None, "every run has one row" if not subject.several_rows else "progress within runs is not known")
    if subject.fit.law.made_inputs or "step" in subject.inputs:
        return Seen(None, "the law is one of learning curves")
    first = tokens < EARLY * furthest(tokens, subject.groups)
    measured = {"rows": int(first.sum()), "share": float(first.mean()), "before": EARLY, "shift": None}
    told = f"{int(first.sum())} of {len(first)} rows come before {EARLY:.0%} of their run"
    if not first.any():
        return Seen(None, told, measured)
    change = subject.without(first)
    if change is None:
        told += "; without them the forecast cannot be made anew"
    else:
        measured["shift"] = change
        told += f"; without them the forecast {subject.where} moves by {np.expm1(change):+.2%}"
    return Seen("warn" if first.mean() >= MANY_EARLY else "info", told, measured)


def correlated(subject: Subject) -> Seen | Unknown:
    """Whether intervals take the rows of a run for independent ones."""
    if not subject.several_rows:
        return Seen(None, "every run has one row")
    fit, runs = subject.fit, int(subject.groups.max()) + 1
    share = within_run(fit.residuals, subject.groups, len(fit.fitted))
    each = fit.used / runs
    worth = fit.used / (1 + (each - 1) * share)
    measured = {"rows": fit.used, "runs": runs, "share": share, "effective_rows": worth, "intervals": fit.intervals}
    told = f"{fit.used} rows of {runs} runs, which share {share:.0%} of their residual variance, count as {worth:.0f}"
    if fit.intervals in BY_RUN:
        return Seen(None, f"{told}; {fit.intervals} intervals keep them together", measured)
    if fit.intervals == "none":
        return Seen(None, f"{told}; there are no intervals to be too narrow", measured)
    narrow = share > TOGETHER
    return Seen("warn" if narrow else None, f"{told}; {fit.intervals} intervals count rows", measured)


def mid_schedule(subject: Subject) -> Seen | Unknown:
    """Checkpoints of runs whose learning rate was still high."""
    if not subject.several_rows:
        return Seen(None, "every run has one row")
    if subject.fit.law.made_inputs or "step" in subject.inputs:
        return Seen(None, "the law is one of learning curves")
    found = subject.checked.get("mid-schedule")
    if found is not None:
        return Seen("warn", found.message.split(": --where")[0], {"rows": found.count})
    if not any(name in subject.fit.data for name in ("lr", "lr_peak", "schedule")):
        return Unknown("no column lr or schedule says whether checkpoints lie on a falling learning rate")
    return Seen(None, "checkpoints lie on learning rates that do not fall")


def unfinished(subject: Subject) -> Seen | Unknown:
    """Runs that end before their schedule does."""
    progress = _progress(subject)
    if progress is None:
        return Unknown("no column says how long the schedules were: planned_tokens, total_steps or fraction_done")
    last = np.zeros(int(subject.groups.max()) + 1)
    np.maximum.at(last, subject.groups, progress)
    short = last < FINISHED
    told = f"{int(short.sum())} of {len(last)} runs end before {FINISHED:.0%} of their schedule"
    measured = {"runs": int(short.sum()), "of": len(last), "least": float(last.min())}
    return Seen("warn" if short.any() else None, told, measured)


def _progress(subject: Subject) -> Array | None:
    """Share of its schedule that each row has seen (n,)."""
    for name, over in (("fraction_done", None), ("tokens", "planned_tokens"), ("step", "total_steps")):
        value, whole = subject.number(name), None if over is None else subject.number(over)
        if value is None or (over is not None and whole is None):
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            share = value if whole is None else value / whole
        if np.isfinite(share).any():
            return np.where(np.isfinite(share), share, 0.0) if np.isfinite(share).all() else None
    return None


def learning_rate(subject: Subject) -> Seen | Unknown:
    """Whether sizes have rates of their own, and whether only the best rate of each setting is in the fit."""
    rate = subject.number("lr_peak")
    rate = subject.number("lr") if rate is None else rate
    if rate is None or not np.isfinite(rate).all() or not (rate > 0).all():
        return Unknown("no column lr_peak or lr says which learning rates were used")
    if {"lr", "lr_peak"} & set(subject.inputs):
        return Seen(None, "the law reads the learning rate")
    runs = int(subject.groups.max()) + 1
    peak = np.zeros(runs)
    np.maximum.at(peak, subject.groups, rate)
    loss, cell = _ends(subject)
    worse, edge, swept = 0, 0, 0
    for c in np.unique(cell):
        rows = np.flatnonzero(cell == c)
        rates = np.unique(peak[rows])
        if len(rates) < 2:
            continue
        swept += 1
        best = rows[np.argmin(loss[rows])]
        worse += int((peak[rows] != peak[best]).sum())
        edge += len(rates) >= LEAST_RATES and peak[best] in (rates[0], rates[-1])
    measured = {"rates": len(np.unique(peak)), "settings_swept": swept, "runs_not_best": worse, "best_at_edge": edge}
    if worse:
        told = f"{worse} of {runs} runs are not the best learning rate of their setting"
        return Seen("warn", told, measured, "Fit the best run of each setting (keep the rows of the best lr_peak).")
    if edge:
        told = f"at {edge} of {swept} settings the best learning rate is the smallest or largest tried"
        return Seen("warn", told, measured)
    params = subject.number("params")
    decades = 0.0 if params is None or not (params > 0).all() else float(np.ptp(np.log10(params)))
    if len(np.unique(peak)) == 1 and decades >= ONE_RATE_SPAN:
        told = f"one peak learning rate ({peak[0]:.3g}) for sizes over {decades:.1f} decades"
        return Seen("warn", told, measured)
    return Seen(None, f"{len(np.unique(peak))} peak learning rates over {decades:.1f} decades of size", measured)


def _ends(subject: Subject) -> tuple[Array, Array]:
    """Last measured response of each run (G,) and the setting it belongs to: runs of equal inputs share one."""
    size = np.zeros(len(subject.groups)) if subject.size is None else subject.size[1]
    order = np.lexsort((size, subject.groups))
    last = order[np.append(np.flatnonzero(np.diff(subject.groups[order])), len(order) - 1)]
    data = subject.fit.data
    names = [name for name in subject.inputs if name not in subject.fit.law.made_inputs]
    at = np.stack([_rounded(np.asarray(data[name], float)[last]) for name in names], 1)
    cell = np.unique(at, axis=0, return_inverse=True)[1].reshape(-1)
    return np.asarray(data[subject.fit.response], float)[last], cell


def _rounded(values: Array) -> Array:
    """To a thousandth of each value, so that settings that differ by rounding are one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** np.floor(np.log10(np.abs(values)))
        return np.where(values == 0, 0.0, np.round(values / unit, 3) * unit)
