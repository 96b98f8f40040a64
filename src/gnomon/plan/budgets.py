"""Which runs share a compute budget: clusters of FLOP, told from runs that merely lie between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEWEST_SIZES = 4  # three draw the parabola, the fourth can contradict it
LEAST_SHARE = 1.0 / 3.0  # a budget has at least this share of the runs of the fullest: background runs are no budget


def find_budgets(
    flops: np.ndarray, *, tolerance: float, budgets: Sequence[float] | None = None, usable: np.ndarray | None = None
) -> list[np.ndarray]:
    """Positions of the runs of each budget, by rising budget.

    Without `budgets`, the FLOP interval one tolerance wide that holds most runs is a budget; its runs, and those within
    a tolerance of it, are set aside and the next is sought, until it holds fewer than four, or a third of the first.
    With `budgets`, each run within the tolerance of one belongs to it.

    Args:
        flops: one a run.
        tolerance: relative distance.
        budgets: the budgets, when known.
        usable: which runs count.
    """
    keep = np.flatnonzero(np.ones(len(flops), bool) if usable is None else usable)
    logs = np.log(flops[keep])
    width = float(np.log1p(tolerance))
    if budgets is not None:
        near = [keep[np.abs(logs - np.log(b)) <= width] for b in sorted(budgets)]
        return [g for g in near if len(g)]
    order = np.argsort(logs, kind="stable")
    found: list[np.ndarray] = []
    fewest = FEWEST_SIZES
    while len(order) >= fewest:
        free = logs[order]
        ends = np.searchsorted(free, free + width * (1.0 + 1e-9), side="right")
        counts = ends - np.arange(len(free))
        spread = free[ends - 1] - free
        start = int(np.lexsort((spread, -counts))[0])  # most runs, then the tightest
        if counts[start] < fewest:
            break
        found.append(order[start : ends[start]])
        fewest = max(fewest, int(np.ceil(counts[start] * LEAST_SHARE)))
        order = order[(free < free[start] - width) | (free > free[ends[start] - 1] + width)]
    found.sort(key=lambda g: logs[g[0]])
    return [np.sort(keep[g]) for g in found]
