"""How the law did on runs it had not seen: each interval centred on its forecast, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from gnomon.report.axes import Array, Axis, Ticks, linear_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import bar, rows, rule
from gnomon.report.scatter import scatter
from gnomon.report.words import kind_of, loss, meaning, number, percent, plural, quantity, rounded

MOST = 300
"""Above this many held-out runs only some of those inside their interval are drawn."""


@dataclass(frozen=True)
class HeldOutNumbers:
    """Forecasts of runs that were hidden, and their measured values; all arrays of shape (n,).

    Attributes:
        law: its name.
        scale: what the runs are ordered by.
        measured: in the units of the response.
        value: the forecast.
        low: lower end of the interval for a new run.
        high: upper end.
        scale_name: canonical column of scale.
        response: canonical column of the response.
        level: of the interval.
        names: of the runs.
        asked: what was hidden, to be read after "Asked to forecast"; default counts the runs.
    """

    law: str
    scale: Array
    measured: Array
    value: Array
    low: Array
    high: Array
    scale_name: str = "flops"
    response: str = "loss"
    level: float = 0.9
    names: Sequence[str] | None = None
    asked: str = ""


def draw_held_out(numbers: HeldOutNumbers, *, width: float = HALF, height: float = 230) -> Figure:
    """Finding: the mean error, and whether the misses lean to one side more than chance would."""
    order = np.argsort(numbers.scale, kind="stable")
    miss = 100 * (numbers.measured / numbers.value - 1)[order]
    low = 100 * (numbers.low / numbers.value - 1)[order]
    high = 100 * (numbers.high / numbers.value - 1)[order]
    inside = (miss >= low) & (miss <= high)
    y = linear_axis([_window(miss, low, high), np.zeros(1)], "measured against forecast (%)", "signed", most=7)
    x = _rank_axis(numbers, order)
    plot = frame(x, y, width=width, height=height)
    rank = np.arange(1, len(miss) + 1, dtype=np.float64)
    shown = _shown(inside, miss)
    step = plot.across / (len(miss) + 1)
    says = _says(numbers, order)
    base = rows(x=plot.x.low, x2=plot.x.high, y=[0.0], y2=[0.0])
    held = np.intersect1d(shown, np.flatnonzero(inside))
    out = np.intersect1d(shown, np.flatnonzero(~inside))
    thick = float(np.clip(0.62 * step, 1.2, 9))
    bars = bar(rows(x=rank[shown], y=low[shown], y2=high[shown]), "band-new", width=thick)
    radius = float(np.clip(0.3 * step, 1.6, 3.4))
    caught = scatter(plot, rank[held], miss[held], [says[i] for i in held], role="law", radius=radius)
    over, under = out[miss[out] > 0], out[miss[out] <= 0]
    missed = [
        scatter(plot, rank[i], miss[i], [says[k] for k in i], role="held", radius=radius + 0.6, shape=shape)
        for i, shape in ((over, "triangle-up"), (under, "triangle-down"))
    ]
    layers = [bars, rule(base, "axis"), *caught.layers, *(layer for s in missed for layer in s.layers)]
    note = _note(numbers, len(shown), " ".join(s.note for s in (caught, *missed) if s.note))
    return Figure("held_out", plot.spec(layers), held_out_finding(numbers), note, _table(numbers, order))


def held_out_finding(numbers: HeldOutNumbers) -> str:
    """The sentence above the held-out chart."""
    error = np.abs(numbers.value / numbers.measured - 1)
    count = len(error)
    asked = numbers.asked or (f"the {count} largest runs" if count > 1 else "the largest run")
    if count == 1:
        inside = numbers.low[0] <= numbers.measured[0] <= numbers.high[0]
        where = "inside" if inside else "outside"
        return f"Asked to forecast {asked}, the law is off by {percent(float(error[0]))}; it lies {where} the interval."
    return f"Asked to forecast {asked}, the law is off by {percent(float(error.mean()))} on average; {lean(numbers)}."


def lean(numbers: HeldOutNumbers) -> str:
    """Which way the misses lean: a two-sided sign test at 5%."""
    above = int((numbers.measured > numbers.value).sum())
    below = int((numbers.measured < numbers.value).sum())
    count = above + below
    most = max(above, below)
    chance = min(1.0, 2 * sum(comb(count, k) for k in range(most, count + 1)) / 2**count)
    if chance > 0.05:
        return "the misses lean neither way"
    return f"{most} of {count} runs came in {'above' if above > below else 'below'} their forecast"


def _window(miss: Array, low: Array, high: Array) -> Array:
    """Ends that hold the intervals and every miss, unless one lies more than three times as far as the others."""
    inner = float(np.abs(np.concatenate([low, high])).max())
    usual = max(inner, float(np.quantile(np.abs(miss), 0.95)))
    limit = 3 * usual
    held = miss[np.abs(miss) <= limit]
    return np.concatenate([low, high, held])


def _rank_axis(numbers: HeldOutNumbers, order: np.ndarray) -> Axis:
    """Ranks, with the scale of a few of them written below."""
    count = len(order)
    kind = kind_of(numbers.scale_name)
    wanted = sorted({0, (count - 1) // 2, count - 1}) if count > 4 else [0, count - 1] if count > 1 else [0]
    labels = [number(rounded(numbers.scale[order[i]]), kind) for i in wanted]
    keep = [i for i, text in enumerate(labels) if text not in labels[:i]]
    if len(keep) == 3 and text_width("".join(labels), TEXT) > 240:
        keep = [0, 2]
    ticks = Ticks(tuple(float(wanted[i] + 1) for i in keep), tuple(labels[i] for i in keep))
    return Axis(0.0, count + 1.0, f"held-out runs, by {meaning(numbers.scale_name)}", ticks)


def _shown(inside: np.ndarray, miss: Array) -> np.ndarray:
    """Which runs are drawn: all; of very many, the farthest outside and every k-th of the others."""
    if len(inside) <= MOST:
        return np.arange(len(inside))
    outside = np.flatnonzero(~inside)
    worst = outside[np.argsort(-np.abs(miss[outside]))][: MOST // 2]
    others = np.setdiff1d(np.arange(len(inside)), worst)
    return np.union1d(worst, others[:: max(1, len(others) // (MOST - len(worst)))])


def _says(numbers: HeldOutNumbers, order: np.ndarray) -> list[str]:
    says = []
    for i in order:
        measured, value, low, high = (float(a[i]) for a in (numbers.measured, numbers.value, numbers.low, numbers.high))
        half = (high - low) / 2
        who = f"{numbers.names[i]}, " if numbers.names is not None else ""
        where = "inside" if low <= measured <= high else "outside"
        says.append(
            f"{who}{quantity(float(numbers.scale[i]), numbers.scale_name)}: measured {loss(measured, half, more=1)}, "
            f"forecast {loss(value, half, more=1)} ({loss(low, half, more=1)} to {loss(high, half, more=1)}), {where}"
        )
    return says


def _note(numbers: HeldOutNumbers, shown: int, clipped: str) -> str:
    count = len(numbers.measured)
    some = f" Drawn: {shown} of {count:,} runs, the farthest misses all." if shown < count else ""
    return (
        f"Each bar: the {percent(numbers.level)} interval of one of {plural(count, 'held-out run')}, centred on its "
        f"forecast. Dot: measured, inside. Triangle: measured, outside.{some} {clipped}"
    ).strip()


def _table(numbers: HeldOutNumbers, order: np.ndarray) -> Numbers:
    names = numbers.names if numbers.names is not None else [f"run {i + 1}" for i in range(len(order))]
    columns = (
        ("run", "text"), (meaning(numbers.scale_name), kind_of(numbers.scale_name)), ("measured", "loss"),
        ("forecast", "loss"), ("low", "loss"), ("high", "loss"),
    )  # fmt: skip
    arrays = (numbers.scale, numbers.measured, numbers.value, numbers.low, numbers.high)
    return Numbers(columns, tuple((str(names[i]), *(float(a[i]) for a in arrays)) for i in order))
