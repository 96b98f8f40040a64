"""Choosing examples: error by the number kept, from a power law to an exponential."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, floor, number
from gnomon.laws.references import BIBTEX


class Prune(Law):
    """Error on the frontier over the share of examples kept, by the number kept: a stretched exponential.

    error = E + a exp(-(P / P_0)^s), P the examples kept. s = 1 is the exponential that a perfect ranking allows; s well
    below 1 is hard to tell from a power law over a decade.

    Source: Sorscher et al. 2022 (exponential frontier); the stretched form is the usual bridge to a power law.
    """

    id = "prune"
    question = "Does choosing which examples to keep beat the power law of error by data?"
    inputs = ("examples",)
    output = "error"
    free_inputs = ("examples",)
    text = "error = E + a * exp(-(examples / P_0)^s)"
    source = "Sorscher et al. 2022, Beyond neural scaling laws: beating power law scaling via data pruning"
    bibtex = BIBTEX["sorscher2022"]
    holds = "The lower envelope over kept shares, each point the best share for its number of examples."
    misleads = "At one fixed share the law is a power again; compare with pow_floor by AICc before you say exponential."
    ranges = {"examples": (1e3, 1e5)}
    typical = {"E": 0.02, "a": 0.7, "P_0": 9e3, "s": 0.8}

    E: float = floor("floor of the error", output="error", typical=0.1)
    a: float = coefficient("height above the floor without data", output="error", typical=3.0)
    P_0: float = number(
        "examples after which the height has fallen by e",
        bounds=(1e-6, 1e3),
        grid=np.geomspace(1e-3, 10.0, 17),
        log=True,
        units={"examples": 1},
        typical=0.7,
    )
    s: float = number("stretching", bounds=(0.05, 5.0), grid=np.geomspace(0.15, 2.5, 12), typical=0.7)

    def formula(self, examples: Any) -> Any:
        """E + a exp(-(examples / P_0)^s)."""
        return self.E + self.a * self.xp(examples).exp(-((examples / self.P_0) ** self.s))
