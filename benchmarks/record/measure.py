"""Tasks become rows: what the recipe, every law and every baseline say about each hidden run. Nothing is scored here.

Centre and ingredients are on the scale that the recipe chose (ln response, or ln odds of an error rate), before any learnt constant, so
that constants can be learnt and intervals scored without fitting again. Baselines are ln response.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.record.baselines import baselines
from benchmarks.record.tasks import Task

from gnomon.forecast.early import EARLY
from gnomon.forecast.recipe import Evidence, draw_together, fit_together
from gnomon.forecast.scale import admits_odds, better

SIMULATED_SD = 0.005  # log noise of simulated truths
SIMULATED_ONE_IN = 8  # two-input tasks, by a hash of their names: about 80 designs
WITHOUT = ("scale", "early")  # choices of the recipe that can be switched off, to see what they are worth


def simulated(task: Task) -> Task | None:
    """Some tasks with losses from a law that is exactly true: floor 70 %, two power terms of 15 %, log noise .005."""
    if len(task.inputs) != 2 or zlib.crc32(task.id.encode()) % SIMULATED_ONE_IN:
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


@dataclass(frozen=True)
class Case:
    """The targets of a task that share fitted rows: finished runs, or early checkpoints, for which early ones are fitted too."""

    task: Task
    which: np.ndarray
    early: bool
    several: tuple[Evidence, ...]

    @property
    def targets(self) -> dict[str, np.ndarray]:
        return {k: v[self.which] for k, v in self.task.targets.items()}


def cases(task: Task, without: Sequence[str]) -> list[Case]:
    """One case, or two where some targets are early checkpoints; on two scales where the response is an error rate."""
    late = task.target_progress >= EARLY
    found = []
    for early in (False, True):
        which = np.flatnonzero(late != early)
        if not len(which):
            continue
        keep = early or "early" in without
        scales = ["log"]
        if task.rate and admits_odds(task.response) and "scale" not in without:
            scales.append("odds")
        several = [Evidence.of(task.inputs, task.response, task.run, scale=s, early=keep) for s in scales]  # type: ignore[arg-type]
        found.append(Case(task, which, early, tuple(several)))
    return found


def measure(tasks: Sequence[Task], simulate: bool = False, without: Sequence[str] = ()) -> pd.DataFrame:
    """One row per forecast of a hidden run.

    Args:
        tasks: those over one input are left out when truths are simulated.
        simulate: replace all losses by those of a law that is exactly true.
        without: choices of the recipe to switch off, of WITHOUT.
    """
    tasks = [s for s in map(simulated, tasks) if s is not None] if simulate else list(tasks)
    if not tasks:
        return pd.DataFrame()
    with np.errstate(all="ignore"):
        every = [case for task in tasks for case in cases(task, without)]
        fit_together([e for c in every for e in c.several], [c.targets for c in every for _ in c.several])
        chosen = [better(*c.several) if len(c.several) == 2 else c.several[0] for c in every]
        draw_together(chosen)
        rivals = {task.id: columns for task, columns in zip(tasks, baselines(tasks), strict=True)}
        rows = [_forecasts(c, e, rivals[c.task.id]) for c, e in zip(every, chosen, strict=True)]
    return pd.concat(rows, ignore_index=True)


def _forecasts(case: Case, evidence: Evidence, rivals: dict[str, Any]) -> pd.DataFrame:
    task, which, targets = case.task, case.which, case.targets
    truth = task.truth[which]
    predictions = evidence.predictions(targets)
    columns: dict[str, Any] = {
        "task": task.id,
        "dataset": task.dataset,
        "family": task.family,
        "group": task.group,
        "axis": task.axis,
        "checkpoints": task.checkpoints,
        "rate": task.rate,
        "scale": evidence.scale,
        "left_out": evidence.left_out,
        "dim": len(task.inputs),
        "fitted": len(evidence.response),
        "parameters": evidence.main.design.p,
        "j": which,
        "truth": np.log(truth),
        "centre": evidence.centre(targets),
        "goal": np.log(truth / (1 - truth) if evidence.scale == "odds" else truth),
    }
    columns |= {f"law_{n}": evidence.ln_response(row) for n, row in zip(evidence.names, predictions, strict=True)}
    columns |= vars(evidence.ingredients(targets))
    columns |= {name: value[which] if np.ndim(value) else value for name, value in rivals.items()}
    return pd.DataFrame(columns)
