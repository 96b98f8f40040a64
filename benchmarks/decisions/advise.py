"""Is advice on designs worth taking, and what do checkpoints do where they lie on the law?

    python benchmarks/decisions/advise.py 50

1. Checkpoints against finals: k = 6 sizes from 1e8 to 3.2e9, ten checkpoints a run, target 1.28e10, 1 % seed noise and 1 % row noise,
   200 studies of one family (Besiroglu et al. 2024), scored against the noise-free target: as `gnomon advise` fits, under the weak prior;
   without it; and without it by a search that does not begin at the truth.
2. Advice against a random design: families whose constants are drawn at random (none of them those the advice rests on), one
   simulated study of the advised design and one of a design drawn from the same grid. Required: nearer the target in 70 %.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import gnomon as gn
from gnomon.fit.design import Design as Rows
from gnomon.fit.many import search_many
from gnomon.fit.newton import Prior
from gnomon.fit.objective import OBJECTIVES
from gnomon.plan import cost_model
from gnomon.plan import design_trial as trial
from gnomon.plan.ladders import Design, Ladder, designs

TARGET, BUDGET = {"params": 7e9, "tokens": 1.4e11}, 2e20
STUDIES = 200
LOOSE = 1e6  # times the prior's sd: none, as far as 24 rows can tell


def fixed(checkpoints: int, by_ratio: bool) -> tuple[Design, dict[str, float]]:
    params = np.geomspace(1e8, 3.2e9, 6)
    tokens = 20 * params if by_ratio else np.full(6, 6.4e10)
    ladder = Ladder(6, 32, 1, float(by_ratio), 1, checkpoints)
    return Design(ladder, params, tokens, 6 * params * tokens), {
        "params": 1.28e10,
        "tokens": 2.56e11 if by_ratio else 6.4e10,
    }


def checkpoints_against_finals() -> None:
    print("| tokens | prior | finals | ten checkpoints | ratio of medians |\n| --- | --- | ---: | ---: | ---: |")
    noise, truth = trial.Noise(0.01, 0.01), [gn.laws.Chinchilla.besiroglu2024]
    weak = trial.weak_prior

    def none(law, rows):
        prior, start = weak(law, rows)
        return Prior(prior.mean, prior.sd * LOOSE, prior.logarithmic), start

    for by_ratio in (True, False):
        for name, prior in (("weak", weak), ("none", none)):
            trial.weak_prior = prior
            found = []
            for k in (1, 10):
                design, target = fixed(k, by_ratio)
                found.append(
                    np.median(trial.errors([design], target, noise, replicas=STUDIES, seed=0, truths=truth)[0])
                )
            trial.weak_prior = weak
            told = "20 a parameter" if by_ratio else "equal"
            print(f"| {told} | {name} | {found[0]:.4f} | {found[1]:.4f} | {found[1] / found[0]:.2f} |")
        found = [searched(*fixed(k, by_ratio), noise, truth[0]) for k in (1, 10)]
        print(f"| {told} | none, searched | {found[0]:.4f} | {found[1]:.4f} | {found[1] / found[0]:.2f} |")


def searched(design: Design, target: dict[str, float], noise: trial.Noise, truth: gn.Law) -> float:
    """Median error of fits without prior whose search knows nothing of the truth: Huber on the logarithm, as `gnomon fit`."""
    rng = np.random.default_rng(3)
    params, tokens, run = design.rows()
    rows = []
    for _ in range(STUDIES):
        shock = noise.run * rng.standard_normal(len(design.params))[run] + noise.row * rng.standard_normal(len(run))
        rows.append(
            Rows(gn.laws.Chinchilla, (params, tokens), truth(params=params, tokens=tokens) * np.exp(shock), run)
        )
    at = {name: np.array([value]) for name, value in target.items()}
    with np.errstate(all="ignore"):
        found = [
            float(one.at(at).predict(fit.theta[None])[0, 0])
            for one, fit in zip(rows, search_many(rows, OBJECTIVES["huber"]), strict=True)
        ]
    return float(np.median(np.abs(np.array(found) / float(truth(**target)) - 1)))


def family(rng: np.random.Generator) -> gn.Law:
    """Constants such that size leaves .3 to .8 nats at 1e9 parameters, data .2 to .7 at 2e10 tokens."""
    alpha, beta = rng.uniform(0.25, 0.5, 2)
    return gn.laws.Chinchilla(
        E=rng.uniform(1.5, 2.2),
        A=rng.uniform(0.3, 0.8) * 1e9**alpha,
        alpha=alpha,
        B=rng.uniform(0.2, 0.7) * 2e10**beta,
        beta=beta,
    )


def against_random(count: int) -> None:
    rng = np.random.default_rng(8)
    print(
        "\n| rows | expected error | advised design | random design | advised nearer |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for rows in ("finals", "checkpoints"):
        advice = gn.advise(TARGET, budget=BUDGET, rows=rows)
        grid = list(designs(BUDGET, (TARGET["params"], TARGET["tokens"]), cost_model("6ND")))
        grid = [d for d in grid if (d.ladder.checkpoints > 1) == (rows == "checkpoints")]
        mine, others = [], []
        for i in range(count):
            truth = family(rng)
            pair = [advice.best.design, grid[int(rng.integers(len(grid)))]]
            one, two = trial.errors(pair, TARGET, advice.noise, replicas=1, seed=100 + i, truths=[truth])
            mine.append(float(one[0, 0]))
            others.append(float(two[0, 0]))
        nearer = float(np.mean(np.array(mine) < np.array(others)))
        print(f"| {rows} | {advice.best.error:.4f} | {np.mean(mine):.4f} | {np.mean(others):.4f} | {nearer:.2f} |")


def main(count: int) -> None:
    began = time.process_time()
    checkpoints_against_finals()
    against_random(count)
    print(f"\n{time.process_time() - began:.0f} CPU seconds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
