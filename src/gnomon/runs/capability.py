"""Capabilities: the principal components of benchmark scores, as columns of the table that a law can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gnomon.errors import InputError, RefusalError
from gnomon.runs.cells import Array
from gnomon.runs.table import Column, Runs

ROUNDS = 2000  # of filling gaps at most: each shrinks the change by about the share of cells missing
SETTLED = 1e-10  # change of a filled score, in shares of 1, at which filling has settled


@dataclass(frozen=True)
class Capabilities:
    """Principal components of benchmark scores.

    Args:
        runs: the table with the components as columns pc1, pc2, ...
        benchmarks: the columns they were made of.
        shares: share of the variance each component explains, all of them.
        axes: (components, benchmarks), unit vectors; signs so that the sum of the weights is positive.
        means: (benchmarks,), subtracted before.
        filled: how many scores were missing and filled.
    """

    runs: Runs
    benchmarks: tuple[str, ...]
    shares: Array
    axes: Array
    means: Array
    filled: int


def capabilities(runs: Runs, benchmarks: Sequence[str], *, components: int = 3) -> Capabilities:
    """Principal components of benchmark scores over models.

    Scores are centred, not scaled. Missing ones are filled from the first component, again and again until they settle;
    then components are those of the filled table: pc_k = (score - mean) . axis_k.

    Args:
        runs: one row a model.
        benchmarks: columns of scores.
        components: how many become columns.

    Raises:
        InputError: fewer benchmarks than components, or a model or benchmark without any score.
        RefusalError: fewer models than benchmarks.

    Source: Ruan et al. 2024, section 3 and the code published with it.
    """
    names = tuple(benchmarks)
    if not 1 <= components <= len(names):
        raise InputError(
            f"{components} components of {len(names)} benchmarks: give at least as many columns as components."
        )
    scores = np.column_stack([np.array(column, float) for column in runs.numbers(*names)])
    missing = ~np.isfinite(scores)
    if len(scores) <= len(names):
        raise RefusalError(
            f"{len(scores)} models for {len(names)} benchmarks: components need more models than benchmarks.",
            hint="Add models or leave benchmarks out.",
        )
    for axis, what in ((0, "benchmark"), (1, "model")):
        empty = missing.all(axis)
        if empty.any():
            which = names[int(np.argmax(empty))] if axis == 0 else f"row {runs.rows[int(np.argmax(empty))]}"
            raise InputError(f"The {what} {which} has no score at all.", hint="Leave it out.")
    full = _fill(scores, missing)
    means = full.mean(0)
    _, sizes, axes = np.linalg.svd(full - means, full_matrices=False)
    axes = axes * np.where(axes.sum(1) < 0, -1.0, 1.0)[:, None]
    values = (full - means) @ axes[:components].T
    data, columns = dict(runs.data), dict(runs.columns)
    for k in range(components):
        name = f"pc{k + 1}"
        if name in runs:
            raise InputError(f"The table has a column {name} already.", hint="Rename it on reading.")
        data[name] = values[:, k].copy()
        columns[name] = Column(
            name, "number", None, f"component {k + 1} of {len(names)} benchmarks", None, f"PCA of {', '.join(names)}"
        )
    shares = sizes**2 / np.sum(sizes**2)
    return Capabilities(
        replace(runs, data=data, columns=columns), names, shares, axes[:components], means, int(missing.sum())
    )


def _fill(scores: Array, missing: Array) -> Array:
    """Scores with the missing ones put where the first component has them."""
    counts = np.maximum((~missing).sum(0), 1)
    full = np.where(missing, np.where(missing, 0.0, scores).sum(0) / counts, scores)
    for _ in range(ROUNDS if missing.any() else 0):
        means = full.mean(0)
        left, sizes, right = np.linalg.svd(full - means, full_matrices=False)
        again = np.where(missing, means + sizes[0] * np.outer(left[:, 0], right[0]), scores)
        change = float(np.max(np.abs(again - full)))
        full = again
        if change < SETTLED:
            break
    return np.asarray(full)
