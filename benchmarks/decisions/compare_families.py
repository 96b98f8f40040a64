"""Two synthetic families: does the interval cover a known crossing, and are equal families called different too often?

    python benchmarks/decisions/compare_families.py 200

Prints a row for each case: replicas, coverage of the crossing by the 90 % interval, share with a stated crossing, share called
different at 95 % and at 90 %. The truth is loss = 1.8 + A (C / 1e20)^-a with a = .2 and .3 from 1e18 to 1e21 FLOP, asked at 1e22.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from gnomon.forecast import compare

CASES = {
    "crossing inside": {"n": 16, "noise": 0.004, "crossing": 3e20},
    "crossing beyond": {"n": 16, "noise": 0.004, "crossing": 3e21},
    "crossing inside, shared noise": {"n": 16, "noise": 0.004, "crossing": 3e20, "shared": True},
    "crossing inside, checkpoints": {"n": 12, "noise": 0.004, "crossing": 3e20, "checkpoints": 5},
    "equal, 10 runs": {"n": 10, "noise": 0.01},
    "equal, 16 runs": {"n": 16, "noise": 0.004},
    "equal, 30 runs": {"n": 30, "noise": 0.01},
    "equal, shared noise": {"n": 16, "noise": 0.004, "shared": True},
    "equal, checkpoints": {"n": 12, "noise": 0.004, "checkpoints": 5},
}


def families(
    seed: int, *, n: int, noise: float, crossing: float | None = None, shared: bool = False, checkpoints: int = 1
) -> dict[str, list]:
    """A table of two families of n runs; the same law where there is no crossing."""
    rng = np.random.default_rng([seed, 77])
    end = np.geomspace(1e18, 1e21, n)
    flops = (end[:, None] * np.geomspace(0.2, 1, checkpoints) if checkpoints > 1 else end[:, None]).ravel()
    common = np.repeat(rng.normal(0, noise, n), checkpoints) * shared
    table: dict[str, list] = {"family": [], "run": [], "flops": [], "loss": []}
    for name in ("a", "b"):
        loss = 1.8 + (flops / 1e20) ** -0.2
        if name == "b" and crossing is not None:
            loss = 1.8 + (crossing / 1e20) ** 0.1 * (flops / 1e20) ** -0.3
        own = np.repeat(rng.normal(0, noise, n), checkpoints)
        rows = rng.normal(0, noise / 3, len(flops)) if checkpoints > 1 else 0.0
        table["family"] += [name] * len(flops)
        table["run"] += [f"{name}{i}" for i in range(n) for _ in range(checkpoints)]
        table["flops"] += flops.tolist()
        table["loss"] += (loss * np.exp(own + common + rows)).tolist()
    return table


def main(replicas: int) -> None:
    """One row a case."""
    print("| case | replicas | crossing covered | crossing stated | different at 95 % | different at 90 % | s each |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, case in CASES.items():
        began, covered, stated, strict, loose = time.perf_counter(), 0, 0, 0, 0
        for r in range(replicas):
            result = compare("pow_floor(flops)", families(r, **case), at={"flops": 1e22}, draws=400, seed=r)
            pair = result.pairs[0]
            found, truth = pair.crossing, case.get("crossing")
            covered += truth is not None and found.winner == "b" and (found.low or 0) <= truth <= (found.high or np.inf)
            stated += found.reported
            strict += not 0.025 <= pair.probability <= 0.975
            loose += pair.verdict != "undecided"
        shares = [x / replicas for x in (covered, stated, strict, loose)]
        crossing = f"{shares[0]:.3f}" if case.get("crossing") else "-"
        each = (time.perf_counter() - began) / replicas
        print(
            f"| {name} | {replicas} | {crossing} | {shares[1]:.3f} | {shares[2]:.3f} | {shares[3]:.3f} | {each:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
