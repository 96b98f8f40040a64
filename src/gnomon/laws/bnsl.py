"""Broken neural scaling laws: a power law whose exponent changes smoothly at one or more breaks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.arrays import softplus
from gnomon.laws.law import Law, coefficient, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

MOST_BREAKS = 4  # 15 parameters; nobody has measured more breaks


def _slope_change() -> Any:
    return number("change of the exponent at the break", bounds=(-3.0, 3.0), typical=-0.2)


def _place() -> Any:
    return number("where the break is", bounds=(1e-6, 1e6), log=True, units={"flops": 1})


def _width() -> Any:
    return number("width of the break: 0 is a corner", bounds=(0.01, 10.0), log=True, typical=0.5)


class Bnsl(Law):
    """A power law with a smooth break above a floor.

    y = a + b x^-c0 (1 + (x / d1)^(1/f1))^(-c1 f1): exponent c0 before the break at d1, c0 + c1 after it, f1 the width
    of the turn in ln x. `bnsl(2)` has a second factor with c2, d2, f2, and so on.

    Source: Caballero et al. 2022, equation 1.
    """

    id = "bnsl"
    question = "Does the exponent change along the way, and where?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "loss = a + b * flops^-c0 * (1 + (flops / d1)^(1 / f1))^(-c1 * f1)"
    source = "Caballero et al. 2022, Broken Neural Scaling Laws, equation 1"
    bibtex = BIBTEX["caballero2023"]
    holds = "Curves with a visible bend and a dozen points or more."
    misleads = "A break beyond the data cannot be seen: what it says there is the curve's shape, not a measurement."
    breaks: ClassVar[int] = 1

    a: float = floor("level far beyond the last break", typical=0.3)
    b: float = coefficient("coefficient", flops="c0")
    c0: float = number("exponent before the first break", bounds=(-1.0, 3.0), typical=0.25)
    c1: float = _slope_change()
    d1: float = _place()
    f1: float = _width()

    def formula(self, x: Any) -> Any:
        """L = a + b x^-c0 prod_i (1 + (x / d_i)^(1/f_i))^(-c_i f_i), in logarithms: sharp breaks must not overflow."""
        xp = self.xp(x)
        log_x = xp.log(x)
        fall = self.c0 * log_x
        for change, place, width in self._breaks():
            fall = fall + change * width * softplus((log_x - xp.log(place)) / width, xp)
        return self.a + self.b * xp.exp(-fall)

    def _breaks(self) -> list[tuple[Any, Any, Any]]:
        return [tuple(getattr(self, f"{letter}{i}") for letter in "cdf") for i in range(1, self.breaks + 1)]

    @classmethod
    def variant(cls, breaks: float) -> type[Bnsl]:
        """The law with this many breaks.

        Raises:
            InputError: not a whole number from 1 to 4.
        """
        if breaks != int(breaks) or not 1 <= breaks <= MOST_BREAKS:
            raise InputError(f"bnsl takes 1 to {MOST_BREAKS} breaks; got {breaks:g}.")
        return _with_breaks(int(breaks))

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """One break over the data, level and coefficient by least squares; further breaks start nearly flat."""
        (x,) = inputs
        places = np.quantile(x, (0.1, 0.3, 0.5, 0.7, 0.9))
        v = cells(c0=(0.0, 0.05, 0.15, 0.4, 1.0), c1=(-0.4, -0.15, 0.1, 0.3, 0.8), d1=places, f1=(0.1, 0.4, 1.2))
        log_x = np.log(x)
        curve = np.exp(-v["c0"] * log_x - v["c1"] * v["f1"] * softplus((log_x - np.log(v["d1"])) / v["f1"]))
        found, misfit = amplitudes([np.ones_like(curve), curve], output, weights=1.0 / output)
        picked = best_of(v | {"a": found[:, :1], "b": found[:, 1:]}, misfit, apart="d1", most=20)
        elsewhere = np.quantile(x, np.linspace(0.15, 0.85, max(cls.breaks - 1, 1)))
        for start in picked:
            for i in range(2, cls.breaks + 1):
                start |= {f"c{i}": 0.02, f"d{i}": float(elsewhere[i - 2]), f"f{i}": 0.4}
        return picked


@cache
def _with_breaks(breaks: int) -> type[Bnsl]:
    if breaks == 1:
        return Bnsl
    further: dict[str, Any] = {}
    for i in range(2, breaks + 1):
        further |= {f"c{i}": _slope_change(), f"d{i}": _place(), f"f{i}": _width()}
    factors = [f"(1 + (flops / d{i})^(1 / f{i}))^(-c{i} * f{i})" for i in range(1, breaks + 1)]
    spaced = np.geomspace(1e-2, 1e2, breaks)
    typical = {"a": 0.3, "b": 0.3 * 1e20**0.25, "c0": 0.25}
    for i in range(1, breaks + 1):
        typical |= {f"c{i}": 0.15 * (-1) ** i, f"d{i}": 1e20 * float(spaced[i - 1]), f"f{i}": 0.5}
    body = further | {
        "__doc__": Bnsl.__doc__,
        "__module__": Bnsl.__module__,
        "breaks": breaks,
        "arguments": (float(breaks),),
        "text": "loss = a + b * flops^-c0 * " + " * ".join(factors),
        "typical": typical,
    }
    made: type[Bnsl] = type("Bnsl", (Bnsl,), body)
    return made
