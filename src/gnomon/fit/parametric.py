"""Parametric bootstrap: refits to the law plus noise of runs that differ in their seed only.

    ln measured_b = ln law + s(law) z_g,   z_g standard normal, one per run

s comes from repeated seeds when rows of different runs share all inputs (`repeats`), and may then depend on the level of
the response; otherwise it is a prior by loss level (`by_loss_level`), which the answer names. Only seed noise is covered:
a law that bends away from the rows gets the same interval as one that does not. `wild` takes the noise from residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.bootstrap import Draws
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.simulated import additive, refit

Array = np.ndarray

# Sd of a loss in nats between seeds at loss <= 3 and at loss >= 7, logarithms interpolated between: the noise model in the
# configurations of the formll repository for RefinedWeb. Those for OpenWebText2 are larger: 0.01 to 0.1 for losses of 3 to 6.
PRIOR_LOSS = (3.0, 7.0)
PRIOR_SD = (0.002, 0.05)
LEAST_FREEDOM = 3  # repeats beyond the first of their cell from which their sd is used: it is then known to about 40 %
ENOUGH_FOR_SLOPE = 12  # repeats beyond the first from which the dependence on the level is looked for
SIGNIFICANT = 2.0  # standard errors from which a slope is believed


@dataclass(frozen=True)
class SeedNoise:
    """ln s(y) = ln sd + slope (ln y - ln middle), s the sd of ln y between seeds; `freedom` repeats stand behind it.

    Without repeats (`freedom` 0) s is the prior by loss level, and sd its value at the middle.
    """

    sd: float
    slope: float
    middle: float
    freedom: int

    def at(self, level: Array) -> Array:
        """Sd of the logarithm at levels of the response."""
        if not self.freedom:
            return by_loss_level(level)
        return self.sd * (level / self.middle) ** self.slope

    def sentence(self) -> str:
        """Where the noise comes from, for the notice."""
        if not self.freedom:
            return (
                f"No runs repeat another with a new seed: a stated prior is used, sd {PRIOR_SD[0]:g} nats at losses up to "
                f"{PRIOR_LOSS[0]:g} to {PRIOR_SD[1]:g} at {PRIOR_LOSS[1]:g} and above"
            )
        grows = f", times (level / {self.middle:.3g})^{self.slope:.2g}" if self.slope else ""
        return f"Seed noise from {self.freedom} repeats: sd {self.sd:.2%}{grows}"


def by_loss_level(loss: Array) -> Array:
    """Prior sd of ln loss between seeds: that of the loss, see PRIOR_SD, over the loss."""
    ln_sd = np.interp(np.log(loss), np.log(PRIOR_LOSS), np.log(PRIOR_SD))
    return np.exp(ln_sd) / loss


def repeats(design: Design) -> tuple[Array, Array, Array]:
    """Per cell of rows with equal inputs from different runs: geometric mean, sum of squared deviations of ln, count - 1."""
    _, cell = np.unique(np.stack(design.inputs, -1), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    # One value per run and cell, so that rows of one run are not taken for repeats.
    pairs, first = np.unique(
        np.stack([cell, np.unique(design.groups, return_inverse=True)[1]], -1), axis=0, return_index=True
    )
    which, ln = pairs[:, 0], np.log(design.output[first])
    count = np.bincount(which)
    mean = np.bincount(which, ln) / np.maximum(count, 1)
    squares = np.bincount(which, (ln - mean[which]) ** 2)
    some = count > 1
    return np.exp(mean[some]), squares[some], count[some] - 1


def seed_noise(design: Design) -> SeedNoise:
    """The noise between seeds, from the rows if they tell.

    Raises:
        RefusalError: no repeats, and the response is not a loss, for which alone there is a prior.
    """
    level, squares, freedom = repeats(design)
    total = int(freedom.sum())
    middle = float(np.exp(np.log(design.output).mean()))
    if total < LEAST_FREEDOM or not squares.sum() > 0:
        if design.law.output != "loss":
            raise RefusalError(
                f"{total} runs repeat another with a new seed, and there is no prior for the seed noise of {design.law.output}.",
                hint=f"Add repeats ({LEAST_FREEDOM} are enough), or use --intervals wild, which takes the noise from the residuals.",
                code="no-seed-noise",
            )
        return SeedNoise(float(by_loss_level(np.array(middle))), 0.0, middle, 0)
    sd = float(np.sqrt(squares.sum() / total))
    slope = 0.0
    if total >= ENOUGH_FOR_SLOPE and len(level) > 2:
        sd, slope = _with_slope(np.log(level / middle), squares, freedom, sd)
    return SeedNoise(sd, slope, middle, total)


def _with_slope(x: Array, squares: Array, freedom: Array, sd: float) -> tuple[float, float]:
    """Sd at x = 0 and the slope of ln s over x by the gamma likelihood of sums of squares; slope 0 unless it is clear.

    squares / s^2 has a chi-squared distribution with `freedom` degrees; Fisher scoring, information 2 freedom x x'.
    """
    basis = np.stack([np.ones_like(x), x], -1)
    beta = np.array([np.log(sd), 0.0])
    information = 2 * (basis * freedom[:, None]).T @ basis
    if np.linalg.cond(information) > 1e10:  # all repeats at one level
        return sd, 0.0
    for _ in range(50):
        score = basis.T @ (squares * np.exp(-2 * basis @ beta) - freedom)
        beta = beta + np.clip(np.linalg.solve(information, score), -1.0, 1.0)
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    if not np.isfinite(beta).all() or abs(beta[1]) < SIGNIFICANT * error:
        return sd, 0.0
    return float(np.exp(beta[0])), float(beta[1])


def parametric(
    design: Design,
    objective: Objective,
    theta: Array,
    draws: int,
    seed: int,
    noise: SeedNoise | None = None,
    starts: Array | None = None,
) -> Draws:
    """Refits to the law plus seed noise; arguments as in `bootstrap`, `noise` from `seed_noise` when not given."""
    noise = noise or seed_noise(design)
    rng = np.random.default_rng([seed, 0x5EED])
    law = design.predict(theta)[0]
    _, index = np.unique(design.groups, return_inverse=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # a law that is not positive is refused by `refit`
        sd = noise.at(law) * (law if additive(objective) else 1.0)

    def shocks(count: int) -> Array:
        return rng.standard_normal((count, int(index.max()) + 1))[:, index] * sd

    return refit(design, objective, theta, shocks, draws, starts)
