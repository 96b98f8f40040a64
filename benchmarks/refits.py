"""4000 bootstrap refits of Chinchilla's law: gnomon beside the best scipy loop, on the same draws, in one process.

    python benchmarks/refits.py [--draws 4000] [--json]

Data: 240 published points (GNOMON_DATA/chinchilla_epoch/points.csv). Draws: np.random.seed(42), indices with replacement, as in the
published replication's notebook. The rival is scipy's least_squares(loss="huber", f_scale=1e-3) with analytic Jacobian, started at
the optimum of all rows; every objective is recomputed by one and the same function.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small problems: more threads only spin

import numpy as np
from scipy.optimize import least_squares

from gnomon.fit.design import Design
from gnomon.fit.newton import minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search
from gnomon.laws.chinchilla import Chinchilla

DELTA = 1e-3
PUBLISHED_SE = {"E": 0.02566, "A": 124.522, "B": 1293.284, "alpha": 0.01540, "beta": 0.02060}


def load() -> tuple[np.ndarray, ...]:
    folder = Path(os.environ.get("GNOMON_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    path = folder / "chinchilla_epoch" / "points.csv"
    if not path.exists():
        raise SystemExit(f"{path} not found: set GNOMON_DATA to the folder of the public data")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["epoch_excluded"] == "0"]
    return tuple(np.array([float(r[c]) for r in rows]) for c in ("params", "tokens", "loss"))


def published_draws(n: int, count: int) -> np.ndarray:
    """(count, n) multiplicities of the notebook's index draws."""
    np.random.seed(42)  # noqa: NPY002 - the published draws come from the legacy generator
    weights = np.zeros((count, n))
    for row in weights:
        np.add.at(row, np.random.choice(n, size=n, replace=True), 1.0)  # noqa: NPY002
    return weights


def scipy_loop(inputs: tuple[np.ndarray, ...], loss: np.ndarray, start: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One least_squares call per draw on (ln A, ln B, ln E, alpha, beta), on rows repeated as the draw says."""
    ln_n, ln_d, ln_l = np.log(inputs[0]), np.log(inputs[1]), np.log(loss)
    out = np.empty((len(weights), 5))
    for k, row in enumerate(weights):
        index = np.repeat(np.arange(len(loss)), row.astype(int))
        n, d, y = ln_n[index], ln_d[index], ln_l[index]

        def parts(t: np.ndarray, n: np.ndarray = n, d: np.ndarray = d) -> np.ndarray:
            return np.stack([t[0] - t[3] * n, t[1] - t[4] * d, np.full_like(n, t[2])])

        def residual(t: np.ndarray, y: np.ndarray = y) -> np.ndarray:
            z = parts(t)
            top = z.max(0)
            return top + np.log(np.exp(z - top).sum(0)) - y

        def jacobian(t: np.ndarray, n: np.ndarray = n, d: np.ndarray = d) -> np.ndarray:
            z = parts(t)
            p = np.exp(z - z.max(0))
            p /= p.sum(0)
            return np.stack([p[0], p[1], p[2], -n * p[0], -d * p[1]], 1)

        out[k] = least_squares(residual, start, jac=jacobian, loss="huber", f_scale=DELTA, x_scale="jac").x
    return out


def objective(theta: np.ndarray, inputs: tuple[np.ndarray, ...], loss: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted Huber sum of every draw, by its definition."""
    a, b, e, alpha, beta = theta.T[:, :, None]
    law = np.exp(e) + np.exp(a - alpha * np.log(inputs[0])) + np.exp(b - beta * np.log(inputs[1]))
    r = np.abs(np.log(law / loss))
    return (weights * np.where(r <= DELTA, 0.5 * r * r, DELTA * (r - 0.5 * DELTA))).sum(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    params, tokens, loss = load()
    weights = published_draws(len(loss), options.draws)
    design = Design(Chinchilla, (params, tokens), loss, np.arange(len(loss)))
    t = time.process_time()
    best = search(design, OBJECTIVES["huber"])
    search_seconds = time.process_time() - t

    t = time.process_time()
    ours = minimise(
        design.kernel,
        OBJECTIVES["huber"],
        np.repeat(best.theta[None], options.draws, 0),
        design.target,
        weights=weights,
        continuation=0,
    )
    our_seconds = time.process_time() - t
    values = design.values(ours.theta)
    our_theta = np.stack(
        [np.log(values["A"]), np.log(values["B"]), np.log(values["E"]), values["alpha"], values["beta"]], 1
    )

    start_values = design.values(best.theta)
    start = np.array([*(np.log(start_values[k]) for k in "ABE"), start_values["alpha"], start_values["beta"]])
    t = time.process_time()
    their_theta = scipy_loop((params, tokens), loss, start, weights)
    their_seconds = time.process_time() - t

    mine, theirs = (objective(x, (params, tokens), loss, weights) for x in (our_theta, their_theta))
    record = {
        "draws": options.draws,
        "objective_all_rows": best.value,
        "search_cpu_s": search_seconds,
        "gnomon_cpu_s": our_seconds,
        "scipy_cpu_s": their_seconds,
        "ratio": their_seconds / our_seconds,
        "not_converged": int((~ours.converged).sum()),
        "share_not_worse_to_1e-6": float((mine <= theirs * (1 + 1e-6)).mean()),
        "share_equal_to_1e-6": float((np.abs(mine / theirs - 1) <= 1e-6).mean()),
        "scipy_worse_by_more_than_1e-6": int((theirs > mine * (1 + 1e-6)).sum()),
        "se": {k: float(values[k].std()) for k in PUBLISHED_SE},
        "se_over_published": {k: float(values[k].std() / PUBLISHED_SE[k]) for k in PUBLISHED_SE},
        "se_of_a": float((values["beta"] / (values["alpha"] + values["beta"])).std()),
    }
    if options.json:
        print(json.dumps(record))
        return
    for name, value in record.items():
        print(f"{name:32} {value if not isinstance(value, float) else format(value, '.6g')}")


if __name__ == "__main__":
    main()
