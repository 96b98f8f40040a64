"""Do intervals hold when the size term comes from other families? On real families, and on constructed ones.

    GNOMON_DATA=... python benchmarks/decisions/transfer.py 200

Real: the recipient is the smallest size with at least five lengths of each public family of `size_terms.py` that has one, and of OPT; the
runs that are forecast are those of its largest size. Donors are the other families; what is learnt of the spread between families is
learnt anew without the recipient.

Constructed: families follow Chinchilla's law. Size exponents are log-normal around .35 and slopes at 1e9 parameters log-normal around
.15 nats, both with the shipped spread; floors, data terms and exponents differ too. Donors have 6 sizes and 6 lengths, noise of .1 % by
seed and .2 % by row. The recipient is one model of 2e8 parameters with 15 checkpoints; the run that is forecast has 1e10 parameters and
2e11 tokens, 50 times the size, and a seed of its own. Control: all families share one size term, and the spread learnt elsewhere is wide.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import gnomon as gn
from gnomon.datasets import load
from gnomon.errors import GnomonError
from gnomon.fit.size_terms import from_dict, size_terms

DONORS = (1, 2, 4, 8)
LENGTHS = 5  # of the one size: three parameters and two to spare
POOL = 40  # donors fitted once, drawn anew for every recipient
DRAWS = 200
TARGET = {"params": 1e10, "tokens": 2e11}
SEEDS, ROWS = (
    0.001,
    0.002,
)  # noise that a run shares, and that of a row; the stated prior for losses below 3 is .002 nats


def family(rng: np.random.Generator, *, same: bool) -> gn.laws.Chinchilla:
    """A family's law."""
    shift = np.zeros(2) if same else rng.multivariate_normal(np.zeros(2), size_terms().covariance)
    alpha = float(np.clip(0.35 * np.exp(shift[1]), 0.02, 2.5))
    term = 0.15 * float(np.exp(shift[0])) / alpha
    beta = float(np.clip(rng.normal(0.33, 0.04), 0.15, 0.6))
    return gn.laws.Chinchilla(
        E=float(rng.uniform(1.4, 2.0)),
        A=term * 1e9**alpha,
        alpha=alpha,
        B=float(0.25 * np.exp(rng.normal(0.0, 0.25)) * 2e10**beta),
        beta=beta,
    )


def measured(
    law: gn.laws.Chinchilla, sizes: np.ndarray, tokens: np.ndarray, rng: np.random.Generator
) -> dict[str, object]:
    """One run of every size, a row at every number of tokens."""
    n, d = (a.ravel() for a in np.meshgrid(sizes, tokens, indexing="ij"))
    noise = np.repeat(SEEDS * rng.standard_normal(len(sizes)), len(tokens)) + ROWS * rng.standard_normal(len(n))
    return {"run": [f"{x:.3g}" for x in n], "params": n, "tokens": d, "loss": law(params=n, tokens=d) * np.exp(noise)}


def donors(seed: int, *, same: bool) -> list[gn.Fit]:
    """A pool of other families, fitted."""
    fits = []
    for k in range(POOL):
        rng = np.random.default_rng([seed, k])
        rows = measured(family(rng, same=same), np.geomspace(5e7, 5e9, 6), np.geomspace(2e9, 1e11, 6), rng)
        fits.append(gn.fit("chinchilla", rows, draws=DRAWS, seed=k))
    return fits


def score(pool: list[gn.Fit], count: int, replicas: int, *, same: bool) -> tuple[float, float, float]:
    """Share of targets inside their 90 % interval, median relative error, median half width."""
    inside, error, half = [], [], []
    for replica in range(replicas):
        rng = np.random.default_rng([7, replica])
        law = family(rng, same=same)
        rows = measured(law, np.array([2e8]), np.geomspace(2e9, 6e10, 15), rng)
        chosen = [pool[i] for i in rng.choice(len(pool), size=count, replace=False)]
        point = gn.fit("chinchilla", rows, transfer=chosen, draws=DRAWS, seed=replica).forecast(**TARGET).points[0]
        truth = float(law(**TARGET)) * float(np.exp(SEEDS * rng.standard_normal()))
        assert point.low is not None
        assert point.high is not None
        inside.append(point.low <= truth <= point.high)
        error.append(abs(point.value / truth - 1))
        half.append((point.high - point.low) / 2 / point.value)
    return float(np.mean(inside)), float(np.median(error)), float(np.median(half))


def real() -> None:
    """Every public family as recipient, with one donor and with all others."""
    from unittest.mock import patch

    from benchmarks.decisions.size_terms import FAMILIES, best_of_sweeps, fitted, spread

    known = {name: fit for name in FAMILIES if not isinstance(fit := fitted(name), str)}
    tables = FAMILIES | {"OPT": ("hitchhiker/opt_trajectories.csv", None)}
    print("| recipient | size | beyond | one donor: caught | median error | all others: caught | error |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    total: dict[str, list[bool]] = {"one": [], "all": []}
    for name, (table, where) in tables.items():
        rows = best_of_sweeps(load(table, where=where))
        size, tokens = np.asarray(rows["params"], float), np.asarray(rows["tokens"], float)
        lengths = {s: len(np.unique(tokens[size == s])) for s in np.unique(size)}
        enough = [s for s, n in lengths.items() if n >= LENGTHS]
        if not enough or enough[0] == size.max():
            continue
        one = rows.take(np.flatnonzero(size == enough[0]))
        last = rows.take(np.flatnonzero((size == size.max()) & (tokens == tokens[size == size.max()].max())))
        at, truth = {k: float(last[k][0]) for k in ("params", "tokens")}, float(last["loss"][0])
        others = {k: f for k, f in known.items() if k != name}
        learnt = from_dict(spread(others))
        found: dict[str, list[tuple[bool, float]]] = {"one": [], "all": []}
        with patch("gnomon.fit.held.size_terms", lambda learnt=learnt: learnt):
            for kind, chosen in [*(("one", [f]) for f in others.values()), ("all", list(others.values()))]:
                try:
                    point = gn.fit("chinchilla", one, transfer=chosen, draws=DRAWS).forecast(**at).points[0]
                except GnomonError as refused:
                    print(f"{name}: {refused.message}", file=sys.stderr)
                    continue
                assert point.low is not None
                assert point.high is not None
                found[kind].append((point.low <= truth <= point.high, abs(point.value / truth - 1)))
        if not found["all"]:
            continue
        for kind, each in found.items():
            total[kind] += [inside for inside, _ in each]
        hits = sum(inside for inside, _ in found["one"])
        error = float(np.median([e for _, e in found["one"]]))
        inside, off = found["all"][0]
        print(
            f"| {name} | {enough[0]:.2g} | {size.max() / enough[0]:.0f}x | {hits} of {len(found['one'])} | {error:.1%} | "
            f"{'yes' if inside else 'no'} | {off:.1%} |",
            flush=True,
        )
    print(
        f"| all | | | {sum(total['one'])} of {len(total['one'])} | | {sum(total['all'])} of {len(total['all'])} | |\n"
    )


def main(replicas: int) -> None:
    began = time.process_time()
    real()
    print(
        f"| families | donors | caught of {replicas} | median error | median half width |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for same in (False, True):
        pool = donors(11 if same else 3, same=same)
        for count in DONORS:
            caught, error, half = score(pool, count, replicas, same=same)
            kind = "share the size term" if same else "differ"
            print(f"| {kind} | {count} | {caught:.1%} | {error:.2%} | {half:.1%} |", flush=True)
    print(f"\n{time.process_time() - began:.0f} CPU seconds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
