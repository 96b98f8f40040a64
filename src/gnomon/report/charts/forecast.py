"""Forecasts side by side: the interval of each, and beside it what was measured, where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Axis, Ticks, linear_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import TEXT, WIDE, Frame, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, bar, dots, rows, words
from gnomon.report.words import capital, interval, loss, meaning, percent, several, times

MOST = 24
"""At most this many forecasts are drawn; the rest are counted in the note and stand in the table."""


@dataclass(frozen=True)
class ForecastRow:
    """One forecast.

    Attributes:
        name: what is forecast, e.g. "70B on 1.4T".
        value: the forecast.
        low: lower end of the interval for a new run.
        high: upper end.
        curve_low: lower end of the interval of the curve.
        curve_high: upper end.
        measured: what came out.
        beyond: scale of the point over the largest run, 45 for 45 times; 1 or less is inside.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    curve_low: float | None = None
    curve_high: float | None = None
    measured: float | None = None
    beyond: float | None = None

    @property
    def half(self) -> float | None:
        """Half width of the interval for a new run."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def text(self) -> str:
        """The value with the decimals its interval deserves."""
        return loss(self.value, self.half)

    @property
    def spelt(self) -> str:
        """The interval in words."""
        return "no interval" if self.low is None or self.high is None else interval(self.low, self.high)

    @property
    def inside(self) -> bool | None:
        """Whether the measured value lies in the interval; `None` when either is unknown."""
        if self.measured is None or self.low is None or self.high is None:
            return None
        return self.low <= self.measured <= self.high

    @property
    def hit(self) -> str:
        """The measured value in words."""
        return "" if self.measured is None else loss(self.measured, self.half, more=1)


@dataclass(frozen=True)
class ForecastNumbers:
    """Forecasts of one response at one level."""

    forecasts: Sequence[ForecastRow]
    response: str = "loss"
    level: float = 0.9


def draw_forecast(numbers: ForecastNumbers, *, width: float = WIDE, height: float | None = None) -> Figure:
    """Finding: of measured ones how many lie inside and the mean error; else the span of the forecasts."""
    shown = list(numbers.forecasts)[:MOST]
    narrow = width < 500
    ends = np.array([v for f in shown for v in (f.low, f.high, f.value, f.measured) if v is not None])
    x = linear_axis([ends], meaning(numbers.response), most=4 if narrow else 7, pad=0.08)
    rank = np.arange(len(shown), 0, -1, dtype=np.float64)
    y = Axis(0.3, len(shown) + 0.7, "", Ticks(tuple(rank), tuple(f.name for f in shown)))
    away = any(f.beyond is not None for f in shown)
    texts = [f"{f.text}  {f.spelt}" for f in shown] + (["inside the measured range"] if away else [])
    right = 12.0 if narrow else max(text_width(text, TEXT) for text in texts) + 28
    pitch = 46 if narrow else 40 if away else 30
    left = min(0.45 * width, max(text_width(f.name, TEXT) for f in shown) + 9)
    tall = height or 62 + pitch * max(len(shown), 2)
    plot = frame(x, y, width=width, height=tall, left=round(left), right=right, top=14)
    at = list(zip(shown, rank, strict=True))
    outer = [(f.low, f.high, r) for f, r in at if f.low is not None and f.high is not None]
    inner = [(f.curve_low, f.curve_high, r) for f, r in at if f.curve_low is not None and f.curve_high is not None]
    layers: list[Layer] = []
    for spans, role in ((outer, "band-new"), (inner, "band-curve")):
        if spans:
            low, high, height_of = (list(column) for column in zip(*spans, strict=True))
            layers.append(bar(rows(x=low, x2=high, y=height_of), role, width=10, along="x"))
    says = [_says(f, numbers.level) for f in shown]
    layers.append(dots(rows(x=[f.value for f in shown], y=rank, d=says), "law", radius=4, hollow=True, rim=2.2))
    for verdict, role, shape in ((True, "good", "diamond"), (False, "held", "triangle-up"), (None, "data", "diamond")):
        hits = [(f, r) for f, r in at if f.measured is not None and f.inside is verdict]
        if hits:
            over = [float(plot.at_y(float(plot.py(r)) - 11)) for _, r in hits]
            said = [f"{f.name}: measured {f.hit}" for f, _ in hits]
            layers.append(dots(rows(x=[f.measured for f, _ in hits], y=over, d=said), role, radius=4.6, shape=shape))
    layers += _values(plot, at, narrow)
    spec = plot.spec(layers)
    spec["encoding"]["y"]["axis"] |= {"grid": False, "labelLimit": plot.left - 8}
    note = f"Pale bar: {percent(numbers.level)} interval for a new run; dark bar: of the curve; ring: the forecast."
    if any(f.measured is not None for f in shown):
        note += " Diamond: measured, inside; triangle: measured, outside."
    if len(numbers.forecasts) > MOST:
        note += f" The first {MOST} of {len(numbers.forecasts):,} forecasts; the rest are in the numbers."
    return Figure("forecast", spec, forecast_finding(numbers), note, _table(numbers))


def forecast_finding(numbers: ForecastNumbers) -> str:
    """The sentence above the forecasts."""
    every = numbers.forecasts
    noun = numbers.response.replace("_", " ")
    level = percent(numbers.level)
    known = [f for f in every if f.measured is not None]
    error = [abs(f.value / f.measured - 1) for f in every if f.measured is not None]
    if len(known) == 1:
        f = known[0]
        where = {True: f", inside the {level} interval", False: f", outside the {level} interval", None: ""}[f.inside]
        return f"Forecast {f.text} ({f.spelt}), measured {f.hit}: {percent(error[0])} off{where}."
    if known:
        inside = sum(f.inside is True for f in known)
        verb = "lies" if inside == 1 else "lie"
        share = (
            f"{capital(several(inside))} of {several(len(known))} measured values {verb} inside the {level} interval"
        )
        return f"{share}; the mean error is {percent(float(np.mean(error)))}."
    if len(every) == 1:
        f = every[0]
        head = f"{f.name}: expect {'an' if noun[0] in 'aeiou' else 'a'} {noun} of {f.text}"
        if f.half is None:
            return f"{head}; there is no interval."
        return f"{head}; a new run should land between {f.spelt.replace(' to ', ' and ')} ({level})."
    best, second = sorted(every, key=lambda f: f.value)[:2]
    head = f"{best.name} has the lowest forecast, {best.text}"
    if best.high is None or second.low is None:
        return f"{head}."
    if second.low > best.high:
        return f"{head}, clear of all others' intervals."
    return f"{head}; its interval overlaps that of {second.name}."


def _values(plot: Frame, at: Sequence[tuple[ForecastRow, float]], narrow: bool) -> list[Layer]:
    """The numbers at the right edge: value in bold, interval after it, and how far beyond the runs."""
    layers: list[Layer] = []
    for f, r in at:
        here = float(plot.py(r))
        if narrow:
            middle = float(np.clip(plot.px(f.value), 56, plot.across - 56))
            layers += words(
                rows(x=plot.at_x([middle]), y=plot.at_y([here + 14]), t=[f"{f.text} ({f.spelt})"]), align="center"
            )
            continue
        far = (
            "" if f.beyond is None else "inside the measured range" if f.beyond <= 1.05 else f"{times(f.beyond)} beyond"
        )
        edge, lift = plot.across + 12, -7 if far else 0
        beside = edge + text_width(f.text, bold=True) + 6
        layers += words(rows(x=plot.at_x([edge]), y=plot.at_y([here + lift]), t=[f.text]), "ink", bold=True)
        layers += words(rows(x=plot.at_x([beside]), y=plot.at_y([here + lift]), t=[f.spelt]))
        if far:
            layers += words(rows(x=plot.at_x([edge]), y=plot.at_y([here + 7]), t=[far]), size=10.5)
    return layers


def _says(f: ForecastRow, level: float) -> str:
    far = f", {times(f.beyond)} beyond the largest run" if f.beyond and f.beyond > 1.05 else ""
    return f"{f.name}: {f.text}, {percent(level)} interval {f.spelt}{far}"


def _table(numbers: ForecastNumbers) -> Numbers:
    columns = [("forecast of", "text"), ("value", "loss"), ("low", "loss"), ("high", "loss"), ("measured", "loss")]
    cells = tuple((f.name, f.value, f.low, f.high, f.measured) for f in numbers.forecasts)
    return Numbers(tuple(columns), cells)
