"""A power law between two quantities as a straight line of logarithms, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Line:
    """ln y = intercept + slope ln x by weighted least squares, with what its interval needs.

    Args:
        slope, intercept: of natural logarithms; the intercept belongs to x = 1.
        slope_se: standard error of the slope; None without slack.
        low, high: interval of the slope; None without slack.
        centre: weighted mean of ln x.
        centre_se: standard error of ln y at the centre; None without slack.
        t: quantile of Student's distribution used.
    """

    slope: float
    intercept: float
    slope_se: float | None
    low: float | None
    high: float | None
    centre: float
    centre_se: float | None
    t: float

    def at(self, x: float) -> tuple[float, float | None, float | None]:
        """Value and interval of y at x."""
        middle = self.intercept + self.slope * np.log(x)
        if self.slope_se is None or self.centre_se is None:
            return float(np.exp(middle)), None, None
        half = self.t * np.hypot(self.centre_se, self.slope_se * (np.log(x) - self.centre))
        return float(np.exp(middle)), float(np.exp(middle - half)), float(np.exp(middle + half))


def power_line(
    x: np.ndarray,
    y: np.ndarray,
    *,
    level: float = 0.9,
    weights: np.ndarray | None = None,
    noise: float | None = None,
    slack: int = 0,
) -> Line:
    """Regress ln y on ln x.

    Args:
        x, y: positive arrays of one length, at least 2.
        level: of the interval of the slope.
        weights: inverse relative variances of ln y; None for equal ones.
        noise: variance of a unit-weight ln y when it is known from elsewhere with `slack` degrees of freedom. The
            larger of it and of the scatter about the line is used.
        slack: see `noise`.
    """
    from scipy.special import stdtrit

    u, v = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    w = np.ones_like(u) if weights is None else np.asarray(weights, float)
    total = float(w.sum())
    centre, level_v = float(w @ u) / total, float(w @ v) / total
    spread = float(w @ (u - centre) ** 2)
    slope = float(w @ ((u - centre) * (v - level_v))) / spread
    left = len(u) - 2
    scatter = float(w @ (v - level_v - slope * (u - centre)) ** 2) / left if left > 0 else None
    variance, degrees = scatter, left
    if noise is not None and slack > 0 and (scatter is None or noise >= scatter):
        variance, degrees = noise, slack
    intercept = level_v - slope * centre
    if variance is None:
        return Line(slope, intercept, None, None, None, centre, None, float("nan"))
    t = float(stdtrit(degrees, 0.5 + 0.5 * level))
    se = float(np.sqrt(variance / spread))
    return Line(slope, intercept, se, slope - t * se, slope + t * se, centre, float(np.sqrt(variance / total)), t)
