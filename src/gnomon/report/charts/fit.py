"""The law through its runs, with its two bands, the ground it has not seen, and the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gnomon.report.axes import Array, Axis, linear_axis, log_axis
from gnomon.report.bins import Bins, legend, legend_lines, size_bins
from gnomon.report.charts.curve import Curve, Target, bands, beyond, target_marks
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import WIDE, Frame, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, line, rows
from gnomon.report.scatter import MOST, scatter
from gnomon.report.words import capital, kind_of, loss, meaning, percent, plural, quantity


@dataclass(frozen=True)
class FitNumbers:
    """What the fit chart shows.

    Attributes:
        law: its name.
        x: shape (n,), the runs used, along the axis.
        y: shape (n,), measured.
        curve: the law with its bands.
        x_name: canonical column of x.
        response: canonical column of y.
        level: of both bands, .9 for 90%.
        size: shape (n,), what the colour of a run stands for.
        size_name: canonical column of size.
        fitted: shape (n,), the law at each run's own inputs.
        names: of the runs.
        left_out_x: shape (k,), runs that were left out of the fit.
        left_out_y: shape (k,).
        target: the forecast.
    """

    law: str
    x: Array
    y: Array
    curve: Curve
    x_name: str = "flops"
    response: str = "loss"
    level: float = 0.9
    size: Array | None = None
    size_name: str = "params"
    fitted: Array | None = None
    names: Sequence[str] | None = None
    left_out_x: Array = field(default_factory=lambda: np.empty(0))
    left_out_y: Array = field(default_factory=lambda: np.empty(0))
    target: Target | None = None


def draw_fit(numbers: FitNumbers, *, width: float = WIDE, height: float | None = None) -> Figure:
    """The lead figure. Finding: what the law expects at the target, else how far the runs lie from it."""
    narrow = width < 500
    bins = _bins(numbers)
    x = _x_axis(numbers, narrow)
    y = _y_axis(numbers)
    lines = _legend_lines(bins, numbers, width, y.title)
    over = 16 * (len(lines) - (0 if narrow else 1)) if lines else 0
    plot = frame(x, y, width=width, height=height or (320 if narrow else 340), top=30 + over, right=10)
    layers: list[Layer] = []
    reach = float(np.max(numbers.x))
    if x.log and x.high > reach * 1.05:
        layers += beyond(plot, reach, numbers.target)
    layers += bands(numbers.curve)
    drawn = scatter(
        plot,
        numbers.x,
        numbers.y,
        _says(numbers),
        bins=None if bins is None else bins.index,
        roles=bins.roles if bins else (),
        radius=2.4 if narrow else 2.9,
    )
    layers += drawn.layers
    left = scatter(
        plot,
        numbers.left_out_x,
        numbers.left_out_y,
        _left_out(numbers),
        role="held",
        hollow=True,
        radius=2.6,
        noun="left-out run",
    )
    layers += left.layers
    layers.append(line(rows(x=numbers.curve.x, y=numbers.curve.value), "law", width=2.4))
    if numbers.target:
        layers += target_marks(plot, numbers.target, _crowd(plot, numbers), numbers.x_name, numbers.level)
    if bins and lines:
        layers += legend(plot, bins, meaning(numbers.size_name), lines, 10 - plot.top + (16 if narrow else 0))
    return Figure(
        "fit", plot.spec(layers), fit_finding(numbers), _note(numbers, drawn.note, left.note), _table(numbers)
    )


def fit_finding(numbers: FitNumbers) -> str:
    """The sentence above the fit chart."""
    target, noun = numbers.target, numbers.response.replace("_", " ")
    if target is None:
        return _closeness(numbers)
    half = target.half
    if target.measured is not None:
        miss = target.value / target.measured - 1
        where = "the"
        if target.low is not None and target.high is not None:
            inside = target.low <= target.measured <= target.high
            where = f"{'inside' if inside else 'outside'} the {percent(numbers.level)} interval; the"
        spelt = f" ({target.spelt})" if target.spelt else ""
        return (
            f"Forecast before the run: {loss(target.value, half)}{spelt}. Measured: "
            f"{loss(target.measured, half, more=1)}, {where} forecast was "
            f"{percent(abs(miss))} too {'high' if miss > 0 else 'low'}."
        )
    article = "an" if noun[0] in "aeiou" else "a"
    head = f"At {quantity(target.x, numbers.x_name)} the law expects {article} {noun} of {loss(target.value, half)}"
    if not target.spelt:
        return f"{head}; there is no interval."
    return f"{head}; a new run should land between {target.spelt.replace(' to ', ' and ')} ({percent(numbers.level)})."


def _closeness(numbers: FitNumbers) -> str:
    if numbers.fitted is None:
        return f"What does {numbers.law} say along {meaning(numbers.x_name)}?"
    miss = np.abs(numbers.y / numbers.fitted - 1)
    worst = int(np.argmax(miss))
    who = f" ({numbers.names[worst]})" if numbers.names is not None else ""
    return (
        f"Half of {len(miss):,} runs lie within {percent(float(np.median(miss)))} of {numbers.law}; "
        f"the farthest is {percent(float(miss[worst]))} off{who}."
    )


def _bins(numbers: FitNumbers) -> Bins | None:
    """Steps of size, unless all runs have one size or are so many that they become a density."""
    if numbers.size is None or len(numbers.x) > MOST:
        return None
    bins = size_bins(numbers.size, kind_of(numbers.size_name))
    return bins if len(bins.names) > 1 else None


def _x_axis(numbers: FitNumbers, narrow: bool) -> Axis:
    ends = [numbers.x, numbers.curve.x] + ([np.array([numbers.target.x])] if numbers.target else [])
    title, kind = meaning(numbers.x_name), kind_of(numbers.x_name)
    if min(float(np.min(e)) for e in ends) <= 0:
        return linear_axis(ends, title, kind, most=4 if narrow else 8, pad=0.015)
    return log_axis(ends, title, kind, most=4 if narrow else 8, pad=0.015)


def _y_axis(numbers: FitNumbers) -> Axis:
    """A window that holds the law, its target and nearly all runs; runs far above it do not flatten the rest."""
    c = numbers.curve
    always = c.drawn
    if numbers.target:
        t = numbers.target
        always.append(np.array([v for v in (t.low, t.high, t.value, t.measured) if v is not None]))
    measured = np.concatenate([numbers.y, numbers.left_out_y])
    held = np.concatenate([np.ravel(a) for a in always])
    positive = bool((held > 0).all() and (measured > 0).all())
    scale = np.log if positive else np.asarray
    low = float(min(scale(held).min(), scale(numbers.y).min()))
    high = float(scale(held).max())
    full = float(scale(measured).max())
    usual = float(np.quantile(scale(numbers.y), 0.97))
    high = max(high, full if full - low <= 1.25 * (max(high, usual) - low) else usual)
    ends = [np.array([low, high])]
    if positive:
        return log_axis([np.exp(ends[0])], meaning(numbers.response), "plain", most=6, pad=0.05)
    return linear_axis(ends, meaning(numbers.response), most=6)


def _crowd(plot: Frame, numbers: FitNumbers) -> tuple[Array, Array]:
    """What the words beside the target must not cover: the upper edge of the bands, and the runs in the window."""
    seen = numbers.y <= plot.y.high
    x = np.concatenate([numbers.curve.x, numbers.x[seen]])
    return x, np.concatenate([numbers.curve.highest, numbers.y[seen]])


def _legend_lines(bins: Bins | None, numbers: FitNumbers, width: float, y_title: str) -> list[list[int]]:
    if bins is None or len(bins.names) < 2:
        return []
    room = width - 8 if width < 500 else width - text_width(y_title) - 30
    return legend_lines(bins, meaning(numbers.size_name), room)


def _says(numbers: FitNumbers) -> list[str]:
    """One sentence a run."""
    noun = numbers.response.replace("_", " ")
    says = []
    for i, (x, y) in enumerate(zip(numbers.x, numbers.y, strict=True)):
        parts = [quantity(float(x), numbers.x_name)]
        if numbers.size is not None and numbers.size_name != numbers.x_name:
            parts.insert(0, quantity(float(numbers.size[i]), numbers.size_name))
        text = f"{', '.join(parts)}: {noun} {loss(float(y))}"
        if numbers.fitted is not None:
            text += f", {percent(float(y / numbers.fitted[i] - 1), signed=True)} from the law"
        says.append(f"{numbers.names[i]}, {text}" if numbers.names is not None else capital(text))
    return says


def _left_out(numbers: FitNumbers) -> list[str]:
    noun = numbers.response.replace("_", " ")
    pairs = zip(numbers.left_out_x, numbers.left_out_y, strict=True)
    return [f"Left out of the fit: {quantity(float(x), numbers.x_name)}, {noun} {loss(float(y))}" for x, y in pairs]


def _note(numbers: FitNumbers, clipped: str, left: str) -> str:
    level = percent(numbers.level)
    stronger = ", the stronger the larger" if _bins(numbers) else ""
    c = numbers.curve
    shades = [f"dark band: {level} for the curve"] if c.low is not None else []
    shades += [f"pale band: {level} for a new run"] if c.new_low is not None else []
    parts = [
        f"Dots: {plural(len(numbers.x), 'run')} used{stronger}.",
        f"Line: {numbers.law}{' ' + c.path if c.path else ''}.",
        capital("; ".join(shades)) + "." if shades else "There is no band: the fit has no intervals.",
    ]
    if c.says:
        parts.append(c.says)
    t = numbers.target
    if t:
        ring = "Ring: the forecast"
        if t.low is not None:
            ring += "; thick bar, the model alone; thin bar, a new run" if t.model_low is not None else ", its interval"
        parts.append(ring + ("; diamond: what was measured afterwards." if t.measured is not None else "."))
    if len(numbers.left_out_x):
        parts.append(f"Orange: {plural(len(numbers.left_out_x), 'run')} left out of the fit.")
    return " ".join([*parts, clipped, left]).strip().replace("  ", " ")


def _table(numbers: FitNumbers) -> Numbers:
    names = numbers.names if numbers.names is not None else [str(i + 1) for i in range(len(numbers.x))]
    columns: list[tuple[str, str]] = [("run", "text"), (meaning(numbers.x_name), kind_of(numbers.x_name))]
    values: list[Sequence[float | str]] = [list(names), numbers.x.tolist()]
    if numbers.size is not None and numbers.size_name != numbers.x_name:
        columns.insert(1, (meaning(numbers.size_name), kind_of(numbers.size_name)))
        values.insert(1, numbers.size.tolist())
    columns.append((numbers.response, "loss"))
    values.append(numbers.y.tolist())
    if numbers.fitted is not None:
        columns.append(("law", "loss"))
        values.append(numbers.fitted.tolist())
    return Numbers(tuple(columns), tuple(zip(*values, strict=True)))
