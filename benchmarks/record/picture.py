"""One picture for a newcomer: what intervals promised, and how many real hidden runs they caught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gnomon.report.axes import Axis, linear_ticks
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import TEXT, frame
from gnomon.report.labels import keep_apart, text_width
from gnomon.report.marks import Layer, dots, line, rows, rule, words

START = 44  # of the axis of promises, a little before the first
ROLES = ("law", "held", "third", "fourth")


def draw(levels: Sequence[float], caught: Mapping[str, Sequence[float]], count: int, sets: int) -> Figure:
    """Coverage of each method, the first one ours, against the level it promised."""
    x = 100 * np.asarray(levels)
    ticks = linear_ticks(0, 100, most=6)
    labels = type(ticks)(ticks.values, tuple(f"{v:g}%" for v in ticks.values))
    promised = type(ticks)(x, tuple(f"{v:g}%" for v in x))
    right = max(text_width(name, TEXT, bold=True) for name in caught) + 14
    plot = frame(
        Axis(START, 100 * max(levels), "the interval promised", promised),
        Axis(0, 100, "hidden runs it caught", labels),
        width=620,
        height=330,
        right=right,
    )
    layers: list[Layer] = [
        rule(rows(x=[START], x2=[100 * max(levels)], y=[START], y2=[100 * max(levels)]), "faint", dash=(3, 3))
    ]
    layers += words(rows(x=[START + 0.5], y=[START + 12], t=["promises kept"]), "muted", halo=True)
    ends = []
    for (name, shares), role in zip(caught.items(), ROLES, strict=False):
        y = 100 * np.asarray(shares)
        said = [f"{name}: promised {a:g}%, caught {b:.0f}%" for a, b in zip(x, y, strict=True)]
        layers.append(line(rows(x=x, y=y), role, width=2.8 if role == "law" else 1.8))
        layers.append(dots(rows(x=x, y=y, d=said), role, radius=3.2))
        ends.append((name, role, float(plot.py(y[-1]))))
    heights = keep_apart([e[2] for e in ends], 4, plot.down - 4, reach=40)
    for (name, role, _), height in zip(ends, heights, strict=True):
        if height is not None:
            spot = rows(x=plot.at_x([float(plot.px(x[-1])) + 9]), y=plot.at_y([height]), t=[name])
            layers += words(spot, role, bold=role == "law", halo=True)
    ours = next(iter(caught.values()))
    at = list(levels).index(0.9)
    worst = min(shares[at] for shares in caught.values())
    finding = f"Over {sets} public data sets gnomon's 90% intervals caught {ours[at]:.0%} of hidden runs, textbook ones {worst:.0%}."
    note = f"{count:,} forecasts of runs larger than the fitted ones. Every data set counts the same and was left out of the learning."
    table = Numbers(
        (("promised", "percent"), *((name, "percent") for name in caught)),
        tuple(zip(levels, *caught.values(), strict=True)),
    )
    return Figure("record", plot.spec(layers), finding, note, table)
