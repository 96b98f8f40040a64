"""Profile intervals: how far a parameter can move before the best fit with it held there gets significantly worse.

    F(theta_j) - F_min <= t^2 tau / 2,  tau = [sum psi^2 / (n - p)] / [sum psi' / n]

with t the two-sided Student-t quantile on n - p degrees of freedom; tau is the scale of a robust objective (for squared
residuals it is the residual variance; for counts see `rise_at`). See Huber and Ronchetti 2009, section 7.6, for the tests behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.fit.counts import dispersion
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective

Array = np.ndarray

POINTS = 33  # points of a profile on each pass; two passes resolve an end to 1/200 of the interval


@dataclass(frozen=True)
class Profile:
    """Interval of one coordinate and the curve behind it. An end at a bound is infinite evidence of nothing: `open` says so."""

    low: float
    high: float
    open_low: bool
    open_high: bool
    at: Array
    rise: Array


def scale(design: Design, objective: Objective, theta: Array) -> float:
    """tau, the factor between the objective and a log-likelihood."""
    law, objective = design.predict(theta)[0], design.scaled(objective)
    psi = objective.psi(law, design.output)
    psi2 = float((psi**2).sum()) / max(len(psi) - design.free, 1)
    return psi2 / max(float(objective.stiffness(law, design.output).mean()), 1e-300)


def rise_at(design: Design, objective: Objective, theta: Array, level: float) -> float:
    """The rise of the objective at the ends of an interval.

    Counts have a likelihood of known scale: half the chi-squared quantile, unless they scatter more than chance; then it is
    multiplied by their overdispersion and the quantile is Student's, as for an estimated scale.
    """
    from scipy.stats import norm
    from scipy.stats import t as student

    freedom = max(len(design.output) - design.free, 1)
    quantile = float(student.ppf(0.5 + level / 2, freedom))
    if not objective.counts:
        return 0.5 * quantile**2 * scale(design, objective, theta)
    spread = dispersion(design, theta)
    if spread.phi is None or not spread.more_than_counts:
        return 0.5 * float(norm.ppf(0.5 + level / 2)) ** 2
    return 0.5 * quantile**2 * spread.phi


def jacobian(design: Design, objective: Objective, theta: Array) -> Array:
    """(n, p) derivative of each residual by each coordinate, by central differences (step 1e-5: error of order 1e-10); 0 where held."""
    step, objective = 1e-5, design.scaled(objective)
    moved = theta + step * np.concatenate([np.eye(design.p), -np.eye(design.p)])
    residual = objective.residual(design.predict(moved), design.output)
    slopes: Array = ((residual[: design.p] - residual[design.p :]) / (2 * step)).T
    return np.where(design.frozen, 0.0, slopes)


def run_scores(design: Design, objective: Objective, theta: Array) -> tuple[Array, Array, Array]:
    """Index of the run of each row (n,), and per run the gradient (G, p) and Gauss-Newton Hessian (G, p, p) of the objective."""
    slopes = jacobian(design, objective, theta)
    law, objective = design.predict(theta)[0], design.scaled(objective)
    psi = design.load * objective.psi(law, design.output)
    bend = design.load * objective.stiffness(law, design.output)
    labels, index = np.unique(design.groups, return_inverse=True)
    count, p = len(labels), design.p
    scores = np.stack([np.bincount(index, slopes[:, j] * psi, count) for j in range(p)], 1)
    hessians = np.empty((count, p, p))
    for i in range(p):
        for j in range(i, p):
            hessians[:, i, j] = hessians[:, j, i] = np.bincount(index, slopes[:, i] * slopes[:, j] * bend, count)
    return index, scores, hessians


def prior_information(design: Design, theta: Array) -> Array:
    """Curvature (p, p) of the design's prior; zeros without one. Held coordinates, which have no slopes, get a one in its place."""
    bend = np.zeros(design.p) if design.prior is None else design.prior.slopes(theta[None])[1][:, 0]
    return np.diag(np.where(design.frozen, 1.0, bend))


def covariance(design: Design, objective: Objective, theta: Array) -> Array:
    """Sandwich covariance of the coordinates (p, p), robust to uneven noise and to rows of one run that move together.

    V = H^-1 (sum_g s_g s_g') H^-1 with s_g the score of run g and H = sum psi' J J' (Huber 1967); n / (n - p) corrects
    for the parameters. A direction without information gets a huge variance, never a missing one.
    """
    _, scores, hessians = run_scores(design, objective, theta)
    scores, hessians = (np.where(np.isfinite(x), x, 0.0) for x in (scores, hessians))  # undefined: no information
    h = hessians.sum(0) + prior_information(design, theta)
    d = np.sqrt(np.maximum(np.diag(h), 1e-30 * max(float(np.diag(h).max()), 1e-250)))
    values, vectors = np.linalg.eigh(h / np.outer(d, d))
    inverse = (vectors / np.maximum(values, 1e-14)) @ vectors.T / np.outer(d, d)
    runs = len(scores)
    sandwich: Array = inverse @ (scores.T @ scores) @ inverse * (runs / max(runs - design.free, 1))
    return np.where(design.frozen | design.frozen[:, None], 0.0, sandwich)


def standard_errors(design: Design, objective: Objective, theta: Array) -> Array:
    """Standard errors (p,) of the coordinates from `covariance`."""
    return np.sqrt(np.maximum(np.diag(covariance(design, objective, theta)), 0.0))


def profile(design: Design, objective: Objective, theta: Array, value: float, j: int, level: float) -> Profile:
    """Interval of coordinate j at the given level."""
    from scipy.stats import norm

    p = design.p
    limit = rise_at(design, objective, theta, level)
    quantile = float(norm.ppf(0.5 + level / 2))
    error = float(standard_errors(design, objective, theta)[j])
    low, high = design.kernel.lower[j], design.kernel.upper[j]
    reach = float(np.clip(4 * quantile * error, 1e-6, high - low))
    frozen = np.arange(p) == j
    ends, curves = [], []
    for sign, bound in ((-1.0, low), (1.0, high)):
        span = reach
        at, rise = np.array([theta[j]]), np.array([0.0])
        for _ in range(6):  # widen until the rise passes the limit or the bound is reached
            stop = float(np.clip(theta[j] + sign * span, low, high))
            at = np.linspace(theta[j], stop, POINTS)
            rise = _rise(design, objective, theta, value, frozen, at)
            if rise.max() > limit or stop == bound:
                break
            span *= 4
        over = np.flatnonzero(rise > limit)
        if not len(over):
            ends.append((float(bound), True))
        else:
            k = int(over[0])
            fine = np.linspace(at[k - 1], at[k], POINTS)
            finer = _rise(design, objective, theta, value, frozen, fine)
            cross = float(np.interp(limit, np.maximum.accumulate(finer), fine))
            ends.append((cross, False))
        curves.append((at, rise))
    points = np.concatenate([curves[0][0][::-1], curves[1][0][1:]])
    rises = np.concatenate([curves[0][1][::-1], curves[1][1][1:]])
    return Profile(ends[0][0], ends[1][0], ends[0][1], ends[1][1], points, rises / limit)


def _rise(design: Design, objective: Objective, theta: Array, value: float, frozen: Array, at: Array) -> Array:
    start = np.repeat(theta[None], len(at), 0)
    start[:, frozen] = at[:, None]
    best = design.solve(objective, start, frozen=frozen, continuation=0, iterations=150)
    again = design.solve(objective, start, frozen=frozen, continuation=2, iterations=150)
    return np.maximum(np.minimum(best.value, again.value) - value, 0.0)
