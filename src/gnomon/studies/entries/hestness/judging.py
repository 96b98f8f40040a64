"""From rows to numbers: curves fitted to the small shards, held-out shards forecast, exponents compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.studies.claim import Measured
from gnomon.studies.entries.hestness.design import HELD_OUT, LEVEL
from gnomon.studies.study import Asked

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.report import Figure
    from gnomon.runs import Runs

Array = np.ndarray
DRAWS = 400
LAW = "pow(samples)"
"""Error without a floor: on digits five octaves show none, and a claim about the exponent needs no more."""


def judge(runs: Runs, asked: Asked) -> dict[str, Measured]:
    """What was measured, by claim id."""
    found = {"unequal-exponents": _unequal(asked.seed), "no-binomial-noise": _narrower()}
    if asked.scale == "smoke":
        return found
    curves = _curves(runs, shuffled=False)
    fits = {name: fit_curve(curve.where(f"samples < {min(HELD_OUT)}"), asked.seed) for name, curve in curves.items()}
    flattest = min(fits.values(), key=lambda f: -_exponent(f)[0])
    value, se = _exponent(flattest)
    found["power-law"] = Measured(value, value - 1.645 * se, value + 1.645 * se)
    inside, widths = [], []
    for name, curve in curves.items():
        for samples in HELD_OUT:
            there = curve.where(f"samples = {samples}")
            measured = float(np.median(np.asarray(there["error"], float)))
            low, high, middle = predictive(fits[name], samples, int(there["tested"][0]), asked.seed)
            inside.append(low <= measured <= high)
            widths.append((high - low) / 2 / middle)
    found["forecast"] = Measured(float(np.mean(inside)))
    found["forecast-width"] = Measured(float(max(widths)))
    pairs = [(fits[f"{m}-adam"], fits[f"{m}-momentum"]) for m in ("mlp", "cnn")]
    found["shared-exponent"] = Measured(min(_difference(a, b) for a, b in pairs))
    (shuffled,) = _curves(runs, shuffled=True).values()
    value, se = _exponent(fit_curve(shuffled, asked.seed))
    size = abs(value)
    found["shuffled-labels"] = Measured(size, max(size - 1.645 * se, 0.0), size + 1.645 * se)
    if asked.scale == "full":
        found["best-size"] = size_exponent(best_sizes(runs))
    return found


def fit_curve(curve: Runs | Mapping[str, Any], seed: int = 0) -> Fit:
    """The learning curve of a family: runs of several seeds together, whole runs resampled."""
    from gnomon.fit import fit

    return fit(LAW, curve, response="error", draws=DRAWS, seed=seed)


def predictive(fit: Fit, samples: int, tested: int, seed: int, *, noise: bool = True) -> tuple[float, float, float]:
    """Interval and middle of the error that a new run shows on `tested` items.

    The curve of every draw, a run's own residual, and the binomial noise of the test set.
    """
    law = fit.law_draws()
    assert law is not None
    rng = np.random.default_rng([seed, samples])
    curve = np.ravel(law(samples=np.array([float(samples)])))
    expected = np.minimum(np.repeat(curve, 25), 1.0)
    shown = rng.binomial(tested, expected) / tested if noise else expected
    low, high = np.quantile(shown, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high), float(np.median(expected))


def best_sizes(runs: Runs) -> dict[str, list[tuple[float, float]]]:
    """By family: samples and parameters of the smallest model whose error is within a binomial sd of the best.

    Errors are medians over seeds; ties within the noise of the test set go to the smaller model, so that a flat stretch
    says nothing for the largest.
    """
    known = runs.where("shuffled = 0 and status = 'done'")
    family = np.asarray(known["family"])
    samples, width, params, error = (np.asarray(known[name], float) for name in ("samples", "width", "params", "error"))
    tested = float(known["tested"][0])
    found: dict[str, list[tuple[float, float]]] = {}
    for name in sorted(set(family.tolist())):
        for m in np.unique(samples):
            here = (family == name) & (samples == m)
            sizes = np.unique(width[here])
            medians = np.array([np.median(error[here & (width == w)]) for w in sizes])
            best = float(medians.min())
            enough = medians <= best + (best * (1 - best) / tested) ** 0.5
            smallest = float(params[here & (width == sizes[np.argmax(enough)])][0])
            found.setdefault(name, []).append((float(m), smallest))
    return found


def size_exponent(best: Mapping[str, Sequence[tuple[float, float]]]) -> Measured:
    """Exponent of parameters against samples, shared by the families, each with a level of its own; 1.645 standard errors."""
    x, y = [], []
    for points in best.values():
        logs = np.log(np.array(points))
        x.append(logs[:, 0] - logs[:, 0].mean())
        y.append(logs[:, 1] - logs[:, 1].mean())
    along, up = np.concatenate(x), np.concatenate(y)
    spread = float(along @ along)
    value = float(along @ up) / spread
    left = up - value * along
    error = float((left @ left / (len(along) - len(best) - 1) / spread) ** 0.5)
    return Measured(value, value - 1.645 * error, value + 1.645 * error)


def figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    """The curve of every family, fitted to the small shards."""
    if asked.scale == "smoke":
        return ()
    from gnomon.report import fit_figure

    return [
        fit_figure(fit_curve(curve.where(f"samples < {min(HELD_OUT)}"), asked.seed))
        for curve in _curves(runs, shuffled=False).values()
    ]


def _curves(runs: Runs, *, shuffled: bool) -> dict[str, Runs]:
    """The rows of each family, at the largest width that all have in common at this scale."""
    known = runs.where(f"shuffled = {int(shuffled)} and status = 'done'")
    widths = np.asarray(known["width"], float)
    width = 64.0 if (widths == 64).any() else float(widths.max())
    known = known.where(f"width = {width:g}")
    return {str(name): known.where(f"family = '{name}'") for name in sorted(set(known["family"]))}


def _exponent(fit: Fit) -> tuple[float, float]:
    """Exponent of error against samples (negative where error falls) and its standard error."""
    (name,) = [n for n, p in fit.law.parameters.items() if not p.linear]
    estimate = fit.parameters[name]
    return -estimate.value, float(estimate.se or 0.0)


def _difference(a: Fit, b: Fit) -> float:
    """p-value of the difference of two exponents, two-sided, from their standard errors."""
    (x, sx), (y, sy) = _exponent(a), _exponent(b)
    spread = sqrt(sx**2 + sy**2)
    return erfc(abs(x - y) / spread / sqrt(2)) if spread > 0 else float(x == y)


def _unequal(seed: int) -> Measured:
    """Two generated curves of unequal exponents, with the seeds and shards of the study."""
    rng = np.random.default_rng([seed, 12])
    samples = np.tile([20.0, 40.0, 80.0, 160.0, 320.0], 3)
    fits = []
    for exponent in (0.25, 0.5):
        error = 1.5 * samples**-exponent * np.exp(0.08 * rng.standard_normal(len(samples)))
        fits.append(fit_curve({"samples": samples, "error": error}, seed))
    return Measured(_difference(*fits))


def _narrower() -> Measured:
    """Width at 2 % error of an interval that leaves out the binomial noise over one that has it."""
    rng = np.random.default_rng(5)
    samples = np.tile([20.0, 40.0, 80.0, 160.0, 320.0], 3)
    fit = fit_curve({"samples": samples, "error": 3.0 * samples**-0.7 * np.exp(0.08 * rng.standard_normal(15))})
    widths = []
    for noise in (False, True):
        low, high, _ = predictive(fit, 1280, 400, 0, noise=noise)
        widths.append(high - low)
    return Measured(widths[0] / widths[1])
