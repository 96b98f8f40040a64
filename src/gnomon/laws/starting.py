"""Starting values: parameters that enter linearly solved for on grids of the others, many cells at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray

SMALLEST = 1e-4  # given to an amplitude that least squares puts at zero: its logarithm must exist


def cells(**values: ArrayLike) -> dict[str, Array]:
    """Every combination of the given values: one array (G, 1) per name."""
    table = np.array(list(product(*(np.atleast_1d(v) for v in values.values()))), float)
    return {name: table[:, k : k + 1] for k, name in enumerate(values)}


def amplitudes(
    columns: Sequence[Array], aim: Array, *, weights: Array | float = 1.0, signed: bool = False
) -> tuple[Array, Array]:
    """Least squares sum_k c_k columns_k = aim for each cell, with c_k >= 0 unless `signed`.

    Args:
        columns: k arrays that broadcast to (G, n).
        aim: (n,) or (G, n).
        weights: multiplies every residual; (n,), (G, n) or a number.

    Returns:
        coefficients (G, k), at least SMALLEST unless `signed`, and the sum of squares (G,), inf if not finite.
    """
    with np.errstate(all="ignore"):
        x = np.stack(np.broadcast_arrays(*columns, aim), 1) * np.expand_dims(
            np.broadcast_to(weights, np.shape(columns[0] * aim)), 1
        )
    usable = np.isfinite(x).all((1, 2))
    x = np.where(usable[:, None, None], x, 0.0)
    x, y = x[:, :-1], x[:, -1]
    k = x.shape[1]
    gram, moment = x @ x.transpose(0, 2, 1), (x @ y[:, :, None])[:, :, 0]
    total = (y * y).sum(1)
    best, found = total.copy(), np.zeros((len(x), k))
    for size in range(k if signed else 1, k + 1):
        for chosen in combinations(range(k), size):
            index = list(chosen)
            block = gram[:, index][:, :, index]
            ridge = (1e-13 * np.einsum("gii->g", block) + 1e-300)[:, None, None] * np.eye(size)
            c = np.linalg.solve(block + ridge, moment[:, index, None])[:, :, 0]
            misfit = total - (c * moment[:, index]).sum(1)
            better = (misfit < best) & (signed | (c >= 0).all(1))
            best = np.where(better, misfit, best)
            full = np.zeros_like(found)
            full[:, index] = c
            found = np.where(better[:, None], full, found)
    return found if signed else np.maximum(found, SMALLEST), np.where(usable, np.maximum(best, 0.0), np.inf)


def best_of(
    values: Mapping[str, Array], misfit: Array, *, apart: str | None = None, most: int = 16
) -> list[dict[str, float]]:
    """The cells with the smallest misfit, as starting values.

    Args:
        values: (G, 1) or (G,) per parameter.
        misfit: (G,).
        apart: a parameter of which every value gets its share of the places, so that one basin does not take them all.
        most: how many.
    """
    table = {name: np.broadcast_to(np.ravel(v), misfit.shape) for name, v in values.items()}
    order = np.argsort(misfit, kind="stable")
    order = order[np.isfinite(misfit[order])]
    if apart is not None:
        kinds = np.unique(table[apart])
        share = max(1, most // len(kinds))
        order = np.concatenate([order[table[apart][order] == kind][:share] for kind in kinds])
    return [{name: float(column[i]) for name, column in table.items()} for i in order[:most]]
