"""One law on one set of rows under a weak prior: the building block of the interval recipe.

Minimises sum_i rho_d(ln law_i - ln L_i) + (s^2 / 2) sum_j ((t_j - m_j) / sd_j)^2 with rho_d Huber's loss, d = 1.345 s, and s the
residual scale found in two rounds. The prior keeps an exponent or a floor that the rows do not determine near what is usual; its
values are round numbers set beforehand: ln exponent (ln .35, .5), ln floor (ln of half the smallest loss and a bit, .5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.fit.design import Design
from gnomon.fit.newton import Prior, Solution, minimise
from gnomon.fit.objective import OBJECTIVES, Objective
from gnomon.fit.search import starts
from gnomon.laws.law import Law, Parameter
from gnomon.laws.parameter import FLOOR_BOUNDS

Array = np.ndarray

HUBER_EFFICIENT = 1.345  # 95 % efficiency at the normal (Huber 1981, section 4.2)
LEAST_SCALE = 3e-4  # residual sd below which runs are called equal: rounding of published losses
ENOUGH_FOR_MEDIAN = 12  # rows from which the median absolute deviation is used beside the root mean square
EXPONENT = (float(np.log(0.35)), 0.5)  # prior of ln exponent: mean, sd
FLOOR_GAP = (-0.5, 0.5)  # prior of ln floor minus ln of the smallest fitted loss: mean, sd
WIDE = 8.0  # factor on the prior's sd while looking for starts
KEPT = 3  # unpenalised optima carried into the penalised rounds
ROUGH = 1e-6  # of the unpenalised objective, while starts are being compared
PRECISE = 1e-7  # of the penalised objective: a forecast then moves by less than 1e-4 of its interval
TRIED = 8  # starts polished for each law

# Priors of shape parameters that are neither exponent nor floor: law id -> parameter -> (mean, sd, on the logarithm).
SHAPES: dict[str, dict[str, tuple[float, float, bool]]] = {
    "sum_power_no_floor": {"s": (0.0, 1.0, True)},
    "sum_power_floor": {"gamma": (0.0, 0.3, True)},
    "shift_pow": {"x0": (-4.0, 2.0, True)},  # in units of the geometric mean input
    "m4": {"H": (0.0, 1.5, True), "q": (0.0, 0.7, True)},
    "bnsl": {"c0": (*EXPONENT, True), "c1": (0.0, 0.3, False), "f1": (-0.5, 0.7, True)},
}


@dataclass(frozen=True)
class Penalised:
    """A law fitted under the weak prior: coordinates (p,), residual scale s, residuals (n,) and rms with n - p degrees of freedom."""

    design: Design
    theta: Array
    scale: float
    residual: Array
    prior: Prior

    @cached_property
    def rms(self) -> float:
        """Root mean square residual with n - p degrees of freedom."""
        n, p = len(self.residual), self.design.p
        return float(np.sqrt((self.residual**2).sum() / (n - p))) if n > p else self.scale

    def ln_at(self, points: dict[str, Array], theta: Array | None = None) -> Array:
        """ln(law) at points, (m,), or (B, m) for coordinates (B, p)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ln = np.log(self.design.at(points).predict(self.theta if theta is None else theta))
        return ln[0] if theta is None else ln


def weak_prior(law: type[Law], design: Design) -> tuple[Prior, Array]:
    """The prior in the design's units and a start at its centre."""
    mean = np.zeros(design.p)
    sd = np.full(design.p, np.inf)
    logarithmic = np.zeros(design.p, bool)
    smallest = float(np.log(design.target.min()))
    shapes = SHAPES.get(law.id, {})
    centre = np.zeros(design.p)
    for j, (name, parameter) in enumerate(law.parameters.items()):
        if name in shapes:
            mean[j], sd[j], on_log = shapes[name]
            logarithmic[j] = on_log and not parameter.log
        elif is_floor(parameter):
            mean[j], sd[j] = smallest + FLOOR_GAP[0], FLOOR_GAP[1]
        elif parameter.grid and not parameter.log and not parameter.linear:
            mean[j], sd[j] = EXPONENT
            logarithmic[j] = True
        else:
            centre[j] = -1.1  # an amplitude of a third of the typical loss
            continue
        centre[j] = np.exp(mean[j]) if logarithmic[j] else mean[j]
    return Prior(mean[None], sd[None], logarithmic), centre


def is_floor(parameter: Parameter) -> bool:
    """Whether a declared parameter is the constant a law tends to."""
    return parameter.linear and parameter.bounds == FLOOR_BOUNDS


