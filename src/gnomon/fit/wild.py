"""Wild cluster bootstrap: every run keeps its own residuals, and all of them change sign together.

    ln measured_b = ln law + v_g e sqrt(G / (G - p)),   E v = 0,  E v^2 = 1,  one v per run g of the G runs

Nothing is assumed of the noise: it may grow with scale, and checkpoints of one run may move together. v is -1 or 1 (Davidson and
Flachaire 2008); with fewer than 12 runs one of six values, since few runs have few patterns of signs (Webb 2014). The factor
corrects for residuals being smaller than the noise, by p parameters.
"""

from __future__ import annotations

import numpy as np

from gnomon.fit.bootstrap import Draws
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.simulated import additive, refit

Array = np.ndarray

WEBB = np.sqrt([0.5, 1.0, 1.5])  # Webb 2014, with both signs: second moment 1, third 0
FEW_RUNS = 12  # below it sign patterns (2^11 = 2048) are no more than twice a usual number of draws


def multipliers(groups: Array, draws: int, rng: np.random.Generator) -> Array:
    """(draws, n) factors v, the same for all rows of a run."""
    _, index = np.unique(groups, return_inverse=True)
    runs = int(index.max()) + 1
    v = rng.choice([-1.0, 1.0], size=(draws, runs))
    if runs < FEW_RUNS:
        v *= rng.choice(WEBB, size=(draws, runs))
    return v[:, index]


def wild(
    design: Design, objective: Objective, theta: Array, draws: int, seed: int, starts: Array | None = None
) -> Draws:
    """Refits to the law plus its own residuals with random signs per run; arguments as in `bootstrap`."""
    rng = np.random.default_rng([seed, 0x817D])
    law = design.predict(theta)[0]
    with np.errstate(divide="ignore", invalid="ignore"):  # a law that is not positive is refused by `refit`
        residual = design.output - law if additive(objective) else np.log(design.output / law)
    runs = len(np.unique(design.groups))
    residual = residual * np.sqrt(runs / max(runs - design.free, 1))

    def shocks(count: int) -> Array:
        return multipliers(design.groups, count, rng) * residual

    return refit(design, objective, theta, shocks, draws, starts)
