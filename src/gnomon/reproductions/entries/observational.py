"""Principal components of the benchmark scores of public models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

TABLE = "obsscaling/base_benchmarks.csv"
SHARES = (84.3, 10.0, 3.1, 1.1)
TOLERANCES = (2.0, 1.5, 0.6, 0.4)  # percent: about 2 standard errors of a variance share over 100 models
OTHERS = "an independent program on the repository's 124 models with all eight scores"
FEWER = "five model families are not in the public table here: two standard errors of a share over a hundred models"


def measure(load: Load) -> Mapping[str, float]:
    """Shares of the variance of eight centred scores, over the models that have them all."""
    runs = load(TABLE)
    names = [name for name in runs.names if name.startswith("acc_")]
    complete = np.isfinite([runs[name] for name in names]).all(axis=0)
    scores = {name: runs[name][complete] for name in names}
    shares = _shares(scores)
    rng = np.random.default_rng(0)
    shuffled = _shares({name: rng.permutation(column) for name, column in scores.items()})
    ours = {f"pc{i}": float(shares[i - 1]) for i in range(1, len(SHARES) + 1)}
    return ours | {"top3": float(shares[:3].sum()), "shuffled": float(shuffled[0])}


def _shares(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Percent of the variance along each principal axis."""
    from gnomon.runs import capabilities, read_runs

    return np.asarray(100.0 * capabilities(read_runs(dict(scores)), list(scores)).shares)


REPRODUCTION = Reproduction(
    name="observational",
    title="Few capability factors behind the benchmark scores of public models",
    source="Ruan, Maddison, Hashimoto 2024, Observational Scaling Laws",
    tables=(TABLE,),
    protocol=(
        "Eight benchmark scores as fractions, centred, not scaled; singular values over the models that have all of them. "
        "The table here holds 125 of the repository's 148 models, 101 of them complete."
    ),
    quantities=(
        *(
            Quantity(
                f"pc{i}",
                f"share of the variance along component {i}, percent",
                share,
                tolerance,
                FEWER,
                OTHERS,
                trust="recomputed",
            )
            for i, (share, tolerance) in enumerate(zip(SHARES, TOLERANCES, strict=True), start=1)
        ),
        Quantity(
            "top3",
            "share along the first three, percent",
            97.0,
            1.0,
            "printed as about 97 %",
            "Ruan et al. 2024, section 3",
            trust="from memory",
        ),
        Quantity(
            "shuffled",
            "share along component 1 when every score is shuffled among the models, percent",
            50.0,
            0.0,
            "without correlation the first axis holds little more than the widest score",
            "shuffled scores have no common factor",
            "at most",
            control=True,
        ),
    ),
    measure=measure,
)
