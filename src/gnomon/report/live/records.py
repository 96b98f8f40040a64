"""Records of the chart kit from a fit, a plan, a forecast or a table of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.report.axes import Array
from gnomon.report.charts import (
    AllocationNumbers,
    Budget,
    ContourNumbers,
    FitNumbers,
    ForecastNumbers,
    ForecastRow,
    IsoflopNumbers,
    LadderNumbers,
    PlateauNumbers,
    ResidualNumbers,
    Rung,
    Target,
)
from gnomon.report.live.along import COST, axis_of, curve_of, line_of
from gnomon.report.live.leave_out import where_words

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast, Point
    from gnomon.plan import IsoFlop, Plan
    from gnomon.runs import Runs

GRID = 60
"""Cells of the contour grid along each axis."""


def fit_numbers(fit: Fit, *, target: Target | None = None, evidence: Any = None) -> FitNumbers:
    """A fit along its line; see `gnomon.report.live.along`."""
    from gnomon.fit.estimate import run_names

    name, x = axis_of(fit)
    line = line_of(fit, high=target.x if target else None)
    size = np.asarray(fit.data["params"], dtype=np.float64) if "params" in fit.data and name != "params" else None
    measured = np.asarray(fit.data[fit.response], dtype=np.float64)
    return FitNumbers(
        law=law_name(fit),
        x=x,
        y=measured,
        curve=curve_of(fit, line, evidence=evidence),
        x_name=name,
        response=fit.response,
        level=fit.level,
        size=size,
        fitted=measured / np.exp(np.asarray(fit.residuals, dtype=np.float64)),
        names=[str(n) for n in run_names(fit.data)],
        target=target,
    )


def target_of(point: Point, fit: Fit | None = None, *, measured: float | None = None) -> Target | None:
    """A forecast as a mark in the fit chart; `None` where its place on the axis is not known."""
    name = axis_of(fit)[0] if fit is not None else "flops" if {"params", "tokens"} <= point.at.keys() else ""
    if name == "flops" and "flops" not in point.at:
        x = COST * point.at["params"] * point.at["tokens"]
    elif name in point.at:
        x = point.at[name]
    else:
        return None
    ends = (point.low, point.high, point.curve_low, point.curve_high)
    return Target(float(x), point.value, *ends, measured=measured)


def residual_numbers(fit: Fit) -> ResidualNumbers | None:
    """Residuals along the axis of the fit; `None` where the axis has no logarithm."""
    from gnomon.fit.estimate import run_names

    name, x = axis_of(fit)
    if (x <= 0).any():
        return None
    left = np.asarray(fit.residuals, dtype=np.float64)
    return ResidualNumbers(x, left, x_name=name, names=[str(n) for n in run_names(fit.data)])


def contour_numbers(fit: Fit, plan: Plan) -> ContourNumbers | None:
    """The law over parameters and tokens with the plan's path; `None` when it takes other inputs too."""
    if set(fit.law.inputs) != {"params", "tokens"}:
        return None
    path = {name: _known(column) for name, column in plan.path.items()}
    good = np.isfinite(path["params"]) & np.isfinite(path["tokens"])
    if good.sum() < 2:
        return None
    params, tokens = (np.asarray(fit.data[n], dtype=np.float64) for n in ("params", "tokens"))
    size, data = (float(plan.decision[n]) for n in ("params", "tokens"))
    grid_n = np.geomspace(min(params.min(), size) / 1.6, max(params.max(), size) * 4, GRID)
    grid_d = np.geomspace(min(tokens.min(), data) / 1.6, max(tokens.max(), data) * 4, GRID)
    with np.errstate(all="ignore"):
        value = np.asarray(fit.law(params=grid_n[None, :], tokens=grid_d[:, None]), dtype=np.float64)
    good &= (path["params"] >= grid_n[0]) & (path["params"] <= grid_n[-1])
    good &= (path["tokens"] >= grid_d[0]) & (path["tokens"] <= grid_d[-1])
    flops, best = path["flops"][good], path["params"][good]
    cost = float(plan.decision["flops"]) / (size * data)
    sides = [path[f"params_{end}"][good] if f"params_{end}" in path else None for end in ("low", "high")]
    if any(side is None or not np.isfinite(side).all() for side in sides):
        sides = [None, None]
    return ContourNumbers(
        grid_n, grid_d, value, params, tokens, flops, best, sides[0], sides[1], (size, data),
        response=plan.response, cost=cost, level=plan.level,
    )  # fmt: skip


