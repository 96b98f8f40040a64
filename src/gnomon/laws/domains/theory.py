"""Why a loss is a power law: limited by variance, with exponent 1, or by the resolution of a data manifold, with 4 / d."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.law import Law, Published, coefficient, floor, number
from gnomon.laws.references import BIBTEX

SOURCE = "Bahri et al. 2021, Explaining Neural Scaling Laws"


class VarianceLimited(Law):
    """Loss where averaging noise is all that more of x does: the other resource is scarce.

    L = L_inf + A / x, x the data at fixed size, or the width at fixed data.

    Source: Bahri et al. 2021.
    """

    id = "variance_limited"
    question = "Is the run limited by variance, so that the exponent is 1 whatever the data?"
    inputs = ("tokens",)
    free_inputs = ("tokens",)
    text = "loss = L_inf + A / tokens"
    source = SOURCE + ", theorem 1"
    bibtex = BIBTEX["bahri2021"]
    holds = "x beyond ten times the other resource (examples against parameters, width against examples)."
    misleads = "With a free floor exponents of 0.7 to 1.4 fit alike: measure the limit, do not fit it."
    ranges = {"tokens": (1e3, 1e6)}

    L_inf: float = floor("loss of infinitely much")
    A: float = coefficient("coefficient", tokens=1)

    def formula(self, x: Any) -> Any:
        """L_inf + A / x."""
        return self.L_inf + self.A / x


class ResolutionLimited(Anchored):
    """Loss of a model that interpolates a smooth target on a d-dimensional manifold.

    L = A x^(-n / d), x examples or parameters, d the intrinsic dimension. n = 4 for piecewise linear models near the
    target; n >= 2 for smooth ones; n = 1 bounds any Lipschitz case.

    Source: Bahri et al. 2021.
    """

    id = "resolution_limited"
    question = "Does the intrinsic dimension of the data explain the exponent?"
    inputs = ("tokens", "dimension")
    text = "loss = A / tokens^(n / dimension)"
    source = SOURCE + ", section on resolution-limited scaling"
    bibtex = BIBTEX["bahri2021"]
    holds = "Teacher and student with smooth targets, several dimensions, the other resource in excess, no noise."
    misleads = "Estimates of a dimension are biased low: an exponent alone is no evidence for 4 / d."
    ranges = {"tokens": (1e2, 1e6), "dimension": (2.0, 32.0)}
    fixed_units = {"dimension": "it divides an exponent", "tokens": "its exponent depends on the dimension"}
    amplitude = "A"

    A: float = number("coefficient", bounds=(1e-12, 1e12), linear=True, log=True, units={"loss": 1})
    n: float = number(
        "order of the approximation", bounds=(0.1, 20.0), grid=(1.0, 2.0, 3.0, 4.0, 6.0), log=True, typical=4.0
    )

    shapes = {
        "piecewise_linear": Published({"n": 4.0}, SOURCE + ": piecewise linear models, squared error"),
        "smooth": Published({"n": 2.0}, SOURCE + ": least order where the loss is minimal at the target"),
        "lipschitz": Published({"n": 1.0}, SOURCE + ", theorems 2 and 3 (an upper bound)"),
    }

    def formula(self, x: Any, dimension: Any) -> Any:
        """A x^(-n / dimension)."""
        xp = self.xp(x, dimension)
        return self.A * xp.exp(-self.n / dimension * xp.log(x))
