"""A law of any number of inputs along one line through them, with the bands of its fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import GnomonError
from gnomon.plan.cost import dense6
from gnomon.report.axes import Array
from gnomon.report.charts import Curve
from gnomon.report.words import number, rounded

if TYPE_CHECKING:
    from gnomon.fit import Fit

POINTS = 60
"""Points of the line: at 700 px one every 11 px, straight to the eye between."""

COST = dense6.train
"""FLOP per parameter and token of training, where a fit or a point does not say what it cost."""


@dataclass(frozen=True)
class Line:
    """A line through the inputs of a law.

    Attributes:
        name: canonical column along the line.
        x: shape (m,), its values.
        at: inputs of the law on the line, shape (m,) each.
        path: how the line runs, to be read after the name of the law.
    """

    name: str
    x: Array
    at: Mapping[str, Array]
    path: str


def axis_of(fit: Fit) -> tuple[str, Array]:
    """What the runs of a fit are laid out along: compute where size and tokens are known, else the widest input."""
    inputs = fit.law.inputs
    if {"params", "tokens"} <= set(inputs):
        known = "flops" in fit.data
        flops = fit.data["flops"] if known else COST * _column(fit, "params") * _column(fit, "tokens")
        return "flops", np.asarray(flops, dtype=np.float64)
    widest = max((n for n in inputs if n not in fit.law.made_inputs), key=lambda name: _span(_column(fit, name)))
    return widest, _column(fit, widest)


def line_of(fit: Fit, *, high: float | None = None) -> Line:
    """The line a fit is drawn along, from its smallest run to `high` (default: three times the largest)."""
    name, x = axis_of(fit)
    if fit.law.made_inputs:
        return _longest_curve(fit, name, x)
    if (x <= 0).any():
        grid = np.linspace(x.min(), max(x.max(), high or x.max()), POINTS)
    else:
        grid = np.geomspace(x.min(), max(x.max() * 3, (high or 0) * 2), POINTS)
    others = [n for n in fit.law.inputs if n != name and not (name == "flops" and n in ("params", "tokens"))]
    held = {n: np.full(POINTS, float(np.median(_column(fit, n)))) for n in others}
    fixed = ", ".join(f"{n.replace('_', ' ')} {number(float(held[n][0]))}" for n in others)
    if name != "flops" or "params" not in fit.law.inputs:
        at = {n: grid if n == name else held[n] for n in fit.law.inputs}
        return Line(name, grid, at, f"at the median of the runs ({fixed})" if fixed else "")
    size = None if others else _best_sizes(fit, grid)
    path = "along its compute-optimal path"
    if size is None:
        ratio = float(np.exp(np.median(np.log(_column(fit, "tokens") / _column(fit, "params")))))
        size = np.sqrt(grid / COST / ratio)
        path = f"at {number(rounded(ratio))} tokens per parameter, the runs' median" + (f"; {fixed}" if fixed else "")
    known = {"params": size, "tokens": grid / COST / size, "flops": grid}
    return Line(name, grid, {n: known.get(n, held.get(n, grid)) for n in fit.law.inputs}, path)


def _longest_curve(fit: Fit, name: str, x: Array) -> Line:
    """Along the longest curve of the rows: inputs that are no numbers (a schedule) stay as they are there."""
    grid = np.unique(np.rint(np.geomspace(x.min(), x.max(), POINTS)))
    held = {n: fit.data[n][int(np.argmax(x))] for n in fit.law.made_inputs}
    at = {n: np.full(len(grid), held[n], object) if n in held else grid for n in fit.law.inputs}
    return Line(name, grid, at, "under " + ", ".join(f"{n} {value}" for n, value in held.items()))


def curve_of(fit: Fit, line: Line, *, evidence: Any = None) -> Curve:
    """The law of a fit along a line, with both bands at the level of the fit.

    With `evidence` (several laws fitted to the same rows) the bands are those of a forecast; without, they come from the
    fit's own draws and residuals, and take the law for right.
    """
    with np.errstate(all="ignore"):
        value = np.broadcast_to(np.asarray(fit.law(**line.at), dtype=np.float64), line.x.shape)
    good = np.isfinite(value)
    x, value = line.x[good], value[good]
    if evidence is not None and (value > 0).all():
        from gnomon.forecast import forecast

        points = [{n: float(a[i]) for n, a in line.at.items()} for i in np.flatnonzero(good)]
        found = forecast(fit, points, level=fit.level, evidence=evidence).points
        ends = [[getattr(p, end) for p in found] for end in ("curve_low", "curve_high", "low", "high")]
        if all(v is not None for column in ends for v in column):
            low, high, new_low, new_high = (np.array(column, dtype=np.float64) for column in ends)
            return Curve(x, value, low, high, new_low, new_high, line.path)
    draws = fit.law_draws()
    if draws is None:
        return Curve(x, value, path=line.path)
    with np.errstate(all="ignore"):
        every = np.asarray(draws(**{n: a[good] for n, a in line.at.items()}), dtype=np.float64)
    tail = (1 - fit.level) / 2
    low, high = np.nanquantile(every, [tail, 1 - tail], axis=0)
    if (value <= 0).any() or (low <= 0).any():
        return Curve(x, value, low, high, path=line.path)
    noise = NormalDist().inv_cdf(1 - tail) * fit.residual_sd
    wider = [np.exp(s * np.hypot(np.log(end / value), noise)) for s, end in ((-1, low), (1, high))]
    return Curve(
        x, value, low, high, value * wider[0], value * wider[1], line.path, "Both bands take the law for right."
    )


def _best_sizes(fit: Fit, flops: Array) -> Array | None:
    """Best size at each compute, or `None` where the law has no best split."""
    from gnomon.plan import Surface, best_split, dense6

    try:
        best = best_split(Surface(fit.law, dense6), flops)
    except (GnomonError, ValueError):
        return None
    return np.asarray(best.params, dtype=np.float64) if bool(np.all(best.inside)) else None


def _column(fit: Fit, name: str) -> Array:
    return np.asarray(fit.data[name], dtype=np.float64)


def _span(values: Array) -> float:
    positive = values[values > 0]
    return float(np.ptp(np.log(positive))) if len(positive) else 0.0
