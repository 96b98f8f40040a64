"""The over-training law: parallel lines in compute, one for each ratio of tokens to parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, floor
from gnomon.laws.optimum import Split, split_of_two_powers
from gnomon.laws.references import BIBTEX

PROTOCOL = (
    "Gadre et al. 2024, public runs: their protocol (least squares on the loss of five runs of at most 0.41B "
    "parameters) run again; the forecasts agree with those their notebook prints"
)


class Overtrain(Law):
    """Loss of models trained far past the compute-optimal number of tokens.

    L = E + (a M^eta + b M^-eta) C^-eta, M = tokens / params, C = 6 params tokens: the same slope in compute at every M.
    It is Chinchilla's law with one exponent (2 eta) in other coordinates; a = 6^eta A, b = 6^eta B.

    Source: Gadre et al. 2024, equation 4.
    """

    id = "overtrain"
    question = "What loss does a small model reach when it is trained far past the compute-optimal number of tokens?"
    inputs = ("params", "tokens")
    text = "loss = E + (a * M^eta + b * M^-eta) * (6 * params * tokens)^-eta where M = tokens / params"
    source = "Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks, equation 4"
    bibtex = BIBTEX["gadre2024"]
    holds = "From runs at one usual ratio and a few far above it to larger models at any ratio between."
    misleads = (
        "One exponent for both axes: where size and data exponents differ, it is wrong away from the fitted ratios."
    )
    ranges = {"params": (1e7, 1e10), "tokens": (2e8, 1e12)}

    E: float = floor("floor of the loss")
    a: float = coefficient("size coefficient", params="2 * eta", typical=0.5)
    b: float = coefficient("data coefficient", tokens="2 * eta", typical=0.5)
    eta: float = exponent("exponent in compute", bounds=(0.0025, 1.5), grid=np.geomspace(0.025, 0.8, 25), typical=0.15)

    published = {
        "gadre2024_redpajama": Published(
            {"E": 1.836648383, "a": 212.236112, "b": 366.6871778, "eta": 0.1364253516},
            PROTOCOL,
            checks=(
                ({"params": 1439795200, "tokens": 921468928000}, 2.519826523, 1e-7),
                ({"params": 6889410560, "tokens": 137788211200}, 2.442745153, 1e-7),
            ),
            note="Parameters with embeddings; C4 validation loss, trained on RedPajama. Five runs for four constants.",
        ),
        "gadre2024_c4": Published(
            {"E": 1.508260517, "a": 141.27725, "b": 189.5155123, "eta": 0.1212361183},
            PROTOCOL,
            checks=(
                ({"params": 1439795200, "tokens": 115183616000}, 2.509448051, 1e-7),
                ({"params": 6889410560, "tokens": 137788211200}, 2.279898143, 1e-7),
            ),
            note="Parameters with embeddings. Its forecast for the 6.9B model is 4.3 % too low.",
        ),
    }

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + (a M^eta + b M^-eta) (6 params tokens)^-eta with M = tokens / params."""
        ratio = (tokens / params) ** self.eta
        return self.E + (self.a * ratio + self.b / ratio) * (6.0 * params * tokens) ** -self.eta

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product: tokens / params = (b / a)^(1 / eta) at every budget."""
        return split_of_two_powers(self.a, 2.0 * self.eta, self.b, 2.0 * self.eta, product)
