"""How much do families differ in the size term A / N^alpha? Learns the spread that a single donor of a transfer cannot show.

    GNOMON_DATA=... python benchmarks/decisions/size_terms.py [--save]

One law for every public family of language models with at least four sizes and losses in nats per token: ends of runs where the table
has them, of a sweep the best setting of each size and length. A family whose exponent lies at a bound, or is known no better than to a
factor of two (90 %), says nothing about how families differ and is left out, by name. OPT is left out too: `gnomon reproduce opt` is
scored on it. The spread is of ln g, g = alpha A / N0^alpha the slope of the loss over ln size at the family's middle size N0, and of ln
alpha, less what each fit's own draws account for.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import gnomon as gn
from gnomon.datasets import load
from gnomon.errors import GnomonError
from gnomon.fit.size_terms import slope_and_exponent
from gnomon.runs import Runs

HOME = Path(__file__).resolve().parents[2] / "src" / "gnomon" / "fit" / "size_terms.json"
DRAWS = 400
MOST_RATIO = 2.0  # of the ends of alpha's 90 % interval

FAMILIES: dict[str, tuple[str, str | None]] = {
    "Chinchilla, MassiveText": ("chinchilla_epoch/points.csv", "epoch_excluded = 0"),
    "Gadre, C4": ("gadre_overtraining/runs.csv", "family = 'c4'"),
    "Gadre, RedPajama": ("gadre_overtraining/runs.csv", "family = 'redpajama'"),
    "Muennighoff, C4, one epoch": ("datablations/runs.csv", "epochs <= 1"),
    "Marin, Comma": ("isoflops/points.csv", "family = 'marin_202603__comma__llama_2' and curator_outlier = 0"),
    "Marin, DCLM": ("isoflops/points.csv", "family = 'marin_202603__dclm__llama_2' and curator_outlier = 0"),
    "(Mis)Fitting, FineWeb and C4": ("misfitting/checkpoints.csv", "fraction_done = 1"),
    "Porian, RefinedWeb, tuned": ("porian/isoflop_points.csv", "hparams = 'tuned' and param_count = 'standard'"),
    "Step Law, dense": ("steplaw/dense.csv", None),
    "xLSTM paper, Transformer": ("xlstm/isoflop_runs.csv", "family = 'transformer'"),
    "Gemstones, DCLM": ("gemstones/validation.csv", "family = 'validation_dclm'"),
}


def best_of_sweeps(runs: Runs) -> Runs:
    """Of rows with equal params and tokens the one with the lowest loss."""
    best: dict[tuple[float, float], int] = {}
    for row, key in enumerate(zip(runs["params"], runs["tokens"], strict=True)):
        if np.isfinite(runs["loss"][row]) and (key not in best or runs["loss"][row] < runs["loss"][best[key]]):
            best[key] = row
    return runs.take(np.array(sorted(best.values())))


def fitted(name: str) -> gn.Fit | str:
    """The family's law; or why the family is left out."""
    table, where = FAMILIES[name]
    try:
        runs = best_of_sweeps(load(table, where=where))
        if len(np.unique(runs["params"])) < 4:
            return "fewer than four sizes"
        fit = gn.fit("chinchilla", runs, draws=DRAWS)
    except GnomonError as refused:
        return refused.message
    alpha = fit.parameters["alpha"]
    if "alpha" in fit.identifiability.at_bound or "A" in fit.identifiability.at_bound:
        return "the size term ends at a bound"
    assert alpha.low is not None
    assert alpha.high is not None
    if alpha.high > MOST_RATIO * alpha.low:
        return f"alpha lies anywhere in {alpha.low:.3f} to {alpha.high:.3f}"
    return fit


def size_term(fit: gn.Fit) -> tuple[np.ndarray, np.ndarray, float]:
    """ln slope at the middle size and ln alpha, their covariance over draws, the middle size."""
    middle = float(np.exp(np.log(np.asarray(fit.data["params"], float)).mean()))
    assert fit.draws is not None
    drawn = np.stack(slope_and_exponent(fit.draws["A"], fit.draws["alpha"], middle))
    at = slope_and_exponent(np.asarray(fit.law.values["A"]), np.asarray(fit.law.values["alpha"]), middle)
    return np.array(at, float), np.cov(drawn), middle


def spread(fits: dict[str, gn.Fit]) -> dict[str, object]:
    """The constants from the families' fits."""
    terms = [size_term(fit) for fit in fits.values()]
    between = np.cov(np.array([at for at, _, _ in terms]).T) - np.mean([own for _, own, _ in terms], axis=0)
    values, vectors = np.linalg.eigh(between)
    between = (vectors * np.maximum(values, 0.0)) @ vectors.T
    sd = np.sqrt(np.diag(between))
    return {
        "sd_ln_slope": round(float(sd[0]), 4),
        "sd_ln_alpha": round(float(sd[1]), 4),
        "correlation": round(float(between[0, 1] / (sd[0] * sd[1])), 3),
        "families": len(fits),
        "learnt_on": list(fits),
    }


def main(save: bool) -> None:
    print("| family | slope at the middle size, nats | alpha | middle size |\n| --- | ---: | ---: | ---: |")
    used: dict[str, gn.Fit] = {}
    for name in FAMILIES:
        found = fitted(name)
        if isinstance(found, str):
            print(f"| {name} | left out: {found} | | |", flush=True)
            continue
        used[name] = found
        at, covariance, middle = size_term(found)
        known_to = 100 * np.sqrt(np.diag(covariance))
        print(
            f"| {name} | {np.exp(at[0]):.3f} ({known_to[0]:.0f} %) | {np.exp(at[1]):.3f} ({known_to[1]:.0f} %) | {middle:.2g} |",
            flush=True,
        )
    document = spread(used)
    print(json.dumps(document))
    if save:
        HOME.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main("--save" in sys.argv)
