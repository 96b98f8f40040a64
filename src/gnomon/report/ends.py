"""Ordered curves: a shade for each, from small to large, and its name at its end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnomon.report.frame import Frame
from gnomon.report.labels import beside
from gnomon.report.marks import Layer, rows, words
from gnomon.report.palette import SCALE


def shades(count: int) -> tuple[tuple[str, ...], list[int]]:
    """At most seven roles of the scale, and for each of `count` curves the index of its role."""
    steps = np.linspace(2 if count > 1 else 6, 8, min(count, 7)).round().astype(int)
    return tuple(SCALE[step] for step in steps), [min(i * len(steps) // count, len(steps) - 1) for i in range(count)]


def names_at_ends(
    plot: Frame, ends: Sequence[tuple[float, float]], names: Sequence[str], *, gap: float = 8
) -> list[Layer]:
    """Each name to the right of its curve's end where there is room; the first and last curve come first."""
    order = sorted(range(len(ends)), key=lambda i: (i not in (0, len(ends) - 1), i))
    tips = [(float(plot.px(ends[i][0])), float(plot.py(ends[i][1]))) for i in order]
    heights = beside(tips, [names[i] for i in order], 2, plot.down - 5, gap=gap)
    layers: list[Layer] = []
    for i, (at, _), height in zip(order, tips, heights, strict=True):
        if height is not None:
            layers += words(rows(x=plot.at_x([at + gap]), y=plot.at_y([height]), t=[names[i]]), halo=True)
    return layers
