"""OPT's largest model from the checkpoints of smaller ones, and from one model with the size term of other families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction
from gnomon.runs import Runs

TABLE = "hitchhiker/opt_trajectories.csv"
CHINCHILLA, GADRE = "chinchilla_epoch/points.csv", "gadre_overtraining/runs.csv"
LARGE, SMALL = "params > 1e10", "params < 1e10"
SINGLE = {"125m": 1.25e8, "1.3b": 1.3e9, "6.7b": 6.7e9}
SHARE = 0.7  # test points have at least this share of the target's tokens
CUT = 1e10  # tokens up to which checkpoints are dropped, the default of their repository

GOAL = "a goal of this project; no publication prints it"
FIGURE = "IBM/ColPret, aggregated_eval: perplexity of the last checkpoint of OPT 13B, its logarithm"
LAST = 2.4858  # that number
EXACT = "a bound"
ONE_POINT = (
    "The goal is met by the mean over the last 30 % of tokens, the paper's measure of error, and not by the last checkpoint alone: "
    "with tokens the 13B falls faster than the smaller models say, and the forecast drifts from 16 % below its first checkpoint to "
    "1.2 % above its last."
)
STEEPER = (
    "OPT's loss falls faster with size than that of the other families: its own size term is worth 1.3 nats at 125M, Chinchilla's "
    "0.7. With one size of OPT nothing can show that."
)


def measure(load: Load) -> Mapping[str, float]:
    """Three smaller models forecast the 13B; then each of them alone does, with the size term of one or of four other families."""
    from gnomon.errors import RefusalError
    from gnomon.fit import fit
    from gnomon.laws import Chinchilla

    runs = load(TABLE)
    large, small = runs.where(LARGE), runs.where(SMALL)
    tokens = np.asarray(large["tokens"], float)
    late = large.take(np.flatnonzero(tokens >= SHARE * tokens.max()))
    last = large.take(np.array([int(np.argmax(tokens))]))
    ours: dict[str, float] = {"best_seen": 100 * float(np.mean(np.abs(small["loss"].min() / late["loss"] - 1)))}
    for name, rows in (("all", small), ("cut", small.where(f"tokens > {CUT:g}"))):
        law = fit("chinchilla", rows, intervals="none").law
        ours[f"{name}_error"], ours[f"{name}_last"] = _error(law, late), _error(law, last)
        ours[f"{name}_over_best_seen"] = ours[f"{name}_error"] / ours["best_seen"]
    try:
        fit("chinchilla", small.take(_finals(small)), intervals="none")
        ours["finals_refused"] = 0.0
    except RefusalError:
        ours["finals_refused"] = 1.0
    chinchilla = fit("chinchilla", load(CHINCHILLA, where="epoch_excluded = 0"))
    gadre = [fit("chinchilla", load(GADRE, where=f"family = '{corpus}'")) for corpus in ("c4", "redpajama")]
    donors: dict[str, list[Any]] = {
        "one": [chinchilla],
        "four": [chinchilla, Chinchilla.constants()["muennighoff2023_c4"], *gadre],
    }
    at = {"params": float(last["params"][0]), "tokens": float(last["tokens"][0])}
    for size, params in SINGLE.items():
        one = small.where(f"params > {0.9 * params:g} and params < {1.1 * params:g}")
        for label, families in donors.items():
            point = fit("chinchilla", one, transfer=families).forecast(**at).points[0]
            ours[f"{size}_{label}_error"] = 100 * abs(point.value / float(last["loss"][0]) - 1)
            ours[f"{size}_{label}_low"] = np.nan if point.low is None else point.low
            ours[f"{size}_{label}_high"] = np.nan if point.high is None else point.high
    doubled = Chinchilla(**(chinchilla.law.values | {"alpha": 2 * float(chinchilla.law.values["alpha"])}))
    smallest = small.where(f"params < {1.1 * SINGLE['125m']:g}")
    wrong = fit("chinchilla", smallest, transfer=doubled, intervals="none").law
    ours["doubled"] = _error(wrong, last) / ours["125m_one_error"]
    return ours


def _error(law: Any, rows: Runs) -> float:
    """Mean relative error in percent."""
    return 100 * float(np.mean(np.abs(law(params=rows["params"], tokens=rows["tokens"]) / rows["loss"] - 1)))


def _finals(rows: Runs) -> np.ndarray:
    """The last checkpoint of each run."""
    tokens, groups = np.asarray(rows["tokens"], float), rows.groups()
    return np.array([int(np.flatnonzero(groups == g)[np.argmax(tokens[groups == g])]) for g in np.unique(groups)])


def _single(size: str, label: str, who: str) -> list[Quantity]:
    """The error of one model's forecast, and its interval, which should hold the measured loss."""
    from_one = f"13B's last loss from {size.upper()} alone and the size term of {who}"
    share = "the goal set for families that do share the term"
    return [
        Quantity(
            f"{size}_{label}_error",
            f"{from_one}: relative error, percent",
            3.0,
            0.0,
            share,
            GOAL,
            "at most",
            trust="target",
            finding=STEEPER,
        ),
        Quantity(
            f"{size}_{label}_low",
            f"{from_one}: lower end of the 90 % interval, to lie below the measured loss",
            LAST,
            0.0,
            EXACT,
            FIGURE,
            "at most",
            finding=f"{STEEPER} Four families, two of one group, know their own spread poorly.",
        ),
        Quantity(
            f"{size}_{label}_high",
            f"{from_one}: upper end, to lie above it",
            LAST,
            0.0,
            EXACT,
            FIGURE,
            "at least",
        ),
    ]


