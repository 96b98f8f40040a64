"""How much families differ in the size term A / N^alpha: what one donor of a transfer cannot show, learnt on public families.

The slope of a family's loss over size at its middle size N0, g = alpha A / N0^alpha nats per factor e, hardly depends on how its floor
was fitted. Between families ln g and ln alpha are taken for normal. `benchmarks/decisions/size_terms.py --save` learns the
constants anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

Array = np.ndarray

MIDDLE = 1e9  # parameters: N0 of published constants, whose runs are not at hand; the middle sizes learnt on are 1e8 to 1.3e9


@dataclass(frozen=True)
class SizeTerms:
    """The spread between families.

    Args:
        sd_ln_slope: of ln g.
        sd_ln_alpha: of ln alpha.
        correlation: of the two.
        families: learnt on so many.
        learnt_on: their names.
    """

    sd_ln_slope: float
    sd_ln_alpha: float
    correlation: float
    families: int
    learnt_on: tuple[str, ...]

    @property
    def covariance(self) -> Array:
        """Of (ln g, ln alpha) between families (2, 2)."""
        both = self.correlation * self.sd_ln_slope * self.sd_ln_alpha
        return np.array([[self.sd_ln_slope**2, both], [both, self.sd_ln_alpha**2]])

    def shifts(self, count: int, rng: np.random.Generator) -> Array:
        """(count, 2) differences of (ln g, ln alpha) between two families: twice the covariance of one."""
        return rng.multivariate_normal(np.zeros(2), 2 * self.covariance, size=count)


def slope_and_exponent(a: Array, alpha: Array, size: float) -> tuple[Array, Array]:
    """ln g and ln alpha, g = alpha a / size^alpha."""
    return np.log(alpha) + np.log(a) - alpha * np.log(size), np.log(alpha)


def from_dict(document: Mapping[str, object]) -> SizeTerms:
    """The constants from their JSON form."""
    return SizeTerms(**(dict(document) | {"learnt_on": tuple(document["learnt_on"])}))  # type: ignore[arg-type]


@cache
def size_terms() -> SizeTerms:
    """The constants shipped with this version."""
    return from_dict(json.loads(files("gnomon.fit").joinpath("size_terms.json").read_text(encoding="utf-8")))
