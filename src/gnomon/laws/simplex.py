"""Mixtures as points of the simplex: shares that are not negative and sum to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.runs.schema import SHARE_TOLERANCE


def simplex_points(dimension: int, points: int) -> np.ndarray:
    """Points spread evenly over the simplex, the same at every call. Shape (dimension, points).

    Normalised exponentials are uniform on the simplex; each corner's neighbourhood comes first, so that every share
    varies from 0 to nearly 1.
    """
    draws = np.random.default_rng(dimension).exponential(size=(dimension, points))
    corners = min(dimension, points // 2)
    draws[np.arange(corners), np.arange(corners)] += 6.0
    shares: np.ndarray = draws / draws.sum(0)
    return shares


def off_the_simplex(shares: Sequence[Any]) -> np.ndarray:
    """Mask of the points whose shares do not sum to 1 within rounding, or of which one is negative."""
    table = np.stack(np.broadcast_arrays(*(np.asarray(s, float) for s in shares)))
    wrong: np.ndarray = (np.abs(table.sum(0) - 1.0) > SHARE_TOLERANCE) | (table < 0).any(0)
    return wrong
