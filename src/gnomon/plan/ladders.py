"""Ladders: sets of runs one could train for a budget, described by a few choices, and those worth a look.

A ladder has k sizes evenly in ln N from N_max / span to N_max, each trained at m lengths a factor of four apart. The longest run of
size N sees D = r N_max (N / N_max)^g tokens: g = 1 the same tokens per parameter at every size, g = 0 the same tokens. N_max follows from
the budget: sum over runs of FLOP(N, D) = budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from gnomon.forecast.early import EARLY
from gnomon.plan.cost import Cost

Array = np.ndarray

SIZES = (2, 3, 4, 5, 6, 8)
SPANS = (4.0, 16.0, 64.0, 256.0)
LENGTHS = (1, 2, 3)
GROWTHS = (1.0, 0.0)
RATIOS = (0.25, 1.0, 4.0)  # tokens per parameter of the largest size over those of the target
CLOSE, MOST_STEPS = (
    1e-10,
    200,
)  # of ln compute; each step halves the rest at worst, where attention doubles the exponent
STEP = 4.0  # between lengths of one size
CHECKPOINTS = 8  # of each run, evenly from EARLY of it to its end: neighbours closer than that say little new
LEAST_PARAMS = 1e7  # published constants rest on models of 11M and more (Gadre et al. 2024)
LEAST_RATIO, MOST_RATIO = 1.0, 2000.0  # tokens per parameter: beyond them no published constants were fitted


@dataclass(frozen=True)
class Ladder:
    """Choices of a ladder.

    Args:
        sizes: k, how many model sizes.
        span: largest over smallest size.
        lengths: m, runs of each size.
        growth: g, how tokens grow with size.
        ratio: tokens per parameter of the largest size's longest run, over those of the target.
        checkpoints: rows a run gives; 1 is its final loss alone.
    """

    sizes: int
    span: float
    lengths: int
    growth: float
    ratio: float
    checkpoints: int

    @property
    def runs(self) -> int:
        """How many runs are trained."""
        return self.sizes * self.lengths

    @property
    def constant(self) -> bool:
        """Whether tokens never change: no law of them can be fitted."""
        return self.growth == 0 and self.lengths == 1 and self.checkpoints == 1

    @property
    def in_step(self) -> bool:
        """Whether tokens are a power of params, so that only an assumption tells their exponents apart."""
        return self.lengths == 1 and self.checkpoints == 1


@dataclass(frozen=True)
class Design:
    """A ladder with its runs.

    Args:
        ladder: the choices.
        params: of each run (R,).
        tokens: of each run (R,), at its end.
        flops: training compute of each run (R,).
    """

    ladder: Ladder
    params: Array
    tokens: Array
    flops: Array

    def rows(self) -> tuple[Array, Array, Array]:
        """params, tokens and run of every row the design gives, each (n,)."""
        k = self.ladder.checkpoints
        share = np.linspace(EARLY, 1.0, k) if k > 1 else np.ones(1)
        run = np.repeat(np.arange(len(self.params)), k)
        return self.params[run], self.tokens[run] * np.tile(share, len(self.params)), run


def build(ladder: Ladder, budget: float, ratio: float, cost: Cost) -> Design:
    """The runs of a ladder that together cost a budget.

    Args:
        ladder: the choices.
        budget: FLOP.
        ratio: tokens per parameter of the target.
        cost: how compute is counted.
    """

    def runs(largest: float) -> tuple[Array, Array, Array]:
        n = largest * ladder.span ** -np.linspace(1.0, 0.0, ladder.sizes)
        d = ladder.ratio * ratio * largest * (n / largest) ** ladder.growth
        shorter = STEP ** -np.arange(ladder.lengths, dtype=float)[::-1]
        params, tokens = np.repeat(n, ladder.lengths), (d[:, None] * shorter).ravel()
        return params, tokens, np.asarray(cost.flops(params, tokens), float)

    largest = 1e9
    for _ in range(MOST_STEPS):  # compute goes about with the square of the largest size: exactly so at 6 N D
        over = float(np.log(runs(largest)[2].sum() / budget))
        if abs(over) < CLOSE:
            break
        largest *= float(np.exp(-over / 2))
    return Design(ladder, *runs(largest))


def designs(
    budget: float, target: tuple[float, float], cost: Cost, *, least_params: float = LEAST_PARAMS
) -> Iterator[Design]:
    """Every ladder of the grid whose runs cost the budget, vary tokens, are no larger than the target and lie where laws were fitted.

    Args:
        budget: FLOP.
        target: params and tokens to be forecast.
        cost: how compute is counted.
        least_params: smallest size allowed.
    """
    params, tokens = target
    for choice in product(SIZES, SPANS, LENGTHS, GROWTHS, RATIOS, (1, CHECKPOINTS)):
        ladder = Ladder(*choice)
        if ladder.constant:
            continue
        design = build(ladder, budget, tokens / params, cost)
        seen = design.tokens / design.params
        inside = seen.min() >= LEAST_RATIO and seen.max() <= max(MOST_RATIO, tokens / params)
        if inside and design.params.min() >= least_params and design.params.max() <= params:
            yield design
