"""Kaplan's laws: loss without a floor from parameters, from tokens, from compute, and from parameters and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, exponent, number
from gnomon.laws.optimum import Split, split_of_two_powers
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

PETAFLOP_DAY = 8.64e19  # FLOP: 1e15 FLOP/s for 86,400 s
QUOTED = "Rounded, for non-embedding parameters and a tokenizer of 50,257 words; quoted here from secondary sources."


def _line(x: np.ndarray, y: np.ndarray, scale: str, power: str) -> list[dict[str, float]]:
    """Constants of y = (scale / x)^power from the line through ln y by ln x, and from a flatter and a steeper one."""
    slope, height = np.polyfit(np.log(x), np.log(y), 1) if np.ptp(x) > 0 else (-0.1, 0.0)
    starts = []
    for turn in (1.0, 0.6, 1.6):
        steepness = float(np.clip(-slope * turn, 0.01, 2.0))
        starts.append({scale: float(np.exp(np.clip(height / steepness, -20.0, 20.0))), power: steepness})
    return starts


class KaplanN(Law):
    """Loss of models trained to convergence on unlimited data, by their size.

    L = (N_c / N)^alpha_N, N = params (Kaplan: without embeddings).

    Source: Kaplan et al. 2020, equation 1.1.
    """

    id = "kaplan_n"
    question = "What loss does a model of N parameters reach when data and training time do not limit it?"
    inputs = ("params",)
    text = "loss = (N_c / params)^alpha_N"
    source = "Kaplan et al. 2020, Scaling Laws for Neural Language Models, equation 1.1"
    bibtex = BIBTEX["kaplan2020"]
    holds = "Within the range of sizes it was fitted on, with data and steps in excess."
    misleads = "No floor, and the count of parameters (without embeddings) changes the exponent at small sizes."
    ranges = {"params": (1e4, 1e10)}

    N_c: float = number(
        "size at which the loss would be 1",
        bounds=(1e-9, 1e9),
        grid=(1.0,),
        log=True,
        units={"params": 1, "loss": "1 / alpha_N"},
    )
    alpha_N: float = exponent("size exponent", typical=0.076)

    published = {
        "kaplan2020": Published(
            {"N_c": 8.8e13, "alpha_N": 0.076},
            "Kaplan et al. 2020, equation 1.1",
            checks=(({"params": 8.8e13}, 1.0, 1e-12), ({"params": 8.8e12}, 10**0.076, 1e-12)),
            note=QUOTED,
        )
    }

    def formula(self, params: Any) -> Any:
        """(N_c / params)^alpha_N."""
        return (self.N_c / params) ** self.alpha_N

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "N_c", "alpha_N")


class KaplanD(Law):
    """Loss of large models stopped early, by the size of the data set.

    L = (D_c / D)^alpha_D, D = tokens.

    Source: Kaplan et al. 2020, equation 1.2.
    """

    id = "kaplan_d"
    question = "What loss does a large enough model reach after D tokens of data?"
    inputs = ("tokens",)
    text = "loss = (D_c / tokens)^alpha_D"
    source = "Kaplan et al. 2020, Scaling Laws for Neural Language Models, equation 1.2"
    bibtex = BIBTEX["kaplan2020"]
    holds = "Within the range of data sizes it was fitted on, for models that are not the bottleneck."
    misleads = "No floor; with a model that limits the loss the exponent comes out too small."
    ranges = {"tokens": (1e7, 1e11)}

    D_c: float = number(
        "tokens at which the loss would be 1",
        bounds=(1e-9, 1e9),
        grid=(1.0,),
        log=True,
        units={"tokens": 1, "loss": "1 / alpha_D"},
    )
    alpha_D: float = exponent("data exponent", typical=0.095)

    published = {
        "kaplan2020": Published(
            {"D_c": 5.4e13, "alpha_D": 0.095},
            "Kaplan et al. 2020, equation 1.2",
            checks=(({"tokens": 5.4e13}, 1.0, 1e-12), ({"tokens": 5.4e12}, 10**0.095, 1e-12)),
            note=QUOTED,
        )
    }

    def formula(self, tokens: Any) -> Any:
        """(D_c / tokens)^alpha_D."""
        return (self.D_c / tokens) ** self.alpha_D

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "D_c", "alpha_D")


class KaplanC(Law):
    """Loss of the best model for a budget, by compute.

    L = (C_c / C)^alpha_C, C = flops (Kaplan: without embeddings; C_min where the batch is far below the critical one).

    Source: Kaplan et al. 2020, equations 1.3 (optimal batch) and 3.3 (fixed batch).
    """

    id = "kaplan_c"
    question = "What loss does a budget of C FLOP reach when it is split as Kaplan et al. split it?"
    inputs = ("flops",)
    text = "loss = (C_c / flops)^alpha_C"
    source = "Kaplan et al. 2020, Scaling Laws for Neural Language Models, equations 1.3 and 3.3"
    bibtex = BIBTEX["kaplan2020"]
    holds = "To compare with work before 2022, on the best runs at each budget."
    misleads = "No floor; fixed batch and batch far below the critical one are two laws with different exponents."
    ranges = {"flops": (1e15, 1e21)}

    C_c: float = number(
        "compute at which the loss would be 1",
        bounds=(1e-12, 1e12),
        grid=(1.0,),
        log=True,
        units={"flops": 1, "loss": "1 / alpha_C"},
    )
    alpha_C: float = exponent("compute exponent", typical=0.05)

    published = {
        "kaplan2020_min": Published(
            {"C_c": 3.1e8 * PETAFLOP_DAY, "alpha_C": 0.050},
            "Kaplan et al. 2020, equation 1.3 and table 5 (C_min: batch far below the critical one)",
            checks=(({"flops": 3.1e8 * PETAFLOP_DAY}, 1.0, 1e-12), ({"flops": 8.64e19}, 2.6580802262455237, 1e-12)),
            note=QUOTED,
        ),
        "kaplan2020_fixed_batch": Published(
            {"C_c": 1.6e7 * PETAFLOP_DAY, "alpha_C": 0.057},
            "Kaplan et al. 2020, equation 3.3 and table 5 (batch fixed at 0.5M tokens, not tuned)",
            checks=(({"flops": 1.6e7 * PETAFLOP_DAY}, 1.0, 1e-12), ({"flops": 8.64e19}, 2.5741558598978651, 1e-12)),
            note=QUOTED,
        ),
    }

    def formula(self, flops: Any) -> Any:
        """(C_c / flops)^alpha_C."""
        return (self.C_c / flops) ** self.alpha_C

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "C_c", "alpha_C")


class KaplanND(Law):
    """Loss by parameters and tokens, whichever limits, without a floor.

    L = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D.

    Source: Kaplan et al. 2020, equation 1.5.
    """

    id = "kaplan_nd"
    question = "What loss does a model of N parameters reach on D tokens, in Kaplan's form?"
    inputs = ("params", "tokens")
    text = "loss = ((N_c / params)^(alpha_N / alpha_D) + D_c / tokens)^alpha_D"
    source = "Kaplan et al. 2020, Scaling Laws for Neural Language Models, equation 1.5"
    bibtex = BIBTEX["kaplan2020"]
    holds = "To compare with work before 2022; sharpness of the corner and data exponent are one parameter."
    misleads = "Without a floor it extrapolates too low, and its optimum buys too much model."
    ranges = {"params": (1e6, 1e10), "tokens": (1e8, 1e11)}

    N_c: float = number(
        "size scale", bounds=(1e-12, 1e6), log=True, units={"params": 1, "loss": "1 / alpha_N"}, typical=0.01
    )
    alpha_N: float = exponent("size exponent", typical=0.08)
    D_c: float = number(
        "data scale", bounds=(1e-12, 1e6), log=True, units={"tokens": 1, "loss": "1 / alpha_D"}, typical=0.01
    )
    alpha_D: float = exponent("data exponent", typical=0.1)

    published = {
        "kaplan2020": Published(
            {"N_c": 6.4e13, "alpha_N": 0.076, "D_c": 1.8e13, "alpha_D": 0.103},
            "Kaplan et al. 2020, table 2 (joint fit)",
            checks=(({"params": 6.4e13, "tokens": 1.8e13}, 2**0.103, 1e-12),),
            note=QUOTED,
        )
    }

    def formula(self, params: Any, tokens: Any) -> Any:
        """((N_c / params)^(alpha_N / alpha_D) + D_c / tokens)^alpha_D."""
        return ((self.N_c / params) ** (self.alpha_N / self.alpha_D) + self.D_c / tokens) ** self.alpha_D

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product, in closed form."""
        inner = self.alpha_N / self.alpha_D
        return split_of_two_powers(self.N_c**inner, inner, self.D_c, 1.0, product)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For given exponents output^(1 / alpha_D) is linear in N_c^(alpha_N / alpha_D) and D_c."""
        params, tokens = inputs
        v = cells(alpha_D=np.geomspace(0.03, 1.0, 10), alpha_N=np.geomspace(0.03, 1.0, 10))
        ratio = v["alpha_N"] / v["alpha_D"]
        aim = output ** (1.0 / v["alpha_D"])
        found, misfit = amplitudes([params**-ratio, 1.0 / tokens + 0.0 * ratio], aim, weights=v["alpha_D"] / aim)
        values = v | {"N_c": found[:, :1] ** (1.0 / ratio), "D_c": found[:, 1:]}
        return best_of(values, misfit, apart="alpha_D", most=20)
