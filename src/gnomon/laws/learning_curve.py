"""M3: a learning curve that is a power law until it saturates, without a separate floor."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, exponent, number
from gnomon.laws.references import BIBTEX


class M3(Law):
    """Loss that follows a power of one quantity and saturates where the quantity passes 1 / g.

    L = b (1 / x + g)^a: b x^-a for x far below 1 / g, the level b g^a far above. With g = 0 it is `pow` (M1 of the same
    paper; M2 is `pow_floor`).

    Source: Alabdulmohsin et al. 2022, M3 (their beta, gamma, -c are b, g, a).
    """

    id = "m3"
    question = "Where does a power law of one quantity saturate, if the bend and the level are one thing?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "loss = b * (1 / flops + g)^a"
    source = "Alabdulmohsin et al. 2022, Revisiting Neural Scaling Laws in Language and Vision, estimator M3"
    bibtex = BIBTEX["alabdulmohsin2022"]
    holds = "Curves that bend into a plateau within the data; one parameter fewer than a bend and a floor."
    misleads = "The level and the place of the bend are tied together: a floor far below the bend cannot be drawn."
    ranges = {"flops": (1e17, 1e23)}

    b: float = coefficient("coefficient", flops="a")
    g: float = number(
        "inverse of the scale at which it saturates",
        bounds=(1e-6, 1e6),
        grid=np.geomspace(1e-4, 1e2, 13),
        log=True,
        units={"flops": -1},
        typical=0.1,
    )
    a: float = exponent("exponent")

    def formula(self, x: Any) -> Any:
        """L = b (1 / x + g)^a."""
        return self.b * (1.0 / x + self.g) ** self.a
