"""Tasks become rows: what every law, the recipe's ingredients and every baseline say about each hidden run. Nothing is scored here.

All values are logarithms (of the odds e / (1 - e) in the variant "odds"), so that constants can be learnt and intervals scored without
fitting again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.record.baselines import baselines
from benchmarks.record.tasks import Task

from gnomon.forecast.recipe import Evidence, draw_together, fit_together

EARLY = 0.3  # share of a run before which the variant "late" uses no checkpoint
NEAR_ONE = 0.999  # error rate above which odds are not used
SIMULATED_SD = 0.005  # log noise of simulated truths
LEAST_LATE = 8  # rows that must be left when early checkpoints are dropped


def odds(values: np.ndarray) -> np.ndarray:
    return values / (1 - values)


def as_odds(task: Task) -> Task | None:
    """The task on the scale of odds; None when it is not about a rate, or a rate is too near 1."""
    if not task.rate or max(task.response.max(), task.truth.max()) > NEAR_ONE:
        return None
    return replace(task, response=odds(task.response), truth=odds(task.truth))


def without_early(task: Task) -> Task | None:
    """The task without early checkpoints; None when it has none or too little is left."""
    late = task.progress >= EARLY
    if late.all() or late.sum() < LEAST_LATE or any(len(np.unique(v[late])) < 3 for v in task.inputs.values()):
        return None
    inputs = {k: v[late] for k, v in task.inputs.items()}
    run = np.unique(task.run[late], return_inverse=True)[1]
    return replace(task, inputs=inputs, response=task.response[late], run=run, progress=task.progress[late])


def simulated(task: Task) -> Task | None:
    """The same runs and targets with losses from a law that is exactly true: floor 70 %, two power terms of 15 %, log noise .005."""
    if len(task.inputs) != 2:
        return None
    centre = {k: np.log(v).mean() for k, v in task.inputs.items()}

    def law(at: dict[str, np.ndarray]) -> np.ndarray:
        u, v = (np.log(at[k]) - centre[k] for k in ("params", "tokens"))
        return 0.70 + 0.15 * np.exp(-0.34 * u) + 0.15 * np.exp(-0.30 * v)

    rng = np.random.default_rng(list(task.id.encode()))
    noisy = [
        law(at) * np.exp(SIMULATED_SD * rng.standard_normal(len(y)))
        for at, y in ((task.inputs, task.response), (task.targets, task.truth))
    ]
    return replace(task, response=noisy[0], truth=noisy[1])


VARIANTS = {"all": lambda task: task, "odds": as_odds, "late": without_early, "simulated": simulated}


def measure(tasks: Sequence[Task], variant: str, axes: Sequence[str] = ("flops",)) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per forecast of a hidden run, and one per backtest forecast inside the fitted rows.

    Args:
        tasks: those to which the variant does not apply are left out.
        variant: one of VARIANTS.
        axes: of two-input backtests besides the axis along which a target lies farthest out.
    """
    changed = [found for found in map(VARIANTS[variant], tasks) if found is not None]
    tables = [Evidence.of(task.inputs, task.response, task.run) for task in changed]
    with np.errstate(all="ignore"):
        for axis in axes:
            some = [e for e in tables if len(e.inputs) == 2]
            fit_together(some, axis)
        fit_together(tables)
        draw_together(tables)
        plain = baselines(changed) if variant in ("all", "simulated") else [{} for _ in changed]
        rows, past = [], []
        for task, evidence, rivals in zip(changed, tables, plain, strict=True):
            rows.append(_forecasts(task, evidence, rivals))
            past += [_backtests(task, evidence, axis) for axis in evidence.axes() if axis in evidence._fits]
    if not rows:
        return pd.DataFrame(), pd.DataFrame()
    return pd.concat(rows, ignore_index=True), pd.concat(past, ignore_index=True)


def _forecasts(task: Task, evidence: Evidence, rivals: dict[str, Any]) -> pd.DataFrame:
    predictions = evidence.predictions(task.targets)
    columns: dict[str, Any] = {
        "task": task.id,
        "dataset": task.dataset,
        "family": task.family,
        "group": task.group,
        "axis": task.axis,
        "fraction": task.fraction,
        "checkpoints": task.checkpoints,
        "rate": task.rate,
        "dim": len(task.inputs),
        "fitted": len(task.response),
        "parameters": evidence.main.design.p,
        "progress": task.target_progress,
        "j": np.arange(len(task.truth)),
        "truth": np.log(task.truth),
    }
    columns |= {f"law_{name}": row for name, row in zip(evidence.names, predictions, strict=True)}
    for choice, axis in (("far", None), ("cut", task.axis), ("usual", evidence.usual_axis)):
        raw = evidence.ingredients(task.targets, axis=axis)
        columns |= {f"{name}_{choice}": getattr(raw, name) for name in ("error", "reach", "count")}
    columns |= {name: getattr(raw, name) for name in ("bootstrap", "residual", "spread", "horizon")}
    columns |= {f"beyond_{k}": v for k, v in evidence.decades(task.targets).items()}
    return pd.DataFrame(columns | rivals)


def _backtests(task: Task, evidence: Evidence, axis: str) -> pd.DataFrame:
    past = evidence.hindcasts(axis)
    columns: dict[str, Any] = {
        "task": task.id,
        "axis": axis,
        "origin": past.origin,
        "horizon": past.horizon,
        "measured": past.measured,
        "scale": np.array([f[evidence.names[0]].scale for f in evidence._fits[axis]])[past.origin.astype(int)]
        if len(past.origin)
        else [],
    }
    return pd.DataFrame(columns | {f"law_{n}": row for n, row in zip(evidence.names, past.predictions, strict=True)})