def residual_scale(residual: Array, freedom: float) -> float:
    """Residual sd: root mean square with `freedom` degrees of freedom (never under 1), or the robust one when smaller."""
    n = len(residual)
    freedom = max(freedom, 1.0)
    size = float(np.sqrt((residual**2).sum() / freedom))
    if n >= ENOUGH_FOR_MEDIAN:
        size = min(size, 1.4826 * float(np.median(np.abs(residual))) * np.sqrt(n / freedom))
    return max(size, LEAST_SCALE)


def fit_penalised(design: Design) -> Penalised:
    """Fit one law to its rows; works with fewer rows than parameters, where the prior decides what they leave open."""
    return fit_subsets(design, np.ones((1, len(design.output)), bool))[0]


def fit_subsets(design: Design, subsets: Array) -> list[Penalised]:
    """Fit one law to several subsets of the rows (S, n) in one batch; rows outside a subset have weight zero."""
    parts = [design.rows(rows) for rows in subsets]
    priors, begins = zip(*(weak_prior(design.law, part) for part in parts), strict=True)
    points = [np.concatenate([_some(starts(part)), begin[None]]) for part, begin in zip(parts, begins, strict=True)]
    owner = np.repeat(np.arange(len(parts)), [len(p) for p in points])
    mean = np.concatenate([prior.mean for prior in priors])
    sd, logarithmic = priors[0].sd, priors[0].logarithmic

    def solve(objective: Objective, theta: Array, owner: Array, widths: Array, **options: Any) -> Solution:
        prior = Prior(mean[owner], sd * widths[owner, None], logarithmic)
        return minimise(
            design.kernel, objective, theta, design.target, weights=subsets[owner] * 1.0, prior=prior, **options
        )

    wide = np.full(len(parts), WIDE / LEAST_SCALE)
    loose = solve(OBJECTIVES["squared_log"], np.concatenate(points), owner, wide, iterations=40, tolerance=ROUGH)
    ranked = [
        np.flatnonzero(owner == k)[np.argsort(_finite(loose.value[owner == k]))[:KEPT]] for k in range(len(parts))
    ]
    theta = np.stack([loose.theta[best[0]] for best in ranked])
    candidates = np.concatenate(
        [np.concatenate([loose.theta[best], begin[None]]) for best, begin in zip(ranked, begins, strict=True)]
    )
    owner = np.repeat(np.arange(len(parts)), [len(best) + 1 for best in ranked])
    for used in (design.p, design.p / 2):
        s = np.array(
            [residual_scale(_residual(part, t), len(part.output) - used) for part, t in zip(parts, theta, strict=True)]
        )
        huber = OBJECTIVES["huber"].with_delta(HUBER_EFFICIENT * s[owner, None])
        found = solve(huber, candidates, owner, 1 / s, continuation=0, iterations=60, tolerance=PRECISE)
        best = [np.flatnonzero(owner == k)[int(np.argmin(_finite(found.value[owner == k])))] for k in range(len(parts))]
        theta = candidates = found.theta[best]
        owner = np.arange(len(parts))
    fitted = []
    for part, t, prior in zip(parts, theta, priors, strict=True):
        residual = _residual(part, t)
        fitted.append(Penalised(part, t, residual_scale(residual, len(residual) - design.p), residual, prior))
    return fitted


def _some(points: Array) -> Array:
    """The best starts and a few spread over the rest; starts come best first."""
    return points[np.unique(np.r_[0 : min(TRIED - 2, len(points)), np.linspace(0, len(points) - 1, 3).astype(int)])]


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.inf)


def randomised(fitted: Penalised, draws: int, seed: int) -> Array:
    """Coordinates (B, p) of refits to law + noise with prior centres redrawn: randomise, then optimise.

    Source: Bardsley et al. 2014, Randomize-Then-Optimize; for linear laws these are exact posterior draws.
    """
    rng = np.random.default_rng([seed, 0x5EED])
    design, s = fitted.design, max(fitted.scale, fitted.rms)
    target = np.exp(np.log(design.target) - fitted.residual + s * rng.standard_normal((draws, len(design.target))))
    spread = np.where(np.isfinite(fitted.prior.sd), np.minimum(fitted.prior.sd, 1.5), 0.0)
    mean = fitted.prior.mean + spread * rng.standard_normal((draws, design.p))
    prior = Prior(mean, fitted.prior.sd / s, fitted.prior.logarithmic)
    start = np.repeat(fitted.theta[None], draws, 0)
    return minimise(
        design.kernel, OBJECTIVES["squared_log"], start, target, prior=prior, iterations=25, tolerance=1e-5
    ).theta


def _residual(design: Design, theta: Array) -> Array:
    """ln(measured / law)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.log(design.output / design.predict(theta)[0])
    return np.nan_to_num(r, nan=10.0, posinf=10.0, neginf=-10.0)
