"""IsoFLOP points of several laboratories: parabolas and Chinchilla's law."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction
from gnomon.runs import Runs

TABLE = "isoflops/points.csv"
CHINCHILLA = "epochai_chinchilla__massivetext__chinchilla"
LLAMA = "llama_3__raw_loss"
MARIN = {"comma": "marin_202603__comma__llama_2", "dclm": "marin_202603__dclm__llama_2"}
FEWEST = 3  # sizes of a parabola

HOFFMANN = "Hoffmann et al. 2022, table 2, approach 2"
ATHENA = "Open-Athena, results/experiments/exp11/compute_allocation_errors.txt"
OTHERS = "an independent program on the same points (Huber, curator's outliers left out)"
# corpus: E, alpha, beta
MARIN_FITS = {"comma": (2.684, 0.710, 0.349), "dclm": (2.567, 0.683, 0.397)}
BUDGET = "one of ten budgets (1e22 FLOP) is not in the public table here: 5 %"
WITHOUT_TOP = "the public table here ends at 3e21 FLOP; theirs has a tenth budget, 1e22, which cannot be looked at here"
CURATED = (
    "the curators flag 38 of 123 points, among them all of two budgets (1e20 and 3e21); Hoffmann et al. left none out, and "
    "without the flagged ones the exponent moves by 0.05: more than the interval they print"
)


def measure(load: Load) -> Mapping[str, float]:
    """Parabolas in ln N a budget and a power law through their minima; least squares of Chinchilla's law."""
    from gnomon.fit import fit

    points = load(TABLE)
    ours: dict[str, float] = {}
    chinchilla = points.where(f"family = '{CHINCHILLA}'")
    ours["chinchilla_a"], ours["chinchilla_b"] = exponents(chinchilla)
    curated = chinchilla.where("curator_outlier = 0")
    ours["chinchilla_a_curated"], ours["chinchilla_b_curated"] = exponents(curated)
    llama = points.where(f"family = '{LLAMA}'")
    ours["llama_a"], ours["llama_b"] = exponents(llama)
    law = fit("chinchilla", llama, objective="squared", intervals="none").law.values
    ours |= {f"llama_{name}": float(law[name]) for name in ("E", "alpha", "beta")}
    for label, family in MARIN.items():
        rows = points.where(f"family = '{family}' and curator_outlier = 0")
        law = fit("chinchilla", rows, intervals="none").law.values
        ours |= {f"{label}_{name}": float(law[name]) for name in ("E", "alpha", "beta")}
    return ours


def exponents(runs: Runs) -> tuple[float, float]:
    """Exponents of the best size and tokens by approach 2: a parabola a budget in the logarithm of each."""
    from gnomon.plan import fit_parabola, power_line

    found: dict[str, list[tuple[float, float]]] = {"params": [], "tokens": []}
    for budget in np.unique(runs["flops_budget"]):
        at = runs["flops_budget"] == budget
        if len(np.unique(runs["params"][at])) < FEWEST:
            continue
        for name, pairs in found.items():
            best = fit_parabola(runs[name][at], runs["loss"][at], float(budget)).params
            if best is not None:
                pairs.append((float(budget), best))
    lines = [power_line(*np.array(pairs).T).slope for pairs in found.values()]
    return lines[0], lines[1]


REPRODUCTION = Reproduction(
    name="isoflops",
    laws=("chinchilla",),
    title="Exponents and laws from the isoFLOP points of several laboratories",
    source="points gathered by Open-Athena, scaling-law-analysis; Hoffmann et al. 2022; Llama 3; Marin",
    tables=(TABLE,),
    protocol=(
        "Approach 2: a parabola of the loss in ln N (and in ln D) at every budget, a straight line through the logarithms "
        "of their minima, no point left out: Chinchilla as read by Epoch, and Llama 3. Beside it Chinchilla without the "
        "points that the curators of the collection flag. Chinchilla's law: Llama 3 by plain least squares on the loss as "
        "read, as Open-Athena do; Marin by Huber sum without flagged points."
    ),
    quantities=(
        Quantity(
            "chinchilla_a",
            "Chinchilla: exponent of the best size",
            0.49,
            0.036,
            "half the width of the interval printed (0.462 to 0.534)",
            HOFFMANN,
        ),
        Quantity(
            "chinchilla_b",
            "Chinchilla: exponent of the best tokens",
            0.51,
            0.023,
            "half the width of the interval printed (0.483 to 0.529)",
            HOFFMANN,
        ),
        Quantity(
            "chinchilla_a_curated",
            "the same without the flagged points: size",
            0.49,
            0.036,
            "as above",
            HOFFMANN,
            finding=CURATED,
        ),
        Quantity(
            "chinchilla_b_curated",
            "the same without the flagged points: tokens",
            0.51,
            0.023,
            "as above",
            HOFFMANN,
            finding=CURATED,
        ),
        Quantity("llama_a", "Llama 3: exponent of the best size", 0.4632, 0.023, BUDGET, ATHENA, finding=WITHOUT_TOP),
        Quantity("llama_b", "Llama 3: exponent of the best tokens", 0.5368, 0.027, BUDGET, ATHENA, finding=WITHOUT_TOP),
        Quantity("llama_E", "Llama 3: floor, in the figure's unit", 0.6047, 0.030, BUDGET, ATHENA, finding=WITHOUT_TOP),
        Quantity("llama_alpha", "Llama 3: size exponent", 0.3100, 0.0155, BUDGET, ATHENA, finding=WITHOUT_TOP),
        Quantity("llama_beta", "Llama 3: data exponent", 0.3136, 0.0157, BUDGET, ATHENA, finding=WITHOUT_TOP),
        *(
            Quantity(
                f"{label}_{name}",
                f"Marin {label}: {meaning}",
                value,
                0.001,
                "the last digit given",
                OTHERS,
                trust="recomputed",
            )
            for label, values in MARIN_FITS.items()
            for name, meaning, value in zip(
                ("E", "alpha", "beta"), ("floor", "size exponent", "data exponent"), values, strict=True
            )
        ),
    ),
    measure=measure,
)
