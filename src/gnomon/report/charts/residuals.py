"""What the law leaves over, against scale: trend, bend, and runs that do not belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, linear_axis, log_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, frame
from gnomon.report.marks import Layer, band, line, rows, rule
from gnomon.report.scatter import scatter
from gnomon.report.words import capital, kind_of, meaning, percent, plural, quantity, rounded, several


@dataclass(frozen=True)
class ResidualNumbers:
    """Residuals of a fit.

    Attributes:
        x: shape (n,), scale of each run.
        residual: shape (n,), ln(measured) - ln(law).
        x_name: canonical column of x.
        names: of the runs.
    """

    x: Array
    residual: Array
    x_name: str = "flops"
    names: Sequence[str] | None = None


def draw_residuals(numbers: ResidualNumbers, *, width: float = HALF, height: float = 220) -> Figure:
    """Finding: a trend or bend with scale, or none, and the number of runs beyond three robust standard deviations."""
    value = 100 * np.asarray(numbers.residual)
    sd = 100 * robust_sd(numbers.residual)
    ends = np.array([-4 * sd, 4 * sd])
    limit = 15 * sd if sd > 0 else np.inf
    inner = value[np.abs(value) <= limit]
    y = linear_axis([inner, ends], "residual (%)", "signed", most=7)
    narrow = width < 500
    x = log_axis([numbers.x], meaning(numbers.x_name), kind_of(numbers.x_name), most=4 if narrow else 8)
    plot = frame(x, y, width=width, height=height)
    span = {"x": plot.x.low, "x2": plot.x.high}
    layers: list[Layer] = []
    middle, quarter, three = _running(numbers.x, value)
    if len(middle) > 1:
        layers.append(band(rows(x=middle, y=quarter[0], y2=quarter[1]), "band-new"))
    layers.append(rule(rows(**span, y=[0.0], y2=[0.0]), "axis"))
    layers.append(rule(rows(**span, y=[-3 * sd, 3 * sd], y2=[-3 * sd, 3 * sd]), "faint", dash=(4, 3)))
    far = np.abs(value) > 3 * sd
    says = np.array(_says(numbers), dtype=object)
    near = scatter(plot, numbers.x[~far], value[~far], says[~far], radius=2.1)
    wild = scatter(plot, numbers.x[far], value[far], says[far], role="held", radius=2.8)
    layers += near.layers
    if len(middle) > 1:
        layers.append(line(rows(x=middle, y=three), "law", width=2.2))
    layers += wild.layers
    blue = " Blue: running median with its interquartile range." if len(middle) > 1 else ""
    note = (
        f"Residual = ln(measured) − ln(law), in percent, of {plural(len(value), 'run')}.{blue} Dashed: three robust "
        f"standard deviations ({percent(sd / 100)} each); orange: beyond them. {wild.note} {near.note}"
    )
    return Figure("residuals", plot.spec(layers), residual_finding(numbers), " ".join(note.split()), _table(numbers))


def residual_finding(numbers: ResidualNumbers) -> str:
    """The sentence above the residual chart."""
    count = len(numbers.residual)
    far = int((np.abs(numbers.residual) > 3 * robust_sd(numbers.residual)).sum())
    beyond = f"{several(far)} of {count:,} runs {'lies' if far == 1 else 'lie'} beyond three robust standard deviations"
    beyond = beyond if far else f"none of {count:,} runs lies beyond three robust standard deviations"
    kind, size = trend(numbers.x, numbers.residual)
    if kind == "none":
        reach = quantity(rounded(np.max(numbers.x)), numbers.x_name)
        return f"Residuals show no trend with scale up to {reach}; {beyond}."
    if kind == "slope":
        way = "rise" if size > 0 else "fall"
        return f"Residuals {way} with scale, by {percent(abs(size))} per decade; {beyond}."
    where = "below the runs at both ends" if size > 0 else "above the runs at both ends"
    return f"Residuals bend: the law lies {where} and on the other side in the middle; {beyond}."


def trend(x: Array, residual: Array) -> tuple[str, float]:
    """Whether residuals depend on scale: rank correlation with scale, then with the distance from its middle.

    Returns:
        `("slope", change per decade)`, `("bend", sign)` or `("none", 0)`; both tests at 1%, on ranks, so that a few
        wild runs decide nothing.
    """
    count = len(x)
    if count < 6 or np.ptp(np.log10(x)) < 1e-9 or np.ptp(residual) == 0:
        return "none", 0.0
    scale, left = _ranks(np.log10(x)), _ranks(residual)
    limit = 2.576 / np.sqrt(count - 1)  # two-sided 1% of the normal limit of Spearman's correlation
    straight = float(np.corrcoef(scale, left)[0, 1])
    if abs(straight) > limit:
        return "slope", _median_slope(np.log10(x), residual)
    middle = (scale - scale.mean()) ** 2
    bend = float(np.corrcoef(_ranks(middle), left)[0, 1])
    return ("bend", float(np.sign(bend))) if abs(bend) > limit else ("none", 0.0)


def robust_sd(residual: Array) -> float:
    """1.4826 median(|r|): the standard deviation of a normal law around the fit, unmoved by a few wild runs."""
    return float(1.4826 * np.median(np.abs(residual)))


def _ranks(values: Array) -> Array:
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[inverse], dtype=np.float64)


def _median_slope(x: Array, y: Array) -> float:
    """Theil and Sen: median slope over pairs of runs; of very many runs a fixed sample of pairs."""
    count = len(x)
    first, second = (
        np.triu_indices(count, 1) if count <= 400 else np.random.default_rng(0).integers(0, count, (2, 80_000))
    )
    step = x[second] - x[first]
    apart = np.abs(step) > 1e-9
    return float(np.median((y[second] - y[first])[apart] / step[apart]))


def _running(x: Array, value: Array, most: int = 8) -> tuple[Array, tuple[Array, Array], Array]:
    """Median and quartiles in up to eight bins of equal count, at least five runs each."""
    bins = min(most, len(x) // 5)
    if bins < 2 or np.ptp(np.log10(x)) < 1e-9:
        return np.empty(0), (np.empty(0), np.empty(0)), np.empty(0)
    parts = np.array_split(np.argsort(x, kind="stable"), bins)
    middle = np.array([np.exp(np.median(np.log(x[p]))) for p in parts])
    low, three, high = np.array([np.quantile(value[p], [0.25, 0.5, 0.75]) for p in parts]).T
    _, once = np.unique(middle, return_index=True)
    return middle[once], (low[once], high[once]), three[once]


def _says(numbers: ResidualNumbers) -> list[str]:
    says = []
    for i, (x, r) in enumerate(zip(numbers.x, numbers.residual, strict=True)):
        text = f"{quantity(float(x), numbers.x_name)}: {percent(float(r), signed=True)} from the law"
        says.append(f"{numbers.names[i]}, {text}" if numbers.names is not None else capital(text))
    return says


def _table(numbers: ResidualNumbers) -> Numbers:
    names = numbers.names if numbers.names is not None else [str(i + 1) for i in range(len(numbers.x))]
    columns = (("run", "text"), (meaning(numbers.x_name), kind_of(numbers.x_name)), ("residual", "percent"))
    return Numbers(columns, tuple(zip(names, numbers.x.tolist(), numbers.residual.tolist(), strict=True)))
