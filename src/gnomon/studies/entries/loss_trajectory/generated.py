"""Runs that follow a law by construction: what the fit gives back, and controls in which nothing is to be found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.studies.claim import Measured
from gnomon.studies.entries.loss_trajectory.design import MICRO, REPLICA_NOISE, TOGETHER

TRUTH = {"N_c": 6.5e13, "alpha_N": 0.077, "S_c": 2.1e3, "alpha_S": 0.76, "B_1": 2.1e8, "alpha_B": 0.21}
"""Kaplan et al. 2020, table 3 and equation 5.3 (quoted from secondary sources)."""

SIZES = np.geomspace(1e6, 6e7, 4)  # those of Su et al. 2024
BATCHES = np.geomspace(3e4, 3e6, 4)  # two decades around the critical batch at these losses
POINTS = 12  # of a curve
DRAWS = 60  # refits behind an interval: its ends are then the third smallest and largest


def table(batches: np.ndarray, rng: np.random.Generator) -> dict[str, list[Any]]:
    """Curves of every size at every batch, steps from 500 to 50,000, with independent noise of the log loss."""
    from gnomon.laws import Steps

    law = Steps(**TRUTH)
    columns: dict[str, list[Any]] = {name: [] for name in ("run", "params", "step", "batch_tokens", "loss")}
    steps = np.geomspace(5e2, 5e4, POINTS)
    for size in SIZES:
        for batch in batches:
            loss = law(params=size, step=steps, batch_tokens=batch) * np.exp(
                REPLICA_NOISE * rng.standard_normal(POINTS)
            )
            columns["run"] += [f"{size:.0f}-{batch:.0f}"] * POINTS
            columns["params"] += [float(size)] * POINTS
            columns["batch_tokens"] += [float(batch)] * POINTS
            columns["step"] += steps.tolist()
            columns["loss"] += loss.tolist()
    return columns


def recover(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """A row a constant: truth, estimate, and whether the 90% interval holds the truth.

    Args:
        spec: replica and seed.
        tell: not used.
    """
    from gnomon.fit import fit

    rng = np.random.default_rng([int(spec["seed"]), 1, int(spec["replica"])])
    found = fit("steps", table(BATCHES, rng), draws=DRAWS, seed=int(spec["replica"]))
    rows: list[dict[str, Any]] = []
    for name, truth in TRUTH.items():
        estimate = found.parameters[name]
        known = estimate.low is not None and estimate.high is not None
        rows.append(
            {
                "run": f"replica{spec['replica']}-{name}",
                "family": "generated",
                "constant": name,
                "replica": spec["replica"],
                "truth": truth,
                "estimate": estimate.value,
                "inside": int(known and estimate.low <= truth <= estimate.high),  # type: ignore[operator]
                "seconds": found.seconds if not rows else None,
            }
        )
    return rows


def hyperbola() -> Measured:
    """Largest relative error of least steps and least tokens from exact points."""
    from gnomon.fit import fit

    batch = np.geomspace(512, 65_536, 8)
    columns = {"run": [f"b{b:.0f}" for b in batch], "batch_tokens": batch, "step": 300.0 + 2e6 / batch}
    found = fit("noise_scale", columns, intervals="none").law
    return Measured(float(max(abs(found.S_min / 300.0 - 1), abs(found.E_min / 2e6 - 1))))  # type: ignore[attr-defined]


def one_batch(seed: int) -> Measured:
    """Fits given to runs of one batch, of one asked for."""
    from gnomon.errors import RefusalError
    from gnomon.fit import fit

    rng = np.random.default_rng([seed, 2])
    try:
        fit("steps", table(BATCHES[:1], rng), intervals="none")
    except RefusalError as refused:
        return Measured(0.0, reason=refused.message)
    return Measured(1.0)


def same_batch(seed: int) -> Measured:
    """Noise scales given for 100 gradients of a batch that is the same every time."""
    from gnomon.lab import gradient_noise

    rng = np.random.default_rng([seed, 3])
    squares = rng.uniform(0.5, 2.0, 100)  # of a run along which the gradient changes
    rounding = 1 + 1e-6 * rng.standard_normal(100)  # of sums in float32
    found = gradient_noise(squares, squares * rounding, small=MICRO, big=MICRO * TOGETHER)
    return Measured(float(found.scale is not None), reason=found.reason)
