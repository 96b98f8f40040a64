"""Singular values of weight matrices: the largest one, and the shape of the whole spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError

EXACT = 1024  # shorter side up to which all singular values are computed: a second at 1024, seconds beyond
ITERATIONS = 20  # of the power method beyond; its error is below 1 % unless the first values nearly coincide

Array = NDArray[np.floating]


def singular_values(matrix: Array) -> NDArray[np.float64]:
    """All singular values, largest first, float64.

    Raises:
        InputError: not a matrix, or not finite.
    """
    return np.asarray(np.linalg.svd(_checked(matrix), compute_uv=False), np.float64)


def largest(matrix: Array, *, exact_up_to: int = EXACT, iterations: int = ITERATIONS) -> float:
    """The largest singular value.

    By decomposition while the shorter side is at most `exact_up_to`; beyond by the power method on W^T W from a fixed
    random start, a lower bound whose relative error falls as (sigma_2/sigma_1)^(4 iterations).

    Args:
        matrix: (rows, columns).
        exact_up_to: default 1024.
        iterations: of the power method (default 20).

    Raises:
        InputError: not a matrix, or not finite.
    """
    w = _checked(matrix)
    if min(w.shape) <= exact_up_to:
        return float(singular_values(w)[0])
    x = np.asarray(np.random.default_rng(0).standard_normal(w.shape[1]))
    for _ in range(iterations):
        x = w.T @ (w @ x)
        length = float(np.linalg.norm(x))
        if length == 0:  # the start is random: this is the zero matrix
            return 0.0
        x = x / length
    return float(np.linalg.norm(w @ x))


def shape_distance(first: Array, second: Array) -> float:
    """Kolmogorov distance of two spectra as shares of their largest value: 0 for the same shape, 1 for disjoint ones.

    max over x of |F_1(x) - F_2(x)|, F the distribution function of sigma / sigma_max.

    Args:
        first, second: singular values, any order and any number.

    Raises:
        InputError: a spectrum is empty or zero.
    """
    a, b = (np.sort(np.asarray(s, float)) for s in (first, second))
    if not (a.size and b.size and a[-1] > 0 and b[-1] > 0):
        raise InputError("A spectrum is empty or zero, expected a positive largest singular value.")
    a, b = a / a[-1], b / b[-1]
    places = np.concatenate([a, b])
    return float(np.max(np.abs(_share(a, places) - _share(b, places))))


def _share(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of sorted values at or below each place."""
    return np.searchsorted(values, places, side="right") / len(values)


def _checked(matrix: Array) -> NDArray[np.float64]:
    w = np.asarray(matrix, float)
    if w.ndim != 2 or 0 in w.shape:
        raise InputError(f"The array has shape {w.shape}, expected a matrix.")
    if not np.isfinite(w).all():
        raise InputError("The matrix has entries that are not finite.")
    return w
