"""Does one run carry the forecast: its change when each run is left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, Axis, Ticks, linear_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, dots, rows, rule, words, zone
from gnomon.report.words import percent, plural


@dataclass(frozen=True)
class InfluenceNumbers:
    """Leave-one-out changes of one forecast.

    Attributes:
        names: of the runs (or groups of rows) left out, shape (n,).
        change: shape (n,), relative change of the forecast, fraction.
        half: relative half width of the forecast's interval, fraction.
        what: what changes, e.g. "the forecast at 5.76·10²³ FLOP".
        shown: how many of the largest are drawn.
    """

    names: Sequence[str]
    change: Array
    half: float
    what: str = "the forecast"
    shown: int = 10


def draw_influence(numbers: InfluenceNumbers, *, width: float = HALF, height: float | None = None) -> Figure:
    """Finding: the largest change against the interval."""
    order = np.argsort(-np.abs(numbers.change), kind="stable")[: numbers.shown]
    change = 100 * numbers.change[order]
    count = len(order)
    rank = np.arange(count, 0, -1, dtype=np.float64)
    most = float(np.abs(change).max()) or 0.1
    half = 100 * numbers.half
    reach = max(most * 1.15, half * 1.05) if half < 4 * most else most * 1.25
    x = linear_axis([np.array([-reach, reach])], f"change of {numbers.what} (%)", "signed", most=5, pad=0)
    names = [_cut(str(numbers.names[i])) for i in order]
    y = Axis(0.3, count + 0.7, "", Ticks(tuple(rank), tuple(names)))
    plot = frame(x, y, width=width, height=height or 62 + 18 * max(count, 3), top=14)
    layers: list[Layer] = []
    ends = (max(-half, plot.x.low), min(half, plot.x.high))
    layers.append(zone(rows(x=[ends[0]], x2=[ends[1]], y=[plot.y.low], y2=[plot.y.high])))
    layers.append(rule(rows(x=[0.0], x2=[0.0], y=[plot.y.low], y2=[plot.y.high]), "axis"))
    layers.append(rule(rows(x=0.0, x2=change, y=rank, y2=rank), "data", width=1.4))
    says = [
        f"Without {n}, {numbers.what} changes by {percent(c / 100, signed=True)}"
        for n, c in zip(names, change, strict=True)
    ]
    out = np.abs(change) > half
    for role, here in (("law", ~out), ("held", out)):
        if here.any():
            said = [s for s, h in zip(says, here, strict=True) if h]
            layers.append(dots(rows(x=change[here], y=rank[here], d=said), role, radius=3.6))
    if half < plot.x.high and text_width("interval") * 1.2 < float(plot.px(half) - plot.px(-half)):
        layers += words(rows(x=plot.at_x([float(plot.px(half)) - 4]), y=plot.at_y([-6]), t=["interval"]), align="right")
    spec = plot.spec(layers)
    spec["encoding"]["y"]["axis"] |= {"grid": False, "labelColor": spec["config"]["axis"]["labelColor"]}
    largest, refits = plural(count, "largest change"), plural(len(numbers.change), "refit")
    note = (
        f"Change of {numbers.what} when one run is left out and the law refitted; the {largest} of {refits}. "
        f"Grey ground: the half width of its interval, {percent(numbers.half)}."
    )
    table = tuple((str(numbers.names[i]), float(numbers.change[i])) for i in order)
    return Figure(
        "influence", spec, influence_finding(numbers), note, Numbers((("run", "text"), ("change", "percent")), table)
    )


def influence_finding(numbers: InfluenceNumbers) -> str:
    """The sentence above the influence chart."""
    size = np.abs(numbers.change)
    worst = int(np.argmax(size))
    most, who = float(size[worst]), str(numbers.names[worst])
    outside = int((size > numbers.half).sum())
    if outside > 1:
        return f"{outside} single runs each move {numbers.what} by more than its interval; {who} by {percent(most)}."
    if outside:
        return f"One run, {who}, moves {numbers.what} by {percent(most)}: more than its interval."
    if most > numbers.half / 2:
        return (
            f"The run {who} alone moves {numbers.what} by {percent(most)}, more than half of its interval's half width."
        )
    return f"No single run moves {numbers.what} by more than {percent(most)}, well inside its interval."


def _cut(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most // 2 - 1] + "…" + name[-(most // 2) :]
