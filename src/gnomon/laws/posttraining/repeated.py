"""Loss of training and repeated sampling together."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, exponent, floor
from gnomon.laws.references import BIBTEX

COARSE = np.geomspace(0.08, 1.2, 8)  # three exponents: a coarser grid than one gets


class T2(Law):
    """Loss by parameters, tokens and samples drawn at inference.

    L = E + A / N^alpha + B / D^beta + G / k^gamma, under 6 N D <= C_train and 2 N k <= C_inference (a token each).

    Source: a public study note of 2026; the paper was not at hand.
    """

    id = "t2"
    question = "How should compute be split between training and repeated sampling?"
    inputs = ("params", "tokens", "samples")
    text = "loss = E + A / params^alpha + B / tokens^beta + G / samples^gamma"
    source = "Chinchilla's law with a term in samples, as quoted by a public study note of 2026; no constants at hand"
    bibtex = BIBTEX["t2_2026"]
    holds = "With runs that vary size, tokens and samples apart, on a loss that sampling can lower (best-of-n)."
    misleads = "Samples enter alone: that small models gain more from sampling is outside the form."
    ranges = {"params": (1e7, 1e10), "tokens": (1e9, 1e12), "samples": (1.0, 1e3)}

    E: float = floor("floor of the loss")
    A: float = coefficient("size coefficient", params="alpha")
    alpha: float = exponent("size exponent", grid=COARSE)
    B: float = coefficient("data coefficient", tokens="beta")
    beta: float = exponent("data exponent", grid=COARSE)
    G: float = coefficient("sampling coefficient", samples="gamma")
    gamma: float = exponent("sampling exponent", grid=COARSE)

    def formula(self, params: Any, tokens: Any, samples: Any) -> Any:
        """E + A / params^alpha + B / tokens^beta + G / samples^gamma."""
        trained = self.E + self.A / params**self.alpha + self.B / tokens**self.beta
        return trained + self.G / samples**self.gamma
