"""Weakly informative priors of a law's parameters, for the Bayesian engine: where published constants lie, held loosely.

On the solver's coordinates (logarithms of positive parameters; inputs and output over their geometric means):

    exponent            ln value ~ N(ln m, s),  m the median of the law's published values, else .35;  s their sd, at least .5
    other, positive     ln value ~ N(m, s),     m the median published value in the units of the rows, else the typical one; s at least 2
    of either sign      value ~ N(m, s),        m the optimum and s sqrt(n) standard errors: as much as one row tells

.35 and .5 are round numbers set before any data were seen, those of the interval recipe (gnomon.forecast.penalised); 2 is a factor of
seven either way. The last is the unit information prior of Kass and Wasserman 1995. A published amplitude is brought into the units
of the rows with its own exponent: what counts is the size of the term in the middle of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.fit.design import Design
from gnomon.laws.law import Law, Parameter

Array = np.ndarray

EXPONENT_MEAN = 0.35
EXPONENT_SD = 0.5
POSITIVE_SD = 2.0
CONFLICT = 3.0  # prior sds between prior mean and optimum from which the two are called at odds


@dataclass(frozen=True)
class WeakPrior:
    """A normal prior of one coordinate, or of its logarithm.

    Args:
        name: of the parameter.
        mean, sd: of the coordinate, or of its logarithm where `logarithmic`.
        logarithmic: the coordinate is an exponent, whose logarithm is normal.
        source: where mean and sd come from, in words.
    """

    name: str
    mean: float
    sd: float
    logarithmic: bool
    source: str

    def distance(self, theta: float) -> float:
        """How many sds a coordinate lies from the mean."""
        return abs((np.log(max(theta, 1e-300)) if self.logarithmic else theta) - self.mean) / self.sd

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"mean": self.mean, "sd": self.sd, "of_logarithm": self.logarithmic, "source": self.source}


def weak_priors(design: Design, theta: Array, errors: Array) -> tuple[WeakPrior, ...]:
    """The priors of all parameters, in the law's order.

    Args:
        design: the rows, in whose units the priors are.
        theta: optimum (p,).
        errors: standard errors of the coordinates (p,), for parameters that may have either sign.
    """
    published = _published(design)
    count = len(published)
    found = []
    for j, (name, parameter) in enumerate(design.law.parameters.items()):
        known = published[:, j]
        told = f"{count} published sets of constants" if count > 1 else "the published constants"
        if is_exponent(parameter):
            values = np.log(np.maximum(known, 1e-3))
            mean, sd = _loosely(values, float(np.log(EXPONENT_MEAN)), EXPONENT_SD)
            found.append(WeakPrior(name, mean, sd, True, told if count else "exponents usually seen"))
        elif parameter.log:
            mean, sd = _loosely(known, float(np.log(parameter.typical)), POSITIVE_SD)
            found.append(WeakPrior(name, mean, sd, False, told if count else "the law's typical size"))
        else:
            low, high = design.kernel.lower[j], design.kernel.upper[j]
            sd = float(np.clip(np.sqrt(len(design.output)) * errors[j], 1e-6, high - low))
            found.append(WeakPrior(name, float(theta[j]), sd, False, "as much as one row tells"))
    return tuple(found)


def is_exponent(parameter: Parameter) -> bool:
    """Whether a parameter is a positive number without units on which the law does not depend linearly."""
    return not parameter.log and not parameter.linear and not parameter.units and parameter.bounds[0] > 0


def _published(design: Design) -> Array:
    """Coordinates (k, p) of the law's published constants; none where the law is laid on other columns than it was published for."""
    law: type[Law] = design.law
    sets = [design.theta(p.values) for p in law.published.values()]
    return np.array(sets).reshape(len(sets), design.p)


def _loosely(values: Array, usual: float, least: float) -> tuple[float, float]:
    if not len(values):
        return usual, least
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return float(np.median(values)), max(spread, least)
