"""How long trials take: seconds = start + flops / speed, learnt from those that are finished."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Duration:
    """Seconds of a trial by its compute.

    Args:
        start: seconds before training begins.
        per_flop: seconds for each FLOP.
        trials: finished trials it was learnt from.
    """

    start: float
    per_flop: float
    trials: int

    def of(self, flops: float) -> float:
        """Seconds of one trial."""
        return self.start + self.per_flop * flops

    def whole(self, flops: Sequence[float], workers: int) -> float:
        """Seconds until all trials are done, begun in this order, so many at a time."""
        ends = [0.0] * workers
        for one in flops:
            heapq.heapreplace(ends, ends[0] + self.of(one))
        return max(ends)


def learn_duration(flops: Sequence[float], seconds: Sequence[float]) -> Duration | None:
    """Least squares of relative errors, with neither part below zero; None without a finished trial.

    One compute alone cannot tell the start from the speed: all of the time is then taken for training.

    Args:
        flops: of finished trials.
        seconds: they took.
    """
    if not len(flops):
        return None
    x, y = np.asarray(flops, float), np.maximum(np.asarray(seconds, float), 1e-3)
    scaled = x / y
    only = Duration(0.0, float(scaled.sum() / (scaled**2).sum()), len(x))
    if len(np.unique(x)) < 2:
        return only
    design = np.column_stack([1.0 / y, scaled])
    start, slope = np.linalg.lstsq(design / [1.0, x.mean()], np.ones(len(x)), rcond=None)[0] / [1.0, x.mean()]
    if start < 0:
        return only
    if slope < 0:
        return Duration(float((1.0 / y).sum() / (1.0 / y**2).sum()), 0.0, len(x))
    return Duration(float(start), float(slope), len(x))
