"""The law as a landscape over parameters and tokens, with the path of best allocation through it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, linear_ticks, log_axis, log_ticks, tick_label
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, Frame, frame
from gnomon.report.labels import keep_apart, text_width
from gnomon.report.marks import Layer, dots, line, polygon, rows, rule, words
from gnomon.report.scatter import scatter
from gnomon.report.words import compute, number, percent, plural, quantity, rounded, times


@dataclass(frozen=True)
class ContourNumbers:
    """A law of parameters and tokens over a grid, its runs and its best path.

    Attributes:
        params: shape (m,), increasing grid.
        tokens: shape (k,), increasing grid.
        value: shape (k, m), the law on the grid.
        run_params: shape (n,), the runs.
        run_tokens: shape (n,).
        path_flops: shape (p,), increasing compute.
        path_params: shape (p,), best size at each.
        path_low: shape (p,), lower end of its interval.
        path_high: shape (p,), upper end.
        target: (params, tokens) of the plan.
        response: canonical column of the law's output.
        cost: FLOP per parameter and token.
        level: of the band.
    """

    params: Array
    tokens: Array
    value: Array
    run_params: Array
    run_tokens: Array
    path_flops: Array
    path_params: Array
    path_low: Array | None = None
    path_high: Array | None = None
    target: tuple[float, float] | None = None
    response: str = "loss"
    cost: float = 6.0
    level: float = 0.9
    names: Sequence[str] | None = None


def draw_contour(numbers: ContourNumbers, *, width: float = HALF, height: float = 260) -> Figure:
    """Finding: tokens per parameter along the path, and how far the target lies beyond the runs."""
    wide = width >= 500
    x = log_axis([numbers.params], "parameters", "count", most=8 if wide else 4, pad=0)
    y = log_axis([numbers.tokens], "tokens", "count", most=6, pad=0)
    low, high = float(np.min(numbers.value)), float(np.max(numbers.value))
    ticks = log_ticks(low, high, "plain", most=12 if wide else 9) if low > 0 else linear_ticks(low, high, most=9)
    right = max(text_width(label, TEXT) for label in ticks.labels) + 8
    plot = frame(x, y, width=width, height=height, right=right)
    layers, diagonals = _equal_compute(plot, numbers)
    lines, exits = _equal_loss(plot, numbers, ticks.values)
    layers.append(lines)
    tokens = numbers.path_flops / (numbers.cost * numbers.path_params)
    if numbers.path_low is not None and numbers.path_high is not None:
        sides = np.concatenate([numbers.path_low, numbers.path_high[::-1]])
        flops = np.concatenate([numbers.path_flops, numbers.path_flops[::-1]])
        layers.append(polygon(rows(x=sides, y=flops / (numbers.cost * sides)), "band-curve"))
    says = [
        f"{quantity(float(p), 'params')} on {quantity(float(d), 'tokens')}"
        for p, d in zip(numbers.run_params, numbers.run_tokens, strict=True)
    ]
    if numbers.names is not None:
        says = [f"{name}: {text}" for name, text in zip(numbers.names, says, strict=True)]
    drawn = scatter(plot, numbers.run_params, numbers.run_tokens, says, radius=2.0, rim=0.5)
    layers += drawn.layers
    layers.append(line(rows(x=numbers.path_params, y=tokens), "law", width=2.2))
    if numbers.target:
        said = f"The plan: {quantity(numbers.target[0], 'params')} on {quantity(numbers.target[1], 'tokens')}"
        layers.append(
            dots(rows(x=[numbers.target[0]], y=[numbers.target[1]], d=[said]), "ink", radius=4.2, hollow=True, rim=2)
        )
    places = keep_apart([at for _, at in exits], 2, plot.down - 2, apart=12.5, reach=7)
    for (level, _), place in zip(exits, places, strict=True):
        if place is not None:
            at = rows(x=plot.at_x([plot.across + 5]), y=plot.at_y([place]), t=[tick_label(level, "plain")])
            layers += words(at)
    band = f" with its {percent(numbers.level)} band" if numbers.path_low is not None else ""
    noun = numbers.response.replace("_", " ")
    note = (
        f"Lines of equal {noun} of the fitted law, labelled at the right edge. Blue: best allocation{band}. "
        f"Dots: {plural(len(numbers.run_params), 'run')}.{diagonals}"
        f"{' Ring: the plan.' if numbers.target else ''} {drawn.note}"
    ).strip()
    return Figure("contour", plot.spec(layers), contour_finding(numbers), note, _table(numbers, tokens))


def contour_finding(numbers: ContourNumbers) -> str:
    """The sentence above the contour chart."""
    ratio = numbers.path_flops / (numbers.cost * numbers.path_params**2)
    reach = float(np.max(numbers.cost * numbers.run_params * numbers.run_tokens))
    first, last = float(ratio[0]), float(ratio[-1])
    if max(first, last) / min(first, last) < 1.5:
        middle = float(np.exp(np.mean(np.log(ratio))))
        text = f"The path of best allocation stays near {number(rounded(middle))} tokens per parameter"
    else:
        way = "rises" if last > first else "falls"
        ends = f"{number(rounded(first))} to {number(rounded(last))}"
        start, stop = compute(rounded(numbers.path_flops[0], 1)), compute(rounded(numbers.path_flops[-1], 1))
        text = f"The best allocation {way} from {ends} tokens per parameter between {start} and {stop} FLOP"
    if not numbers.target:
        return f"{text}."
    beyond = numbers.cost * numbers.target[0] * numbers.target[1] / reach
    if beyond <= 1.05:
        return f"{text}; the target lies inside the measured range."
    return f"{text}; the target lies {math.log10(beyond):.1f} decades ({times(beyond)}) past the largest run."


def _equal_compute(plot: Frame, numbers: ContourNumbers) -> tuple[list[Layer], str]:
    """Diagonals of equal compute, at most six, and the sentence that says how far they are apart."""
    low = math.ceil(math.log10(numbers.cost * plot.x.low * plot.y.low))
    high = math.floor(math.log10(numbers.cost * plot.x.high * plot.y.high))
    stride = max(1, math.ceil((high - low + 1) / 6))
    lines, names, shown = [], [], []
    for decade in range(low + (high - low) % stride, high + 1, stride):
        product = 10.0**decade / numbers.cost
        left = max(plot.x.low, product / plot.y.high)
        right = min(plot.x.high, product / plot.y.low)
        if left >= right:
            continue
        shown.append(decade)
        lines.append((left, product / left, right, product / right))
        if 70 < float(plot.px(left)) < plot.across - 4:
            names += rows(x=[left], y=plot.at_y([-8]), t=[compute(10.0**decade)])
    if not lines:
        return [], ""
    x, y, x2, y2 = (list(column) for column in zip(*lines, strict=True))
    layers = [rule(rows(x=x, y=y, x2=x2, y2=y2), "faint", dash=(1, 3))]
    span = compute(10.0 ** shown[0]) + (f" to {compute(10.0 ** shown[-1])}" if len(shown) > 1 else "")
    step = f", each {10**stride:,} times the one before" if len(shown) > 1 else ""
    return layers + (
        words(names, size=10.5, align="center") if names else []
    ), f" Dotted: equal compute, {span} FLOP{step}."


def _equal_loss(
    plot: Frame, numbers: ContourNumbers, levels: Sequence[float]
) -> tuple[Layer, list[tuple[float, float]]]:
    """Lines of equal loss, and for those that leave on the right the pixel at which they do."""
    from contourpy import contour_generator

    lines = contour_generator(np.log10(numbers.params), np.log10(numbers.tokens), numbers.value)
    drawn, exits = [], []
    for level in levels:
        for part, points in enumerate(lines.lines(level)):
            x, y = (10 ** np.asarray(points, dtype=np.float64)).T
            keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), 60)).round().astype(int))
            drawn += rows(x=x[keep], y=y[keep], s=f"{level:g}/{part}")
            tip = int(np.argmax(x))
            if x[tip] >= plot.x.high * 0.995:
                exits.append((level, float(plot.py(y[tip]))))
    return line(drawn, "faint", width=1.1, series=True), exits


def _table(numbers: ContourNumbers, tokens: Array) -> Numbers:
    columns: list[tuple[str, str]] = [("FLOP", "flops"), ("best size", "count"), ("tokens", "count")]
    values = [numbers.path_flops.tolist(), numbers.path_params.tolist(), tokens.tolist()]
    if numbers.path_low is not None and numbers.path_high is not None:
        columns += [("size, low", "count"), ("size, high", "count")]
        values += [numbers.path_low.tolist(), numbers.path_high.tolist()]
    return Numbers(tuple(columns), tuple(zip(*values, strict=True)))