ONE, FOUR = "Chinchilla", "four families (Chinchilla, Muennighoff's C4, Gadre's C4 and RedPajama)"

REPRODUCTION = Reproduction(
    name="opt",
    laws=("chinchilla",),
    title="OPT 13B from the checkpoints of smaller models, and from one model with another family's size term",
    source="Choshen, Zhang, Andreas 2024, A Hitchhiker's Guide to Scaling Law Estimation",
    tables=(TABLE, CHINCHILLA, GADRE),
    protocol=(
        "Chinchilla's law over checkpoints, tokens seen so far, Huber sum (delta 1e-3) on log loss (theirs: least squares from one "
        "start); OPT 125M, 1.3B and 6.7B are fitted, the error is the mean relative one over the 13B's checkpoints with at least "
        "70 % of its tokens. Transfer: A and alpha of other families, with the draws of their fits where there are rows, E, B and beta "
        "fitted to one model; several donors also bring their "
        "spread, one donor that of public families (OPT is not among them). The donors were chosen before the first run, in which one "
        "donor brought its own uncertainty alone: its interval then missed from 125M and from 1.3B."
    ),
    quantities=(
        Quantity(
            "all_error",
            "13B from all checkpoints of three smaller models: mean relative error over its last 30 % of tokens, percent",
            0.65,
            0.0,
            EXACT,
            GOAL,
            "at most",
            trust="target",
        ),
        Quantity(
            "all_last",
            "the same at its last checkpoint alone",
            0.65,
            0.0,
            EXACT,
            GOAL,
            "at most",
            trust="target",
            finding=ONE_POINT,
        ),
        Quantity(
            "cut_error",
            "the same without the first 10B tokens of each model, over the last 30 %",
            0.8,
            0.0,
            EXACT,
            GOAL,
            "at most",
            trust="target",
        ),
        Quantity(
            "all_over_best_seen",
            "error from all checkpoints over that of the best loss seen so far",
            1.0,
            0.0,
            "below the baseline",
            GOAL,
            "at most",
            trust="target",
        ),
        Quantity(
            "cut_over_best_seen",
            "the same without the first 10B tokens",
            1.0,
            0.0,
            "below the baseline",
            GOAL,
            "at most",
            trust="target",
        ),
        Quantity(
            "finals_refused",
            "1 when three final losses are refused for a law of five parameters",
            1.0,
            0.0,
            "yes or no",
            GOAL,
            trust="target",
            control=True,
        ),
        *(q for size in SINGLE for label, who in (("one", ONE), ("four", FOUR)) for q in _single(size, label, who)),
        Quantity(
            "doubled",
            "125M with Chinchilla's alpha doubled: its error over that with alpha as it is",
            2.0,
            0.0,
            "a wrong donor is at least twice as far off",
            GOAL,
            "at least",
            trust="target",
            control=True,
        ),
    ),
    measure=measure,
)
