"""From the loss on one text to the loss on another: a constant apart, or a shifted power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

UNCHECKED = "form recalled, not checked against the paper's text"


class OodOffset(Law):
    """Loss on another distribution as the loss on the training distribution plus a constant.

    L_ood = L + c: both fall with scale in parallel.

    Source: Kaplan et al. 2020, section 3.2.2 (loss on other text distributions).
    """

    id = "ood_offset"
    question = "How far above the training text's loss is the loss on another text, at every scale alike?"
    inputs = ("loss",)
    output = "loss_ood"
    text = "loss_ood = loss + c"
    source = f"Kaplan et al. 2020, Scaling Laws for Neural Language Models, section 3.2.2 ({UNCHECKED})"
    bibtex = BIBTEX["kaplan2020"]
    holds = "Texts like the training text, over a decade or two of scale."
    misleads = "Texts with another floor or another exponent: the difference then drifts with scale."
    shared_units = {"loss": "loss_ood"}
    typical = {"c": 0.35}

    c: float = number("offset", bounds=(-100.0, 100.0), linear=True, units={"loss_ood": 1}, typical=0.3)

    def formula(self, loss: Any) -> Any:
        """Loss + c."""
        return loss + self.c


class LossToLoss(Law):
    """Loss on one text by the loss on another: a power law between what is left above two floors.

    L_2 - E_2 = k (L_1 - E_1)^p: if both fall as powers of one scale towards floors, p is the ratio of the exponents.

    Source: Brandfonbrener et al. 2024, shifted power laws between losses.
    """

    id = "loss_to_loss"
    question = "What loss on another text follows from the loss on this one, each with its own floor?"
    inputs = ("loss",)
    output = "loss_ood"
    text = "loss_ood = E_2 + k * (loss - E_1)^p"
    source = f"Brandfonbrener et al. 2024, Loss-to-Loss Prediction: Scaling Laws for All Datasets ({UNCHECKED})"
    bibtex = BIBTEX["brandfonbrener2024"]
    holds = "Pairs of losses of one family of models over at least a decade of compute."
    misleads = "With a short range the two floors and the power are one number; below E_1 it is not defined."
    ranges = {"loss": (2.2, 5.0)}
    typical = {"E_2": 1.2, "k": 0.9, "E_1": 1.6, "p": 1.15}

    E_2: float = floor("floor of the loss it gives", output="loss_ood", typical=0.4)
    k: float = number(
        "coefficient", bounds=(1e-6, 1e4), linear=True, log=True, units={"loss_ood": 1, "loss": "-p"}, typical=1.0
    )
    E_1: float = number("floor of the loss it reads", bounds=(1e-6, 10.0), log=True, units={"loss": 1}, typical=0.4)
    p: float = number("power", bounds=(0.05, 10.0), typical=1.2)

    def formula(self, loss: Any) -> Any:
        """E_2 + k (loss - E_1)^p."""
        return self.E_2 + self.k * (loss - self.E_1) ** self.p

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given floor and power it is linear in E_2 and k."""
        (x,) = inputs
        floors = float(x.min()) * np.array([0.05, 0.3, 0.5, 0.65, 0.8, 0.9, 0.97])
        v = cells(E_1=floors, p=np.geomspace(0.3, 4.0, 12))
        left = (x - v["E_1"]) ** v["p"]
        found, misfit = amplitudes([np.ones_like(left), left], output, weights=1.0 / output)
        return best_of(v | {"E_2": found[:, :1], "k": found[:, 1:]}, misfit, apart="E_1", most=21)
