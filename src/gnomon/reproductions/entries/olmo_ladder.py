"""The two-step forecast of task accuracy from a ladder of small models, to the largest model of the public table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction
from gnomon.runs import Runs

if TYPE_CHECKING:
    from gnomon.laws import Chinchilla, Sigmoid4

TABLE = "olmo_ladder/ladder.parquet"
SIZES, LENGTHS = ("190M", "370M", "760M", "1B"), ("1xC", "2xC", "5xC", "10xC")
TARGET = "3B-10xC"
LAST = 5  # checkpoints averaged at the end of a run, and width of the moving average (--moving_avg 5)
SKIPPED = 0.1  # of a run's checkpoints, at its start (--skip_perc 0.1)
TOP = 1.0  # accuracy of the added point at loss 0 (task_maximum)
BOTTOM = 0.25  # their default task_minimum, from which the logistic's start is made
DELTA = 1e-3  # of the Huber loss (fitting_functions.py)
START = (3.0, 6.0, 0.1, 0.2, 1.0)  # ln A, ln B, alpha, beta, E (step1.py)
BOUNDS = ([-1.0, 0.0, 0.0, 0.0], [0.0, np.inf, np.inf, 1.0])  # a, x0, k, b (step2.py)

FIT_ERRORS = {
    "mmlu_avg_test": 0.459956,
    "hellaswag_val": 0.256481,
    "arc_easy_test": 1.177512,
    "piqa_val": 0.310436,
    "csqa_val": 1.045476,
    "openbookqa_test": 0.594152,
}
CE_ERRORS = {
    "mmlu_avg_test": 0.152553,
    "hellaswag_val": 0.191815,
    "arc_easy_test": 0.260733,
    "piqa_val": 0.118083,
    "csqa_val": 0.508996,
    "openbookqa_test": 0.216893,
}
STEADY = ("mmlu_avg_test", "hellaswag_val", "piqa_val")  # of the tasks their abstract calls forecastable
NOISY = ("csqa_val", "openbookqa_test")

FIGURES = "Bhagia et al. 2024, src/scripts/paper/figures"
STOPS = "the mean error is not what is minimised, and their optimiser runs from one start: 10 %"


def measure(load: Load) -> Mapping[str, float]:
    """Step 1 on the ends of 16 runs, step 2 on all their checkpoints, chained to the 3.2B model."""
    runs = load(TABLE)
    ladder = [runs.where(f"run = '{size}-{length}'") for size in SIZES for length in LENGTHS]
    target = runs.where(f"run = '{TARGET}'")
    ours: dict[str, float] = {"c4": _step1(ladder, "loss_c4_en")[1]}
    misses: dict[str, float] = {}
    for task in FIT_ERRORS:
        law, ours[task] = _step1(ladder, f"bpb_{task}")
        ours[f"ce_{task}"] = _step1_bounded(ladder, f"softlog_{task}")
        bits = law(params=target["params"][-1], tokens=target["tokens"][-1])
        accuracy = _step2(ladder, task)(loss=bits)
        misses[task] = 100.0 * abs(accuracy - float(target[f"acc_{task}"][-LAST:].mean()))
    ours |= {f"3b_{task}": misses[task] for task in STEADY}
    ours["3b_noisy"] = float(np.mean([misses[task] for task in NOISY]))
    return ours


def _ends(ladder: Sequence[Runs], column: str, last: int, sign: float = 1.0) -> tuple[np.ndarray, ...]:
    """Sizes, tokens and a task's loss (mean of the last checkpoints) at the end of each run."""
    params, tokens = (np.array([run[name][-1] for run in ladder]) for name in ("params", "tokens"))
    return params, tokens, np.array([sign * run[column][-last:].mean() for run in ladder])


def _step1(ladder: Sequence[Runs], column: str) -> tuple[Chinchilla, float]:
    """Chinchilla's law in a task's loss by a global search, and its mean relative error in percent."""
    from gnomon.fit import fit

    params, tokens, loss = _ends(ladder, column, LAST)
    law = fit("chinchilla", {"params": params, "tokens": tokens, "loss": loss}, intervals="none").law
    return law, _mean_error(law(params=params, tokens=tokens), loss)  # type: ignore[return-value]


