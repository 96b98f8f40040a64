"""Do intervals cover where the truth is known? Synthetic studies from six laws with three kinds of noise.

    python -m benchmarks.intervals [--studies 200] [--processes 2]

Forecasts: a new run 10 times beyond the data (in compute where there are two inputs), gnomon's recipe beside the covariance of scipy's
curve_fit of the plain law. Parameters: the exponent of a power law with a floor, by each engine of `gnomon fit --intervals`. The
truths are written out here, without gnomon's laws.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool

import numpy as np
from benchmarks.record.baselines import CELLS, TRIED, by_curve_fit, design_of
from benchmarks.record.tasks import Task
from scipy.stats import norm

from gnomon.fit.design import Design
from gnomon.fit.engines import ENGINES, Question
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search, starts
from gnomon.forecast.recipe import Evidence, constants, draw_together, fit_together
from gnomon.laws import law

LEVEL = 0.9
EXPONENT = 0.15  # of the power law with a floor
SIZES = np.geomspace(2e7, 1e9, 6)  # parameters
RATIOS = np.array([5.0, 10.0, 20.0, 40.0])  # tokens per parameter
COMPUTE = np.geomspace(1.0, 300.0, 16)  # in units of the smallest run
BEYOND = 10.0
DRAWS = 200

TWO: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sum with floor": lambda n, d: 1.8172 + 482.01 / n**0.3478 + 2085.43 / d**0.3658,  # Besiroglu et al. 2024
    "sum with floor, one exponent": lambda n, d: 1.8 + 480 / n**0.35 + 1500 / d**0.35,
    "sum without floor": lambda n, d: 8.0 / n**0.1 + 20.0 / d**0.12,
}
ONE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "power with floor": lambda x: 1.7 + 2.0 * x**-EXPONENT,
    "power": lambda x: 4.0 * x**-0.05,  # exponent of Kaplan et al. 2020 in compute
    "shifted power": lambda x: 1.7 + 2.5 * (x + 3.0) ** -0.25,
}


def steady(loss: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.005 * rng.standard_normal(len(loss))


def growing(loss: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sd 0.002 nats at a loss of 3 to 0.05 at 7: see gnomon.fit.parametric."""
    sd = np.exp(np.interp(np.log(loss), np.log([3, 7]), np.log([0.002, 0.05])))
    return sd / loss * rng.standard_normal(len(loss))


