"""The schedule with the lowest final loss under a law: free in shape, but never rising after the warm-up."""

from __future__ import annotations

import numpy as np

from gnomon.laws.schedule_law import ScheduleLaw
from gnomon.runs.schedule import Schedule

Array = np.ndarray

KNOTS = (
    48  # places at which the rate is free, straight lines between them; twice as many lower the loss by less than 1e-4
)
CROWDED = 2.0  # power by which the knots crowd towards the end, where the rate falls
TOLERANCE = 1e-8  # nats of final loss


def free_form(
    law: ScheduleLaw, *, steps: int, peak: float, end: float, warmup: int, starts: tuple[Schedule, ...]
) -> Schedule:
    """Minimise the law's loss at the last step over schedules that fall from `peak` to `end` or less far.

    Args:
        law: with single values; it must give its `sensitivity`.
        steps: number of steps T.
        peak: rate at the end of the warm-up and largest rate.
        end: smallest rate allowed.
        warmup: steps of the linear warm-up, which stays.
        starts: schedules of the same T to start from; the best end wins.

    Raises:
        RefusalError: the law's optimum is degenerate.
    """
    from scipy.optimize import minimize

    places = _places(steps, warmup)
    step = np.arange(warmup, steps)
    left = np.clip(np.searchsorted(places, step, side="right") - 1, 0, len(places) - 2)
    share = (step - places[left]) / (places[left + 1] - places[left])
    base = Schedule.constant(steps, peak, warmup=warmup).rates

    def schedule(heights: Array) -> Schedule:
        rates = base.copy()
        rates[warmup:] = np.clip(np.interp(step, places, peak * heights), 0.0, peak)
        return Schedule("free form", rates)

    def loss(heights: Array) -> tuple[float, Array]:
        value, slope = law.sensitivity(schedule(heights))
        slope = slope[warmup:] * peak
        by_height = np.bincount(left, slope * (1 - share), len(places)) + np.bincount(
            left + 1, slope * share, len(places)
        )
        return value, by_height

    falls = np.eye(len(places))[:-1] - np.eye(len(places))[1:]  # heights may only fall
    rule = {"type": "ineq", "fun": lambda h: falls @ h, "jac": lambda h: falls}
    best: tuple[float, Array] | None = None
    for start in starts:
        heights = np.minimum.accumulate(np.clip(start.rates[places.astype(int)] / peak, end / peak, 1.0))
        found = minimize(
            loss,
            heights,
            jac=True,
            method="SLSQP",
            bounds=[(end / peak, 1.0)] * len(places),
            constraints=[rule],
            options={"ftol": TOLERANCE, "maxiter": 300},
        )
        ended = np.minimum.accumulate(np.clip(found.x, end / peak, 1.0))
        for candidate in (ended, heights):
            value = loss(candidate)[0]
            if np.isfinite(value) and (best is None or value < best[0]):
                best = (value, candidate)
    assert best is not None
    return schedule(best[1])


def _places(steps: int, warmup: int) -> Array:
    """Steps of the knots, closer together towards the end."""
    share = 1.0 - (1.0 - np.linspace(0.0, 1.0, min(KNOTS, steps - warmup))) ** CROWDED
    return np.unique(np.rint(warmup + share * (steps - 1 - warmup)))
