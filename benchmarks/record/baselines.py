"""What the recipe has to beat: last value, best so far, the plain law by curve_fit with its covariance, Huber 1e-3, pairs bootstrap.

The plain law is Chinchilla's over two inputs and power plus floor over one. curve_fit is scipy's, squared errors of the loss itself as
people use it, from the best cell of gnomon's grid and from the Huber optimum of its search: better starts than users have. The Huber fit
is that of Hoffmann et al. 2022. A rival is run until it has converged.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from benchmarks.record.tasks import Task
from scipy.optimize import curve_fit

from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import starts
from gnomon.fit.stack import stacks
from gnomon.laws import law as find_law

PLAIN = {1: "pow_floor(x)", 2: "chinchilla"}
DRAWS = 100  # of the pairs bootstrap
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.975)
CELLS = 400  # of the profile grid behind the starts
TRIED = 6  # starts polished
MOST_STEPS = 80  # of a bootstrap refit: a rival is run until it has converged
STEP = 1e-5  # of the finite differences behind a Jacobian


def design_of(task: Task) -> Design:
    return Design(find_law(PLAIN[len(task.inputs)]), tuple(task.inputs.values()), task.response, task.run)


def ln_law(design: Design, at: dict[str, np.ndarray], theta: np.ndarray) -> np.ndarray:
    """(B, m)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(design.at(dict(zip(design.law.inputs, at.values(), strict=True))).predict(theta))


def naive(task: Task) -> dict[str, float]:
    """Last value: of the largest fitted run (most compute). Best so far: the smallest."""
    size = np.sum([np.log(v) for v in task.inputs.values()], axis=0)
    return {
        "last_value": float(np.log(task.response[int(np.argmax(size))])),
        "best_so_far": float(np.log(task.response.min())),
    }


def by_curve_fit(task: Task, design: Design, first: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """ln forecast, sd from the parameters' covariance (delta method), residual sd relative to the mean response.

    Of several starts the one with a covariance and the smaller residual counts; without any, the interval is NaN.
    """
    n, p, m = len(task.response), design.p, len(task.truth)
    if n <= p:
        return {name: np.full(m, np.nan) for name in ("curve_fit", "curve_fit_sd", "curve_fit_residual")}

    def law(_: Any, *theta: float) -> np.ndarray:
        z = design.kernel.state(np.array(theta)[None])[0][0]
        return np.exp(np.clip(z, -50, 50))

    tried = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for start in first:
            try:
                theta, covariance = curve_fit(law, np.arange(n), design.target, p0=start, maxfev=4000)
            except RuntimeError:  # scipy found no optimum: the forecast of its start
                theta, covariance = start, np.full((p, p), np.nan)
            square = float(((law(None, *theta) - design.target) ** 2).sum())
            tried.append((not np.isfinite(covariance).all(), square, theta, covariance))
        _, square, theta, covariance = min(tried, key=lambda t: t[:2])
        steps = np.concatenate([theta[None] + STEP * np.eye(p), theta[None]])
        ln = ln_law(design, task.targets, steps)
        slope = (ln[:-1] - ln[-1]).T / STEP
        sd = np.sqrt(np.clip(np.einsum("mi,ij,mj->m", slope, covariance, slope), 0, None))
    residual = np.sqrt(square / (n - p)) / design.target.mean()
    return {"curve_fit": ln[-1], "curve_fit_sd": sd, "curve_fit_residual": np.full(m, residual)}


def baselines(tasks: Sequence[Task], seed: int = 0) -> list[dict[str, Any]]:
    """Per task, columns of ln forecasts and sds (m,)."""
    designs = [design_of(task) for task in tasks]
    found: list[dict[str, Any]] = [{} for _ in tasks]
    for count in sorted({len(t.inputs) for t in tasks}):
        here = [i for i, t in enumerate(tasks) if len(t.inputs) == count]
        for places, stack in stacks([designs[i] for i in here]):
            several = [starts(d, CELLS)[:TRIED] for d in stack.designs]
            owner = np.repeat(np.arange(len(several)), [len(s) for s in several])
            huber = stack.minimise(OBJECTIVES["huber"], np.concatenate(several), owner, None, continuation=2)
            values = np.where(np.isfinite(huber.value), huber.value, np.inf)
            best = np.stack([huber.theta[owner == k][np.argmin(values[owner == k])] for k in range(len(several))])
            draws = _pairs(stack, best, seed)
            for k, place in enumerate(places):
                i = here[place]
                task, design = tasks[i], designs[i]
                known = len(task.response) > design.p
                middle = ln_law(design, task.targets, best[[k]])[0]
                spread = np.nanquantile(ln_law(design, task.targets, draws[k]), QUANTILES, axis=0) - middle
                found[i] = naive(task) | by_curve_fit(task, design, [several[k][0], best[k]])
                found[i]["huber"] = middle if known else np.full(len(middle), np.nan)
                found[i] |= {
                    f"pairs_{q:g}": row if known else row * np.nan for q, row in zip(QUANTILES, spread, strict=True)
                }
    return found


def _pairs(stack: Any, theta: np.ndarray, seed: int) -> np.ndarray:
    """Huber refits to runs drawn with replacement (S, DRAWS, p)."""
    n, weights = stack.target.shape[1], []
    for design in stack.designs:
        runs = int(design.groups.max()) + 1
        rng = np.random.default_rng([seed, len(design.output), runs])
        drawn = rng.multinomial(runs, np.full(runs, 1 / runs), DRAWS)[:, design.groups] * 1.0
        weights.append(np.pad(drawn, ((0, 0), (0, n - drawn.shape[1]))))
    solved = stack.minimise(
        OBJECTIVES["huber"],
        np.repeat(theta, DRAWS, 0),
        np.repeat(np.arange(len(theta)), DRAWS),
        None,
        weights=np.concatenate(weights),
        continuation=1,
        iterations=MOST_STEPS,
    )
    return solved.theta.reshape(len(theta), DRAWS, -1)
