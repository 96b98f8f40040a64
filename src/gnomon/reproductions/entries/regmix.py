"""Ranking data mixtures they were not trained on: linear regression and the exponential mixing law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

if TYPE_CHECKING:
    from gnomon.laws import MixingExp

TABLE = "regmix/mixtures.csv"
TARGET = "loss_pile_cc"
SHUFFLES = 100
DELTA = 0.02  # nats: the Huber loss of Data Mixing Laws (mix_2_domains.ipynb)
MEMORY = "Liu et al. 2024, table of rank correlations of regression models"
OTHERS = "an independent program on the same mixtures; no publication prints it"
SAMPLE = "printed to two digits of a percent; the test mixtures may not be the same ones: half a percent"


def measure(load: Load) -> Mapping[str, float]:
    """Spearman's rank correlation of predicted and measured loss on mixtures that were not fitted."""
    from scipy.stats import spearmanr

    runs = load(TABLE)
    names = [name for name in runs.names if name.startswith("mix_")]

    def part(size: str, split: str) -> tuple[np.ndarray, np.ndarray]:
        rows = runs.where(f"family = '{size}' and split = '{split}'")
        return np.stack([rows[name] for name in names], axis=1), rows[TARGET]

    mixtures, loss = part("1m", "train")
    straight = _linear(mixtures, loss)
    curved = _exponential(names, mixtures, loss)
    ours: dict[str, float] = {}
    for size in ("1m", "60m"):
        other, measured = part(size, "test")
        predicted = {
            "linear": other @ straight[1:] + straight[0],
            "mixing": curved.formula(*other.T),
        }
        for label, values in predicted.items():
            ours[f"{label}_{size}"] = float(spearmanr(values, measured).statistic)
    other, measured = part("1m", "test")
    rng = np.random.default_rng(0)
    weights = [_linear(mixtures, rng.permutation(loss))[1:] for _ in range(SHUFFLES)]
    ours["shuffled"] = abs(float(np.mean([spearmanr(other @ w, measured).statistic for w in weights])))
    return ours


def _linear(mixtures: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Intercept and weights by least squares; the shares sum to one, so the smallest solution is taken."""
    design = np.column_stack([np.ones(len(loss)), mixtures])
    return np.asarray(np.linalg.lstsq(design, loss, rcond=None)[0])


def _exponential(names: Sequence[str], mixtures: np.ndarray, loss: np.ndarray) -> MixingExp:
    """L = c + k exp(sum_j t_j r_j) by the Huber loss."""
    from gnomon.fit.design import Design
    from gnomon.fit.objective import Objective
    from gnomon.fit.search import search
    from gnomon.laws import MixingExp

    cls = MixingExp.of(*names, output=TARGET)
    design = Design(cls, tuple(mixtures.T), loss, np.arange(len(loss)))
    return cls(**design.values(search(design, Objective("huber", "output", DELTA)).theta))


REPRODUCTION = Reproduction(
    name="regmix",
    laws=("mixing_exp",),
    title="Ranking data mixtures that were not trained on",
    source="Liu et al. 2024, RegMix; the exponential law: Ye et al. 2024, Data Mixing Laws",
    tables=(TABLE,),
    protocol=(
        "Fit the Pile-CC loss of 512 random mixtures of 17 domains at 1M parameters, rank 256 other mixtures at 1M and at "
        "60M; Spearman's correlation. Linear least squares, and L = c + k exp(t r) by Huber loss. Their boosted trees are "
        "not tried: no such regressor is among the project's dependencies. The negative control first took a single shuffle "
        "and gave 0.26: one random direction among 16 correlates by about a quarter, so it is a mean over many now."
    ),
    quantities=(
        Quantity("linear_1m", "rank correlation, linear, at 1M", 0.9008, 0.005, SAMPLE, MEMORY, trust="from memory"),
        Quantity("linear_60m", "rank correlation, linear, at 60M", 0.8926, 0.005, SAMPLE, MEMORY, trust="from memory"),
        Quantity(
            "mixing_1m",
            "rank correlation, exponential law, at 1M",
            0.963,
            0.002,
            "starts and Huber delta of the other program are not the same",
            OTHERS,
            trust="recomputed",
        ),
        Quantity(
            "mixing_60m",
            "rank correlation, exponential law, at 60M",
            0.963,
            0.02,
            "rank invariance: a law of 1M ranks 60M as well as its own size, give or take the sampling error of 256 ranks",
            "Liu et al. 2024, the claim that ranks do not change with size",
            "at least",
            "from memory",
        ),
        Quantity(
            "shuffled",
            f"mean rank correlation over {SHUFFLES} shuffles of the fitted losses, linear, at 1M",
            0.0,
            0.075,
            "one random direction among 16 correlates by about 1 / 4: three standard errors of a mean of 100 of them",
            "a regression of shuffled losses has nothing to find",
            "at most",
            control=True,
        ),
    ),
    measure=measure,
)
