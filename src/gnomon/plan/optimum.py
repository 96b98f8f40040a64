"""The best split of a budget, for thousands of draws at once: a coarse search, then Newton steps on exact derivatives.

In x = ln params the tokens follow from the budget, so the split is a search in one dimension. With u = ln budget and
F(x, u) the loss, the optimum solves F_x = 0; its exponent is dx/du = -F_xu / F_xx, and F_u says what more compute buys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.laws.jet import Jet
from gnomon.laws.law import Law
from gnomon.laws.optimum import Split
from gnomon.plan.cost import Cost, PerParameter, dense6
from gnomon.plan.surface import Surface

SMALLEST = 1.0  # no model has less than one parameter and no run less than one token
SEARCH_ONE = 241  # sizes tried first for a single law: steps of 25 % to 30 % at any real budget
SEARCH_DRAW = 33  # and for each of many draws, around which REFINE sizes follow
REFINE = 9
MOST_COMPUTE = 1e45  # FLOP; what is not reached with this is not reached (the largest runs of 2025 took about 1e27)
LEAST_COMPUTE = 1e3
STEPS = 80  # Newton with bisection needs about 8; bisection alone 60
PRECISION = 1e-13  # of a logarithm: what double precision leaves of ln 1e45


@dataclass(frozen=True)
class Optimum:
    """The best split at a budget, one value a draw: arrays of shape (draws,), NaN where there is none inside.

    Args:
        budget: FLOP of training and serving.
        params, tokens, loss: the split and its loss.
        params_exponent, tokens_exponent: d ln params / d ln budget and d ln tokens / d ln budget.
        gain: d loss / d ln budget (negative: more compute helps).
        side: 0 inside, -1 where the loss falls towards the smallest size, +1 towards the fewest tokens, 2 without a
            minimum.
    """

    budget: np.ndarray
    params: np.ndarray
    tokens: np.ndarray
    loss: np.ndarray
    params_exponent: np.ndarray
    tokens_exponent: np.ndarray
    gain: np.ndarray
    side: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Draws with an optimum between the edges."""
        return np.asarray(self.side == 0)


