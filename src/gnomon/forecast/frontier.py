"""The frontier of a cloud of runs: the best run of each factor of two along an axis, and of those the ones no smaller run beats.

Selecting minima of noisy runs biases the frontier down, the more so the more runs a cell (a size, a number of tokens) has: resamples
take one row a cell and select anew.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray

BIN = float(np.log(2))  # width of a bin in ln(axis) (model comparison, section 10)


def frontier(x: Array, y: Array, weights: Array) -> Array:
    """Marks (B, n) of the rows on the frontier of each resample.

    Args:
        x: the axis (n,), positive.
        y: measured, lower is better (n,).
        weights: (B, n) how often each row was drawn; rows with weight 0 are not there.
    """
    bins = np.floor((np.log(x) - np.log(x.min())) / BIN + 1e-9).astype(int)
    value = np.where(weights > 0, y, np.inf)
    chosen = np.zeros(weights.shape, bool)
    lowest = np.full(len(weights), np.inf)
    batch = np.arange(len(weights))
    for k in np.unique(bins):
        rows = np.flatnonzero(bins == k)
        pick = rows[np.argmin(value[:, rows], axis=1)]
        best = value[batch, pick]
        better = best < lowest
        chosen[batch[better], pick[better]] = True
        lowest = np.minimum(lowest, best)
    return chosen


def one_a_cell(cells: Array, draws: int, seed: int) -> Array:
    """(draws, n) marks: cells drawn with replacement, and of each drawn cell one row at random."""
    rng = np.random.default_rng([seed, 0xF207])
    _, index = np.unique(cells, return_inverse=True)
    count = int(index.max()) + 1
    drawn = rng.multinomial(count, np.full(count, 1.0 / count), size=draws) > 0
    ticket = np.where(drawn[:, index], rng.random((draws, len(cells))), -1.0)
    best = np.full((draws, count), -1.0)
    for cell in range(count):
        best[:, cell] = ticket[:, index == cell].max(1)
    return np.asarray((ticket >= 0) & (ticket == best[:, index]), float)
