"""Refits of one law to its own curve plus noise like its residuals, under the weak prior: draws for comparisons and decisions.

    ln target_b = ln law + k_b s (sqrt(rho) z_cell + sqrt(tau - rho) z_run + sqrt(1 - tau) z_row),   k_b^2 = nu / chi2_nu

s is the residual sd with n - p degrees of freedom (runs - p between runs of several rows), tau the share of its square that the
rows of a run have in common (analysis of variance), rho the share that families have in common where they measured the same cell.
k_b adds that s is itself known from nu residuals only; prior centres are redrawn (randomise, then optimise: Bardsley et al. 2014),
so that what rows leave open stays open.
The wild bootstrap, which keeps each row its own residual, called equal families different in 12 to 15 % of simulations at 95 %: an
extrapolation rests on few rows, and their own residuals say too little about their spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnomon.fit.newton import Prior, minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.forecast.penalised import HUBER_EFFICIENT, Penalised

Array = np.ndarray

WIDEST = 1.5  # most a prior's centre is moved, in its own coordinate: beyond it a draw would describe no known law
SIGNIFICANT = (
    2.326  # a shared part of the noise is believed when its correlation exceeds this over sqrt(cells): one-sided 1 %
)


def variance_parts(residual: Array, groups: Array, p: int = 1) -> tuple[float, float]:
    """Variance that the rows of a run have in common, and variance of a row within its run (one-way analysis of variance).

    The p parameters of a law follow the runs, not the rows within them: they are taken off the degrees of freedom between runs.

    Args:
        residual: shape (n,).
        groups: shape (n,), run of each row.
        p: parameters fitted to the rows; 1 is a mean.
    """
    _, index, count = np.unique(groups, return_inverse=True, return_counts=True)
    runs, n = len(count), len(residual)
    if runs == n or runs < 2:
        return 0.0, float(residual @ residual) / max(n - p, 1)
    mean = np.bincount(index, residual) / count
    inner = float(((residual - mean[index]) ** 2).sum() / (n - runs))
    outer = float((count * (mean - residual.mean()) ** 2).sum() / max(runs - p, 1))
    size = (n - (count**2).sum() / n) / (runs - 1)
    return max((outer - inner) / size, 0.0), inner


def within_run(residual: Array, groups: Array, p: int = 1) -> float:
    """Share of the residual variance that rows of a run have in common, 0 to 1; 0 where every run has one row."""
    common, inner = variance_parts(residual, groups, p)
    return common / (common + inner) if common + inner > 0 else 0.0


def freedom(fitted: Penalised, groups: Array) -> float:
    """Degrees of freedom of the residual sd: rows that count as independent, minus parameters, at least 1."""
    n, tau = len(fitted.residual), within_run(fitted.residual, groups, fitted.design.p)
    rows = n / len(np.unique(groups))
    return max(n / (1 + (rows - 1) * tau) - fitted.design.p, 1.0)


def residual_sd(fitted: Penalised, groups: Array) -> float:
    """Residual sd s: that of the fit, or where runs have several rows the larger one of their parts.

    With n - p degrees of freedom the rows of a run count as independent: of 12 runs of 5 rows and 3 parameters that takes a
    quarter of the runs' variance away and gives back a twentieth.
    """
    s = max(fitted.scale, fitted.rms)
    if len(np.unique(groups)) == len(groups):
        return s
    return max(s, float(np.sqrt(sum(variance_parts(fitted.residual, groups, fitted.design.p)))))


def in_common(first: tuple[Array, Array], second: tuple[Array, Array]) -> float:
    """Correlation of two families' residuals over shared cells, 0 unless it is clearly positive.

    Args:
        first: residuals and cell labels of one family's rows.
        second: of the other's.
    """
    means = [{str(c): float(r[cells == c].mean()) for c in np.unique(cells)} for r, cells in (first, second)]
    both = sorted(means[0].keys() & means[1].keys())
    if len(both) < 4:  # with three pairs a correlation of 0.95 is no surprise
        return 0.0
    x, y = (np.array([m[c] for c in both]) for m in means)
    spread = float(np.sqrt((x**2).sum() * (y**2).sum()))
    rho = float((x * y).sum() / spread) if spread > 0 else 0.0
    return rho if rho > SIGNIFICANT / np.sqrt(len(both)) else 0.0


def noise(
    cells: Sequence[Array], groups: Sequence[Array], tau: Sequence[float], rho: float, draws: int, seed: int
) -> list[Array]:
    """Standard normal noise (B, n) per family, with a part shared by run and a part shared by cell over families.

    Args:
        cells: label of each row's cell, per family.
        groups: run of each row, per family.
        tau: share of the variance within a run, per family; only there can cells of several rows be shared.
        rho: share of the variance in common between families.
        draws: B.
        seed: of the noise.
    """
    rng = np.random.default_rng([seed, 0x2015E])
    names, index = np.unique(np.concatenate([np.asarray(c, str) for c in cells]), return_inverse=True)
    shared = rng.standard_normal((draws, len(names)))
    found, start = [], 0
    for own, t in zip(groups, tau, strict=True):
        stop = start + len(own)
        _, run = np.unique(own, return_inverse=True)
        alone = run.max() + 1 == len(own)
        t = 1.0 if alone else max(t, rho)  # a run of one row has its noise to itself
        by_run = rng.standard_normal((draws, int(run.max()) + 1))[:, run]
        by_row = rng.standard_normal((draws, len(own))) if not alone else 0.0
        found.append(
            np.sqrt(rho) * shared[:, index[start:stop]] + np.sqrt(max(t - rho, 0.0)) * by_run + np.sqrt(1 - t) * by_row
        )
        start = stop
    return found


def refits(fitted: Penalised, groups: Array, shocks: Array, seed: int) -> Array:
    """Coordinates (B, p) of refits to the law plus its residual sd times shocks (B, n)."""
    rng = np.random.default_rng([seed, 0x817D])
    design = fitted.design
    nu = freedom(fitted, groups)
    scale = np.sqrt(nu / rng.chisquare(nu, len(shocks)))[:, None]
    s = residual_sd(fitted, groups)
    target = np.exp(np.log(design.target) - fitted.residual + s * scale * shocks)
    start = np.repeat(fitted.theta[None], len(shocks), 0)
    return minimise(
        design.kernel,
        OBJECTIVES["huber"].with_delta(HUBER_EFFICIENT * s),
        start,
        target,
        prior=redrawn(fitted, len(shocks), rng),
        continuation=0,
        iterations=40,
        tolerance=1e-5,
    ).theta


def redrawn(fitted: Penalised, draws: int, rng: np.random.Generator) -> Prior:
    """The weak prior with its centres drawn anew for every draw, on the scale of the residuals."""
    s = max(fitted.scale, fitted.rms)
    spread = np.where(np.isfinite(fitted.prior.sd), np.minimum(fitted.prior.sd, WIDEST), 0.0)
    mean = fitted.prior.mean + spread * rng.standard_normal((draws, fitted.design.p))
    return Prior(mean, fitted.prior.sd / s, fitted.prior.logarithmic)
