"""From rows to numbers: accuracies by seed, differences in the same data, scores and their ranks."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import RefusalError
from gnomon.studies.claim import Measured
from gnomon.studies.entries.mad.design import LR, SEEDS, SWEEP, ZOO
from gnomon.studies.entries.mad.ranking import every_order, mad_scores, rank_correlation
from gnomon.studies.study import Asked

if TYPE_CHECKING:
    from gnomon.runs import Runs

Array = NDArray[np.float64]

BUDGETS = (4e18, 8e18, 2e19, 4e19, 8e19)  # the paper's
SETS, SIZES, NOISE = 100, 7, 0.003  # sets of parabolas; sizes from 1/4 to 4 times the best; relative noise of a loss
ONE_IN_TWENTY = 0.05


def judge(runs: Runs, asked: Asked) -> dict[str, Measured]:
    """What was measured, by claim id.

    A value over seeds is their mean, its interval their smallest and largest: training is all or nothing here, which no
    standard error describes.
    """
    found = {
        "isoflop": Measured(covered(0.5, asked.seed)),
        "isoflop-other": Measured(covered(0.6, asked.seed)),
        "ranking-permuted": Measured(called_a_ranking(len(ZOO))),
    }
    found["untrained"] = Measured(_over_chance(runs))
    found["window-whole"] = Measured(float(np.max(_column(runs.where("status = 'window'"), "difference"))))
    if asked.scale == "smoke":
        return found
    final = Final(runs, range(asked.seed, asked.seed + SEEDS[asked.scale]))
    for claim, task, name in (
        ("recall-attention", "recall", "attention"),
        ("recall-window", "recall", "window"),
        ("recall-no-mixer", "recall", "swiglu"),
        ("copying-window", "copying", "window"),
        ("copying-no-mixer", "copying", "swiglu"),
        ("compression-no-mixer", "compression", "swiglu"),
        ("memorization-no-mixer", "memorization", "swiglu"),
    ):
        found[claim] = _over_seeds(final.of(task, name))
    found["memorization-other-map"] = _over_seeds(final.of("memorization", "swiglu", "other_accuracy"))
    found["copying-attention"] = _over_seeds(final.of("copying", "attention") - final.of("copying", "window"))
    against = final.of("compression", "attention")
    behind = {name: final.of("compression", name) - against for name in ("linear", "gated", "ssm")}
    found["compression-linear"] = _over_seeds(min(behind.values(), key=_worst))
    found["compression-state"] = _over_seeds(final.of("compression", "gated-wide") - final.of("compression", "gated"))
    if asked.scale == "full":
        correlation = rank_correlation(*map(np.asarray, _score_and_loss(runs)))
        found["ranking"] = Measured(correlation.p)
    return found


class Final:
    """Accuracies after the last step, at the baseline and the rate of the quick scale, in the order of the seeds."""

    def __init__(self, runs: Runs, seeds: range) -> None:
        self._seeds = seeds
        self._runs = runs.where(f"harder = 0 and lr_peak = {LR!r} and step = steps")

    def of(self, task: str, architecture: str, column: str = "accuracy") -> Array:
        """One value a seed; NaN for a run that diverged, which has no last step."""
        here = (np.asarray(self._runs["task"]) == task) & (np.asarray(self._runs["family"]) == architecture)
        known = dict(zip(_column(self._runs, "seed")[here], _column(self._runs, column)[here], strict=True))
        return np.array([known.get(seed, np.nan) for seed in self._seeds])


@functools.cache
def covered(exponent: float, seed: int) -> float:
    """Share of generated isoFLOP studies whose 90 % interval of the exponent holds .5.

    Args:
        exponent: that of the generated ones, N* = C^exponent up to a factor.
        seed: of the noise.
    """
    from gnomon.plan import isoflop

    rng = np.random.default_rng([seed, round(100 * exponent)])
    flops = np.repeat(BUDGETS, SIZES)
    best = 0.1 * (flops / BUDGETS[0]) ** exponent * BUDGETS[0] ** 0.5
    size = best * np.tile(np.geomspace(1 / 4, 4, SIZES), len(BUDGETS))
    valley = 3.0 * (flops / BUDGETS[0]) ** -0.05 + 0.05 * np.log(size / best) ** 2
    inside = 0
    for _ in range(SETS):
        loss = valley * (1 + NOISE * rng.standard_normal(len(valley)))
        try:
            line = isoflop({"params": size, "flops": flops, "loss": loss}).line
        except RefusalError:
            continue
        if line is not None and line.low is not None and line.high is not None:
            inside += line.low <= 0.5 <= line.high
    return inside / SETS


def called_a_ranking(items: int) -> float:
    """Share of all orders of so many items whose rank correlation reaches one in twenty, ties apart."""
    agreement = np.sort(every_order(items) @ np.arange(items))
    reached = 1 - np.searchsorted(agreement, agreement, side="left") / len(agreement)
    return float(np.mean(reached <= ONE_IN_TWENTY))


def scores(runs: Runs) -> dict[str, float]:
    """MAD score of each architecture that ran all tasks and settings: each setting at the rate its validation part chose."""
    rows = runs.where("step = steps and task != 'ladder' and status = 'done'")
    swept: dict[tuple[str, str, str], dict[float, tuple[float, float]]] = {}
    for name, task, harder, lr, valid, test in zip(
        *(rows[c] for c in ("family", "task", "harder", "lr_peak", "valid_accuracy", "accuracy")), strict=True
    ):
        if name in ZOO:
            swept.setdefault((str(name), str(task), str(harder)), {})[float(lr)] = (float(valid), float(test))
    chosen = {}
    for key, points in swept.items():
        if set(points) == set(SWEEP):
            chosen[key] = {(0.0, 0.0): max(points.values())[1]}  # the one its validation part chose
    return mad_scores(chosen)


def _score_and_loss(runs: Runs) -> tuple[list[float], list[float]]:
    """Score and least loss with its sign turned, of the architectures in the order of the zoo."""
    from gnomon.plan import fit_parabola

    score = scores(runs)
    ladder = runs.where("task = 'ladder' and status = 'done'")
    least = []
    for name in ZOO:
        rows = ladder.where(f"family = '{name}'")
        size, loss = _column(rows, "params"), _column(rows, "loss")
        found = fit_parabola(size, loss, float(np.mean(_column(rows, "flops"))))
        bottom = found.loss if not found.hollow and found.loss is not None else float(loss.min())
        least.append(-bottom)
    return [score[name] for name in ZOO], least


def _over_chance(runs: Runs) -> float:
    rows = runs.where("status = 'untrained'")
    return float(np.max(_column(rows, "accuracy") - _column(rows, "chance")))


def _worst(values: Array) -> float:
    """Their mean; what is unknown comes first, so that it is not passed over."""
    return -np.inf if np.isnan(values).any() else float(np.mean(values))


def _over_seeds(values: Array) -> Measured:
    missing = int(np.isnan(values).sum())
    if missing:
        return Measured(None, reason=f"{missing} of {len(values)} seeds have a run that diverged")
    return Measured(float(np.mean(values)), float(np.min(values)), float(np.max(values)))


def _column(rows: Runs | Mapping[str, Any], name: str) -> Array:
    return np.asarray(rows[name], float)
