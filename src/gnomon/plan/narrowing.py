"""How runs narrow what the draws of a fit leave open at a target: the linearised design, and the same by weighing draws.

In logarithms, with the covariance K of the law's draws at the candidates and at the target (last row and column) and the noise s
of one run about the law, a run at x is expected to leave

    Var(target | run at x) = K_tt - K_tx^2 / (K_xx + s^2),

which is a design linear in the law's parameters without its Jacobian (MacKay 1992, information about a quantity of interest).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Array = np.ndarray

TELLING = 0.01  # share of the target's variance that a run must take away to be picked
OUTCOMES = 64  # simulated outcomes behind the expected interval: its standard error is then an eighth of their spread
EFFECTIVE = 20.0  # weighted draws that count fewer than this describe no interval
EVEN = 5  # runs of an even design


def pick(
    spread: Array,
    flops: Array,
    budget: float,
    noise: float,
    most: int,
    score: Callable[[Array], Array],
    *,
    once: bool = False,
) -> tuple[list[int], list[float]]:
    """Candidates in the order of picking and the target's variance after each; no candidate twice where `once`."""
    left, begun, spent = spread.copy(), spread[-1, -1], 0.0
    order: list[int] = []
    after: list[float] = []
    while len(order) < most:
        gain = left[-1, :-1] ** 2 / (np.diag(left)[:-1] + noise**2)
        possible = (flops <= budget - spent) & (gain > TELLING * begun)
        if once:
            possible[order] = False
        if not possible.any():
            break
        j = int(np.argmax(np.where(possible, score(gain), -np.inf)))
        left = seen(left, j, noise)
        order.append(j)
        spent += flops[j]
        after.append(max(float(left[-1, -1]), 0.0))
    return order, after


def seen(spread: Array, j: int, noise: float) -> Array:
    """The covariance once candidate j has been measured."""
    column = spread[:, j]
    return np.asarray(spread - np.outer(column, column) / (spread[j, j] + noise**2))


def even_compute(smallest: float, budget: float, count: int = EVEN) -> Array | None:
    """Compute of `count` runs spread evenly in ln compute from the smallest up, that cost the budget together.

    None where the budget does not buy that many of the smallest.
    """
    if count * smallest > budget:
        return None
    low, high = 0.0, float(np.log(budget / smallest))
    for _ in range(60):  # halvings: to the last digit
        middle = 0.5 * (low + high)
        total = float(np.exp(np.linspace(0.0, middle, count)).sum()) * smallest
        low, high = (middle, high) if total < budget else (low, middle)
    return smallest * np.exp(np.linspace(0.0, low, count))


def after(spread: Array, noise: float) -> float:
    """Variance at the target once all candidates have been measured."""
    for j in range(len(spread) - 1):
        spread = seen(spread, j, noise)
    return max(float(spread[-1, -1]), 0.0)


def weigh(logs: Array, order: Sequence[int], noise: float, seed: int) -> tuple[float | None, str]:
    """Expected standard deviation at the target when the draws are weighed by outcomes that the draws themselves simulate."""
    if not order:
        return None, "no run is proposed"
    rng = np.random.default_rng(seed)
    known, target = logs[:, list(order)], logs[:, -1]
    widths, counted = [], []
    for truth in rng.integers(len(logs), size=OUTCOMES):
        outcome = known[truth] + noise * rng.standard_normal(len(order))
        weight = -0.5 * (((outcome - known) / noise) ** 2).sum(1)
        weight = np.exp(weight - weight.max())
        weight /= weight.sum()
        counted.append(1 / float((weight**2).sum()))
        mean = float(weight @ target)
        widths.append(float(np.sqrt(weight @ (target - mean) ** 2)))
    if float(np.median(counted)) < EFFECTIVE:
        return None, f"the runs would leave {np.median(counted):.0f} of {len(logs)} draws: too few to weigh"
    return float(np.mean(widths)), ""
