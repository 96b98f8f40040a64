"""Laws of one variable: a power, a power above a floor, and a power that saturates at both ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX


class Pow(Law):
    """Loss falls as a power of one quantity.

    L = k / x^a, x = flops unless another column is named.

    Source: Hestness et al. 2017.
    """

    id = "pow"
    question = "How fast does the loss fall with one quantity (compute, parameters, tokens ...)?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "loss = k / flops^a"
    source = "Hestness et al. 2017, Deep Learning Scaling is Predictable, Empirically"
    bibtex = BIBTEX["hestness2017"]
    holds = "Over a decade or two, far from the floor, everything else tuned or held fixed."
    misleads = "It has no floor: far beyond the data it promises losses below the entropy of the data."

    k: float = coefficient("coefficient", flops="a")
    a: float = exponent("exponent")

    def formula(self, x: Any) -> Any:
        """L = k / x^a."""
        return self.k / x**self.a


class PowFloor(Law):
    """A power of one quantity above a floor.

    L = E + k / x^a, x = flops unless another column is named.

    Source: Hestness et al. 2017 (with the irreducible error); Alabdulmohsin et al. 2022, M2.
    """

    id = "pow_floor"
    question = "How fast does the loss fall with one quantity, and where does it end?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "loss = E + k / flops^a"
    source = "Hestness et al. 2017, Deep Learning Scaling is Predictable, Empirically"
    bibtex = BIBTEX["hestness2017"]
    holds = "The usual first choice along one axis once the points bend upwards on log-log paper."
    misleads = "Floor and exponent trade against each other: with less than two decades the floor is mostly a guess."

    E: float = floor("floor of the loss")
    k: float = coefficient("coefficient", flops="a")
    a: float = exponent("exponent")

    def formula(self, x: Any) -> Any:
        """E + k / x^a."""
        return self.E + self.k / x**self.a


class ShiftPow(Law):
    """A power of one quantity that saturates at both ends.

    L = E + k / (x + x0)^a: flat at small x (L(0) = E + k / x0^a), a power in the middle, the floor E at large x.

    Source: Nezhurina et al. 2025 ("saturation at both ends", error of contrastive models in compute).
    """

    id = "shift_pow"
    question = "How fast does the loss fall when the smallest runs have hardly left the level of random guessing?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "loss = E + k / (flops + x0)^a"
    source = "Nezhurina et al. 2025, Scaling Laws for Robust Comparison of Open Foundation Language-Vision Models"
    bibtex = BIBTEX["nezhurina2025"]
    holds = "Error rates and losses whose small-scale end is flat."
    misleads = (
        "With fewer than eight points shift and floor are not both identified; a shift far below the data is no shift."
    )
    ranges = {"flops": (1e17, 1e23)}

    E: float = floor("floor of the loss", typical=0.5)
    k: float = coefficient("coefficient", flops="a")
    x0: float = number(
        "scale below which the curve is flat",
        bounds=(1e-6, 1e3),
        grid=np.geomspace(1e-3, 10, 9),
        log=True,
        units={"flops": 1},
        typical=0.03,
    )
    a: float = exponent("exponent")

    def formula(self, x: Any) -> Any:
        """E + k / (x + x0)^a."""
        return self.E + self.k / (x + self.x0) ** self.a
