"""Autoregressive models of images, video, mathematics and text: loss = entropy of the data + divergence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, exponent, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

PF_DAY = 8.64e19  # FLOP in a petaflop-day
SOURCE = "Henighan et al. 2020, table 1"
CONVENTION = "Nats per token; params without embeddings; L_inf and alpha trade off."

# domain: L_inf, x0 of params, exponent
BY_PARAMS = {
    "language": (0.0, 1.47e14, 0.070),
    "image_8": (3.12, 8.0e1, 0.24),
    "image_16": (2.64, 2.8e2, 0.22),
    "image_32": (2.20, 6.3e1, 0.13),
    "image_vq16": (3.99, 2.7e4, 0.13),
    "image_vq32": (3.07, 1.9e4, 0.14),
    "text_to_image_text": (0.0, 5.6e8, 0.037),
    "text_to_image_image": (2.0, 5.1e3, 0.16),
    "image_to_text_text": (0.0, 7.0e8, 0.039),
    "image_to_text_image": (2.0, 5.5e3, 0.15),
    "video_vq": (1.01, 3.7e4, 0.24),
    "math": (0.28, 1.1e4, 0.16),
}
# domain: L_inf, x0 in petaflop-days, exponent
BY_COMPUTE = {
    "language": (0.0, 3.47e8, 0.048),
    "image_8": (3.13, 1.8e-8, 0.19),
    "image_16": (2.64, 1.6e-8, 0.16),
    "image_32": (2.21, 3.6e-9, 0.1),
    "image_vq16": (4.09, 6.1e-7, 0.11),
    "image_vq32": (3.17, 2.6e-6, 0.12),
    "text_to_image_image": (1.93, 1.5e-6, 0.15),
    "image_to_text_image": (1.97, 1.5e-6, 0.16),
    "video_vq": (0.95, 2.2e-5, 0.14),
    "math": (0.14, 1.4e-5, 0.17),
}


def _table(rows: dict[str, tuple[float, float, float]], column: str, scale: str, unit: float) -> dict[str, Published]:
    return {
        name: Published(
            {"L_inf": floor, scale: x0 * unit, "alpha": alpha},
            f"{SOURCE}, {name.replace('_', ' ')}",
            checks=(
                ({column: x0 * unit}, floor + 1.0, 1e-12),
                ({column: 1e6 * x0 * unit}, floor + 10 ** (-6 * alpha), 1e-9),
            ),
            note=CONVENTION,
        )
        for name, (floor, x0, alpha) in rows.items()
    }


def _floor() -> Any:
    return number("entropy of the data", bounds=(0.0, 100.0), linear=True, units={"loss": 1})


def _scale(meaning: str, column: str) -> Any:
    """Tiny in fit units: what is left above the entropy is a small share of the loss, to the power 1 / alpha."""
    return number(meaning, bounds=(1e-30, 1e9), log=True, units={column: 1, "loss": "1 / alpha"}, typical=1e-3)


def _starts(x: np.ndarray, output: np.ndarray, scale: str) -> list[dict[str, float]]:
    """For a given exponent the law is linear in the floor and in scale^alpha."""
    v = cells(alpha=np.geomspace(0.02, 1.0, 14))
    found, misfit = amplitudes([np.ones_like(x) + 0.0 * v["alpha"], x ** -v["alpha"]], output, weights=1.0 / output)
    size = np.exp(np.clip(np.log(found[:, 1:]) / v["alpha"], -65.0, 18.0))
    return best_of(v | {"L_inf": found[:, :1], scale: size}, misfit)


class GenerativeParams(Law):
    """Loss of autoregressive models of any domain, by size, trained to convergence.

    L = L_inf + (N_0 / N)^alpha: L_inf estimates the entropy of the data, the rest the divergence from them.

    Source: Henighan et al. 2020.
    """

    id = "ar_generative_n"
    question = "How far from the entropy of images, video, mathematics or text is a model of N parameters?"
    inputs = ("params",)
    text = "loss = L_inf + (N_0 / params)^alpha"
    source = "Henighan et al. 2020, Scaling Laws for Autoregressive Generative Modeling, equation 1.1 and table 1"
    bibtex = BIBTEX["henighan2020"]
    holds = "Models of one kind of data and tokenizer trained until the loss stops falling."
    misleads = (
        "Losses at a fixed number of steps fit as well and mean something else; give L_inf with its interval only."
    )
    ranges = {"params": (1e5, 1e9)}

    L_inf: float = _floor()
    N_0: float = _scale("size at which the divergence is 1", "params")
    alpha: float = exponent("size exponent", typical=0.15)

    published = _table(BY_PARAMS, "params", "N_0", 1.0)

    def formula(self, params: Any) -> Any:
        """L_inf + (N_0 / params)^alpha."""
        return self.L_inf + (self.N_0 / params) ** self.alpha

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """Linear in the floor and in N_0^alpha."""
        return _starts(inputs[0], output, "N_0")


class GenerativeCompute(Law):
    """Loss of autoregressive models of any domain on the frontier of compute.

    L = L_inf + (C_0 / C)^alpha. The table is in petaflop-days; here C_0 is in FLOP.

    Source: Henighan et al. 2020.
    """

    id = "ar_generative_c"
    question = "How far from the entropy of images, video, mathematics or text does compute C bring a model?"
    inputs = ("flops",)
    text = "loss = L_inf + (C_0 / flops)^alpha"
    source = "Henighan et al. 2020, Scaling Laws for Autoregressive Generative Modeling, equation 1.1 and table 1"
    bibtex = BIBTEX["henighan2020"]
    holds = "The lower frontier of learning curves of many sizes of one kind of data."
    misleads = "The frontier is of fixed schedules, which newer work beats; decaying curves read midway lie too high."
    ranges = {"flops": (1e15, 1e22)}

    L_inf: float = _floor()
    C_0: float = _scale("compute at which the divergence is 1", "flops")
    alpha: float = exponent("compute exponent", typical=0.15)

    published = _table(BY_COMPUTE, "flops", "C_0", PF_DAY)

    def formula(self, flops: Any) -> Any:
        """L_inf + (C_0 / flops)^alpha."""
        return self.L_inf + (self.C_0 / flops) ** self.alpha

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """Linear in the floor and in C_0^alpha."""
        return _starts(inputs[0], output, "C_0")


class PositionLoss(Law):
    """Loss by position in the context: from the unigram entropy down to the loss of long contexts.

    L(t) = L_N + (L_U - L_N) t^-p, t = 1, 2, ...

    Source: Henighan et al. 2020.
    """

    id = "position_loss"
    question = "How does the loss fall along the context?"
    inputs = ("position",)
    text = "loss = L_N + (L_U - L_N) / position^p"
    source = "Henighan et al. 2020, Scaling Laws for Autoregressive Generative Modeling, equation E.3"
    bibtex = BIBTEX["henighan2020"]
    holds = "Averaged over many sequences of one model, positions up to its training length."
    misleads = "Beyond the training length, and in documents packed together, the loss does not follow it."
    ranges = {"position": (1.0, 4096.0)}
    fixed_units = {"position": "it is counted from one"}

    L_N: float = number("loss after a long context", bounds=(1e-6, 1e2), linear=True, log=True, units={"loss": 1})
    L_U: float = number(
        "loss at the first position", bounds=(1e-6, 1e2), linear=True, log=True, units={"loss": 1}, typical=3.0
    )
    p: float = exponent("exponent", typical=0.5)

    def formula(self, position: Any) -> Any:
        """L_N + (L_U - L_N) / position^p."""
        return self.L_N + (self.L_U - self.L_N) / position**self.p
