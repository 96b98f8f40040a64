"""Two or more families under one law each: who is lower at which scale, and where that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, log_axis
from gnomon.report.ends import names_at_ends
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import TEXT, WIDE, Frame, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, band, bar, dots, line, rows, zone
from gnomon.report.scatter import scatter
from gnomon.report.words import capital, kind_of, loss, meaning, number, percent, quantity

ROLES = ("law", "held", "third", "fourth")
"""One role a family; the fifth family starts again with the first, and direct labels tell them apart."""


@dataclass(frozen=True)
class FamilyCurve:
    """One family: its runs, and its law along the axis with the ends of its interval (all of the shape of the axis).

    Attributes:
        name: of the family.
        x: shape (n,), the runs along the axis.
        y: shape (n,), measured.
        used: shape (n,), whether the law was fitted to a run.
        curve: the law.
        low: lower end.
        high: upper end.
    """

    name: str
    x: Array
    y: Array
    used: Array
    curve: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class CrossingNumbers:
    """What the crossing chart shows.

    Attributes:
        families: two or more.
        axis: shape (m,), increasing.
        winner: lower beyond the crossing.
        loser: lower before it.
        value: where they cross, None where they do not.
        low: lower end of its interval, None when open.
        high: upper end, None when open.
        share: of the draws that cross at all.
        stated: whether the draws agree enough for the crossing to be stated.
        inside: whether it lies inside the runs of both.
        x_name: canonical column of the axis.
        response: canonical column of y.
        level: of all intervals.
    """

    families: Sequence[FamilyCurve]
    axis: Array
    winner: str
    loser: str
    value: float | None
    low: float | None
    high: float | None
    share: float
    stated: bool
    inside: bool | None
    x_name: str = "flops"
    response: str = "loss"
    level: float = 0.9


def draw_crossing(numbers: CrossingNumbers, *, width: float = WIDE, height: float = 320) -> Figure:
    """Finding: who overtakes whom, where, and how sure that is."""
    shown = _shown(numbers)
    grid = numbers.axis[shown]
    x = log_axis([grid, *[f.x for f in numbers.families]], meaning(numbers.x_name), kind_of(numbers.x_name), most=6)
    always = np.concatenate([np.concatenate([f.curve[shown], f.y]) for f in numbers.families])
    y = log_axis([always], meaning(numbers.response), "plain", most=6, pad=0.05)
    right = max(text_width(f.name, TEXT, bold=True) for f in numbers.families) + 14
    plot = frame(x, y, width=width, height=height, right=right)
    layers: list[Layer] = _ground(plot, numbers)
    note = ""
    for i, family in enumerate(numbers.families):
        role = ROLES[i % len(ROLES)]
        low, high = (np.clip(a[shown], y.low, y.high) for a in (family.low, family.high))
        layers.append(band(rows(x=grid, y=low, y2=high), role, opacity=0.16))
        for used in (True, False):
            here = np.asarray(family.used) == used
            if here.any():
                says = _says(family, here, numbers.x_name)
                drawn = scatter(plot, family.x[here], family.y[here], says, role=role, hollow=not used, radius=2.6)
                layers += drawn.layers
                note += f" {drawn.note}" if drawn.note else ""
    for i, family in enumerate(numbers.families):
        layers.append(line(rows(x=grid, y=family.curve[shown]), ROLES[i % len(ROLES)], width=2.2))
    ends = [(float(grid[-1]), float(f.curve[shown][-1])) for f in numbers.families]
    layers += names_at_ends(plot, ends, [f.name for f in numbers.families])
    layers += _foot(plot, numbers)
    said = (
        f"Lines: the law of each family with its {percent(numbers.level)} band; dots: its runs"
        + ("; open dots: runs off the frontier" if any(not np.all(f.used) for f in numbers.families) else "")
        + f". Grey, and the bar at the foot: where they cross, {percent(numbers.level)}."
        + note
    )
    return Figure("crossing", plot.spec(layers), crossing_finding(numbers), said, _table(numbers))


def crossing_finding(numbers: CrossingNumbers) -> str:
    """The sentence above the crossing chart."""
    a, b = numbers.winner, numbers.loser
    share = f"{percent(numbers.share)} of draws cross"
    if numbers.value is None or not numbers.stated:
        if numbers.value is None:
            head = f"{a} and {b} do not cross in the range looked at"
        else:
            head = f"Whether {a} overtakes {b} is open, at {quantity(numbers.value, numbers.x_name)} if it does"
        return f"{head}; {share}."
    place = "inside the runs" if numbers.inside else "beyond the runs of one of them"
    return f"{a} overtakes {b} at {spelt(numbers)}, {place}; {share}."


def spelt(numbers: CrossingNumbers) -> str:
    """`4.2·10¹⁹ FLOP (3.2 to 9.1·10¹⁹)`; an open end is said so."""
    kind = kind_of(numbers.x_name)
    low = number(numbers.low, kind) if numbers.low is not None else None
    high = number(numbers.high, kind) if numbers.high is not None else None
    head = quantity(numbers.value or float("nan"), numbers.x_name)
    if low is None or high is None:
        return f"{head} ({f'from {low} on' if low else f'up to {high}' if high else 'anywhere'})"
    if "·" in low and low.partition("·")[2] == high.partition("·")[2]:
        low = low.partition("·")[0]
    return f"{head} ({low} to {high})"


def _says(family: FamilyCurve, here: Array, x_name: str) -> list[str]:
    """One sentence a run."""
    pairs = zip(family.x[here], family.y[here], strict=True)
    return [f"{family.name}: {quantity(float(x), x_name)}, {loss(float(y))}" for x, y in pairs]


def _shown(numbers: CrossingNumbers) -> Array:
    """The part of the axis that is drawn: the runs, the crossing and a little more."""
    end = max(float(f.x.max()) for f in numbers.families) * 3
    for far in (numbers.value, numbers.high):
        if far is not None:
            end = max(end, far * 2)
    start = min(float(f.x.min()) for f in numbers.families)
    return np.asarray((numbers.axis <= end * 1.001) & (numbers.axis >= start * 0.999))


def _ends(plot: Frame, numbers: CrossingNumbers) -> tuple[float, float] | None:
    if numbers.value is None:
        return None
    low = plot.x.low if numbers.low is None else max(numbers.low, plot.x.low)
    high = plot.x.high if numbers.high is None else min(numbers.high, plot.x.high)
    return (low, high) if low < high else None


def _ground(plot: Frame, numbers: CrossingNumbers) -> list[Layer]:
    ends = _ends(plot, numbers)
    return [] if ends is None else [zone(rows(x=[ends[0]], x2=[ends[1]], y=[plot.y.low], y2=[plot.y.high]))]


def _foot(plot: Frame, numbers: CrossingNumbers) -> list[Layer]:
    """The interval as a bar at the foot, the crossing as a ring on it."""
    ends = _ends(plot, numbers)
    if ends is None or numbers.value is None:
        return []
    foot = float(plot.at_y([plot.down - 7])[0])
    layers = [bar(rows(x=[ends[0]], x2=[ends[1]], y=[foot]), "ink", width=4, along="x")]
    if plot.x.low <= numbers.value <= plot.x.high:
        said = [capital(f"{numbers.winner} overtakes {numbers.loser} at {spelt(numbers)}.")]
        layers.append(dots(rows(x=[numbers.value], y=[foot], d=said), "ink", radius=4.2, hollow=True, rim=2.0))
    return layers


def _table(numbers: CrossingNumbers) -> Numbers:
    columns = (
        ("family", "text"),
        (meaning(numbers.x_name), kind_of(numbers.x_name)),
        (numbers.response, "loss"),
        ("low", "loss"),
        ("high", "loss"),
    )
    cells = []
    for family in numbers.families:
        for i in np.unique(np.linspace(0, len(numbers.axis) - 1, 7).round().astype(int)):
            ends = (float(family.curve[i]), float(family.low[i]), float(family.high[i]))
            cells.append((family.name, float(numbers.axis[i]), *ends))
    return Numbers(columns, tuple(cells))
