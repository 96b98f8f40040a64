"""Learn the constants of the interval recipe from errors on hidden runs, always without the source they are scored on.

The constants maximise a weighted Student-t likelihood of (truth - centre) / sigma; the multipliers are weighted quantiles of the same
ratio. Data sets count the same, inside them families, inside them forecasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from gnomon.forecast.variance import Constants, Ingredients

LEVELS = (0.5, 0.8, 0.9, 0.95)
OFFSET = 0.1  # decades: keeps the horizon term finite at the edge of the rows; set, not learnt
START = np.array([0.0, 0.0, -0.7, -0.7, 0.5, np.log(0.03), np.log(4.0)])  # set before any learning
PULL = 2e-3  # weight of the squared distance from START: decides only what the data leave open
LEAST_VARIANCE = 1e-10  # residual sd of 1e-5: rounding
LEAST_DF = 1.5  # of the Student t
BOUNDS = [(-12.0, 5.0)] * 4 + [(0.0, 2.0), (-12.0, 5.0), (-4.0, 4.0)]


@dataclass(frozen=True)
class Sample:
    """Errors of hidden runs with what their variance is made of.

    Args:
        raw: ingredients, each (n,).
        error: ln truth - ln forecast (n,).
        weight: (n,).
        group: source, left out as a whole (n,).
    """

    raw: Ingredients
    error: np.ndarray
    weight: np.ndarray
    group: np.ndarray

    def rows(self, keep: np.ndarray) -> Sample:
        raw = Ingredients(**{k: v[keep] for k, v in vars(self.raw).items()})
        return Sample(raw, self.error[keep], self.weight[keep], self.group[keep])


def constants_of(x: np.ndarray, multipliers: dict[float, float], learnt_on: str = "") -> Constants:
    """The recipe's constants from the coordinates of the search."""
    k = np.exp(x)
    return Constants(k[0], k[1], k[2], k[3], float(x[4]), OFFSET, k[5], LEAST_DF + k[6], multipliers, learnt_on)


def sigma_of(constants: Constants, raw: Ingredients) -> np.ndarray:
    return np.sqrt(constants.scaled(raw, {}).sigma ** 2 + LEAST_VARIANCE)


def learn(sample: Sample, learnt_on: str = "") -> Constants:
    """Constants and multipliers from all errors of a sample."""
    weight = sample.weight / sample.weight.sum()

    def loss(x: np.ndarray) -> float:
        constants = constants_of(x, {})
        sigma, df = sigma_of(constants, sample.raw), constants.tail_df
        density = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi) - np.log(sigma)
        density = density - (df + 1) / 2 * np.log1p((sample.error / sigma) ** 2 / df)
        return float(-(weight * density).sum() + PULL * ((x - START) ** 2).sum())

    x = minimize(loss, START, method="L-BFGS-B", bounds=BOUNDS, options={"maxiter": 200}).x
    ratio = np.abs(sample.error) / sigma_of(constants_of(x, {}), sample.raw)
    return constants_of(x, {level: quantile(ratio, weight, level) for level in LEVELS}, learnt_on)


def leave_one_out(sample: Sample) -> dict[str, Constants]:
    """Per source, the constants learnt on all others."""
    return {str(g): learn(sample.rows(sample.group != g)) for g in np.unique(sample.group)}


def half_widths(sample: Sample, folds: dict[str, Constants]) -> dict[float, np.ndarray]:
    """Half width (n,) at each level, with the constants of the fold that leaves the row's source out."""
    found = {level: np.empty(len(sample.error)) for level in LEVELS}
    for group, constants in folds.items():
        here = sample.group == group
        sigma = sigma_of(constants, sample.rows(here).raw)
        for level in LEVELS:
            found[level][here] = constants.multipliers[level] * sigma
    return found


def quantile(x: np.ndarray, weight: np.ndarray, q: float) -> float:
    """Weighted quantile."""
    order = np.argsort(x)
    total = np.cumsum(weight[order])
    return float(np.interp(q, (total - 0.5 * weight[order]) / total[-1], x[order]))


def document(constants: Constants) -> dict[str, Any]:
    """The content of recipe_constants.json."""
    found = {k: v for k, v in vars(constants).items() if k not in ("multipliers", "learnt_on", "caught")}
    return {
        "version": 3,
        "learnt_on": constants.learnt_on,
        **{k: float(v) for k, v in found.items()},
        "multipliers": {f"{level:g}": value for level, value in constants.multipliers.items()},
        "caught": {where: round(share, 4) for where, share in constants.caught.items()},
    }
