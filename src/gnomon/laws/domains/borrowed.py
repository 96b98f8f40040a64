"""A law for few runs of one's own: the size term is borrowed from another family.

Their law in three principal axes of (ln A, ln B, ln E, alpha, beta) is left out: the axes are printed without a mean, and
without one they do not come near the five numbers of any known family (beta 0.13 where C4 has 0.35).
"""

from __future__ import annotations

import math
from typing import Any

from gnomon.laws.law import Law, exponent, number
from gnomon.laws.references import BIBTEX

BORROWED_A = math.exp(6.255414)  # size coefficient fixed in the repository's bounded fit (Muennighoff's C4 value)
BORROWED_ALPHA = 0.3526596  # size exponent, likewise


class SingleModel(Law):
    """Chinchilla's law with the size term of another family: checkpoints of one model fix the rest.

    L = E + 520.8 / N^0.3527 + B / D^beta.

    Source: Choshen et al. 2024.
    """

    id = "single_model"
    question = "What can checkpoints of a single model forecast about a larger one?"
    inputs = ("params", "tokens")
    text = f"loss = E + {BORROWED_A!r} / params^{BORROWED_ALPHA!r} + B / tokens^beta"
    source = "Choshen et al. 2024, A Hitchhiker's Guide to Scaling Law Estimation, bounded fit of their repository"
    bibtex = BIBTEX["choshen2024"]
    holds = "One size with checkpoints at a constant learning rate, of a family like those the term was borrowed from."
    misleads = "With one size nobody can test whether the borrowed term holds: a family of twice the exponent fails."
    ranges = {"params": (1e8, 1e10), "tokens": (1e10, 1e12)}
    still_inputs = ("params",)
    fixed_units = {
        "params": "the borrowed size term counts parameters",
        "loss": "the borrowed size term is in nats per token",
    }

    E: float = number("floor of the loss", bounds=(1e-6, 1e2), linear=True, log=True, typical=1.8)
    B: float = number("data coefficient", bounds=(1e-9, 1e4), linear=True, log=True, units={"tokens": "beta"})
    beta: float = exponent("data exponent", typical=0.35)

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + 520.8 / params^0.3527 + B / tokens^beta."""
        return self.E + BORROWED_A / params**BORROWED_ALPHA + self.B / tokens**self.beta
