"""Resampling by run: the runs are drawn with replacement and all rows of a run move together.

A draw is a vector of integer weights, so all draws share one table and one batch of Newton steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.profile import prior_information, run_scores

Array = np.ndarray

# Rows x draws x terms of a row from which a draw is one Newton step from the optimum: with so many rows the same thing.
ONE_STEP = 50_000_000
BLOCK = 4_000_000  # weights held at a time: 32 MB
CONFIRM = 64  # draws that are fitted a second time from far away, to see whether warm starts follow one optimum


@dataclass(frozen=True)
class Draws:
    """Refits of resampled runs: theta (B, p), which of them converged (B,), and how often a far start found the same optimum."""

    theta: Array
    converged: Array
    confirmed: float
    objective: Array


def weights(groups: Array, draws: int, seed: int) -> Array:
    """(draws, n) row weights: how often the run of each row was drawn."""
    _, index = np.unique(groups, return_inverse=True)
    count = int(index.max()) + 1
    rng = np.random.default_rng([seed, 0xB007])
    return rng.multinomial(count, np.full(count, 1.0 / count), size=draws)[:, index].astype(float)


def bootstrap(
    design: Design, objective: Objective, theta: Array, draws: int, seed: int, starts: Array | None = None
) -> Draws:
    """Refit every draw from the optimum of all rows; what does not converge is tried again with continuation.

    Args:
        design: the rows.
        objective: as in the fit itself.
        theta: (p,) optimum of all rows, the warm start.
        draws: number of resamples.
        seed: with the number of draws it determines the resamples.
        starts: (draws, p) coordinates that refits begin at where held ones differ from draw to draw; default: theta.
    """
    n = len(design.output)
    if starts is None and n * draws * design.law.terms_per_row > ONE_STEP:
        return _one_step(design, objective, theta, draws, seed)
    load = weights(design.groups, draws, seed) if draws * n <= BLOCK else None
    step = draws if load is not None else max(1, BLOCK // n)
    found, flags, values = [], [], []
    for start in range(0, draws, step):
        count = min(step, draws - start)
        part = (
            load[start : start + count]
            if load is not None
            else weights(design.groups, count, seed + 7919 * (start + 1))
        )
        begin = np.repeat(theta[None], count, 0) if starts is None else starts[start : start + count]
        solution = design.solve(objective, begin, weights=part, continuation=0)
        late = ~solution.converged
        if late.any():
            again = design.solve(
                objective,
                begin[late],
                weights=part[late],
                continuation=3,
                iterations=300,
            )
            better = again.converged | (again.value < solution.value[late])
            rows = np.flatnonzero(late)[better]
            solution.theta[rows], solution.value[rows] = again.theta[better], again.value[better]
            solution.outcome[rows] = again.outcome[better]
        found.append(solution.theta)
        flags.append(solution.converged)
        values.append(solution.value)
    thetas, converged, value = np.concatenate(found), np.concatenate(flags), np.concatenate(values)
    confirmed = _confirm(design, objective, thetas, value, load) if load is not None else float("nan")
    return Draws(thetas, converged, confirmed, value)


def _one_step(design: Design, objective: Objective, theta: Array, draws: int, seed: int) -> Draws:
    """theta - H_b^-1 g_b for each draw b, with gradient and Hessian summed over the runs it holds.

    Source: one-step bootstrap of M-estimators, Schucany and Wang 1991; its error is of order 1 / runs.
    """
    _, scores, curvatures = run_scores(design, objective, theta)
    count = len(scores)
    rng = np.random.default_rng([seed, 0xB007])
    thetas = np.empty((draws, design.p))
    known = prior_information(design, theta)
    pull = -scores.sum(0)  # at the optimum the prior's gradient balances that of all runs
    for start in range(0, draws, 50):
        some = slice(start, min(start + 50, draws))
        load = rng.multinomial(count, np.full(count, 1.0 / count), size=some.stop - some.start).astype(float)
        gradient = load @ scores + (pull if design.prior is not None else 0.0)
        hessian = (load @ curvatures.reshape(count, -1)).reshape(-1, design.p, design.p) + known
        thetas[some] = theta - np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    thetas = np.clip(thetas, design.kernel.lower, design.kernel.upper)
    return Draws(thetas, np.asarray(np.isfinite(thetas).all(1)), float("nan"), np.zeros(draws))


def _confirm(design: Design, objective: Objective, thetas: Array, value: Array, load: Array) -> float:
    """Share of the first draws whose optimum is found again from the start of another draw, one that ended far away."""
    count = min(CONFIRM, len(thetas))
    far = thetas[np.argsort(thetas[:, -1])[np.linspace(len(thetas) - 1, 0, count).round().astype(int)]]
    far[:, design.frozen] = thetas[:count, design.frozen]
    again = design.solve(objective, far, weights=load[:count], continuation=1)
    return float(np.mean(again.value >= value[:count] * (1 - 1e-6) - 1e-20))
