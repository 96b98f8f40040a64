"""Does a score rise faster than its scaling law, or has it only left the level of guessing?

A pass rate that follows the task law, P = exp(-c N^-alpha), is a straight line in F = ln(-ln P) over ln N. A curve of F
that bends down is accelerated emergence, one that bends up is sub-scaling. A score with a level of guessing g hides the
line: below some scale it is flat at g, then it rises, which looks like emergence and is none. So the line is sought in
what lies above guessing, by the likelihood of the raw counts: rows at the level of guessing then say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gnomon.errors import InputError, RefusalError

Verdict = Literal["accelerated", "scaling law", "sub-scaling", "cannot tell"]

TELLING = (
    0.05  # per (ln N)^2: two circuits that take over from one another bend by 0.055 (Hu et al. 2023, their example)
)
STEPS = 200
LEAST_SCALES = 4  # a parabola through three points leaves nothing to judge it by


@dataclass(frozen=True)
class Emergence:
    """What a score's curve says.

    Args:
        verdict: accelerated, scaling law, sub-scaling, or cannot tell.
        bend: quadratic coefficient of ln(-ln P) in ln(scale); negative is accelerated.
        low, high: its interval at `level`.
        level: of the interval.
        slope: of ln(-ln P) in ln(scale) at the middle of the scales; minus the exponent of the task law.
        deviance: twice the gain in log likelihood from the bend, one degree of freedom.
        at_chance: scales whose score is not told from guessing; they count for nothing.
    """

    verdict: Verdict
    bend: float
    low: float
    high: float
    level: float
    slope: float
    deviance: float
    at_chance: tuple[float, ...]


def emergence(scale: Any, passes: Any, trials: Any, *, chance: float = 0.0, level: float = 0.9) -> Emergence:
    """Judge the curve of a pass rate or accuracy over scale.

    P = g + (1 - g) exp(-exp(F)), F = a + b z + c z^2, z = ln(scale) - mean: binomial maximum likelihood with and without
    c. The items are taken to be of one kind: with very unequal items the average over them is not of this form.

    Args:
        scale: parameters, compute or any other scale, one value a row; positive.
        passes: right answers.
        trials: answers.
        chance: g, the share of right answers by guessing: 0.25 for four options, 0 for open answers.
        level: of the interval and of the verdict.

    Raises:
        InputError: counts, scales or the chance level make no sense.
        RefusalError: fewer than four scales lie above guessing.

    Source: Hu et al. 2023, definition 1 (the bend); the level of guessing and the likelihood are gnomon's.
    """
    from scipy.stats import chi2, norm

    x, s, m = (np.asarray(v, float).ravel() for v in np.broadcast_arrays(scale, passes, trials))
    _check(x, s, m, chance, level)
    share = s / m
    sure = float(norm.ppf(0.5 + level / 2))
    told = share - chance > sure * np.sqrt(np.maximum(chance * (1 - chance), 1e-12) / m)
    if len(np.unique(x[told])) < LEAST_SCALES:
        raise RefusalError(
            f"Only {len(np.unique(x[told]))} of {len(np.unique(x))} scales lie above the level of guessing ({chance:g}); "
            f"{LEAST_SCALES} are needed to see a bend.",
            hint="Use a score without a level of guessing (log likelihood of the answer), or larger models.",
        )
    z = np.log(x) - float(np.mean(np.log(x[told])))
    straight, plain, _ = _fit(z, s, m, chance, 2)
    bent, best, information = _fit(z, s, m, chance, 3, start=np.append(straight, 0.0))
    bend = float(bent[2])
    error = float(np.sqrt(np.linalg.inv(information)[2, 2]))
    deviance = max(0.0, 2.0 * (best - plain))
    clear = deviance > float(chi2.ppf(level, 1))
    verdict: Verdict = "cannot tell"
    if clear:
        verdict = "accelerated" if bend < 0 else "sub-scaling"
    elif sure * error <= TELLING:
        verdict = "scaling law"
    return Emergence(
        verdict,
        bend,
        bend - sure * error,
        bend + sure * error,
        level,
        float(bent[1]),
        deviance,
        tuple(float(v) for v in np.unique(x[~told])),
    )


def _check(x: np.ndarray, s: np.ndarray, m: np.ndarray, chance: float, level: float) -> None:
    if not (np.isfinite(x).all() and np.all(x > 0)):
        raise InputError("Scales must be positive numbers.")
    if not np.all((m >= 1) & (s >= 0) & (s <= m)):
        raise InputError("Each row needs 0 <= passes <= trials and at least one trial.")
    if not (0 <= chance < 1 and 0 < level < 1):
        raise InputError(f"chance lies in [0, 1) and level in (0, 1); got {chance!r} and {level!r}.")


def _fit(
    z: np.ndarray, s: np.ndarray, m: np.ndarray, chance: float, terms: int, start: np.ndarray | None = None
) -> tuple[np.ndarray, float, np.ndarray]:
    """Coefficients of F, log likelihood and Fisher information, by scoring with halved steps."""
    basis = np.stack([z**k for k in range(terms)], 1)
    if start is None:
        above = np.clip((s / m - chance) / (1 - chance), 1e-4, 1 - 1e-4)
        weight = np.sqrt(m) * above
        target = np.log(-np.log(above))
        start = np.linalg.lstsq(basis * weight[:, None], target * weight, rcond=None)[0]
    theta = np.asarray(start, float)
    value, gradient, information = _likelihood(basis @ theta, basis, s, m, chance)
    for _ in range(STEPS):
        ridge = 1e-10 * np.trace(information) * np.eye(terms)
        step = np.linalg.solve(information + ridge, gradient)
        gain = 0.0
        for halving in range(30):
            trial = theta + 0.5**halving * step
            result = _likelihood(basis @ trial, basis, s, m, chance)
            gain = result[0] - value
            if gain > 0:
                theta, (value, gradient, information) = trial, result
                break
        if not gain > 1e-10:
            break
    return theta, value, information


def _likelihood(
    f: np.ndarray, basis: np.ndarray, s: np.ndarray, m: np.ndarray, chance: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Binomial log likelihood at F, its gradient and Fisher information by the coefficients."""
    rise = np.exp(np.clip(f, -30.0, 30.0))
    pure = np.exp(-rise)
    p = np.clip(chance + (1 - chance) * pure, 1e-12, 1 - 1e-12)
    slope = -(1 - chance) * rise * pure
    value = float(np.sum(s * np.log(p) + (m - s) * np.log1p(-p)))
    score = (s / p - (m - s) / (1 - p)) * slope
    weight = m * slope**2 / (p * (1 - p))
    return value, basis.T @ score, (basis * weight[:, None]).T @ basis