def isoflop_numbers(study: IsoFlop, runs: Runs, *, response: str = "loss") -> IsoflopNumbers:
    """Budgets of an isoFLOP study with the runs behind them."""
    params, loss = (np.asarray(runs[name], dtype=np.float64) for name in ("params", response))
    budgets = []
    for p, rows in zip(study.parabolas, study.rows, strict=True):
        a, b, c = p.coefficients
        shifted = (a - b * p.centre + c * p.centre**2, b - 2 * c * p.centre, c)
        budgets.append(Budget(p.flops, params[rows], loss[rows], None, shifted, p.low, p.high))
    return IsoflopNumbers(budgets, response=response, level=study.level)


def plateau_numbers(plan: Plan) -> PlateauNumbers:
    """Regret of other sizes at the plan's budget."""
    curve = plan.plateau["curve"]
    size, excess = np.asarray(curve["params"]), np.asarray(curve["excess"])
    band = [None if curve.get(end) is None else np.asarray(curve[end], dtype=np.float64) for end in ("low", "high")]
    draws = None if plan.draws is None else int(np.isfinite(plan.draws["params"]).sum())
    return PlateauNumbers(
        size, excess, float(plan.decision["params"]), float(plan.decision["total_flops"]), float(plan.plateau["tolerance"]),
        band[0], band[1], plan.level, draws if band[0] is not None else None,
    )  # fmt: skip


def allocation_numbers(plan: Plan) -> AllocationNumbers | None:
    """Draws of the best size; `None` without draws."""
    if plan.draws is None:
        return None
    draws = np.asarray(plan.draws["params"], dtype=np.float64)
    draws = draws[np.isfinite(draws) & (draws > 0)]
    if not len(draws):
        return None
    return AllocationNumbers(
        draws, float(plan.decision["params"]), float(plan.decision["total_flops"]), level=plan.level
    )


def forecast_numbers(found: Forecast, measured: dict[int, float] | None = None) -> ForecastNumbers:
    """Forecasts in their order; `measured` gives what came out, by position."""
    hits = measured or {}
    rows = [
        ForecastRow(
            where_words(p.at), p.value, p.low, p.high, p.curve_low, p.curve_high, hits.get(i), 10.0**p.horizon
        )
        for i, p in enumerate(found.points)
    ]  # fmt: skip
    return ForecastNumbers(rows, response=found.response, level=found.points[0].level if found.points else 0.9)


def ladder_numbers(runs: Runs, *, response: str = "loss") -> LadderNumbers | None:
    """Losses against tokens by size, from final losses of several lengths or from curves; `None` without two points."""
    if not {"params", "tokens"} <= set(runs.names) or response not in runs:
        return None
    params, tokens, loss = (np.asarray(c, dtype=np.float64) for c in runs.numbers("params", "tokens", response))
    good = np.isfinite(loss) & (loss > 0) & (tokens > 0) & (params > 0)
    rungs = []
    for size in np.unique(params[good]):
        here = np.flatnonzero(good & (params == size))
        here = here[np.argsort(tokens[here], kind="stable")]
        if len(here) >= 2:
            rungs.append(Rung(float(size), tokens[here], loss[here]))
    return LadderNumbers(rungs, response=response) if rungs else None


def law_name(fit: Fit) -> str:
    """The id of the law, or its formula."""
    return fit.law.id or fit.law.text


def _known(column: Any) -> Array:
    return np.array([np.nan if v is None else v for v in column], dtype=np.float64)
