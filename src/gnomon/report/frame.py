"""The frame of a chart: its size, its two axes, and the specification around its layers.

Margins are computed here and given to Vega as they are, so that a picture is exactly as wide as asked, whatever fonts
the machine has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.report.axes import Array, Axis
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer
from gnomon.report.palette import LIGHT

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = "Inter, system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"

WIDE, HALF, PHONE = 700, 330, 350
"""Widths in pixels: the lead figure, a figure in a pair, the lead figure on a phone."""

TEXT = 11.5
"""Size of the text in a chart, in pixels."""


@dataclass(frozen=True)
class Frame:
    """Where things are, in pixels, and the specification that puts them there."""

    x: Axis
    y: Axis
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def across(self) -> float:
        """Width of the plot inside its margins."""
        return self.width - self.left - self.right

    @property
    def down(self) -> float:
        """Height of the plot inside its margins."""
        return self.height - self.top - self.bottom

    def px(self, value: npt.ArrayLike) -> Array:
        """Pixels from the left edge of the plot."""
        return self.x.pixel(value, self.across)

    def py(self, value: npt.ArrayLike) -> Array:
        """Pixels from the top edge of the plot."""
        return np.asarray(self.down - self.y.pixel(value, self.down))

    def at_x(self, pixel: npt.ArrayLike) -> Array:
        """The value of x at pixels from the left edge; outside the plot too."""
        return self.x.at(pixel, self.across)

    def at_y(self, pixel: npt.ArrayLike) -> Array:
        """The value of y at pixels from the top edge; outside the plot too."""
        return self.y.at(self.down - np.asarray(pixel, dtype=np.float64), self.down)

    def spec(self, layers: Sequence[Layer], *, x_axis: bool = True, y_axis: bool = True) -> dict[str, Any]:
        """The whole chart as a Vega-Lite specification."""
        x = self.x.channel("x", titleX=self.across, titleY=self.bottom - 6)
        y = self.y.channel("y", titleX=-self.left, titleY=-self.top + 13)
        if not x_axis:
            x["axis"] = None
        if not y_axis:
            y["axis"] = None
        return {
            "$schema": SCHEMA,
            "background": "transparent",
            "width": self.across,
            "height": self.down,
            "padding": {"left": self.left, "right": self.right, "top": self.top, "bottom": self.bottom},
            "autosize": {"type": "none"},
            "config": _config(),
            "encoding": {"x": x, "y": y},
            "resolve": {"scale": {"color": "independent", "fill": "independent", "stroke": "independent"}},
            "layer": list(layers),
        }


def frame(
    x: Axis,
    y: Axis,
    *,
    width: float = HALF,
    height: float = 230,
    left: float | None = None,
    right: float = 8,
    top: float = 30,
    bottom: float = 44,
) -> Frame:
    """A frame with a left margin for the labels of y and a right margin for the last label of x, at least `right`."""
    if left is None:
        left = round(max((text_width(label, TEXT) for label in y.ticks.labels), default=0) + 9)
    across = width - left - right
    for value, label in zip(x.ticks.values, x.ticks.labels, strict=True):
        over = float(x.pixel(value, across)) + text_width(label, TEXT) / 2 - across
        right = max(right, round(over + 1))
    return Frame(x, y, width, height, left, right, top, bottom)


def _config() -> dict[str, Any]:
    """The look shared by all charts."""
    axis = {
        "labelFontSize": TEXT,
        "titleFontSize": TEXT,
        "titleFontWeight": 500,
        "labelColor": LIGHT["muted"],
        "titleColor": LIGHT["ink"],
        "gridColor": LIGHT["grid"],
        "domainColor": LIGHT["axis"],
        "tickColor": LIGHT["axis"],
        "tickSize": 4,
        "labelPadding": 4,
        "labelOverlap": False,
        "labelFlush": False,
        "labelBound": False,
        "aria": False,
    }
    return {
        "font": FONT,
        "view": {"stroke": "transparent"},
        "axis": axis,
        "axisX": {"titleAlign": "right", "titleAnchor": "end", "titleAngle": 0, "titleBaseline": "alphabetic"},
        "axisY": {
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleAngle": 0,
            "titleBaseline": "alphabetic",
            "domain": False,
            "ticks": False,
            "labelPadding": 7,
        },
    }
