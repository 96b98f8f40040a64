"""Weight sparsity: how many weights may be zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX

DENSE = 1.0 + 1e-9  # a share of weights is at most 1; the slack lets a dense model of exactly 1 in


class FrantarSparse(Law):
    """Loss of sparse models by the weights that are not zero, tokens and density.

    L = (a_S q^b_S + c_S) / N^b_N + (a_D / D)^b_D + c, N the non-zero weights and q = 1 - sparsity their share.

    Source: Frantar et al. 2023.
    """

    id = "frantar_sparse"
    question = "How many weights may be zero for a given number of non-zero ones?"
    inputs = ("params", "tokens", "density")
    text = "loss = (a_S * density^b_S + c_S) / params^b_N + (a_D / tokens)^b_D + c"
    source = "Frantar et al. 2023, Scaling Laws for Sparsely-Connected Foundation Models"
    bibtex = BIBTEX["frantar2023"]
    holds = "Gradual magnitude pruning during training, density 1 down to 1/8, ample data."
    misleads = "params are the non-zero weights: the dense count beside the same density gives something else."
    domain = {"density": (0.0, DENSE)}
    ranges = {"params": (5e5, 1e8), "tokens": (1e9, 3e11), "density": (0.1, 1.0)}

    a_S: float = coefficient("cost of density", params="b_N", density="-b_S", typical=0.2)
    b_S: float = exponent("density exponent", bounds=(0.02, 4.0), grid=np.geomspace(0.2, 2.0, 6), typical=0.7)
    c_S: float = coefficient("size coefficient of a very sparse model", params="b_N", typical=0.5)
    b_N: float = exponent("size exponent", typical=0.25)
    a_D: float = number(
        "tokens at which the data term would be 1",
        bounds=(1e-12, 1e6),
        grid=np.geomspace(1e-5, 0.3, 8),
        log=True,
        units={"tokens": 1, "loss": "1 / b_D"},
        typical=0.01,
    )
    b_D: float = exponent("data exponent", grid=np.geomspace(0.1, 1.2, 6))
    c: float = floor("floor of the loss", typical=0.3)

    published = {
        name: Published(
            dict(zip(("a_S", "b_S", "c_S", "b_N", "a_D", "b_D", "c"), values, strict=True)),
            f"Frantar et al. 2023, table of fitted coefficients, {what}; quoted here from a secondary source",
            checks=((at, check, 1e-10),),
            note="Rounded; losses of their own data and tokenizers.",
        )
        for name, what, values, at, check in (
            (
                "t5_c4",
                "T5 on C4",
                (16.8, 0.722, 45.0, 0.245, 6.90e8, 0.203, 0.651),
                {"params": 1e8, "tokens": 1e11, "density": 1.0},
                1.69277859904,
            ),
            (
                "vit_jft",
                "ViT on JFT (tokens are images seen)",
                (294.0, 0.821, 468.0, 0.392, 2.37e8, 0.890, 4.517),
                {"params": 1e7, "tokens": 1e10, "density": 0.5},
                5.69663846403,
            ),
        )
    }

    def formula(self, params: Any, tokens: Any, density: Any) -> Any:
        """(a_S density^b_S + c_S) / params^b_N + (a_D / tokens)^b_D + c."""
        size = (self.a_S * density**self.b_S + self.c_S) / params**self.b_N
        return size + (self.a_D / tokens) ** self.b_D + self.c