def best_split(surface: Surface, budget: Any) -> Optimum:
    """Size and tokens of least loss at a budget (FLOP, a number or one a draw), for every draw of the surface."""
    draws = max(surface.draws, int(np.size(budget)))
    u = np.log(np.broadcast_to(np.ravel(np.asarray(budget, float)), (draws,)))[:, None]
    low, high, side = _bracket(surface, u)

    def slope(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        loss = surface.at(Jet(x, {0: 1.0}, {}), u)
        return loss.grad[0] + 0.0 * x, loss.hess.get((0, 0), 0.0) + 0.0 * x

    x = bracketed_newton(slope, low, high)
    with np.errstate(all="ignore"):
        size = np.exp(Jet(x, {0: 1.0}, {}))
        bought = surface.tokens(size, np.exp(Jet(u, {1: 1.0}, {})))
        loss = surface.loss(size, bought)
        curvature = loss.hess.get((0, 0), np.nan)
        moves = -loss.hess.get((0, 1), 0.0) / curvature
        data = (bought.grad.get(1, 0.0) + bought.grad.get(0, 0.0) * moves) / bought.value
        gain = loss.grad.get(1, 0.0)
    found = (side == 0) & np.isfinite(x) & np.isfinite(loss.value) & (curvature + 0.0 * x > 0)

    def column(values: Any) -> np.ndarray:
        return np.where(found, values + 0.0 * x, np.nan)[:, 0]

    return Optimum(
        budget=np.exp(u[:, 0]),
        params=column(np.exp(x)),
        tokens=column(bought.value),
        loss=column(loss.value),
        params_exponent=column(moves),
        tokens_exponent=column(data),
        gain=column(gain),
        side=np.where(found | (side != 0), side, 2)[:, 0],
    )


def closed_form(law: Law, flops: Any, cost: Cost = dense6) -> Split | None:
    """The best split from the law's own formula, or None: it has none, or the cost is not proportional to N D.

    Args:
        law: a law with values, of params and tokens.
        flops: budget in FLOP, all of it for training.
        cost: the cost model; training at k N D makes params * tokens = flops / k.
    """
    return law.optimum(flops / cost.train) if isinstance(cost, PerParameter) else None


def _bracket(surface: Surface, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends of an interval in ln params that holds the minimum, and the side of those without, each (draws, 1)."""
    bottom = np.full_like(u, np.log(SMALLEST))
    top = np.log(surface.cost.params(np.exp(u), SMALLEST)) + 0.0 * u
    low, high = bottom, np.maximum(top, bottom + 1e-9)
    side = np.zeros(u.shape, int)
    for level, count in enumerate((SEARCH_ONE if len(u) == 1 else SEARCH_DRAW, REFINE, REFINE)):
        x = low + (high - low) * np.linspace(0.0, 1.0, count)
        loss = surface.grid(x, u)
        best = np.argmin(loss, axis=1)[:, None]
        if level == 0:
            nothing = ~np.isfinite(np.take_along_axis(loss, best, 1))
            side = np.where(nothing, 2, np.where(best == 0, -1, np.where(best == count - 1, 1, 0)))
        low = np.take_along_axis(x, np.maximum(best - 1, 0), 1)
        high = np.take_along_axis(x, np.minimum(best + 1, count - 1), 1)
    return low, high, side


def bracketed_newton(
    function: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Root of a function that rises from negative at `low` to positive at `high`, elementwise.

    Newton steps that leave the bracket, or shrink it too slowly, are replaced by bisection. What is not finite counts
    as positive (the infeasible side).

    Args:
        function: x to (value, derivative), both of the shape of x.
        low, high: ends of the brackets.
    """
    x: np.ndarray = 0.5 * (low + high)
    last = high - low
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            value, derivative = function(x)
            positive = ~(value < 0)  # NaN too
            low, high = np.where(positive, low, x), np.where(positive, x, high)
            step = value / derivative
            done = (np.abs(step) <= PRECISION) | (high - low <= PRECISION)
            usable = (x - step > low) & (x - step < high) & (2.0 * np.abs(step) < last)
            following = np.where(done, x, np.where(usable, x - step, 0.5 * (low + high)))
        if np.all(done):
            break
        last = np.abs(following - x)
        x = np.asarray(following)
    return x


def cheapest(surface: Surface, target: float) -> np.ndarray:
    """Smallest budget (FLOP) whose best split reaches a loss, a draw; inf where no budget does, 0 where any does."""
    draws = surface.draws
    edges = np.log(np.array([LEAST_COMPUTE, MOST_COMPUTE]))
    low, high = (np.full((draws, 1), edge) for edge in edges)
    least, most = best_split(surface, np.exp(low)), best_split(surface, np.exp(high))

    def shortfall(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        best = best_split(surface, np.exp(u[:, 0]))
        return (target - best.loss)[:, None], -best.gain[:, None]

    budget = np.exp(bracketed_newton(shortfall, low, high)[:, 0])
    budget = np.where(most.loss <= target, budget, np.inf)
    return np.where(least.loss <= target, 0.0, budget)


def tokens_for(surface: Surface, params: np.ndarray, target: float) -> np.ndarray:
    """Training tokens at which models of given sizes reach a loss, inf where none do; for a surface of one draw."""
    size = np.asarray(params, float).ravel()
    low, high = np.zeros_like(size), np.full_like(size, np.log(MOST_COMPUTE))

    def shortfall(log_tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        loss = surface.loss(size, np.exp(Jet(log_tokens, {0: 1.0}, {})))
        return target - loss.value, -loss.grad.get(0, 0.0) + 0.0 * log_tokens

    with np.errstate(all="ignore"):
        reached = np.ravel(surface.loss(size, np.exp(high))) <= target
    found = np.exp(bracketed_newton(shortfall, low, high))
    return np.where(reached, found, np.inf).reshape(np.shape(params))