def _step1_bounded(ladder: Sequence[Runs], column: str) -> float:
    """The same for task cross-entropy with their bounds ln A >= 0, ln B >= 0 and their start, by L-BFGS-B."""
    from scipy.optimize import minimize

    params, tokens, loss = _ends(ladder, column, 1, -1.0)
    log_n, log_d = np.log(params), np.log(tokens)

    def law(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size, data = np.exp(p[0] - p[2] * log_n), np.exp(p[1] - p[3] * log_d)
        return size + data + p[4], size, data

    def objective(p: np.ndarray) -> tuple[float, np.ndarray]:
        predicted, size, data = law(p)
        r = np.log(predicted / loss)
        inner = np.minimum(np.abs(r), DELTA)
        pull = np.clip(r, -DELTA, DELTA) / predicted
        slopes = (pull * size, pull * data, -pull * size * log_n, -pull * data * log_d, pull)
        return float(np.sum(inner * (np.abs(r) - 0.5 * inner))), np.array([s.sum() for s in slopes])

    found = minimize(
        objective,
        START,
        jac=True,
        bounds=[(0.0, None)] * len(START),
        method="L-BFGS-B",
        options={"ftol": 0.0, "gtol": 1e-10, "maxiter": 1_000_000},  # get_coefficients_huber
    )
    return _mean_error(law(found.x)[0], loss)


def _mean_error(predicted: np.ndarray, measured: np.ndarray) -> float:
    return 100.0 * float(np.mean(np.abs(predicted / measured - 1.0)))


def _step2(ladder: Sequence[Runs], task: str) -> Sigmoid4:
    """The logistic from a task's loss to its accuracy, least squares over smoothed checkpoints and one added point."""
    from scipy.optimize import curve_fit

    from gnomon.laws import Sigmoid4

    xs, ys = [np.zeros(1)], [np.full(1, TOP)]
    for run in ladder:
        first = math.ceil(SKIPPED * len(run))
        xs.append(moving_average(run[f"bpb_{task}"][first:], LAST))
        ys.append(moving_average(run[f"acc_{task}"][first:], LAST))

    def logistic(x: np.ndarray, a: float, x0: float, k: float, b: float) -> np.ndarray:
        return np.asarray(Sigmoid4(a=a, b=b, k=k, x0=x0).formula(x))

    start = [BOTTOM - 1.0, 0.9, 3.0, TOP]
    (a, x0, k, b), _ = curve_fit(logistic, np.concatenate(xs), np.concatenate(ys), p0=start, bounds=BOUNDS)
    return Sigmoid4(a=a, b=b, k=k, x0=x0)


def moving_average(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the last `width` values, of all so far at the start."""
    total = np.cumsum(values)
    total[width:] = total[width:] - total[:-width].copy()
    return np.asarray(total / np.minimum(np.arange(1, len(values) + 1), width))


def _fitted(task: str, percent: float, kind: str, name: str, file: str) -> Quantity:
    return Quantity(
        name,
        f"mean relative error of step 1, percent: {kind} of {task}",
        percent,
        0.1 * percent,
        STOPS,
        f"{FIGURES}/{file}",
    )


REPRODUCTION = Reproduction(
    name="olmo_ladder",
    laws=("chinchilla", "sigmoid4"),
    title="Task accuracy in two steps from a ladder of small models",
    source="Bhagia et al. 2024, Establishing Task Scaling Laws via Compute-Efficient Model Ladders",
    tables=(TABLE,),
    protocol=(
        "Step 1: Chinchilla's law, Huber sum on the log of a task's bits per byte (mean of the last 5 checkpoints) at the "
        "ends of 16 runs, 190M to 1.3B at 1 to 10 times 20 tokens per parameter. Step 2: a bounded logistic from loss to "
        "accuracy by least squares over all their checkpoints after the first tenth (moving average 5) and the point "
        "(0, 1). Theirs: L-BFGS-B from one start; ours: a global search in step 1, except for task cross-entropy, where "
        "their bounds A, B >= 1 decide the answer for five of six tasks: without them the objective of MMLU falls from "
        "1.73e-5 to 1.30e-5 and its mean error from 0.153 % to 0.123 %. Their targets (7B, 13B) are not in the "
        "public table here: the chain is held against the 3.2B model instead, which neither step has seen."
    ),
    quantities=(
        *(_fitted(t, v, "bits per byte", t, "step1_main.csv") for t, v in FIT_ERRORS.items()),
        _fitted("C4", 0.247307, "loss", "c4", "step1_c4_main.csv"),
        *(_fitted(t, v, "task cross-entropy", f"ce_{t}", "step1_taskce_main.csv") for t, v in CE_ERRORS.items()),
        *(
            Quantity(
                f"3b_{task}",
                f"absolute error of the accuracy of the 3.2B model, points: {task}",
                2.0,
                0.0,
                "the bound itself",
                "Bhagia et al. 2024, abstract (for 7B and 13B)",
                "at most",
                "from memory",
            )
            for task in STEADY
        ),
        Quantity(
            "3b_noisy",
            "the same, mean over CommonsenseQA and OpenBookQA",
            6.9,
            0.0,
            "the mean of their four other tasks",
            "Bhagia et al. 2024, abstract (for 7B and 13B)",
            "at most",
            "from memory",
        ),
    ),
    measure=measure,
)
