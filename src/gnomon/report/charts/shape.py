"""The shape of a law: its output along one input, at a few values of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, linear_axis, log_axis
from gnomon.report.ends import names_at_ends, shades
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, line, rows
from gnomon.report.words import capital, kind_of, meaning, number, rounded


@dataclass(frozen=True)
class ShapeNumbers:
    """A law along one input.

    Attributes:
        law: its name.
        x: shape (m,), increasing, above zero.
        curves: shape (k, m), its output, smallest value of the other input first.
        x_name: column along the axis.
        y_name: column that it gives.
        labels: one a curve, said at its end; empty for a single curve.
        constants: whose values are drawn, in words.
        held: what stays fixed, in words.
    """

    law: str
    x: Array
    curves: Array
    x_name: str
    y_name: str
    labels: Sequence[str] = ()
    constants: str = ""
    held: str = ""


def draw_shape(numbers: ShapeNumbers, *, width: float = HALF, height: float = 230) -> Figure:
    """Finding: from where to where the output goes along the axis."""
    x = log_axis([numbers.x], meaning(numbers.x_name), kind_of(numbers.x_name), most=5, pad=0.01)
    title = meaning(numbers.y_name)
    values = numbers.curves[np.isfinite(numbers.curves)]
    scale = log_axis if (values > 0).all() and values.max() > 1.02 * values.min() else linear_axis
    y = scale([values], title, kind_of(numbers.y_name), most=6)
    right = max((text_width(label, TEXT) for label in numbers.labels), default=0) + 12
    plot = frame(x, y, width=width, height=height, right=right)
    roles, step = shades(len(numbers.curves))
    layers: list[Layer] = []
    ends = []
    for index, curve in enumerate(numbers.curves):
        good = np.flatnonzero(np.isfinite(curve))
        role = roles[step[index]] if len(numbers.curves) > 1 else "law"
        layers.append(line(rows(x=numbers.x[good], y=curve[good]), role, width=2.2))
        ends.append((float(numbers.x[good[-1]]), float(curve[good[-1]])))
    if numbers.labels:
        layers += names_at_ends(plot, ends, numbers.labels)
    held = f" {numbers.held}." if numbers.held else ""
    note = f"Values: {numbers.constants or 'an example'}.{held}"
    return Figure("shape", plot.spec(layers), shape_finding(numbers), note, _table(numbers))


def shape_finding(numbers: ShapeNumbers) -> str:
    """The sentence above the picture: where the middle curve begins and ends."""
    curve = numbers.curves[len(numbers.curves) // 2]
    good = np.flatnonzero(np.isfinite(curve))
    first, last = (float(curve[i]) for i in (good[0], good[-1]))
    kind = kind_of(numbers.x_name)
    low, high = (number(float(numbers.x[i]), kind) for i in (good[0], good[-1]))
    name = numbers.y_name.replace("_", " ")
    if abs(last - first) <= 1e-3 * max(abs(first), abs(last)):
        return f"{capital(name)} of {numbers.law} is the same from {low} to {high}."
    way = "falls" if last < first else "rises"
    ends = [number(rounded(v, 3), kind_of(numbers.y_name)) for v in (first, last)]
    return f"{capital(name)} of {numbers.law} {way} from {ends[0]} to {ends[1]} between {low} and {high}."


def _table(numbers: ShapeNumbers) -> Numbers:
    names = numbers.labels or [numbers.y_name]
    columns = ((numbers.x_name, kind_of(numbers.x_name)), *((name, "plain") for name in names))
    return Numbers(columns, tuple(zip(numbers.x.tolist(), *(c.tolist() for c in numbers.curves), strict=True)))
