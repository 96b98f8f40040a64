"""One law on one set of rows under a weak prior: the building block of the interval recipe.

Minimises sum_i rho_d(ln law_i - ln L_i) + (s^2 / 2) sum_j ((t_j - m_j) / sd_j)^2 with rho_d Huber's loss, d = 1.345 s, and s the
residual scale found in two rounds. The prior keeps an exponent or a floor that the rows do not determine near what is usual; its
values are round numbers set beforehand: ln exponent (ln .35, .5), ln floor (ln of half the smallest loss and a bit, .5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.fit.design import Design
from gnomon.fit.newton import Prior, Solution
from gnomon.fit.objective import OBJECTIVES, Objective
from gnomon.fit.search import starts
from gnomon.fit.stack import Stack, stacks
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
LOOSE_STEPS = (8, 12)  # unpenalised Newton steps of all starts, then of those kept: they are starts of what follows
ROUGH_STEPS, LAST_STEPS = 20, 60  # penalised Newton steps towards the first scale, then towards the answer
ROUGH = 1e-6  # of the unpenalised objective, while starts are being compared
PRECISE = (
    1e-6  # of the penalised objective: against 1e-7 forecasts of single laws move by .3 % of sigma, sigma by .03 %
)
TRIED = 8  # starts polished for each law
CELLS = 400  # cells of the profile grid from which they come: the prior leaves few optima
MOST_JITTER = 1.5  # largest sd with which prior centres are redrawn

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
    return fit_many([design])[0]


def fit_many(designs: Sequence[Design]) -> list[Penalised]:
    """Fit many tables at once, of one law or of several; the answer for a table does not depend on the others."""
    found: list[Penalised | None] = [None] * len(designs)
    for places, stack in stacks(designs):
        for place, fitted in zip(places, _fit_stack(stack), strict=True):
            found[place] = fitted
    return [f for f in found if f is not None]


def _fit_stack(stack: Stack) -> list[Penalised]:
    parts = stack.designs
    priors, begins = zip(*(weak_prior(part.law, part) for part in parts), strict=True)
    points = [
        np.concatenate([_some(starts(part, CELLS)), begin[None]]) for part, begin in zip(parts, begins, strict=True)
    ]
    owner = np.repeat(np.arange(len(parts)), [len(p) for p in points])
    width = max(part.p for part in parts)
    points, begins = [_wide(p, width) for p in points], [_wide(b, width) for b in begins]
    mean = np.concatenate([_wide(prior.mean, width) for prior in priors])
    sd = np.concatenate([_wide(prior.sd, width, np.inf) for prior in priors])
    logarithmic = np.stack([_wide(prior.logarithmic, width, False) for prior in priors])

    def solve(objective: Objective, theta: Array, owner: Array, widths: Array, **options: Any) -> Solution:
        prior = Prior(mean[owner], sd[owner] * widths[owner, None], logarithmic[owner])
        return stack.minimise(objective, theta, owner, prior, **options)

    wide = np.full(len(parts), WIDE / LEAST_SCALE)
    theta = np.concatenate(points)
    for steps in LOOSE_STEPS:
        loose = solve(OBJECTIVES["squared_log"], theta, owner, wide, iterations=steps, tolerance=ROUGH)
        ranked = [
            np.flatnonzero(owner == k)[np.argsort(_finite(loose.value[owner == k]))[:KEPT]] for k in range(len(parts))
        ]
        theta, owner = loose.theta[np.concatenate(ranked)], np.repeat(np.arange(len(parts)), [len(r) for r in ranked])
    optima = [theta[owner == k] for k in range(len(parts))]  # best first
    candidates = np.concatenate([[*best, begin] for best, begin in zip(optima, begins, strict=True)])
    owner = np.repeat(np.arange(len(parts)), [len(best) + 1 for best in optima])
    theta = np.stack([best[0] for best in optima])
    for used, steps in ((1.0, ROUGH_STEPS), (0.5, LAST_STEPS)):
        residuals = stack.residuals(theta)
        s = np.array([residual_scale(r, len(r) - used * d.p) for r, d in zip(residuals, parts, strict=True)])
        huber = OBJECTIVES["huber"].with_delta(HUBER_EFFICIENT * s[owner, None])
        found = solve(huber, candidates, owner, 1 / s, continuation=0, iterations=steps, tolerance=PRECISE)
        best = [np.flatnonzero(owner == k)[int(np.argmin(_finite(found.value[owner == k])))] for k in range(len(parts))]
        theta = candidates = found.theta[best]
        owner = np.arange(len(parts))
    return [
        Penalised(part, t[: part.p], residual_scale(r, len(r) - part.p), r, prior)
        for part, t, prior, r in zip(parts, theta, priors, stack.residuals(theta), strict=True)
    ]


def _wide(values: Array, width: int, fill: Any = 0.0) -> Array:
    """Coordinates (..., p) among those of wider laws (..., width)."""
    wide = np.full((*values.shape[:-1], width), fill)
    wide[..., : values.shape[-1]] = values
    return wide


def _some(points: Array) -> Array:
    """The best starts and a few spread over the rest; starts come best first."""
    return points[np.unique(np.r_[0 : min(TRIED - 2, len(points)), np.linspace(0, len(points) - 1, 3).astype(int)])]


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.inf)


def randomised(fits: Sequence[Penalised], draws: int, seed: int) -> list[Array]:
    """Coordinates (B, p) of refits of each fit to law + noise with prior centres redrawn: randomise, then optimise.

    Source: Bardsley et al. 2014, Randomize-Then-Optimize; for linear laws these are exact posterior draws.
    """
    found: list[Array] = [np.empty((0, 0))] * len(fits)
    for places, stack in stacks([f.design for f in fits]):
        count = len(places)
        n, p = stack.target.shape[1], stack.designs[0].p
        target, mean = np.ones((count, draws, n)), np.empty((count, draws, p))
        sd, start = np.empty((count, draws, p)), np.empty((count, draws, p))
        for k, place in enumerate(places):
            one, rng = fits[place], np.random.default_rng([seed, 0x5EED])
            s, rows = max(one.scale, one.rms), len(one.residual)
            noise = s * rng.standard_normal((draws, rows))
            target[k, :, :rows] = np.exp(np.log(one.design.target) - one.residual + noise)
            spread = np.where(np.isfinite(one.prior.sd), np.minimum(one.prior.sd, MOST_JITTER), 0.0)
            mean[k] = one.prior.mean + spread * rng.standard_normal((draws, p))
            sd[k], start[k] = one.prior.sd / s, one.theta
        solved = stack.minimise(
            OBJECTIVES["squared_log"],
            start.reshape(-1, p),
            np.repeat(np.arange(count), draws),
            Prior(mean.reshape(-1, p), sd.reshape(-1, p), fits[places[0]].prior.logarithmic),
            target=target.reshape(-1, n),
            iterations=25,
            tolerance=1e-5,
        )
        for k, place in enumerate(places):
            found[place] = solved.theta[k * draws : (k + 1) * draws]
    return found
