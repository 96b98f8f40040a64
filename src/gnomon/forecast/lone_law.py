"""A forecast by one law that has no others to be compared with: its bootstrap and its residuals alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import t

from gnomon.errors import Notice
from gnomon.fit.result import Fit
from gnomon.forecast.forecast_result import Forecast, Point
from gnomon.forecast.grade import grade
from gnomon.forecast.proportion import share_interval
from gnomon.version import __version__

Array = np.ndarray


def half_range(fit: Fit, columns: Mapping[str, Any], count: int) -> Array | None:
    """Half of the 16-84 % range (count,) of ln law over the fit's draws; None without draws."""
    draws = fit.law_draws()
    if draws is None or fit.draws is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.log(np.broadcast_to(draws(**columns), (len(next(iter(fit.draws.values()))), count)))
    low, high = np.nanquantile(spread, [0.16, 0.84], axis=0)
    return np.asarray((high - low) / 2)


def _freedom(fit: Fit, boot: float, slack: int) -> float:
    """Degrees of freedom of a forecast's variance: runs beyond the parameters, at least one.

    Where parameters come from other families, most of the width is their spread b, known with F degrees of freedom; the rows'
    residuals r have n - p: F' = (b^2 + r^2)^2 / (b^4 / F + r^4 / (n - p)) (Satterthwaite 1946).
    """
    between = None if fit.held is None else fit.held.freedom
    if between is None:
        return max(slack, 1)
    rows = max(fit.used - len(fit.fitted), 1)
    return (boot**2 + fit.residual_sd**2) ** 2 / (boot**4 / between + fit.residual_sd**4 / rows)


def by_itself(
    fit: Fit,
    columns: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]],
    value: Array,
    level: float,
    slack: int,
    seed: int,
) -> Forecast:
    """Bootstrap and residual terms alone, for laws that have no others to be compared with; of counts their likelihood."""
    middle, boot = np.log(value), half_range(fit, columns, len(points))
    built = []
    shares = share_interval(fit, columns, level, seed) if "counts" in fit.extra else None
    for i in range(len(points)):
        decades = {}
        for name, values in columns.items():
            if name in fit.law.made_inputs:
                continue
            top = fit.range[name][1] if name in fit.range else float(values[i])
            decades[name] = max(float(np.log10(values[i] / top)), 0.0) if values[i] > 0 and top > 0 else 0.0
        horizon = max(decades.values(), default=0.0)
        ends: dict[str, float] = {}
        terms: dict[str, float] = {}
        sigma = None
        if shares is not None:
            sigma = float(shares.sigma[i])
            ends = {name: float(getattr(shares, name)[i]) for name in ("low", "high", "curve_low", "curve_high")}
            terms = {"bootstrap": float(shares.curve_share[i]), "counts": 1.0 - float(shares.curve_share[i])}
        elif boot is not None:
            sigma = float(np.hypot(boot[i], fit.residual_sd))
            quantile = float(t.ppf(0.5 + level / 2, _freedom(fit, float(boot[i]), slack)))
            ends = {
                "low": float(np.exp(middle[i] - quantile * sigma)),
                "high": float(np.exp(middle[i] + quantile * sigma)),
                "curve_low": float(np.exp(middle[i] - quantile * boot[i])),
                "curve_high": float(np.exp(middle[i] + quantile * boot[i])),
            }
            terms = {"bootstrap": float((boot[i] / sigma) ** 2), "residual": float((fit.residual_sd / sigma) ** 2)}
        built.append(
            Point(
                at={
                    name: str(getattr(values[i], "name", values[i]))
                    if name in fit.law.made_inputs
                    else float(values[i])
                    for name, values in columns.items()
                },
                value=float(value[i]),
                low=ends.get("low"),
                high=ends.get("high"),
                curve_low=ends.get("curve_low"),
                curve_high=ends.get("curve_high"),
                level=level,
                decades=decades,
                horizon=horizon,
                terms=terms,
                grade=grade(horizon=horizon, slack=slack, identified=fit.identified, hidden_error=None),
                laws={fit.law.id or "formula": float(value[i])},
                sigma=sigma,
            )
        )
    if boot is None:
        notice = Notice("no-interval", "The fit was made without bootstrap draws, so the forecast has no interval.")
    else:
        notice = Notice(
            "model-error-left-out",
            f"{_alone(fit)}: the interval covers estimation and noise, not a wrong law. Expect it to be too narrow.",
        )
    method = f"{fit.law.id or 'formula'}, bootstrap and {'residual' if shares is None else 'counts'}"
    return Forecast(tuple(built), fit.response, method, (fit.law.id or "formula",), (*fit.notices, notice), __version__)


def _alone(fit: Fit) -> str:
    """Why no other laws stand beside a fit's own."""
    for name in fit.law.inputs if set(fit.law.inputs) <= {"params", "tokens"} else ():
        few = len(np.unique(np.asarray(fit.data[name], float)))
        if few < 3:
            values = f"value of {name} lets" if few == 1 else f"values of {name} let"
            return f"{few} {values} no other law be laid beside this one"
    return "No other laws are known for these inputs"
