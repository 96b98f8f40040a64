"""A law along one line, the ground it has not seen, and a forecast on it: records and the marks that show them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array
from gnomon.report.frame import Frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, band, bar, dots, rows, rule, words, zone
from gnomon.report.words import interval, loss, percent, quantity, times


@dataclass(frozen=True)
class Curve:
    """The law along one line through its inputs; all arrays of one shape (m,), in the units of the axes.

    Ends of intervals are `None` where there are none; the band is then not drawn and the note says so.

    Attributes:
        x: increasing.
        value: the law.
        low: lower end of the interval of the curve.
        high: upper end.
        new_low: lower end of the interval of a new run.
        new_high: upper end.
        path: how the line runs, to be read after the name of the law, e.g. "along its compute-optimal path".
        says: what a reader must know about the bands.
    """

    x: Array
    value: Array
    low: Array | None = None
    high: Array | None = None
    new_low: Array | None = None
    new_high: Array | None = None
    path: str = ""
    says: str = ""

    @property
    def highest(self) -> Array:
        """The upper edge of what is drawn."""
        return next(a for a in (self.new_high, self.high, self.value) if a is not None)

    @property
    def drawn(self) -> list[Array]:
        """All arrays that are drawn along y."""
        return [a for a in (self.value, self.low, self.high, self.new_low, self.new_high) if a is not None]


@dataclass(frozen=True)
class Target:
    """A forecast to be shown: its interval for a new run, that of the model alone, and what was measured, if it was."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None
    model_low: float | None = None
    model_high: float | None = None
    measured: float | None = None

    @property
    def half(self) -> float | None:
        """Half width of the interval for a new run."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def spelt(self) -> str:
        """The interval in words; empty when there is none."""
        return "" if self.low is None or self.high is None else interval(self.low, self.high)


def bands(c: Curve) -> list[Layer]:
    """The pale band of a new run and the dark band of the curve, as far as they are known."""
    layers = []
    if c.new_low is not None and c.new_high is not None:
        layers.append(band(rows(x=c.x, y=c.new_low, y2=c.new_high), "band-new"))
    if c.low is not None and c.high is not None:
        layers.append(band(rows(x=c.x, y=c.low, y2=c.high), "band-curve"))
    return layers


def beyond(plot: Frame, reach: float, target: Target | None) -> list[Layer]:
    """The ground beyond the largest run, with the grid on it and the distance written in it."""
    ends = {"x": [reach], "x2": [plot.x.high], "y": [plot.y.low], "y2": [plot.y.high]}
    grid_y = rows(x=reach, x2=plot.x.high, y=list(plot.y.ticks.values), y2=list(plot.y.ticks.values))
    far = [v for v in plot.x.ticks.values if v > reach]
    grid = [rule(grid_y, "grid")] + ([rule(rows(x=far, x2=far, y=plot.y.low, y2=plot.y.high), "grid")] if far else [])
    room = plot.across - float(plot.px(reach)) - 14
    texts = ["beyond the largest run"]
    if target and target.x > reach:
        texts = [
            f"{times(target.x / reach)} beyond the largest run ({math.log10(target.x / reach):.1f} decades)",
            f"{times(target.x / reach)} beyond the largest run",
            f"{times(target.x / reach)} beyond",
        ]
    text = next((t for t in texts if text_width(t) <= room), None)
    label = words(rows(x=plot.at_x([plot.across - 6]), y=plot.at_y([12]), t=[text]), align="right") if text else []
    return [zone(rows(**ends)), *grid, *label]


def target_marks(
    plot: Frame, t: Target, crowd: tuple[Array, Array], x_name: str = "flops", level: float = 0.9
) -> list[Layer]:
    """Ring with a thick bar (model) and a thin bar (new run), its value above the crowd, and what was measured.

    Args:
        plot: where.
        t: the forecast.
        crowd: x and y of what the words must stay above.
        x_name: canonical column of x.
        level: of the interval.
    """
    here = {"x": [t.x]}
    layers: list[Layer] = []
    if t.low is not None and t.high is not None:
        layers.append(bar(rows(**here, y=[t.low], y2=[t.high]), "ink", width=1.6))
    if t.model_low is not None and t.model_high is not None:
        layers.append(bar(rows(**here, y=[t.model_low], y2=[t.model_high]), "ink", width=5))
    half, spelt = t.half, t.spelt
    value = loss(t.value, half)
    says = f"Forecast at {quantity(t.x, x_name)}: {value}"
    says += f", {percent(level)} interval {spelt}." if spelt else "."
    layers.append(dots(rows(**here, y=[t.value], d=[says]), "ink", radius=4.6, hollow=True, rim=2.0))
    wide = max(text_width(value, 14, bold=True), text_width(spelt)) / 2
    centre = float(np.clip(plot.px(t.x), wide + 2, plot.across - wide - 2))
    low, high = plot.at_x(centre - wide - 4), plot.at_x(centre + wide + 4)
    near = crowd[1][(crowd[0] >= low) & (crowd[0] <= high)]
    top = float(plot.py(max(t.high or t.value, *near.tolist()))) - 12
    if top >= 40:
        layers += words(
            rows(x=plot.at_x([centre]), y=plot.at_y([top - 15]), t=[value]),
            "ink",
            size=14,
            align="center",
            bold=True,
            halo=True,
        )
        layers += words(rows(x=plot.at_x([centre]), y=plot.at_y([top]), t=[spelt]), align="center", halo=True)
    if t.measured is not None:
        beside = float(plot.px(t.x)) + 11
        hit = rows(x=plot.at_x([beside]), y=[t.measured], d=[f"Measured afterwards: {loss(t.measured, half, more=1)}."])
        layers.append(dots(hit, "held", radius=4.4, shape="diamond"))
        text = f"measured {loss(t.measured, half, more=1)}"
        left = beside + 9 + text_width(text, bold=True) > plot.across + plot.right
        at = float(plot.py(min(t.low or t.value, t.measured))) + 16
        layers += words(
            rows(x=plot.at_x([beside + 4 if left else beside - 4]), y=plot.at_y([at]), t=[text]),
            "held",
            align="right" if left else "left",
            bold=True,
            halo=True,
        )
    return layers
