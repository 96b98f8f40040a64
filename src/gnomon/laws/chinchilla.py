"""Loss from parameters and tokens as a floor and two power laws: Chinchilla's law and its tied form."""

from __future__ import annotations

import math
from typing import Any

from gnomon.laws.law import Law, Published, coefficient, exponent, floor
from gnomon.laws.references import BIBTEX

CHINCHILLA = {"params": 70e9, "tokens": 1.4e12}  # the model itself; check values there were computed with 40 digits


class Chinchilla(Law):
    """Loss of a model of a given size trained once over a given number of tokens.

    L = E + A / N^alpha + B / D^beta, N = params, D = tokens, E the irreducible loss (nats per token).

    Source: Hoffmann et al. 2022, equation 2 (approach 3).
    """

    id = "chinchilla"
    question = "What loss does a model of N parameters reach after D tokens, and what is the best split of compute?"
    inputs = ("params", "tokens")
    text = "loss = E + A / params^alpha + B / tokens^beta"
    source = "Hoffmann et al. 2022, Training Compute-Optimal Large Language Models, equation 2"
    bibtex = BIBTEX["hoffmann2022"]
    holds = (
        "Runs of one recipe, each with a schedule that ends where the run ends, over a decade in both sizes and tokens."
    )
    misleads = (
        "With checkpoints of a decaying schedule, repeated data, or rounded constants: plans move by tens of percent."
    )

    E: float = floor("floor of the loss")
    A: float = coefficient("size coefficient", params="alpha")
    alpha: float = exponent("size exponent")
    B: float = coefficient("data coefficient", tokens="beta")
    beta: float = exponent("data exponent")

    published = {
        "hoffmann2022": Published(
            {
                "E": math.exp(0.5267228),
                "A": math.exp(6.0073404),
                "alpha": 0.33917084,
                "B": math.exp(6.0179186),
                "beta": 0.2849083,
            },
            "Hoffmann et al. 2022, unrounded, the paper's TeX source as quoted by Besiroglu et al. 2024 (notebook)",
            checks=((CHINCHILLA, 1.920846026565606, 1e-12),),
        ),
        "hoffmann2022_rounded": Published(
            {"E": 1.69, "A": 406.4, "alpha": 0.34, "B": 410.7, "beta": 0.28},
            "Hoffmann et al. 2022, equation 10",
            checks=((CHINCHILLA, 1.936645470558717, 1e-12),),
            note="Rounded: plans made with these differ by tens of percent from plans made with the unrounded ones.",
        ),
        "besiroglu2024": Published(
            {"E": 1.81686, "A": 482.01, "alpha": 0.34781, "B": 2085.43, "beta": 0.36585},
            "Besiroglu et al. 2024, Chinchilla Scaling: A Replication Attempt, table 1 (Huber likelihood, 240 points)",
            checks=((CHINCHILLA, 1.973416449032721, 1e-12),),
        ),
        "besiroglu2024_grid": Published(
            {"E": 1.817236, "A": 477.84, "alpha": 0.347313, "B": 2143.86, "beta": 0.367183},
            "Besiroglu et al. 2024, data_analysis.ipynb cell 18 (plain Huber sum, 240 points)",
            checks=((CHINCHILLA, 1.973375376330496, 1e-12),),
        ),
        "muennighoff2023_c4": Published(
            {
                "E": math.exp(0.63032365),
                "A": math.exp(5.9577184),
                "alpha": 0.33480313,
                "B": math.exp(7.9145365),
                "beta": 0.38289225,
            },
            "Muennighoff et al. 2023, parametric_fit.ipynb: C4 fit without tying the exponents",
            checks=((CHINCHILLA, 2.029849155210838, 1e-12),),
        ),
    }

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + A / params^alpha + B / tokens^beta."""
        return self.E + self.A / params**self.alpha + self.B / tokens**self.beta


class ChinchillaTied(Law):
    """Chinchilla's law with one exponent: the best ratio of tokens to parameters is then the same at every budget.

    L = E + A / N^alpha + B / D^alpha.

    Source: Muennighoff et al. 2023 (tied fit on C4).
    """

    id = "chinchilla_tied"
    question = "What loss from N parameters and D tokens, when the runs are too few to tell two exponents apart?"
    inputs = ("params", "tokens")
    text = "loss = E + A / params^alpha + B / tokens^alpha"
    source = "Muennighoff et al. 2023, Scaling Data-Constrained Language Models"
    bibtex = BIBTEX["muennighoff2023"]
    holds = "Few runs, or runs close to one ratio of tokens to parameters."
    misleads = "It fixes the optimal ratio by assumption: the plan's exponent of one half is then not a finding."

    E: float = floor("floor of the loss")
    A: float = coefficient("size coefficient", params="alpha")
    B: float = coefficient("data coefficient", tokens="alpha")
    alpha: float = exponent("common exponent")

    published = {
        "muennighoff2023_c4": Published(
            {"E": math.exp(0.6254804), "A": math.exp(6.255414), "B": math.exp(7.3049974), "alpha": 0.3526596},
            "Muennighoff et al. 2023, parametric_fit.ipynb: tied C4 fit",
            checks=((CHINCHILLA, 2.024597069050916, 1e-12),),
        ),
    }

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + A / params^alpha + B / tokens^alpha."""
        return self.E + self.A / params**self.alpha + self.B / tokens**self.alpha
