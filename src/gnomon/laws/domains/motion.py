"""Joint motion forecasting: loss by compute, and what motion of other agents is worth."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX

FIGURE = "Baniodeh et al. 2025, read off figure 5 by a third party"


class Motion(Anchored):
    """Loss of a joint motion model on the frontier of compute.

    L = E + k C^-a. The report prints two fits of the same points: a floor of 1.03 with 0.18, and no floor with 0.026.

    Source: Baniodeh et al. 2025.
    """

    id = "motion"
    question = "How does the loss of a driving model fall with compute?"
    inputs = ("flops",)
    text = "loss = E + k / flops^a"
    source = "Baniodeh et al. 2025, Scaling Laws of Motion Forecasting and Planning, figure 5"
    bibtex = BIBTEX["baniodeh2025"]
    holds = "One vocabulary of motion tokens, joint over agents, frontier of several sizes."
    misleads = "Exponents with and without a floor describe the same points: never compare them across the two."
    ranges = {"flops": (1e17, 1e21)}
    amplitude = "k"

    E: float = floor("floor of the loss")
    k: float = coefficient("coefficient", flops="a")
    a: float = exponent("compute exponent", typical=0.18)

    shapes = {
        "with_floor": Published({"E": 1.03, "a": 0.18}, FIGURE, note="k was not at hand."),
        "without_floor": Published({"E": 0.0, "a": 0.026}, FIGURE, note="k was not at hand."),
    }

    def formula(self, flops: Any) -> Any:
        """E + k / flops^a."""
        return self.E + self.k / flops**self.a


class DataExchange(Law):
    """What an example of another kind is worth in examples of the kind that counts.

    L = E + B / (D + rho D_other)^beta, rho the worth of one other example.

    Source: gnomon's own, for the question of logged motion of other agents.
    """

    id = "data_exchange"
    question = "How many examples of one's own is an example of another kind worth?"
    inputs = ("tokens", "other_tokens")
    text = "loss = E + B / (tokens + rho * other_tokens)^beta"
    source = "gnomon; the motive is Baniodeh et al. 2025, who report that training on other agents helps, without a law"
    bibtex = BIBTEX["baniodeh2025"]
    holds = "One model size, both kinds varied separately by at least a factor of ten."
    misleads = (
        "Where both amounts grow together rho and B are one number; a harmful kind (rho < 0) is outside the form."
    )
    shared_units = {"other_tokens": "tokens"}
    ranges = {"tokens": (1e6, 1e9), "other_tokens": (1e6, 1e9)}

    E: float = floor("floor of the loss")
    B: float = coefficient("data coefficient", tokens="beta")
    rho: float = number(
        "worth of another example", bounds=(1e-4, 1e3), grid=(0.03, 0.1, 0.3, 1.0, 3.0), log=True, typical=0.4
    )
    beta: float = exponent("data exponent")

    def formula(self, tokens: Any, other_tokens: Any) -> Any:
        """E + B / (tokens + rho other_tokens)^beta."""
        return self.E + self.B / (tokens + self.rho * other_tokens) ** self.beta
