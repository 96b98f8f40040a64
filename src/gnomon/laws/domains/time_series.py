"""Foundation models of time series: three powers, in and out of distribution, encoders and decoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, exponent, number
from gnomon.laws.references import BIBTEX

PF_DAY = 8.64e19  # FLOP in a petaflop-day
SOURCE = "Yao et al. 2024, Towards Neural Scaling Laws for Time Series Foundation Models"
HOLDS = "Negative log-likelihood of normalised series, one architecture, the other two resources in excess."
MISLEADS = (
    "The loss is a differential entropy: another scale of the data shifts it, and a pure power does not survive that."
)
CONSTANT = "Compare exponents: the scale ranges over forty decades, and its unit is counted inconsistently there."

# splits and architectures in the order of the published figures: (alpha, scale)
ROWS = ("encoder_id", "decoder_id", "encoder_lsf", "decoder_lsf", "encoder_monash", "decoder_monash")
BY_PARAMS = ((0.029, 3.7e16), (0.015, 2.0e34), (0.026, 1.4e31), (0.016, 2.9e47), (0.023, 6.7e36), (0.017, 1.5e48))
BY_COMPUTE = ((0.024, 1.5e7), (0.014, 6.0e23), (0.020, 3.9e26), (0.017, 1.9e33), (0.020, 2.8e29), (0.013, 1.4e47))
BY_POINTS = ((0.094, 5.3e12), (0.090, 9.9e13), (0.029, 9.6e30), (0.019, 1.1e44), (0.023, 1.0e39), (0.030, 4.4e31))


def _table(rows: tuple[tuple[float, float], ...], column: str, scale: str, unit: float = 1.0) -> dict[str, Published]:
    return {
        name: Published(
            {scale: x * unit, "alpha": alpha},
            f"{SOURCE}, legends of the figures in their notebooks, {name.replace('_', ' ')}",
            checks=(({column: x * unit}, 1.0, 1e-12), ({column: 1e-9 * x * unit}, 10 ** (9 * alpha), 1e-9)),
            note=CONSTANT,
        )
        for name, (alpha, x) in zip(ROWS, rows, strict=True)
    }


def _scale(meaning: str, column: str) -> Any:
    return number(meaning, bounds=(1e-9, 1e9), log=True, units={column: 1, "loss": "1 / alpha"})


def _exponent() -> Any:
    return exponent("exponent", bounds=(0.002, 2.0), typical=0.03)


def _line(x: np.ndarray, y: np.ndarray, scale: str) -> list[dict[str, float]]:
    """The line on log-log paper, and a flatter and a steeper one."""
    slope, height = np.polyfit(np.log(x), np.log(y), 1) if np.ptp(x) > 0 else (-0.03, 0.0)
    found = []
    for turn in (1.0, 0.6, 1.6):
        alpha = float(np.clip(-slope * turn, 0.004, 1.5))
        found.append({scale: float(np.exp(np.clip(height / alpha, -20.0, 20.0))), "alpha": alpha})
    return found


class SeriesParams(Law):
    """Loss of time-series models by size.

    L = (N_c / N)^alpha.

    Source: Yao et al. 2024.
    """

    id = "tsfm_n"
    question = "How does a foundation model of time series improve with its size, in and out of distribution?"
    inputs = ("params",)
    text = "loss = (N_c / params)^alpha"
    source = SOURCE
    bibtex = BIBTEX["yao2024"]
    holds = HOLDS
    misleads = MISLEADS
    ranges = {"params": (1e3, 1e9)}

    N_c: float = _scale("size at which the loss would be 1", "params")
    alpha: float = _exponent()

    published = _table(BY_PARAMS, "params", "N_c")

    def formula(self, params: Any) -> Any:
        """(N_c / params)^alpha."""
        return (self.N_c / params) ** self.alpha

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "N_c")


class SeriesCompute(Law):
    """Loss of time-series models on the frontier of compute.

    L = (C_c / C)^alpha. Published in petaflop-days; here in FLOP.

    Source: Yao et al. 2024.
    """

    id = "tsfm_c"
    question = "How does a foundation model of time series improve with compute, in and out of distribution?"
    inputs = ("flops",)
    text = "loss = (C_c / flops)^alpha"
    source = SOURCE
    bibtex = BIBTEX["yao2024"]
    holds = HOLDS
    misleads = MISLEADS
    ranges = {"flops": (1e13, 1e21)}

    C_c: float = _scale("compute at which the loss would be 1", "flops")
    alpha: float = _exponent()

    published = _table(BY_COMPUTE, "flops", "C_c", PF_DAY)

    def formula(self, flops: Any) -> Any:
        """(C_c / flops)^alpha."""
        return (self.C_c / flops) ** self.alpha

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "C_c")


class SeriesPoints(Law):
    """Loss of time-series models by time points in the training corpus.

    L = (D_c / D)^alpha.

    Source: Yao et al. 2024.
    """

    id = "tsfm_d"
    question = "How does a foundation model of time series improve with data, in and out of distribution?"
    inputs = ("points",)
    text = "loss = (D_c / points)^alpha"
    source = SOURCE
    bibtex = BIBTEX["yao2024"]
    holds = HOLDS
    misleads = MISLEADS
    ranges = {"points": (1e7, 2e10)}

    D_c: float = _scale("points at which the loss would be 1", "points")
    alpha: float = _exponent()

    published = _table(BY_POINTS, "points", "D_c")

    def formula(self, points: Any) -> Any:
        """(D_c / points)^alpha."""
        return (self.D_c / points) ** self.alpha

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The line on log-log paper."""
        return _line(inputs[0], output, "D_c")
