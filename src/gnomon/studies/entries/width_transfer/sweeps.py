"""Where the best learning rate lies at a width, and what the best rate of another width costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gnomon.studies.claim import Measured

if TYPE_CHECKING:
    from gnomon.plan import Parabola
    from gnomon.runs import Runs

LEVEL = 0.9
SIDE = 2  # octaves either side of the best rate that the parabola is laid through; over one the valley is flat


@dataclass(frozen=True)
class Valley:
    """Losses of a sweep.

    Args:
        rates: learning rates, at the base width, that every seed has finished, ascending, (n,).
        losses: (n, seeds).
        noise: variance of a loss about the parabola, relative to the loss squared; shared by all valleys.
        slack: degrees of freedom behind it.
    """

    rates: np.ndarray
    losses: np.ndarray
    noise: float = 0.0
    slack: int = 0

    def parabola(self, around: float | None = None) -> Parabola | None:
        """The parabola through five rates: about the best one, or those nearest to a rate.

        None where the best rate is the first or the last of the grid; next to them the five are the outermost.
        Seeds differ by more than rates do, and alike at neighbouring rates: each is moved to the mean of all first.
        """
        from gnomon.plan import fit_parabola

        mean = self.losses.mean(1)
        middle = int(mean.argmin()) if around is None else int(np.abs(np.log(self.rates / around)).argmin())
        if len(mean) < 2 * SIDE + 1 or (around is None and middle in (0, len(mean) - 1)):
            return None
        middle = min(max(middle, SIDE), len(mean) - 1 - SIDE)
        there = slice(middle - SIDE, middle + SIDE + 1)
        x = np.repeat(self.rates[there], self.losses.shape[1])
        y = (self.losses[there] - self.losses[there].mean(0) + self.losses[there].mean()).ravel()
        known = {"noise_variance": self.noise, "slack": self.slack} if self.slack else {}
        return fit_parabola(x, y, 1.0, level=LEVEL, **known)  # type: ignore[arg-type]


def valleys(rows: Runs) -> dict[tuple[str, int], Valley]:
    """The valley of every rule and width, with the noise of all of them together."""
    pairs = sorted({(str(rule), int(width)) for rule, width in zip(rows["rule"], rows["width"], strict=True)})
    found = {(rule, width): _valley(rows.where(f"rule = '{rule}' and width = {width}")) for rule, width in pairs}
    residual, slack = 0.0, 0
    for one in found.values():
        fitted = one.parabola()
        if fitted is not None and fitted.loss:
            residual += fitted.residual_ss / fitted.loss**2
            seeds = one.losses.shape[1]
            slack += (2 * SIDE + 1) * seeds - 3 - (seeds - 1)  # three coefficients, and a shift a seed
    if slack <= 0:
        return found
    return {key: Valley(v.rates, v.losses, residual / slack, slack) for key, v in found.items()}


def shift(narrow: Valley, wide: Valley, *, signed: bool = False) -> Measured:
    """Octaves by which the best rate falls from one width to another; its size unless `signed`."""
    ends = []
    for name, valley in (("narrow", narrow), ("wide", wide)):
        fitted = valley.parabola()
        if fitted is None or fitted.params is None:
            return Measured(None, reason=f"the best rate of the {name} width lies at the edge of the grid")
        if fitted.low is None or fitted.high is None:
            return Measured(None, reason=f"the sweep of the {name} width is too flat for its noise")
        ends.append((math.log2(fitted.low), math.log2(fitted.params), math.log2(fitted.high)))
    (low_1, best_1, high_1), (low_2, best_2, high_2) = ends
    value = best_1 - best_2
    low = value - math.hypot(best_1 - low_1, high_2 - best_2)
    high = value + math.hypot(high_1 - best_1, best_2 - low_2)
    if signed:
        return Measured(value, low, high)
    return Measured(abs(value), max(low, -high, 0.0), max(abs(low), abs(high)))


def regret(narrow: Valley, wide: Valley) -> Measured:
    """Loss of the wide model at the narrow one's best rate, over its own least loss: nats per position."""
    best, own = narrow.parabola(), wide.parabola()
    if best is None or own is None or best.params is None or own.loss is None:
        return Measured(None, reason="a best rate lies at the edge of the grid")
    rate = best.params
    at_rate = wide.parabola(around=rate)
    assert at_rate is not None
    value = float(at_rate.curve(np.array(rate))) - own.loss
    half = 1.645 * own.loss * math.sqrt(2 * wide.noise / wide.losses.shape[1])  # two means of seeds, normal 90%
    return Measured(value, value - half, value + half)


def _valley(rows: Runs) -> Valley:
    """Losses by rate and seed; rates that a seed did not finish are left out, for they are no place to be."""
    table: dict[float, dict[int, float]] = {}
    for rate, seed, loss in zip(rows["lr"], rows["seed"], rows["loss"], strict=True):
        table.setdefault(float(rate), {})[int(seed)] = float(loss)
    seeds = sorted({seed for by_seed in table.values() for seed in by_seed})
    rates = sorted(rate for rate, by_seed in table.items() if len(by_seed) == len(seeds))
    losses = np.array([[table[rate][seed] for seed in seeds] for rate in rates])
    return Valley(np.array(rates), losses)
