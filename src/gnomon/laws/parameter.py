"""Declarations that stand in a law's class body: its parameters, and constants somebody has published for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# Bounds below are for inputs and output of geometric mean 1: amplitudes are then of order 1 whatever the user's units.
FLOOR_BOUNDS = (1e-6, 1e2)  # a floor of 1e-6 of the typical loss is no floor: reported as "at bound"
COEFFICIENT_BOUNDS = (1e-9, 1e4)  # below 1e-9 of the loss the term is absent
EXPONENT_BOUNDS = (0.005, 3.0)  # published exponents lie in .03 to 1.2; law-catalogue bounds (0.01, 2) with room
EXPONENT_GRID = tuple(float(x) for x in np.geomspace(0.05, 1.6, 13))  # 33 % steps: the basin of the polish is wider
TYPICAL_EXPONENT = 0.3  # the middle of what is published for loss by parameters and by tokens


@dataclass(frozen=True)
class Parameter:
    """A declared parameter of a law.

    Args:
        meaning: what it is, in a few words.
        bounds: smallest and largest value a fit may take, in units in which inputs and output have geometric mean 1.
        grid: values tried in the global search, in the same units. Empty for linear parameters, which are solved for.
        linear: the formula is linear in it (jointly with the other linear ones), so that the search can eliminate it.
        log: fits work on its logarithm (positive amplitudes); otherwise on the value itself.
        units: how the value rescales with the unit of a column: {"params": "alpha"} says that it carries params^alpha.
        typical: a usual value in the same units as the bounds; examples and contract tests start from it.
        name: set by the class.
    """

    meaning: str
    bounds: tuple[float, float]
    grid: tuple[float, ...] = ()
    linear: bool = False
    log: bool = False
    units: Mapping[str, str | float] | None = None
    typical: float = 1.0
    name: str = ""


@dataclass(frozen=True)
class Published:
    """Published constants of a law.

    Args:
        values: parameter name to value, in base units (parameters, tokens, FLOP, nats) unless `note` says otherwise.
        source: where they are printed (authors, year, table or file).
        checks: points with the value the constants must give there, as (inputs, value, relative tolerance).
        note: what a user must know before using them (rounding, another loss unit, doubts).
    """

    values: Mapping[str, float]
    source: str
    checks: tuple[tuple[Mapping[str, Any], float, float], ...] = ()
    note: str = ""


# The constructors return Any so that a field can be annotated with what an instance holds: `E: float = floor("...")`.


def floor(meaning: str, *, output: str = "loss", typical: float = 1.0) -> Any:
    """A non-negative constant the law tends to (an irreducible loss)."""
    return Parameter(meaning, FLOOR_BOUNDS, linear=True, log=True, units={output: 1}, typical=typical)


def coefficient(meaning: str, *, output: str = "loss", typical: float = 1.0, **units: str | float) -> Any:
    """A positive amplitude that enters linearly; `units` names the power of each input that it carries."""
    return Parameter(meaning, COEFFICIENT_BOUNDS, linear=True, log=True, units={output: 1, **units}, typical=typical)


def exponent(
    meaning: str,
    *,
    bounds: tuple[float, float] = EXPONENT_BOUNDS,
    grid: Iterable[float] = EXPONENT_GRID,
    typical: float = TYPICAL_EXPONENT,
) -> Any:
    """A positive exponent without units."""
    return Parameter(meaning, bounds, grid=tuple(float(x) for x in grid), typical=typical)


def number(
    meaning: str,
    *,
    bounds: tuple[float, float],
    grid: Iterable[float] = (),
    linear: bool = False,
    log: bool = False,
    units: Mapping[str, str | float] | None = None,
    typical: float = 1.0,
) -> Any:
    """Any other parameter, with all of its declaration spelt out."""
    return Parameter(meaning, bounds, tuple(float(x) for x in grid), linear, log, units, typical)
