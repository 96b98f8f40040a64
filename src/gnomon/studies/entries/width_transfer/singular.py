"""Singular values against width, learning rate and decay, matrix by matrix, in the steady state only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gnomon.errors import RefusalError
from gnomon.studies.entries.width_transfer.design import LR, STEADY, rule_decay

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.runs import Runs

DRAWS = 400
OBJECTIVE = "squared_log"  # one seed a cell: errors are the law's own, spread over all cells, without outliers
HALF_ROOT = "k * (lr / weight_decay)^0.5 * width^s"
"""The law with its root as published: the decay rule 2p - 1 is derived from it."""

FEWEST = 3  # widths; two give a ratio, no exponent

Array = np.ndarray
Matrix = tuple[int, str]


@dataclass(frozen=True)
class Slope:
    """Slope of ln(value) against ln(width) with its 90% interval (Student's t)."""

    value: float
    low: float
    high: float


def steady(rows: Runs) -> Runs:
    """The rows of runs that were long enough: lr * decay * steps of at least 3; the others are removed and counted."""
    return rows.where(f"status = 'done' and exposure >= {STEADY}")


def exponents(rows: Runs, law: str, seed: int) -> dict[Matrix, Fit]:
    """A law of the largest singular value fitted to every matrix.

    Args:
        rows: of runs in their steady state.
        law: id or formula.
        seed: of the resampling.

    Raises:
        RefusalError: a run is not in its steady state, or there are fewer than three widths.
    """
    from gnomon.fit import fit

    _check(rows)
    return {
        matrix: fit(law, one, response="sigma_max", objective=OBJECTIVE, draws=DRAWS, seed=seed)
        for matrix, one in _matrices(rows).items()
    }


def measured_rule(rows: Runs, known: Sequence[float], seed: int) -> float:
    """The rule exponent nearest to p of sigma ~ sqrt(lr/decay) width^p, p averaged over matrices."""
    values = [fit.parameters["s"].value for fit in exponents(rows, HALF_ROOT, seed).values()]
    return min(known, key=lambda p: abs(p - float(np.mean(values))))


def rule_slopes(rows: Runs, p: float, column: str = "sigma_max") -> dict[Matrix, Slope]:
    """Slope in width of a column of every matrix, under the decay rule of an exponent.

    Args:
        rows: of runs in their steady state, the held-out width among them.
        p: of the rule.
        column: "sigma_max", or "output_size" (of matrices that end a sublayer).
    """
    from scipy.special import stdtrit

    _check(rows)
    found = {}
    for matrix, one in _matrices(_under(rows, p)).items():
        y = np.asarray(one[column], float)
        if np.isnan(y).all():  # matrices inside a sublayer have no output of their own
            continue
        x = np.log(np.asarray(one["width"], float))
        if len(x) < FEWEST:
            raise RefusalError(f"{len(x)} widths are in their steady state at p = {p:g}, expected at least {FEWEST}.")
        line, slack = np.polyfit(x, np.log(y), 1), len(x) - 2
        residual = np.log(y) - np.polyval(line, x)
        error = float(np.sqrt((residual**2).sum() / slack / ((x - x.mean()) ** 2).sum()))
        half = float(stdtrit(slack, 0.95)) * error
        slope = float(line[0])
        found[matrix] = Slope(slope, slope - half, slope + half)
    return found


def steepest(slopes: Mapping[Matrix, Slope]) -> Slope:
    """The slope of largest size."""
    return max(slopes.values(), key=lambda s: abs(s.value))


def log_slope(x: Array, y: Array) -> float:
    """Least-squares slope of ln y against ln x."""
    return float(np.polyfit(np.log(np.asarray(x, float)), np.log(np.asarray(y, float)), 1)[0])


def errors_at(rows: Runs, law: str, width: int, seed: int) -> dict[Matrix, float]:
    """Mean relative error of every matrix at the held-out widths, from a backtest that hides them.

    Args:
        rows: of runs in their steady state.
        law: id or formula.
        width: the smallest hidden one.
        seed: of every draw.
    """
    from gnomon.forecast import backtest

    _check(rows)
    found = {}
    for matrix, one in _matrices(rows).items():
        tested = backtest(
            [law], one, hold_out=f"where:width >= {width}", response="sigma_max", objective=OBJECTIVE, seed=seed
        )
        (score,) = tested.laws
        if score.are is not None:
            found[matrix] = float(score.are)
    return found


def _under(rows: Runs, p: float) -> Runs:
    """The rows whose decay is that of a rule, whatever it was called when they were run."""
    decays = [rule_decay(p, int(width)) for width in rows["width"]]
    same = np.isclose(np.asarray(rows["weight_decay"], float), decays, rtol=1e-6)  # rounding of a power, no more
    return rows.keep(same & (np.asarray(rows["base_lr"], float) == LR), f"another rule than p = {p:g}")


def _matrices(rows: Runs) -> dict[Matrix, Runs]:
    """The rows of each matrix: layer and name."""
    names = sorted({(int(k), str(name)) for k, name in zip(rows["layer"], rows["matrix"], strict=True)})
    return {(k, name): rows.where(f"layer = {k} and matrix = '{name}'") for k, name in names}


def _check(rows: Runs) -> None:
    """Refuse runs that still remember their start, and too few widths."""
    exposure = np.asarray(rows["exposure"], float)
    if len(exposure) == 0 or not exposure.min() >= STEADY:
        least = f"{exposure.min():.2g}" if len(exposure) else "no runs"
        raise RefusalError(
            f"A run has lr * decay * steps = {least}, expected at least {STEADY:g}: its singular values are those of its start.",
            hint="Train longer, or leave such runs out.",
        )
    widths = len(set(rows["width"]))
    if widths < FEWEST:
        raise RefusalError(f"The runs have {widths} widths, expected at least {FEWEST}: two give a ratio, no exponent.")