def heavy(loss: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.003 * rng.standard_t(3, len(loss))


NOISES = {"steady 0.5%": steady, "growing with the loss": growing, "heavy-tailed (t, 3)": heavy}


def study(name: str, noise: str, seed: int) -> Task:
    """Fitted runs and one new run beyond them."""
    rng = np.random.default_rng([seed, [*TWO, *ONE].index(name), list(NOISES).index(noise)])
    if name in TWO:
        n, d = np.repeat(SIZES, len(RATIOS)), np.outer(SIZES, RATIOS).ravel()
        far = {"params": np.array([n.max() * BEYOND**0.5]), "tokens": np.array([d.max() * BEYOND**0.5])}
        inputs, clean, truth = {"params": n, "tokens": d}, TWO[name](n, d), TWO[name](far["params"], far["tokens"])
    else:
        far = {"x": np.array([COMPUTE.max() * BEYOND])}
        inputs, clean, truth = {"x": COMPUTE}, ONE[name](COMPUTE), ONE[name](far["x"])
    measured = clean * np.exp(NOISES[noise](clean, rng))
    new = truth * np.exp(NOISES[noise](truth, rng))
    axis = "flops" if name in TWO else "x"
    run = np.arange(len(clean))
    return Task("synthetic", name, axis, 1.0, False, False, inputs, measured, run, far, new, np.ones(1))


def forecasts(studies: int, cell: tuple[str, str]) -> tuple[float, float, float]:
    """Coverage of the recipe and of curve_fit, and the recipe's half width relative to the forecast, for one law and noise."""
    tasks = [study(*cell, seed) for seed in range(studies)]
    evidences = [Evidence.of(t.inputs, t.response, t.run) for t in tasks]
    fit_together(evidences, [t.targets for t in tasks])
    draw_together(evidences)
    ours, theirs, width = [], [], []
    for task, evidence in zip(tasks, evidences, strict=True):
        truth = np.log(task.truth[0])
        half = constants().multiplier(LEVEL) * float(evidence.terms(task.targets).sigma[0])
        ours.append(abs(float(evidence.centre(task.targets)[0]) - truth) <= half)
        width.append(half)
        design = design_of(task)
        plain = by_curve_fit(task, design, starts(design, CELLS)[: TRIED // 3])
        theirs.append(abs(plain["curve_fit"][0] - truth) <= norm.ppf(0.5 + LEVEL / 2) * plain["curve_fit_sd"][0])
    return float(np.mean(ours)), float(np.mean(theirs)), float(np.median(width))


def parameters(studies: int, noise: str) -> dict[str, float]:
    """Coverage of the exponent per engine."""
    how = OBJECTIVES["huber"]
    names = [name for name in ENGINES if name != "none"]
    hits = dict.fromkeys(names, 0)
    cls = law("pow_floor(x)")
    for seed in range(studies):
        task = study("power with floor", noise, seed)
        design = Design(cls, tuple(task.inputs.values()), task.response, task.run)
        asked = Question(design, how, search(design, how), (), DRAWS, LEVEL, seed)
        for name in names:
            found = ENGINES[name](asked).estimates["a"]
            if found.low is not None and found.high is not None:
                hits[name] += found.low <= EXPONENT <= found.high
    return {name: count / studies for name, count in hits.items()}


def page(studies: int, processes: int) -> str:
    """The result as Markdown."""
    began = time.perf_counter()
    cells = [(name, noise) for name in (*TWO, *ONE) for noise in NOISES]
    with Pool(processes) as pool:
        of_parameters = pool.map_async(partial(parameters, studies), list(NOISES), chunksize=1)
        of_forecasts = pool.map(partial(forecasts, studies), cells, chunksize=1)
        engines = of_parameters.get()
    ours, theirs, _ = np.mean(of_forecasts, axis=0)
    within = sum(0.86 <= cell[0] <= 0.98 for cell in of_forecasts)
    lines = [
        "# Coverage where the truth is known",
        "",
        f"`python -m benchmarks.intervals --studies {studies}`, {time.strftime('%Y-%m-%d')}, "
        f"{time.perf_counter() - began:.0f} s on {processes} processes.",
        f"{studies} synthetic studies for each of 6 laws and 3 kinds of noise; the standard error of a 90% coverage is "
        f"{np.sqrt(0.09 / studies):.1%} in one cell.",
        "",
        "## Forecasts of a new run 10 times beyond the data, 90% intervals",
        "",
        f"All together: gnomon's recipe {ours:.1%}, the covariance of scipy's curve_fit {theirs:.1%}. "
        f"The recipe lies within 86 to 98% in {within} of {len(cells)} cells.",
        "",
        "| truth | noise | recipe | curve_fit | recipe's median half width |",
        "|---|---|---|---|---|",
        *(
            f"| {a} | {b} | {o:.1%} | {c:.1%} | {w:.2%} |"
            for (a, b), (o, c, w) in zip(cells, of_forecasts, strict=True)
        ),
        "",
        f"## The exponent of a power law with a floor, 90% intervals, Huber objective, {DRAWS} draws",
        "",
        "| noise | " + " | ".join(engines[0]) + " |",
        "|---|" + "---|" * len(engines[0]),
        *(
            f"| {noise} | " + " | ".join(f"{v:.1%}" for v in row.values()) + " |"
            for noise, row in zip(NOISES, engines, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    print(page(given.studies, given.processes), end="")
