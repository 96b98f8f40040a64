"""The shape of a law from its own declarations: range of its inputs, published constants or example values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import GnomonError
from gnomon.report.charts.shape import ShapeNumbers
from gnomon.report.words import kind_of, listed, number, rounded

if TYPE_CHECKING:
    from gnomon.laws.law import Law

POINTS = 40  # of a curve: at 330 px one every 7 px


def shape_numbers(law: type[Law]) -> ShapeNumbers | None:
    """A law along its first input, for three values of the second where it has one.

    Returns:
        `None` where no single positive axis shows the law: mixtures, schedules, signed inputs.
    """
    constants = law.constants()
    name = next(iter(constants), "")
    try:
        ranges = {column: law.range_of(column) for column in law.inputs}
    except GnomonError:
        return None
    first, *others = law.inputs
    inside = all(_inside(law, column, ends) for column, ends in ranges.items())
    if not inside or not all(0 < low < high for low, high in ranges.values()):
        return None
    x = np.geomspace(*ranges[first], POINTS)
    middle = {column: float(np.sqrt(ranges[column][0] * ranges[column][1])) for column in others}
    varied = others[0] if others else None
    values = np.geomspace(*ranges[varied], 3) if varied else np.array([np.nan])
    curves = []
    for value in values:
        at: dict[str, Any] = {column: np.full(POINTS, middle[column]) for column in others}
        if varied:
            at[varied] = np.full(POINTS, value)
        try:
            with np.errstate(all="ignore"):
                curve = np.asarray((constants.get(name) or law.example())(**{first: x, **at}), dtype=np.float64)
        except GnomonError:
            return None
        curves.append(np.broadcast_to(curve, x.shape))
    if not all(np.isfinite(curve).any() for curve in curves):
        return None
    fixed = [f"{c.replace('_', ' ')} {_spelt(middle[c], c)}" for c in others[1:]]
    return ShapeNumbers(
        law.id, x, np.stack(curves), first, law.output,
        [f"{_spelt(float(v), varied)} {varied.replace('_', ' ')}" for v in values] if varied else (),
        f"published, {name}" if name else "an example",
        f"Held: {listed(fixed)}" if fixed else "",
    )  # fmt: skip


def _spelt(value: float, column: str) -> str:
    return number(rounded(value), kind_of(column))


def _inside(law: type[Law], column: str, ends: tuple[float, float]) -> bool:
    low, high = law.domain.get(column, (0.0, np.inf))
    return bool(low <= ends[0] and ends[1] <= high)
