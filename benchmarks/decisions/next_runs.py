"""Do the runs that `plan next-runs` proposes narrow a forecast more, for their compute, than runs spread evenly in ln compute?

    python benchmarks/decisions/next_runs.py 100

For each synthetic study: 16 runs (4 sizes x 4 lengths) of Chinchilla's law with the constants of Besiroglu et al. 2024 and noise of
.4 %, a fit, a proposal within a budget for a target of 7e9 parameters and 2e11 tokens. Then the proposed runs, and an even design
of the same compute at the runs' middle tokens per parameter, are really made, the law is fitted anew to old and new runs together, and the
half-width of the 90 % interval of ln(curve) at the target is measured from 400 draws. Narrowing is what is gone of the half-width
of the first fit; as both designs cost the same, the ratio of narrowings is that per FLOP.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import gnomon as gn
from gnomon.plan.next_runs import even_runs

TRUE = gn.laws.Chinchilla.besiroglu2024
NOISE, DRAWS = 0.004, 400
BUDGETS = (5e18, 2e19, 1e20)  # the smallest run takes 3e17, the largest 8e19
TARGET = {"params": 7e9, "tokens": 2e11}


def measured(params: np.ndarray, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(TRUE(params=params, tokens=tokens) * np.exp(NOISE * rng.standard_normal(len(params))))


def half_width(fit: gn.fit.Fit) -> float:
    law = fit.law_draws()
    with np.errstate(all="ignore"):
        values = np.log(np.ravel(law(**{k: np.array([v]) for k, v in TARGET.items()})))
    low, high = np.nanquantile(values, [0.05, 0.95])
    return float(high - low) / 2


def study(seed: int, budget: float) -> tuple[float, float, float, float] | None:
    """Half-widths before, expected, after the proposal, after the even design of the same compute."""
    rng = np.random.default_rng([seed, 91])
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(5e7, 8e8, 4), np.geomspace(1e9, 1.6e10, 4)))
    table = {"params": params, "tokens": tokens, "loss": measured(params, tokens, rng)}
    first = gn.fit("chinchilla", table, draws=DRAWS, seed=seed)
    found = gn.plan.next_runs(first, TARGET, budget=budget, seed=seed)
    if found.stop:
        return None
    even = even_runs(first, found.spent)
    designs = (
        np.array([[run.at["params"], run.at["tokens"]] for run in found.runs]),
        np.column_stack([even["params"], even["tokens"]]),
    )
    widths = []
    for design in designs:
        new = {"params": design[:, 0], "tokens": design[:, 1], "loss": measured(*design.T, rng)}
        both = {k: np.concatenate([table[k], new[k]]) for k in table}
        widths.append(half_width(gn.fit("chinchilla", both, draws=DRAWS, seed=seed)))
    return half_width(first), found.expected, *widths


def main(studies: int) -> None:
    print(
        "budget | studies | before | expected | realised | even | narrowed | even narrowed | times as much | narrower in"
    )
    for budget in BUDGETS:
        rows = [row for row in (study(seed, budget) for seed in range(studies)) if row is not None]
        before, expected, proposed, even = np.array(rows).T
        gone, gone_even = 1 - proposed / before, 1 - even / before
        errors = (np.std(x) / len(rows) ** 0.5 for x in (gone, gone_even))
        told = (f"{np.mean(x):.3f} ({error:.3f})" for x, error in zip((gone, gone_even), errors, strict=True))
        medians = (f"{np.median(x):.4f}" for x in (before, expected, proposed, even))
        ratio, narrower = np.mean(gone) / np.mean(gone_even), np.mean(proposed < even)
        print(
            " | ".join(
                [f"{budget:.0e}", f"{len(rows)} of {studies}", *medians, *told, f"{ratio:.2f}", f"{narrower:.2f}"]
            )
        )


if __name__ == "__main__":
    began = time.process_time()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    print(f"{time.process_time() - began:.0f} CPU seconds")
