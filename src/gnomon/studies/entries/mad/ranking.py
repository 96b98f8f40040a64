"""From accuracies to a score, and from scores and losses to a rank correlation that says how sure it is."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError

FEWEST = 5  # architectures below which no p-value is given: 1/4! = .04 would be all it could reach
ALL = 9  # items up to which all orders are tried: 9! = 362,880
DRAWS = 100_000  # orders drawn beyond that

Key = tuple[str, str, str]  # architecture, task, setting


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation.

    Args:
        rho: from -1 to 1.
        p: share of orders that reach it (one-sided), exact up to nine items; None with fewer than five.
        low: 5th percentile of rho over orders drawn at random, what chance alone does; None with fewer than five.
        high: 95th percentile of the same.
    """

    rho: float
    p: float | None
    low: float | None
    high: float | None


def mad_scores(accuracy: Mapping[Key, Mapping[tuple[float, float], float]]) -> dict[str, float]:
    """Score of each architecture: mean over tasks of the mean over settings of the best of a sweep.

    Args:
        accuracy: (architecture, task, setting) -> (learning rate, weight decay) -> accuracy.

    Raises:
        InputError: sweeps or settings differ between architectures (the best of more is larger by itself), or an
            accuracy is none.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, benchmark.py.
    """
    sweeps = {frozenset(points) for points in accuracy.values()}
    if len(sweeps) > 1:
        sizes = ", ".join(str(size) for size in sorted({len(points) for points in sweeps}))
        raise InputError(
            f"Settings were swept differently: {sizes} points, expected the same ones for all.",
            hint="The best of a longer sweep is larger by itself: fill the gaps, or leave out what not all have.",
        )
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (architecture, task, setting), points in accuracy.items():
        for value in points.values():
            if not 0 <= value <= 1:
                raise InputError(f"{architecture} on {task} ({setting}) has an accuracy of {value}, expected 0 to 1.")
        found.setdefault(architecture, {}).setdefault(task, {})[setting] = max(points.values())
    grids = {frozenset((t, s) for t, settings in tasks.items() for s in settings) for tasks in found.values()}
    if len(grids) > 1:
        raise InputError("Architectures were run on different settings, expected the same ones for all.")
    return {
        name: float(np.mean([np.mean(list(settings.values())) for settings in tasks.values()]))
        for name, tasks in found.items()
    }


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64], *, seed: int = 0) -> Correlation:
    """Spearman's rho of two columns, ties at their mean rank, with its exact permutation distribution.

    Args:
        x: (n,).
        y: (n,).
        seed: of the orders drawn for more than nine items.

    Raises:
        InputError: fewer than three items, or all alike.
    """
    if len(x) != len(y) or len(x) < 3:
        raise InputError(f"There are {len(x)} and {len(y)} items, expected the same number, at least 3.")
    a, b = (_standard(_ranks(np.asarray(column, float))) for column in (x, y))
    rho = float(a @ b)
    if len(x) < FEWEST:
        return Correlation(rho, None, None, None)
    spread = np.sort(_orders(len(x), seed, a, b))
    p = float(np.mean(spread >= rho - 1e-9))  # 1e-9: equal orders must not differ by rounding
    return Correlation(rho, p, float(np.quantile(spread, 0.05)), float(np.quantile(spread, 0.95)))


def _orders(n: int, seed: int, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """rho of every order, or of as many as are drawn."""
    drawn = every_order(n) if n <= ALL else np.random.default_rng(seed).random((DRAWS, n)).argsort(1)
    return np.asarray(b[drawn] @ a)


@functools.cache
def every_order(n: int) -> NDArray[np.signedinteger[Any]]:
    """All orders of n items, (n!, n)."""
    flat = itertools.chain.from_iterable(itertools.permutations(range(n)))
    return np.fromiter(flat, np.int8, n * math.factorial(n)).reshape(-1, n)


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0, ties at their mean."""
    below = (x[:, None] > x).sum(1)
    return below + ((x[:, None] == x).sum(1) - 1) / 2


def _standard(x: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = x - x.mean()
    size = float(np.sqrt(centred @ centred))
    if size == 0:
        raise InputError("All items are alike, expected at least two that differ: they have no ranks.")
    return centred / size
