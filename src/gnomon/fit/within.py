"""One run: its own residuals in blocks, and the noise that the whole run shares with its seed.

    ln measured_b = ln law + z s + e_b sqrt(n / (n - p)),   z standard normal, one per run

Resampling runs says nothing where there is one. s is the noise between seeds (`parametric.seed_noise`), which no single run can
show. e_b strings together blocks of neighbouring residuals of the run, so that what drifts for some checkpoints keeps drifting
(circular block bootstrap, Politis and Romano 1992); blocks of n^(1/3) rows are the order that suits a variance (Hall, Horowitz
and Jing 1995).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.bootstrap import Draws
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.parametric import SeedNoise, seed_noise
from gnomon.fit.simulated import additive, refit

Array = np.ndarray


def noise_if_known(design: Design) -> SeedNoise | None:
    """The noise between seeds; None for a response of which nothing is known."""
    try:
        return seed_noise(design)
    except RefusalError:
        return None


def in_order(design: Design) -> list[Array]:
    """Rows of each run in the order of their inputs: those of a run that trains on are its checkpoints."""
    labels, index = np.unique(design.groups, return_inverse=True)
    order = np.lexsort([np.asarray(x, float) for x in design.inputs])
    return [order[index[order] == g] for g in range(len(labels))]


def blocks(runs: Sequence[Array], draws: int, rng: np.random.Generator) -> Array:
    """(draws, n) rows whose residuals stand in for each row's: circular blocks of the same run."""
    total = sum(len(rows) for rows in runs)
    picked = np.empty((draws, total), int)
    for rows in runs:
        n = len(rows)
        length = max(1, round(n ** (1 / 3)))
        count = -(-n // length)
        starts = rng.integers(n, size=(draws, count))
        steps = (starts[:, :, None] + np.arange(length)) % n
        picked[:, rows] = rows[steps.reshape(draws, -1)[:, :n]]
    return picked


def within(
    design: Design,
    objective: Objective,
    theta: Array,
    draws: int,
    seed: int,
    noise: SeedNoise | None,
    starts: Array | None = None,
) -> Draws:
    """Refits to the law plus its residuals in blocks plus seed noise; arguments as in `bootstrap`, `noise` None for none."""
    rng = np.random.default_rng([seed, 0xB10C])
    law = design.predict(theta)[0]
    with np.errstate(divide="ignore", invalid="ignore"):  # a law that is not positive is refused by `refit`
        residual = design.output - law if additive(objective) else np.log(design.output / law)
        sd = 0.0 if noise is None else noise.at(law) * (law if additive(objective) else 1.0)
    n = len(residual)
    residual = residual * np.sqrt(n / max(n - design.free, 1))
    _, index = np.unique(design.groups, return_inverse=True)
    runs = in_order(design)

    def shocks(count: int) -> Array:
        common = rng.standard_normal((count, len(runs)))[:, index] * sd
        return common + residual[blocks(runs, count, rng)]

    return refit(design, objective, theta, shocks, draws, starts)
