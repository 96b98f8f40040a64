"""Declarations for the parameters of a formula somebody typed: bounds, grids and units read off its structure.

The rules, in fit units (columns of geometric mean 1):

- Exponents of an input written with a minus sign or in a denominator ("N^-a", "1 / N^a", "(N + b)^-a") are positive,
  those written without ("N^a") may have either sign; the power of a bracket ("(...)^g") is positive.
- A formula of sums, products, quotients and powers only keeps its other parameters positive, on a log scale.
- A formula with a minus sign or a function lets its other parameters take either sign.
- Parameters in which the formula is jointly linear are solved for; the others get a grid, coarser the more there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gnomon.laws.columns import SAME_UNIT
from gnomon.laws.parameter import COEFFICIENT_BOUNDS, EXPONENT_BOUNDS, FLOOR_BOUNDS, TYPICAL_EXPONENT, Parameter
from gnomon.laws.structure import linear_parameters, only_grows, parameter_units
from gnomon.laws.tree import Binary, Name, Negative, Node, children, names_in, substitute

CELLS = 2000  # grid cells over all nonlinear parameters together
FINEST = 25  # values per parameter at most
BRACKET_BOUNDS = (0.02, 10.0)  # power of a bracket; 1 is a plain sum
SHAPE_BOUNDS = (1e-6, 1e6)  # a positive parameter inside a bracket, such as the shift in (x + b)^-a
FREE_BOUNDS = (-1e4, 1e4)  # a parameter of either sign
UNSCALED = 1e30  # widens amplitudes where a column keeps its own unit

Limits = Mapping[str, tuple[float, float]]


def declare(
    root: Node, names: Sequence[str], inputs: Sequence[str], output: str, limits: Limits
) -> tuple[dict[str, Parameter], frozenset[str]]:
    """Parameters of a formula, and the columns whose unit it fixes.

    Args:
        root: right-hand side with its definitions put in.
        names: parameters in the wanted order.
        inputs: columns it reads.
        output: the column it gives.
        limits: bounds the user set, in the user's units.
    """
    alike = substitute(root, {c: Name(owner) for c, owner in shared_units(inputs).items()})
    units, fixed = parameter_units(alike, inputs, output)
    tied = {column for name in limits for column in units.get(name, {})}
    if tied:  # a bound such as "E in [1, 2]" is in the user's units: the columns it speaks of keep them
        units, fixed = parameter_units(alike, inputs, output, tied)
    linear = linear_parameters(root, names)
    kinds = dict(_exponents(root, frozenset(inputs)))
    positive = only_grows(root)
    wide = bool(fixed.intersection(inputs))
    count = max(1, len([n for n in names if n not in linear]))
    steps = max(2, min(FINEST, int(CELLS ** (1.0 / count))))
    found = {}
    for name in names:
        kind = kinds.get(name, "amplitude" if positive else "free")
        if kind == "amplitude" and name in linear and set(units.get(name, {})) <= {output}:
            kind = "floor"
        found[name] = _parameter(name, kind, name in linear, units.get(name, {}), limits.get(name), wide, steps)
    return found, fixed


def shared_units(inputs: Sequence[str]) -> dict[str, str]:
    """Inputs that count the same thing as another input, such as unique tokens beside tokens."""
    return {c: SAME_UNIT[c] for c in inputs if SAME_UNIT.get(c) in inputs}


def _exponents(node: Node, inputs: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(parameter, kind) for those in exponents of something with an input: "falling", "either" or "bracket"."""
    yield from _signed_exponents(node, inputs, 1)


def _signed_exponents(node: Node, inputs: frozenset[str], sign: int) -> Iterator[tuple[str, str]]:
    match node:
        case Binary("*" | "/" as op, left, right):
            yield from _signed_exponents(left, inputs, sign)
            yield from _signed_exponents(right, inputs, sign if op == "*" else -sign)
        case Binary("^", base, power) if inputs.intersection(names_in(base)):
            yield from _signed_exponents(base, inputs, 1)
            while isinstance(power, Negative):
                power, sign = power.inner, -sign
            plain = isinstance(base, Name)
            kind = "falling" if sign < 0 else "either" if plain else "bracket"
            for name in names_in(power):
                if name not in inputs:
                    yield name, kind
        case _:
            for child in children(node):
                yield from _signed_exponents(child, inputs, 1)


def _parameter(
    name: str,
    kind: str,
    linear: bool,
    units: Mapping[str, str | float],
    limits: tuple[float, float] | None,
    wide: bool,
    steps: int,
) -> Parameter:
    log = kind in ("floor", "amplitude", "bracket")
    bounds, grid, typical, meaning = _defaults(kind, linear, steps)
    if wide and kind in ("amplitude", "free"):
        bounds = (1e-30, UNSCALED) if log else (-UNSCALED, UNSCALED)
    if limits is not None:
        low, high = bounds = limits
        log = log and low > 0
        grid = np.geomspace(low, high, steps) if log else np.linspace(low, high, steps)
        if not low <= typical <= high:
            typical = float(np.sqrt(low * high)) if log else 0.5 * (low + high)
    return Parameter(
        meaning, bounds, () if linear else tuple(float(x) for x in grid), linear, log, dict(units), typical, name
    )


def _defaults(kind: str, linear: bool, steps: int) -> tuple[tuple[float, float], np.ndarray, float, str]:
    half = max(1, steps // 2)
    match kind:
        case "falling":
            return EXPONENT_BOUNDS, np.geomspace(0.05, 1.6, steps), TYPICAL_EXPONENT, "exponent"
        case "either":
            sides = np.geomspace(0.05, 1.6, half)
            return (
                (-EXPONENT_BOUNDS[1], EXPONENT_BOUNDS[1]),
                np.concatenate([-sides[::-1], sides]),
                -TYPICAL_EXPONENT,
                "exponent of either sign",
            )
        case "bracket":
            return BRACKET_BOUNDS, np.geomspace(0.2, 3.0, steps), 1.0, "power of a bracket"
        case "floor":
            return FLOOR_BOUNDS, np.empty(0), 1.0, "constant term"
        case "amplitude":
            bounds = COEFFICIENT_BOUNDS if linear else SHAPE_BOUNDS
            return bounds, np.geomspace(0.01, 10.0, steps), 1.0, "positive parameter"
    sides = np.geomspace(0.1, 10.0, half)
    return FREE_BOUNDS, np.concatenate([-sides[::-1], sides]), 0.5, "parameter of either sign"
