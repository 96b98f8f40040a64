"""Published advice on estimating scaling laws, on public runs with checkpoints.

    GNOMON_DATA=... python benchmarks/decisions/published_advice.py

Families of the record with params, tokens and checkpoints, losses only. Hidden: the largest model; forecast: its rows from 70 % of its
tokens on (the target of Choshen et al. 2024). Chinchilla's law under the weak prior of the recipe is fitted to parts of the others, and
the mean absolute relative error is compared with that from all of their rows from .3 of each run on. A family is one vote; families of a
source share one between them.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from benchmarks.record.sources import Family, families

from gnomon.fit.design import Design
from gnomon.forecast.early import EARLY, furthest
from gnomon.forecast.penalised import fit_many
from gnomon.forecast.simulate import variance_parts
from gnomon.laws import law

Array = np.ndarray

LAST = 0.7  # share of the target's tokens from which its rows are forecast
LEAST_SIZES = 4  # besides the target
LEAST_ROWS = 4


def parts(family: Family) -> dict[str, Array]:
    """Rows (n,) each piece of advice fits, all without the target."""
    n, d = family.inputs["params"], family.inputs["tokens"]
    group = np.unique(family.run, return_inverse=True)[1]
    most = furthest(d, group)
    other = n < 0.99 * n.max()
    late, final = d >= EARLY * most, d >= 0.999 * most
    sizes = np.unique(np.round(np.log(n[other]), 2))
    rank = np.searchsorted(sizes, np.round(np.log(n), 2))
    k = len(sizes)
    return {
        "all, late": other & late,
        "all, from the start": other,
        "finals only": other & final,
        "last third only": other & (d >= 0.667 * most),
        "largest half of the sizes": other & late & (rank >= k // 2),
        "smallest half of the sizes": other & late & (rank < k // 2),
        "largest size alone": other & late & (rank == k - 1),
        "every other size, largest kept": other & late & ((k - 1 - rank) % 2 == 0),
        "three largest": other & late & (rank >= k - 3),
        "without the largest": other & late & (rank < k - 1),
    }


def error(family: Family, rows: Array) -> float:
    """Mean absolute relative error on the target's last rows; NaN where the part cannot be fitted."""
    n, d, y = family.inputs["params"], family.inputs["tokens"], family.response
    if rows.sum() < LEAST_ROWS:
        return float("nan")
    target = (n >= 0.99 * n.max()) & (d >= LAST * d[n >= 0.99 * n.max()].max())
    group = np.unique(family.run, return_inverse=True)[1]
    fitted = fit_many([Design(law("chinchilla"), (n[rows], d[rows]), y[rows], group[rows])])[0]
    with np.errstate(all="ignore"):
        ln = fitted.ln_at({"params": n[target], "tokens": d[target]})
    return float(np.mean(np.abs(np.expm1(ln - np.log(y[target])))))


def usable(family: Family) -> bool:
    if set(family.inputs) != {"params", "tokens"} or family.rate or not family.checkpoints:
        return False
    n = family.inputs["params"]
    return len(np.unique(np.round(np.log(n), 2))) > LEAST_SIZES and np.isfinite(family.response).all()


def noise(family: Family) -> tuple[float, float]:
    """Sd of ln loss in common to the rows of a run, and of a row within it, about the law fitted to all late rows."""
    n, d = family.inputs["params"], family.inputs["tokens"]
    group = np.unique(family.run, return_inverse=True)[1]
    rows = d >= EARLY * furthest(d, group)
    fitted = fit_many([Design(law("chinchilla"), (n[rows], d[rows]), family.response[rows], group[rows])])[0]
    common, inner = variance_parts(fitted.residual, group[rows], 5)
    return float(np.sqrt(common)), float(np.sqrt(inner))


def main(root: Path) -> None:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    spread: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for family in filter(usable, families(root)):
        chosen = parts(family)
        for name, rows in chosen.items():
            found[family.dataset][name].append(error(family, rows))
        spread[family.dataset].append(noise(family))
        print(".", end="", file=sys.stderr, flush=True)
    names = list(next(iter(found.values())))
    print(f"| fitted to | {' | '.join(f'{s} ({len(v[names[0]])})' for s, v in found.items())} | against all, late |")
    print("| --- |" + " ---: |" * (len(found) + 1))
    base = {s: np.array(v[names[0]]) for s, v in found.items()}
    for name in names:
        cells = [f"{np.nanmedian(v[name]):.4f}" for v in found.values()]
        ratio = [float(np.exp(np.nanmean(np.log(np.array(v[name]) / base[s])))) for s, v in found.items()]
        print(f"| {name} | {' | '.join(cells)} | {np.exp(np.nanmean(np.log(ratio))):.2f} |")
    print("\n| sd of ln loss | " + " | ".join(spread) + " |\n| --- |" + " ---: |" * len(spread))
    for i, what in enumerate(("in common to a run", "within a run")):
        print(f"| {what} | " + " | ".join(f"{np.median([s[i] for s in v]):.4f}" for v in spread.values()) + " |")


if __name__ == "__main__":
    main(Path(os.environ["GNOMON_DATA"]))
