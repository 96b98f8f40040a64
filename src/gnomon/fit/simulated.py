"""Refits to simulated measurements: the fitted law plus shocks, all rows kept. The wild and the parametric engine differ in the shocks.

measured_b = law exp(shock_b)   (log and relative residuals)      measured_b = law + shock_b   (residuals of the output)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.bootstrap import BLOCK, ONE_STEP, Draws
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.profile import jacobian, prior_information

Array = np.ndarray
Shocks = Callable[[int], Array]  # so many further draws: (B, n), ln measured - ln law, or their difference
Targets = Callable[[int], Array]  # so many further draws of the outputs: (B, n) in fit units


def additive(objective: Objective) -> bool:
    """Whether shocks are added to the output rather than to its logarithm."""
    return objective.scale == "output"


def refit(
    design: Design, objective: Objective, theta: Array, shocks: Shocks, draws: int, starts: Array | None = None
) -> Draws:
    """Refit every simulated table from the optimum of the measured one.

    Args:
        design: the rows.
        objective: as in the fit itself.
        theta: (p,) optimum of the measured rows.
        shocks: called with a number of draws until all are made.
        draws: number of refits; with very many rows each is one Newton step, as in the bootstrap.
        starts: (draws, p) coordinates that refits begin at where held ones differ from draw to draw; default: theta.

    Raises:
        RefusalError: the fitted law is not positive at a row where shocks multiply it.
    """
    n = len(design.output)
    unit = design.scales[design.law.output]
    law = design.predict(theta)[0] / unit
    if not additive(objective) and not (law > 0).all():
        raise RefusalError(
            f"The fitted law is zero or negative at {int((~(law > 0)).sum())} of {n} rows: no noise can multiply it there.",
            hint="Use --intervals bootstrap, or --objective squared.",
            code="law-not-positive",
        )

    def targets(count: int) -> Array:
        shock = shocks(count)
        return law + shock / unit if additive(objective) else law * np.exp(shock)

    return refit_to(design, objective, theta, targets, draws, starts)


def refit_to(
    design: Design, objective: Objective, theta: Array, targets: Targets, draws: int, starts: Array | None = None
) -> Draws:
    """Refits to simulated outputs; arguments as in `refit`, but the simulated outputs themselves, in fit units."""
    n = len(design.output)
    one_step = starts is None and n * draws * design.law.terms_per_row > ONE_STEP
    step = max(1, min(draws, BLOCK // n))
    parts = []
    for start in range(0, draws, step):
        target = targets(min(step, draws - start))
        if one_step:
            parts.append(_one_step(design, objective, theta, target))
            continue
        begin = np.repeat(theta[None], len(target), 0) if starts is None else starts[start : start + len(target)]
        solution = design.solve(objective, begin, target=target, continuation=0)
        late = np.flatnonzero(~solution.converged)
        if len(late):
            again = design.solve(objective, begin[late], target=target[late], continuation=3, iterations=300)
            better = again.converged | (again.value < solution.value[late])
            rows = late[better]
            solution.theta[rows], solution.value[rows] = again.theta[better], again.value[better]
            solution.outcome[rows] = again.outcome[better]
        parts.append((solution.theta, solution.converged, solution.value))
    thetas, converged, value = (np.concatenate(x) for x in zip(*parts, strict=True))
    return Draws(thetas, converged, float("nan"), value)


def _one_step(design: Design, objective: Objective, theta: Array, target: Array) -> tuple[Array, Array, Array]:
    """theta - H^-1 g_b, with the score of simulated residuals: the score bootstrap (Kline and Santos 2012)."""
    slopes = jacobian(design, objective, theta)
    law, objective = design.predict(theta)[0], design.scaled(objective)
    psi = design.load * objective.psi(law, target * design.scales[design.law.output])
    bend = design.load * objective.stiffness(law, design.output)
    hessian = (slopes * bend[:, None]).T @ slopes + prior_information(design, theta)
    thetas = theta - np.linalg.solve(hessian, (psi @ slopes).T).T
    thetas = np.clip(thetas, design.kernel.lower, design.kernel.upper)
    return thetas, np.isfinite(thetas).all(1), np.zeros(len(thetas))
