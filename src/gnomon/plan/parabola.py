"""One isoFLOP parabola: loss against ln params at one budget, its minimum with an interval, and the method's bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["inside", "edge", "outside", "no minimum"]


@dataclass(frozen=True)
class Parabola:
    """Loss = c0 + c1 z + c2 z^2 with z = ln params - centre, fitted by least squares to the runs of one budget.

    Args:
        flops: the budget (geometric mean of the runs' FLOP).
        runs: number of runs used.
        window: smallest and largest size tried.
        centre: mean of ln params.
        coefficients: (c0, c1, c2).
        residual_ss: sum of squared residuals.
        unscaled: covariance of the coefficients for unit noise, 3 x 3.
        params, loss: the minimum (None without one).
        low, high: interval of its size by Fieller's theorem; None when the curvature is not significant or no slack is
            left.
        weight: variance of ln params at the minimum per unit noise variance, relative to the loss.
        verdict: "inside" the window; "edge" (inside, but the interval leaves the window or is unbounded); "outside" it
            (the minimum is an extrapolation); "no minimum" (it opens downward, or has fewer than three sizes).
        bias: ln of the parabola's minimum over the true one on the law's own noise-free surface at these sizes; None
            without a law.
    """

    flops: float
    runs: int
    window: tuple[float, float]
    centre: float
    coefficients: tuple[float, float, float]
    residual_ss: float
    unscaled: np.ndarray
    params: float | None
    loss: float | None
    low: float | None
    high: float | None
    weight: float
    verdict: Verdict
    bias: float | None = None

    @property
    def slack(self) -> int:
        """Runs beyond the three coefficients."""
        return self.runs - 3

    @property
    def hollow(self) -> bool:
        """The minimum is not bracketed: drawn hollow and left out of the exponent."""
        return self.params is None or self.verdict in ("outside", "no minimum")

    @property
    def in_log_params(self) -> tuple[float, float, float]:
        """Coefficients of 1, ln params and (ln params)^2."""
        c0, c1, c2 = self.coefficients
        return c0 - c1 * self.centre + c2 * self.centre**2, c1 - 2.0 * c2 * self.centre, c2

    def curve(self, params: np.ndarray) -> np.ndarray:
        """Loss of the parabola at given sizes."""
        z = np.log(params) - self.centre
        c0, c1, c2 = self.coefficients
        return np.asarray(c0 + c1 * z + c2 * z * z)


def fit_parabola(
    params: np.ndarray,
    loss: np.ndarray,
    flops: float,
    *,
    level: float = 0.9,
    noise_variance: float | None = None,
    slack: int = 0,
) -> Parabola:
    """Fit one budget.

    Args:
        params: sizes, shape (n,).
        loss: losses, shape (n,).
        flops: the budget.
        level: of the interval.
        noise_variance: variance of the relative noise pooled over budgets; default: this budget's residuals.
        slack: degrees of freedom behind `noise_variance`.
    """
    x = np.log(np.asarray(params, float))
    y = np.asarray(loss, float)
    window = (float(np.exp(x.min())), float(np.exp(x.max())))
    centre = float(x.mean())
    if len(np.unique(np.round(x, 9))) < 3:
        flat = (float(y.mean()), 0.0, 0.0)
        return Parabola(
            flops, len(y), window, centre, flat, 0.0, np.zeros((3, 3)), None, None, None, None, np.inf, "no minimum"
        )
    z = x - centre
    scale = float(np.abs(z).max())  # columns of order 1: the normal equations then lose no digits
    design = np.stack([np.ones_like(z), z / scale, (z / scale) ** 2], axis=1)
    unit = np.diag(1.0 / scale ** np.arange(3))
    solution, *_ = np.linalg.lstsq(design, y, rcond=None)
    c0, c1, c2 = unit @ solution
    residual_ss = float(np.sum((design @ solution - y) ** 2))
    unscaled = unit @ np.linalg.inv(design.T @ design) @ unit
    if c2 <= 0:
        coefficients = (float(c0), float(c1), float(c2))
        return Parabola(
            flops,
            len(y),
            window,
            centre,
            coefficients,
            residual_ss,
            unscaled,
            None,
            None,
            None,
            None,
            np.inf,
            "no minimum",
        )
    best = -c1 / (2.0 * c2)
    least = float(c0 + c1 * best + c2 * best * best)
    gradient = np.array([0.0, -1.0 / (2.0 * c2), c1 / (2.0 * c2 * c2)])
    weight = float(gradient @ unscaled @ gradient) * least * least
    if noise_variance is None:
        slack = len(y) - 3
        noise_variance = residual_ss / slack / least**2 if slack > 0 else 0.0
    ends = fieller(c1, c2, unscaled[1:, 1:] * noise_variance * least * least, slack, level) if slack > 0 else None
    inside = x.min() < centre + best < x.max()
    verdict: Verdict = "outside"
    if inside:
        within = ends is not None and x.min() <= centre + ends[0] and centre + ends[1] <= x.max()
        verdict = "inside" if within or slack <= 0 else "edge"
    return Parabola(
        flops=flops,
        runs=len(y),
        window=window,
        centre=centre,
        coefficients=(float(c0), float(c1), float(c2)),
        residual_ss=residual_ss,
        unscaled=unscaled,
        params=float(np.exp(centre + best)),
        loss=least,
        low=None if ends is None else float(np.exp(centre + ends[0])),
        high=None if ends is None else float(np.exp(centre + ends[1])),
        weight=weight,
        verdict=verdict,
    )


def fieller(c1: float, c2: float, covariance: np.ndarray, slack: int, level: float) -> tuple[float, float] | None:
    """Interval of -c1 / (2 c2), or None when it is unbounded because c2 is not significantly different from zero.

    The set of m with (c1 + 2 c2 m)^2 <= t^2 var(c1 + 2 c2 m), t Student's quantile (Fieller 1954).
    """
    from scipy.special import stdtrit

    squared = float(stdtrit(slack, 0.5 + 0.5 * level)) ** 2
    (v11, v12), (_, v22) = covariance
    a = 4.0 * (c2 * c2 - squared * v22)
    b = 4.0 * (c1 * c2 - squared * v12)
    c = c1 * c1 - squared * v11
    if a <= 0:
        return None
    root = np.sqrt(max(b * b - 4.0 * a * c, 0.0))  # never negative while a > 0, but for rounding
    return float((-b - root) / (2.0 * a)), float((-b + root) / (2.0 * a))


def parabola_bias(alpha: float, beta: float, half_width: float, points: int) -> float:
    """Shift of ln params at the minimum of a parabola fitted to a noise-free Chinchilla surface, to leading order.

    (alpha - beta) / 6 * X^2 (3 m^2 + 3 m - 1) / (5 m^2), X = half_width, 2 m + 1 = points spaced evenly in ln params
    and centred on the optimum. The cubic term of y = beta exp(-alpha x) + alpha exp(beta x) moves the minimum by
    -y''' <x^4> / (6 y'' <x^2>).

    Args:
        alpha, beta: exponents of size and data.
        half_width: ln k for sizes from 1/k to k times the optimum.
        points: number of sizes, at least 3 (m is half odd for an even number; the formula holds).
    """
    m = 0.5 * (points - 1)
    return (alpha - beta) / 6.0 * half_width**2 * (3.0 * m * m + 3.0 * m - 1.0) / (5.0 * m * m)
