"""Which runs to buy next: how the interval of a target narrows with each, for what compute, and what runs spread evenly would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Axis, Ticks, linear_ticks
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import TEXT, WIDE, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, bar, dots, rows, rule, words, zone
from gnomon.report.words import compute, number, percent, plural, rounded

EVEN = "spread evenly"


@dataclass(frozen=True)
class NextRunsNumbers:
    """A list of runs in the order of buying.

    Attributes:
        target: the point whose forecast is narrowed, in words.
        names: of the runs, in words, shape (n,); none where nothing is worth its compute.
        flops: shape (n,), compute of each.
        after: shape (n,), relative half width of the target's interval once it and those before it are there.
        before: the half width now.
        budget: compute that may be spent.
        stop: whether to stop buying.
        why: the reason, a sentence.
        even: half width after runs spread evenly for the same compute; None where there is no such design.
        level: of the interval.
    """

    target: str
    names: Sequence[str]
    flops: Sequence[float]
    after: Sequence[float]
    before: float
    budget: float
    stop: bool
    why: str
    even: float | None = None
    level: float = 0.9


def draw_next_runs(numbers: NextRunsNumbers, *, width: float = WIDE, height: float | None = None) -> Figure:
    """Finding: how far so many runs narrow the interval, and whether even runs would do as well."""
    half = 100 * np.array([numbers.before, *numbers.after])
    labels = ["now", *(f"+ {n}" for n in numbers.names)]
    rank = np.arange(len(labels), 0, -1, dtype=np.float64)
    room = max(text_width(f"{compute(rounded(f, 2))} FLOP", TEXT) for f in [*numbers.flops, numbers.budget]) + 16
    top = 1.03 * max(float(half.max()), 100 * (numbers.even or 0.0))
    x = Axis(0.0, top, f"half width of the interval at {numbers.target} (%)", linear_ticks(0, top, most=6))
    y = Axis(0.3, len(labels) + 0.7, "", Ticks(tuple(rank), tuple(labels)))
    plot = frame(x, y, width=width, height=height or 66 + 26 * max(len(labels), 2), top=18, right=room)
    layers: list[Layer] = [zone(rows(x=[0.0], x2=[half[-1]], y=[plot.y.low], y2=[plot.y.high]))]
    layers.append(rule(rows(x=0.0, x2=half, y=rank, y2=rank), "data", width=1.4))
    if len(half) > 1:  # what each run takes away
        layers.append(bar(rows(x=half[1:], x2=half[:-1], y=rank[1:]), "band-curve", width=8, along="x"))
    says = [f"Now: half width {percent(numbers.before)}"] + [
        f"{n}, {compute(rounded(f, 3))} FLOP: then {percent(a)}"
        for n, f, a in zip(numbers.names, numbers.flops, numbers.after, strict=True)
    ]
    layers.append(dots(rows(x=half, y=rank, d=says), "law", radius=4.0))
    spent = [f"{compute(rounded(float(f), 2))} FLOP" for f in numbers.flops]
    if spent:
        layers += words(rows(x=plot.at_x([plot.across + 8] * len(spent)), y=rank[1:], t=spent))
    if numbers.even is not None:
        even = 100 * numbers.even
        layers.append(rule(rows(x=[even], x2=[even], y=[plot.y.low], y2=[plot.y.high]), "held", dash=(4, 3)))
        at = float(plot.px(even))
        right = at + text_width(EVEN, TEXT) + 8 < plot.across
        place = rows(x=plot.at_x([at + 5 if right else at - 5]), y=plot.at_y([-8]), t=[EVEN])
        layers += words(place, "held", align="left" if right else "right")
    spec = plot.spec(layers)
    spec["encoding"]["y"]["axis"] |= {"grid": False, "labelColor": spec["config"]["axis"]["labelColor"]}
    note = (
        f"Half width of the curve's {percent(numbers.level)} interval at {numbers.target}, if the law is right, as runs are bought from "
        "above to below; pale bars: what each takes away; grey: what is left."
        + (" Dashed: runs spread evenly in compute for the same total." if numbers.even is not None else "")
    )
    columns = (("run", "text"), ("compute", "flops"), ("half width", "percent"))
    bought = zip(numbers.names, map(float, numbers.flops), map(float, numbers.after), strict=True)
    return Figure(
        "next_runs", spec, next_runs_finding(numbers), note, Numbers(columns, (("now", 0.0, numbers.before), *bought))
    )


def next_runs_finding(numbers: NextRunsNumbers) -> str:
    """The sentence above the picture."""
    if numbers.stop or not len(numbers.names):
        return numbers.why if numbers.why.endswith(".") else f"{numbers.why}."
    spent = float(np.sum(numbers.flops))
    many = f"{plural(len(numbers.names), 'run')} for {compute(rounded(spent, 2))} FLOP"
    head = (
        f"{many} narrow{'s' if len(numbers.names) == 1 else ''} the interval at {numbers.target} from "
        f"{percent(numbers.before)} to {percent(numbers.after[-1])} (half width)"
    )
    if numbers.even is None:
        return f"{head}."
    return f"{head}; spread evenly the same compute would leave {percent(numbers.even)}."


def run_words(params: float | None, tokens: float | None, flops: float) -> str:
    """`3.1B on 60B`, or its compute."""
    if params is None or tokens is None:
        return f"{compute(rounded(flops, 2))} FLOP"
    return f"{number(rounded(params, 2), 'count')} on {number(rounded(tokens, 2), 'count')}"
