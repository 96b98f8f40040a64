"""Families of runs become forecasting tasks: fit the rows below a cut, forecast the rows above it. Fixed before any tuning.

Axes: compute, size, samples (two inputs) or the one input, each spanning at least .3 decades. The cut lies at 35, 50, 65 and 80 % of
the axis in log10; at most 80 rows are fitted and 8 forecast, evenly by rank; the same fitted rows are used once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.record.sources import Family, families

from gnomon.forecast.early import furthest

FRACTIONS = (0.35, 0.5, 0.65, 0.8)  # of the axis, below which rows are fitted
LEAST_SPAN = 0.3  # decades an axis must span
MOST_FITTED, MOST_FORECAST = 80, 8
LEAST_ROWS = {1: 4, 2: 8}  # by number of inputs
LEAST_VALUES = 3  # different sizes, and different token counts, among the fitted rows
LEAST_FAMILY = 6  # rows of a family
SMALLEST = 1e-4  # response below which a row is rounding


@dataclass(frozen=True)
class Task:
    """One cut of one family.

    Args:
        dataset: source.
        family: within it.
        axis: flops, params, tokens or x.
        fraction: of the axis at which it is cut.
        checkpoints: whether rows are checkpoints.
        rate: whether the response is an error rate.
        inputs: fitted rows, column to (n,).
        response: their measured values (n,).
        run: their runs (n,) as integers.
        targets: hidden rows, column to (m,).
        truth: their measured values (m,).
        target_progress: share of its run at which each hidden row was measured (m,); 1 for finals.
    """

    dataset: str
    family: str
    axis: str
    fraction: float
    checkpoints: bool
    rate: bool
    inputs: dict[str, np.ndarray]
    response: np.ndarray
    run: np.ndarray
    targets: dict[str, np.ndarray]
    truth: np.ndarray
    target_progress: np.ndarray

    @property
    def id(self) -> str:
        """Name of the task in every table."""
        return f"{self.dataset}|{self.family}|{self.axis}|{self.fraction:.2f}"

    @property
    def group(self) -> str:
        """What is left out together: the curves of one publication count as one source."""
        return "rev" if self.dataset.startswith("rev_") else self.dataset


def by_rank(n: int, most: int) -> np.ndarray:
    """At most `most` of n sorted rows, evenly by rank."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).round().astype(int))


def tasks(root: Path) -> Iterator[Task]:
    """All tasks of all families."""
    for family in families(root):
        yield from cuts(family)


def cuts(family: Family) -> Iterator[Task]:
    """The tasks of one family."""
    columns = np.stack([*family.inputs.values(), family.response])
    good = np.isfinite(columns).all(0) & (family.response > SMALLEST) & (columns[:-1] > 0).all(0)
    if good.sum() < LEAST_FAMILY:
        return
    inputs = {name: values[good] for name, values in family.inputs.items()}
    response, run = family.response[good], family.run[good]
    logs = {name: np.log10(values) for name, values in inputs.items()}
    two = len(inputs) == 2
    axes = ({"flops": logs["params"] + logs["tokens"]} | logs) if two else logs
    done = inputs["tokens"] / furthest(inputs["tokens"], run) if two and family.checkpoints else np.ones(len(run))
    seen: set[bytes] = set()
    for axis, place in axes.items():
        if np.ptp(place) < LEAST_SPAN:
            continue
        for fraction in FRACTIONS:
            low = place <= place.min() + fraction * np.ptp(place) + 1e-9
            enough = low.sum() >= LEAST_ROWS[len(inputs)] and not low.all()
            if two and enough:
                enough = all(len(np.unique(v[low].round(2))) >= LEAST_VALUES for v in logs.values())
                enough = enough and len(np.unique(run[low])) >= 2
            if not enough or low.tobytes() in seen:
                continue
            seen.add(low.tobytes())
            below, above = (rows[np.argsort(place[rows], kind="stable")] for rows in map(np.flatnonzero, (low, ~low)))
            below = below[by_rank(len(below), MOST_FITTED)]
            above = above[by_rank(len(above), MOST_FORECAST)]
            index = np.unique(run[below], return_inverse=True)[1]
            yield Task(
                family.dataset,
                family.name,
                axis,
                fraction,
                family.checkpoints,
                family.rate,
                {name: values[below] for name, values in inputs.items()},
                response[below],
                index,
                {name: values[above] for name, values in inputs.items()},
                response[above],
                done[above],
            )
