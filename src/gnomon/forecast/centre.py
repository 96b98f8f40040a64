"""The centre of a forecast: half the median over laws, half their mean, weighted by how they forecast hidden runs.

    c = (median_l z_l + sum_l w_l z_l / sum_l w_l) / 2,   w_l = 1 / (k_l sqrt(b_l^2 + s_l^2))

z_l ln prediction of law l, s_l its residual sd, b_l the rms error of its own backtests along the target's axis (0 where none are
possible), k_l the number of laws of its class: with a floor, or without. Laws with a floor outnumber the others, so that the median
alone stands on their side even where the runs cannot tell whether there is one: on simulated truths without a floor its 90 %
intervals caught as few as 57 % of new runs (docs/results/intervals.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnomon.forecast.penalised import Penalised, is_floor

Array = np.ndarray


def has_floor(fitted: Penalised) -> bool:
    """Whether the law tends to a constant that is fitted."""
    return any(is_floor(parameter) for parameter in fitted.design.law.parameters.values())


def law_weights(laws: Sequence[Penalised], predictions: Array, measured: Array) -> Array:
    """Weights of laws (l,), summing to 1.

    Args:
        laws: fitted to all rows.
        predictions: ln forecasts of hidden rows by each law (l, k); k may be 0.
        measured: their ln measured values (k,).
    """
    floors = np.array([has_floor(law) for law in laws])
    members = np.where(floors, floors.sum(), (~floors).sum())
    spread = np.array([max(law.scale, law.rms) for law in laws])
    squared = ((predictions - measured) ** 2).mean(1) if len(measured) else np.zeros(len(laws))
    squared = np.where(np.isfinite(squared), squared, np.inf)  # a law not defined on a hidden row takes no part
    weights = 1.0 / (members * np.sqrt(squared + spread**2))
    return weights / weights.sum() if weights.any() else np.full(len(laws), 1.0 / len(laws))


def centre(predictions: Array, weights: Array) -> Array:
    """Ln forecasts (m,) from those of each law (l, m) and their weights (l, m); laws not defined at a target take no part."""
    known = np.isfinite(predictions)
    load = np.where(known, weights, 0.0)
    total = load.sum(0)
    median = np.nanmedian(predictions, axis=0)
    mean = (load * np.where(known, predictions, 0.0)).sum(0) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, 0.5 * (median + mean), median)
