"""Training on two modalities together: where sharing a model stops hurting and begins to help."""

from __future__ import annotations

from typing import Any

from gnomon.laws.law import Law, coefficient, exponent, number
from gnomon.laws.references import BIBTEX


class MultimodalBarrier(Law):
    """Loss of one model trained on two modalities, from what each would reach alone on its own data.

    L = L_single - C + A / N^alpha + B / D^beta: L_single the mean of the two losses alone, C the most that sharing can
    help, A and B the competition, D the tokens of both. The barrier falls where the last two terms equal C.

    Source: Aghajanyan et al. 2023, equation for two modalities (as quoted by a secondary source).
    """

    id = "multimodal_barrier"
    question = "From which size and how many tokens on does training two modalities together help?"
    inputs = ("single_loss", "params", "tokens")
    text = "loss = single_loss - C + A / params^alpha + B / tokens^beta"
    source = (
        "Aghajanyan et al. 2023, Scaling Laws for Generative Mixed-Modal Language Models (form quoted at second hand)"
    )
    bibtex = BIBTEX["aghajanyan2023"]
    holds = "Two modalities mixed half and half, with measured or fitted losses of each alone."
    misleads = "Errors of the losses alone go straight into C; other proportions are another law."
    shared_units = {"single_loss": "loss"}
    ranges = {"single_loss": (2.5, 5.0), "params": (1e7, 1e10), "tokens": (1e9, 1e12)}
    typical = {"C": 0.2, "A": 60.0, "alpha": 0.3, "B": 300.0, "beta": 0.3}

    C: float = number(
        "most that sharing helps", bounds=(1e-6, 1e2), linear=True, log=True, units={"loss": 1}, typical=0.1
    )
    A: float = coefficient("competition for size", params="alpha", typical=0.1)
    alpha: float = exponent("size exponent")
    B: float = coefficient("competition for data", tokens="beta", typical=0.1)
    beta: float = exponent("data exponent")

    def formula(self, single_loss: Any, params: Any, tokens: Any) -> Any:
        """single_loss - C + A / params^alpha + B / tokens^beta."""
        return single_loss - self.C + self.A / params**self.alpha + self.B / tokens**self.beta
