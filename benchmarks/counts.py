"""Do intervals of fits to counts cover where the truth is known? Binomial likelihood beside Huber on the logarithm of the share.

    python -m benchmarks.counts [--studies 100] [--processes 2] [--law "pass rate by size"]

Two laws: the task law of pass rates over model size, down to rates at which most rows hold a handful of right answers, and the S of
accuracy over loss. The truths are written out here, without gnomon's laws. Judged is the exponent of the one and the bend of the other.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool

import numpy as np

from gnomon.errors import GnomonError
from gnomon.fit.design import Design
from gnomon.fit.engines import ENGINES, Question
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.result import Estimate
from gnomon.fit.search import search
from gnomon.laws import law

LEVEL = 0.95
DRAWS = 300
SIZES = np.geomspace(1e7, 1e10, 9)  # parameters
LOSSES = np.linspace(0.5, 1.4, 12)
WAYS = (
    ("binomial", "parametric"),
    ("binomial", "profile"),
    ("binomial", "bootstrap"),
    ("huber", "bootstrap"),
    ("squared_log", "profile"),
)


@dataclass(frozen=True)
class Truth:
    """A law with its column, the true probabilities, and the parameter whose interval is judged."""

    law: str
    column: str
    x: np.ndarray
    p: np.ndarray
    parameter: str
    value: float


TRUTHS = {
    "pass rate by size": Truth("passk_exp_pow(params)", "params", SIZES, np.exp(-900.0 * SIZES**-0.3), "b", 0.3),
    "accuracy by loss": Truth(
        "sigmoid4", "loss", LOSSES, 1.0 - 0.75 / (1.0 + np.exp(-6.0 * (LOSSES - 0.9))), "x0", 0.9
    ),
}
TRIALS = (100, 1000)
CORRELATION = {"binomial": 0.0, "beta-binomial, correlation 0.01": 0.01}


def counts(truth: Truth, trials: int, rho: float, seed: int) -> dict[str, np.ndarray]:
    """One synthetic study."""
    rng = np.random.default_rng([seed, trials, int(1000 * rho), list(TRUTHS.values()).index(truth)])
    p = truth.p
    if rho:
        p = rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1))
    return {truth.column: truth.x, "passes": rng.binomial(trials, p), "trials": np.full(len(p), trials)}


def interval(truth: Truth, data: dict[str, np.ndarray], objective: str, engine: str, seed: int) -> Estimate:
    """The parameter as `gnomon fit` gives it, without the diagnostics of a fit: the same rows, optimum and engine."""
    cls, how = law(truth.law, columns=(truth.column, "accuracy"), response="accuracy"), OBJECTIVES[objective]
    share = data["passes"] / data["trials"]
    kept = np.flatnonzero((share > 0) | how.counts)
    rows = Design(cls, (truth.x[kept],), share[kept], kept, trials=data["trials"][kept] * 1.0 if how.counts else None)
    found = search(rows, how)
    return ENGINES[engine](Question(rows, how, found, (), DRAWS, LEVEL, seed)).estimates[truth.parameter]


def covered(studies: int, cell: tuple[str, int, str]) -> list[tuple[float, float, int]]:
    """Per way: share of intervals that hold the true parameter, median width, studies refused (they count as not covered)."""
    name, trials, noise = cell
    truth = TRUTHS[name]
    found = []
    for objective, engine in WAYS:
        hits, widths, refused = 0, [], 0
        for seed in range(studies):
            try:
                e = interval(truth, counts(truth, trials, CORRELATION[noise], seed), objective, engine, seed)
            except GnomonError:
                refused += 1
                continue
            if e.low is None or e.high is None:
                continue
            hits += e.low <= truth.value <= e.high
            widths.append(e.high - e.low)
        found.append((hits / studies, float(np.median(widths)) if widths else float("nan"), refused))
    return found


def main() -> None:
    """All cells, printed as tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--law", choices=list(TRUTHS), action="append", help="repeatable; default: all")
    asked = parser.parse_args()
    began = time.perf_counter()
    cells = [(name, trials, noise) for name in asked.law or TRUTHS for noise in CORRELATION for trials in TRIALS]
    print("| law, parameter | counts | trials a row | " + " | ".join(f"{o}, {e}" for o, e in WAYS) + " |")
    print("|---" * (3 + len(WAYS)) + "|")
    with Pool(asked.processes) as pool:
        rows = pool.imap(partial(covered, asked.studies), cells)
        for (name, trials, noise), row in zip(cells, rows, strict=True):
            told = [
                f"{share:.1%} ({width:.3g})" + (f", {refused} refused" if refused else "")
                for share, width, refused in row
            ]
            what = f"{name}, {TRUTHS[name].parameter}"
            print(f"| {what} | {noise} | {trials} | " + " | ".join(told) + " |", flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s, {asked.studies} studies a cell")


if __name__ == "__main__":
    main()
