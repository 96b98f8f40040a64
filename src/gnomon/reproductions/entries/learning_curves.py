"""Extrapolation of 60 learning curves by five laws and by the last value seen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

if TYPE_CHECKING:
    from gnomon.laws import Law

TABLE = "revisiting_benchmark/curves.parquet"
LAWS = {"M1": "pow", "M2": "pow_floor", "M3": "m3", "M4": "m4", "BNSL": "bnsl"}
X = "seen_examples"
TRIED, KEPT = (
    40,
    6,
)  # Newton steps from every start, and how many go on: ends where the full multi-start ends, in a third of the time
FAMILIES = ("image_classification", "big_bench", "language_modelling", "translation")

# Median root mean square error of ln loss on the hidden points of each family's curves.
MEDIANS = {
    "image_classification": {"M1": 0.0933, "M2": 0.0699, "M3": 0.0498, "M4": 0.0234, "BNSL": 0.0219, "last": 0.0648},
    "big_bench": {"M1": 0.0168, "M2": 0.0132, "M3": 0.0132, "M4": 0.0084, "BNSL": 0.0103, "last": 0.0083},
    "language_modelling": {"M1": 0.0155, "M2": 0.0008, "M3": 0.0038, "M4": 0.0006, "BNSL": 0.0007, "last": 0.0068},
    "translation": {"M1": 0.2340, "M2": 0.0561, "M3": 0.0099, "M4": 0.0176, "BNSL": 0.0120, "last": 0.0061},
}
OTHERS = (
    "an independent program (scipy least squares in ln loss, many starts) on the same curves; no publication prints it"
)
ROUNDED = "half the last digit given: the optimum is unique"
FINDINGS = {
    "translation_M4": "our fit stops on the ridge where the loss of random guessing grows without end: its error on the "
    "fitted points is up to 1.4 % above the other program's on these three curves",
    "big_bench_BNSL": "on one of the six curves (date, 2 shots) our starts miss a lower optimum: 0.0076 against 0.0070 on "
    "the fitted points",
    "milliseconds": "second derivatives by dual numbers make M4 and BNSL 5 to 20 times slower than M1 and M2",
}
LOCAL = "several local optima: 10 %, or the last digit given where that is more"


def measure(load: Load) -> Mapping[str, float]:
    """Least squares in ln loss on the fitted points; root mean square of ln(prediction / measurement) on the others."""
    from gnomon.laws import law

    curves = load(TABLE, where="duplicate = 0")
    classes = {name: law(spec).of(X) for name, spec in LAWS.items()}
    scores: dict[str, dict[str, list[float]]] = {family: {} for family in FAMILIES}
    began, fits = time.process_time(), 0
    order = curves.codes("run")
    for code in np.unique(order):
        rows = np.flatnonzero(order == code)
        x, loss, split = curves[X][rows], curves["loss"][rows], curves["split"][rows]
        seen, hidden = split == "fit", split == "extrapolate"
        family = scores[str(curves["family"][rows[0]])]
        for name, cls in classes.items():
            predicted = _extrapolate(cls, x[seen], loss[seen], x[hidden])
            family.setdefault(name, []).append(_error(predicted, loss[hidden]))
            fits += 1
        last = loss[seen][np.argmax(x[seen])]
        family.setdefault("last", []).append(_error(np.full(hidden.sum(), last), loss[hidden]))
    seconds = time.process_time() - began
    ours = {
        f"{family}_{name}": float(np.median(values))
        for family, by_law in scores.items()
        for name, values in by_law.items()
    }
    return ours | {"curves": float(len(np.unique(order))), "milliseconds": 1e3 * seconds / fits}


def _extrapolate(cls: type[Law], x: np.ndarray, loss: np.ndarray, at: np.ndarray) -> np.ndarray:
    from gnomon.fit.design import Design
    from gnomon.fit.newton import minimise
    from gnomon.fit.objective import OBJECTIVES
    from gnomon.fit.search import starts

    design, how = Design(cls, (x,), loss, np.arange(len(x))), OBJECTIVES["squared_log"]
    first = minimise(design.kernel, how, starts(design), design.target, iterations=TRIED)
    best = first.theta[np.argsort(first.value)[:KEPT]]
    found = minimise(design.kernel, how, best, design.target)
    return np.asarray(design.at({X: at}).predict(found.theta[np.argmin(found.value)])[0])


def _error(predicted: np.ndarray, measured: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.log(predicted / measured) ** 2)))


def _median(family: str, name: str, value: float) -> Quantity:
    unique = name in ("last", "M1")
    shown = "the last value seen" if name == "last" else name
    return Quantity(
        f"{family}_{name}",
        f"{family.replace('_', ' ')}: median error of {shown} in ln loss",
        value,
        1e-4 if unique else max(0.1 * value, 1e-4),
        ROUNDED if unique else LOCAL,
        OTHERS,
        "within" if unique else "at most",
        "recomputed",
        finding=FINDINGS.get(f"{family}_{name}", ""),
    )


REPRODUCTION = Reproduction(
    name="learning_curves",
    laws=("pow", "pow_floor", "m3", "m4", "bnsl"),
    title="Extrapolation of 60 public learning curves",
    source="Alabdulmohsin, Neyshabur, Zhai 2022, Revisiting Neural Scaling Laws in Language and Vision",
    tables=(TABLE,),
    protocol=(
        "Their split: the first part of each curve is fitted, the rest (to about 2.1 times as many examples) is hidden; "
        "repeated rows count once. Least squares in ln loss by a global search; theirs alternates regressions and "
        "gradient steps, so that scores of one law differ by its optimiser. The public notebook prints no scores: what is "
        "held against ours is another program's."
    ),
    quantities=(
        Quantity("curves", "curves of the public table", 60, 0, "a count", "the public table"),
        *(_median(family, name, value) for family, laws in MEDIANS.items() for name, value in laws.items()),
        Quantity(
            "milliseconds",
            "CPU time of a fit, milliseconds",
            20.0,
            0.0,
            "the bound itself; it varies with the machine",
            "gnomon's own aim: its fastest rival takes 130 for M2",
            "at most",
            "target",
            finding=FINDINGS["milliseconds"],
        ),
    ),
    measure=measure,
)
