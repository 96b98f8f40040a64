"""Broken neural scaling laws: a power law whose exponent changes smoothly at one or more breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.arrays import softplus, softplus_logistic
from gnomon.laws.jet import Jet, compose
from gnomon.laws.law import Law, coefficient, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.rest import Rest, Slopes
from gnomon.laws.starting import amplitudes, best_of, cells

LEVELS = (1e-3, 0.4, 0.7, 0.9, 0.97, 0.99)  # of the lowest output: a level close below it makes another optimum
WIDTHS = (0.02, 0.3, 2.0)  # in ln x: a corner, a bend and a slow turn
MOST_BREAKS = 4  # 15 parameters; nobody has measured more breaks


def _slope_change(typical: float = -0.2) -> Any:
    return number("change of the exponent at the break", bounds=(-3.0, 3.0), typical=typical)


def _place(typical: float = 1.0) -> Any:
    return number("where the break is", bounds=(1e-6, 1e6), log=True, units={"flops": 1}, typical=typical)


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
            fall = fall + _turn(log_x, change, place, width, xp)
        return self.a + self.b * xp.exp(-fall)

    def _breaks(self) -> list[tuple[Any, Any, Any]]:
        return [tuple(getattr(self, f"{letter}{i}") for letter in "cdf") for i in range(1, self.breaks + 1)]

    @classmethod
    def rest(cls) -> Rest:
        """Everything above a."""
        return _Broken(cls.breaks)

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
        """For a given level, breaks and width the logarithm of the rest is linear in ln b and all exponents.

        Every level gets its share of the places: the best cells of one level all lead to one optimum, and on 60 public
        curves other optima were lower in three.
        """
        (x,) = inputs
        log_x, low = np.log(x), float(output.min())
        places = np.unique(np.quantile(log_x, np.linspace(0.1, 0.9, 9)))
        chosen = list(combinations(places, cls.breaks)) or [tuple(np.linspace(-0.5, 0.5, cls.breaks))]
        v = cells(a=low * np.array(LEVELS), which=range(len(chosen)), f=WIDTHS)
        breaks = np.array(chosen)[v.pop("which")[:, 0].astype(int)]
        turns = [-v["f"] * softplus((log_x - breaks[:, [i]]) / v["f"]) for i in range(cls.breaks)]
        above = output - v["a"]
        columns = [np.ones_like(above), -log_x + 0.0 * above, *turns]
        found, misfit = amplitudes(columns, np.log(above), weights=above / output, signed=True)
        values = {"a": v["a"], "b": np.exp(found[:, 0]), "c0": np.clip(found[:, 1], -1.0, 3.0)}
        for i in range(cls.breaks):
            values |= {
                f"c{i + 1}": np.clip(found[:, i + 2], -3.0, 3.0),
                f"d{i + 1}": np.exp(breaks[:, i]),
                f"f{i + 1}": v["f"],
            }
        return best_of(values, misfit, apart="a", most=24)


def _turn(log_x: Any, change: Any, place: Any, width: Any, xp: Any) -> Any:
    """c f softplus((ln x - ln d) / f), for jets with derivatives in closed form, which saves a seventh of a fit's time."""
    if not all(isinstance(p, Jet) for p in (change, place, width)):
        return change * width * softplus((log_x - xp.log(place)) / width, xp)
    c, d, f = change.value, place.value, width.value
    u = (log_x - np.log(d)) / f
    raised, share = softplus_logistic(u)
    bend = c * share * (1.0 - share) / f
    by_width = raised - u * share
    second = {
        (0, 1): -share / d,
        (0, 2): by_width,
        (1, 1): (c * share + bend) / d**2,
        (1, 2): bend * u / d,
        (2, 2): bend * u * u,
    }
    return compose((change, place, width), c * f * raised, (f * raised, -c * share / d, c * by_width), second)


class _Broken:
    """u = ln b - c0 ln x - sum_i c_i f_i softplus(t_i), t_i = ln(x / d_i) / f_i. Kept: ln x, then t_i, softplus and logistic of it."""

    floor = "a"

    def __init__(self, breaks: int) -> None:
        self.breaks, self.kept = breaks, 1 + 3 * breaks

    def value(self, values: Mapping[str, Any], x: Any) -> tuple[Any, ...]:
        """See Rest."""
        log_x = np.log(x)
        u = np.log(values["b"]) - values["c0"] * log_x
        kept = [log_x + 0.0 * u]
        for i in range(1, self.breaks + 1):
            change, place, width = (values[f"{letter}{i}"] for letter in "cdf")
            t = (log_x - np.log(place)) / width
            raised, share = softplus_logistic(t)
            u = u - change * width * raised
            kept += [t, raised, share]
        return (u, *kept)

    def slopes(self, values: Mapping[str, Any], kept: tuple[Any, ...], x: Any) -> Slopes:
        """See Rest."""
        first: dict[str, Any] = {"b": 1.0, "c0": -kept[0]}
        second: dict[tuple[str, str], Any] = {}
        for i in range(1, self.breaks + 1):
            c, d, f = (f"{letter}{i}" for letter in "cdf")
            t, raised, share = kept[3 * i - 2 : 3 * i + 1]
            change, width = values[c], values[f]
            by_width = width * (raised - t * share)  # of f softplus(t), by ln f
            bend = change * share * (1.0 - share) / width
            reach = width * t
            first |= {c: -width * raised, d: change * share, f: -change * by_width}
            second |= {
                (c, d): share,
                (c, f): -by_width,
                (d, d): -bend,
                (d, f): -bend * reach,
                (f, f): -change * by_width - bend * reach * reach,
            }
        return Slopes(first, second)


@cache
def _with_breaks(breaks: int) -> type[Bnsl]:
    if breaks == 1:
        return Bnsl
    further: dict[str, Any] = {}
    for i, place in enumerate(np.geomspace(0.1, 10.0, breaks), start=1):
        further |= {f"c{i}": _slope_change(0.15 * (-1) ** i), f"d{i}": _place(float(place)), f"f{i}": _width()}
    factors = [f"(1 + (flops / d{i})^(1 / f{i}))^(-c{i} * f{i})" for i in range(1, breaks + 1)]
    body = further | {
        "__doc__": Bnsl.__doc__,
        "__module__": Bnsl.__module__,
        "breaks": breaks,
        "arguments": (float(breaks),),
        "text": "loss = a + b * flops^-c0 * " + " * ".join(factors),
    }
    made: type[Bnsl] = type("Bnsl", (Bnsl,), body)
    return made
