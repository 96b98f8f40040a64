"""Chinchilla's law when data repeat: repeated tokens and excess parameters are worth ever less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, exponent, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells


class Muennighoff(Law):
    """Loss of a model trained for several epochs over limited data.

    L = E + A / n^alpha + B / d^beta with effective tokens d and effective parameters n:
    d = u + u R_D (1 - exp(-(D/u - 1) / R_D)), u = min(D, U) the unique tokens, D/u - 1 the repeats;
    n = v + v R_N (1 - exp(-(N/v - 1) / R_N)), v = min(N, the compute-optimal size for u tokens).

    Source: Muennighoff et al. 2023, equations 5 and 6.
    """

    id = "muennighoff"
    question = "What are more epochs over the same data worth, and how large a model do limited data bear?"
    inputs = ("params", "tokens", "unique_tokens")
    text = (
        "loss = E + A / n^alpha + B / d^beta where "
        "n = v + v * R_N * (1 - exp((1 - params / v) / R_N)), "
        "v = min(params, (alpha * A * u^beta / (beta * B))^(1 / alpha)), "
        "d = u + u * R_D * (1 - exp((1 - tokens / u) / R_D)), u = min(tokens, unique_tokens)"
    )
    source = "Muennighoff et al. 2023, Scaling Data-Constrained Language Models, equations 5 and 6"
    bibtex = BIBTEX["muennighoff2023"]
    holds = "Up to about 16 epochs, for models not far above the optimal size."
    misleads = (
        "R_D and R_N lie on a ridge (12 to 300 fit the published runs alike); many epochs of a large model overfit."
    )
    shared_units = {"unique_tokens": "tokens"}
    ranges = {"params": (1e7, 1e11), "tokens": (1e9, 1e12), "unique_tokens": (2e8, 1e12)}

    E: float = floor("floor of the loss")
    A: float = number("size coefficient", bounds=(1e-9, 1e4), log=True, units={"loss": 1, "params": "alpha"})
    alpha: float = exponent("size exponent", typical=0.35)
    B: float = number("data coefficient", bounds=(1e-9, 1e4), log=True, units={"loss": 1, "tokens": "beta"})
    beta: float = exponent("data exponent", typical=0.35)
    R_D: float = number(
        "repeats after which a repeated token has lost 63 % of its worth", bounds=(0.05, 1e4), log=True, typical=15.0
    )
    R_N: float = number("the same for parameters in excess", bounds=(0.05, 1e4), log=True, typical=5.0)

    published = {
        "muennighoff2023": Published(
            {
                "E": math.exp(0.6254804),
                "A": math.exp(6.255414),
                "alpha": 0.3526596,
                "B": math.exp(7.3049974),
                "beta": 0.3526596,
                "R_D": 15.387756,
                "R_N": 5.309743,
            },
            "Muennighoff et al. 2023, README and parametric_fit.ipynb of their repository (C4; E, A, B and the tied "
            "exponent from 54 runs read off a figure of Hoffmann et al., R_D and R_N from 182 runs of their own)",
            checks=(
                ({"params": 6.34e9, "tokens": 242e9, "unique_tokens": 25e9}, 2.2256440889984477, 1e-9),
                ({"params": 8.67e9, "tokens": 178e9, "unique_tokens": 25e9}, 2.2269634075087867, 1e-9),
            ),
            note="Absolute losses of their own runs differ by 0.1 to 0.2: E, A and B come from another data set.",
        ),
        "muennighoff2023_untied": Published(
            {
                "E": math.exp(0.604038),
                "A": math.exp(6.6229553),
                "alpha": 0.3724021,
                "B": math.exp(7.5856404),
                "beta": 0.36468068,
                "R_D": 16.257626,
                "R_N": 4.9642363,
            },
            "Muennighoff et al. 2023, return_alloc.ipynb of their repository: the set behind one plot",
            checks=(({"params": 1e8, "tokens": 1e11, "unique_tokens": 1e11}, 2.810355170781352, 1e-12),),
            note="Not the constants of the paper: R_D and R_N there are 15.4 and 5.31.",
        ),
    }

    def formula(self, params: Any, tokens: Any, unique_tokens: Any) -> Any:
        """E + A / n^alpha + B / d^beta, n and d the effective parameters and tokens."""
        xp = self.xp(params, tokens, unique_tokens)
        unique = xp.minimum(tokens, unique_tokens)
        data = unique * (1.0 - self.R_D * xp.expm1((1.0 - tokens / unique) / self.R_D))
        # The optimal size by logarithms: 1 / alpha is a large power when a fit tries a small alpha.
        largest = (xp.log(self.alpha * self.A / (self.beta * self.B)) + self.beta * xp.log(unique)) / self.alpha
        useful = xp.exp(xp.minimum(xp.log(params), largest))
        size = useful * (1.0 - self.R_N * xp.expm1((1.0 - params / useful) / self.R_N))
        return self.E + self.A / size**self.alpha + self.B / data**self.beta

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """Without parameters in excess it is Chinchilla's law in the effective tokens; R_N is tried at three values."""
        params, tokens, unique = inputs
        unique = np.minimum(tokens, unique)
        grid = np.geomspace(0.1, 1.0, 7)
        v = cells(R_D=(2.0, 8.0, 30.0, 120.0), alpha=grid, beta=grid)
        data = unique * (1.0 - v["R_D"] * np.expm1((1.0 - tokens / unique) / v["R_D"]))
        one = np.ones_like(data)
        found, misfit = amplitudes([one, params ** -v["alpha"], data ** -v["beta"]], output, weights=1.0 / output)
        values = v | {name: found[:, k : k + 1] for k, name in enumerate(("E", "A", "B"))}
        picked = best_of(values, misfit, apart="R_D", most=8)
        return [start | {"R_N": excess} for start in picked for excess in (1.0, 5.0, 25.0)]
