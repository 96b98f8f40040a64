"""Do intervals keep their promise: share of held-out runs inside, against the nominal level."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log

import numpy as np

from gnomon.report.axes import Array, Axis, linear_ticks
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, Frame, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, band, dots, line, rows, rule, words
from gnomon.report.words import percent


@dataclass(frozen=True)
class CalibrationNumbers:
    """Coverage of intervals on runs that were hidden.

    Attributes:
        nominal: shape (m,), levels, increasing, fractions.
        inside: shape (m,), share of runs inside the interval for a new run.
        count: number of held-out runs.
        level: the level that is used in forecasts.
        curve: shape (m,), share of runs inside the interval of the curve.
        factor: what forecasts are widened by because of this; 1 for not at all, `None` when nothing was decided.
    """

    nominal: Array
    inside: Array
    count: int
    level: float = 0.9
    curve: Array | None = None
    factor: float | None = None


def draw_calibration(numbers: CalibrationNumbers, *, width: float = HALF, height: float = 230) -> Figure:
    """Finding: what the nominal level caught, and whether that is more or less than luck explains."""
    ticks = linear_ticks(0, 100, most=5)
    labels = type(ticks)(ticks.values, tuple(f"{v:g}%" for v in ticks.values))
    plot = frame(
        Axis(0, 100, "nominal level", labels),
        Axis(0, 100, "runs inside", labels),
        width=width,
        height=height,
        right=14,
    )
    p = np.linspace(0, 1, 101)
    low, high = binomial_band(numbers.count, p)
    layers: list[Layer] = [
        band(rows(x=100 * p, y=100 * low, y2=100 * high), "zone"),
        rule(rows(x=[0], x2=[100], y=[0], y2=[100]), "faint", dash=(3, 3)),
    ]
    names = [("new run", numbers.inside, "law")]
    if numbers.curve is not None:
        curve = rows(x=100 * numbers.nominal, y=100 * numbers.curve)
        layers.append(line(curve, "fourth", dash=(5, 3)))
        names.append(("curve alone", numbers.curve, "fourth"))
    points = rows(x=100 * numbers.nominal, y=100 * numbers.inside, d=_says(numbers))
    layers += [line(points, "law"), dots(points, "law", radius=3.2)]
    layers[-2]["mark"]["aria"] = False
    layers += _key(plot, [(name, role) for name, _, role in names])
    note = (
        "Share of held-out runs inside their interval, against its nominal level. On the diagonal: honest. "
        f"Shaded: where {numbers.count} honest runs fall 90% of the time."
    )
    spec = plot.spec(layers)
    return Figure("calibration", spec, calibration_finding(numbers), note, _table(numbers))


def _key(plot: Frame, names: list[tuple[str, str]]) -> list[Layer]:
    """Which line is which, in the line of the title of y: the curves run together where nothing was caught."""
    layers: list[Layer] = []
    at = plot.across + plot.right - 2
    height = plot.at_y([-plot.top + 9])
    for name, role in reversed(names):
        at -= text_width(name, bold=True)
        layers += words(rows(x=plot.at_x([at]), y=height, t=[name]), role, bold=True)
        sample = rows(x=plot.at_x([at - 22]), x2=plot.at_x([at - 5]), y=height, y2=height)
        layers.append(rule(sample, role, width=2, dash=None if role == "law" else (5, 3), clip=False))
        at -= 34
    return layers


def calibration_finding(numbers: CalibrationNumbers) -> str:
    """The sentence above the calibration chart."""
    caught = float(np.interp(numbers.level, numbers.nominal, numbers.inside))
    verdict = coverage_verdict(caught, numbers.count, numbers.level)
    text = f"Nominal {percent(numbers.level)} intervals caught {percent(caught)} of the {numbers.count} runs held out"
    ends = {
        "honest": "as many as honest ones would",
        "too narrow": "too narrow",
        "too wide": "wider than they need be",
    }
    text += f": {ends[verdict]}"
    if numbers.factor is not None and numbers.factor > 1:
        text += f", {'so' if verdict == 'too narrow' else 'and'} forecasts are widened ×{numbers.factor:.3g}"
    elif numbers.factor == 1 and verdict == "too narrow":
        text += ", and forecasts are not widened"
    return text + "."


def coverage_verdict(share: float, count: int, level: float) -> str:
    """`honest`, `too narrow` or `too wide`: the share of runs inside against the 90% binomial band of `count` runs."""
    low, high = binomial_band(count, np.array([level]))
    if share < low[0] - 1e-9:
        return "too narrow"
    return "too wide" if share > high[0] + 1e-9 else "honest"


def binomial_band(count: int, p: Array, *, level: float = 0.9) -> tuple[Array, Array]:
    """Central band of a share: the 5% and 95% quantiles of Binomial(count, p) / count.

    Args:
        count: number of runs.
        p: shape (m,), probability that one is inside.
        level: mass of the band.

    Returns:
        Two arrays of shape (m,).
    """
    k = np.arange(count + 1)
    ways = np.array([lgamma(count + 1) - lgamma(i + 1) - lgamma(count - i + 1) for i in k])
    low, high = np.empty(len(p)), np.empty(len(p))
    for index, chance in enumerate(np.asarray(p, dtype=np.float64)):
        if chance <= 0 or chance >= 1:
            low[index] = high[index] = float(np.clip(chance, 0, 1))
            continue
        mass = np.array(
            [exp(w + i * log(chance) + (count - i) * log(1 - chance)) for w, i in zip(ways, k, strict=True)]
        )
        below = np.cumsum(mass)
        low[index] = int(np.searchsorted(below, (1 - level) / 2 * (1 - 1e-12))) / count
        high[index] = min(int(np.searchsorted(below, (1 + level) / 2 * (1 - 1e-12))), count) / count
    return low, high


def _says(numbers: CalibrationNumbers) -> list[str]:
    pairs = zip(numbers.nominal, numbers.inside, strict=True)
    return [
        f"{percent(float(p))} intervals caught {round(float(s) * numbers.count)} of {numbers.count} runs"
        for p, s in pairs
    ]


def _table(numbers: CalibrationNumbers) -> Numbers:
    columns: list[tuple[str, str]] = [("nominal level", "percent"), ("inside, new run", "percent")]
    values = [numbers.nominal.tolist(), numbers.inside.tolist()]
    if numbers.curve is not None:
        columns.append(("inside, curve alone", "percent"))
        values.append(numbers.curve.tolist())
    return Numbers(tuple(columns), tuple(zip(*values, strict=True)))
