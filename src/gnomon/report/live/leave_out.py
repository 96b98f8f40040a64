"""What a forecast would be without each run in turn: all refits at once, from the fit's own optimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gnomon.report.charts import InfluenceNumbers
from gnomon.report.words import number, quantity

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Point

MOST = 300
"""Of more runs than this, those with the largest residuals are left out."""


def influence_numbers(
    fit: Fit, at: Mapping[str, float], *, half: float | None, what: str = ""
) -> InfluenceNumbers | None:
    """Change of the forecast at a point when one run is left out and the law refitted.

    Args:
        fit: a fit with its rows.
        at: inputs of the law.
        half: relative half width of the forecast's interval; `None` for the fit's typical miss.
        what: the forecast in words.

    Returns:
        `None` when there are too few runs to leave one out.
    """
    from gnomon.fit.estimate import as_fitted, run_names

    design, how = as_fitted(fit)
    _, index = np.unique(design.groups, return_inverse=True)
    count = int(index.max()) + 1
    if count < design.free + 3:
        return None
    worst = np.zeros(count)
    np.maximum.at(worst, index, np.nan_to_num(np.abs(np.asarray(fit.residuals, dtype=np.float64))))
    chosen = np.argsort(-worst, kind="stable")[:MOST]
    weights = np.where(index[None, :] == chosen[:, None], 0.0, 1.0)
    theta = np.repeat(design.theta(fit.law.values)[None], len(chosen), 0)
    found = design.solve(how, theta, weights=weights, continuation=0)
    values = design.values(found.theta)
    changed = type(fit.law)(**{name: np.asarray(value)[:, None] for name, value in values.items()})
    inputs = {name: np.array([float(at[name])]) for name in fit.law.inputs}
    with np.errstate(all="ignore"):
        change = np.ravel(changed(**inputs)) / float(np.ravel(fit.law(**inputs))[0]) - 1
    good = np.asarray(found.converged) & np.isfinite(change)
    if not good.any():
        return None
    names = run_names(fit.data)
    first = np.unique(index, return_index=True)[1]
    shown = [str(names[first[g]]) for g in chosen[good]]
    width = half if half is not None else 2 * fit.residual_sd
    return InfluenceNumbers(shown, change[good], width, what=what or "the forecast")


def asked_influence(fit: Fit, point: Point | None = None) -> InfluenceNumbers | None:
    """Influence on a forecast, or on the law at the largest run where there is none."""
    if point is not None:
        half = None if point.low is None or point.high is None else (point.high - point.low) / 2 / point.value
        return influence_numbers(fit, point.at, half=half, what=f"the forecast at {where_words(point.at)}")
    at = {name: fit.range[name][1] for name in fit.law.inputs}
    return influence_numbers(fit, at, half=None, what=f"the law at {where_words(at)}")


def where_words(at: Mapping[str, float | str]) -> str:
    """A point in a few words: `70B on 1.4T`, `5.76·10²³ FLOP`, `steps 4,000, lr 0.002`."""
    if set(at) == {"params", "tokens"}:
        return f"{number(float(at['params']), 'count')} on {number(float(at['tokens']), 'count')}"
    return ", ".join(value if isinstance(value, str) else quantity(value, name) for name, value in at.items())
