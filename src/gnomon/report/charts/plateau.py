"""What it costs to train another size with the same compute: the flat ground around the optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, Axis, linear_ticks, log_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, frame
from gnomon.report.marks import Layer, band, dots, line, rows, rule, zone
from gnomon.report.words import number, percent, quantity


@dataclass(frozen=True)
class PlateauNumbers:
    """Regret of a size over the best one, at one budget.

    Attributes:
        params: shape (m,), increasing.
        regret: shape (m,), expected excess loss, as a fraction of the loss.
        best: the recommended size.
        flops: the budget.
        tolerance: regret that is as good as none, fraction.
        low: shape (m,), lower end of the regret over draws.
        high: shape (m,), upper end.
        level: of that band.
        draws: number of draws.
    """

    params: Array
    regret: Array
    best: float
    flops: float | None = None
    tolerance: float = 0.0025
    low: Array | None = None
    high: Array | None = None
    level: float = 0.9
    draws: int | None = None


def draw_plateau(numbers: PlateauNumbers, *, width: float = HALF, height: float = 215) -> Figure:
    """Finding: the range of sizes that cost less than the tolerance."""
    tall = float(np.clip(100 * np.max(numbers.regret), 400 * numbers.tolerance, 800 * numbers.tolerance))
    at = f" at {quantity(numbers.flops, 'flops')}" if numbers.flops else ""
    inner = numbers.params[numbers.regret * 100 <= tall * 1.2]
    x = log_axis([inner], f"parameters{at}", "count", most=6, pad=0)
    y = Axis(-0.03 * tall, tall, "excess loss (%)", linear_ticks(0, tall, most=5))
    plot = frame(x, y, width=width, height=height)
    layers: list[Layer] = []
    ends, _ = flat_range(numbers)
    layers.append(zone(rows(x=[ends[0]], x2=[ends[1]], y=[plot.y.low], y2=[plot.y.high])))
    if numbers.low is not None and numbers.high is not None:
        spread = np.minimum(100 * numbers.high, 3 * tall)
        layers.append(band(rows(x=numbers.params, y=100 * numbers.low, y2=spread), "band-new"))
    tolerated = 100 * numbers.tolerance
    layers.append(rule(rows(x=[plot.x.low], x2=[plot.x.high], y=[tolerated], y2=[tolerated]), "faint", dash=(4, 3)))
    layers.append(line(rows(x=numbers.params, y=np.minimum(100 * numbers.regret, 3 * tall)), "law"))
    at_best = float(np.interp(np.log(numbers.best), np.log(numbers.params), numbers.regret))
    says = [f"{quantity(numbers.best, 'params')}: expected excess loss {percent(at_best)}"]
    layers.append(dots(rows(x=[numbers.best], y=[100 * at_best], d=says), "ink", radius=4.2, hollow=True, rim=2))
    level = f", with its {percent(numbers.level)} band" if numbers.low is not None else ""
    draws = f" of {numbers.draws:,} draws" if numbers.draws else ""
    note = (
        f"Expected loss above the best size of each{draws or ' draw'} (regret){level}. "
        f"Grey: under the dashed {percent(numbers.tolerance)}, where other reasons may decide. Ring: the plan."
    )
    return Figure("plateau", plot.spec(layers), plateau_finding(numbers), note, _table(numbers))


def plateau_finding(numbers: PlateauNumbers) -> str:
    """The sentence above the plateau chart."""
    (low, high), (open_low, open_high) = flat_range(numbers)
    cost = f"costs less than {percent(numbers.tolerance)} in expected loss"
    if open_low and open_high:
        span = f"between {number(low, 'count')} and {number(high, 'count')}"
        return f"No size {span} costs more than {percent(numbers.tolerance)} in expected loss."
    if open_high:
        return f"Anything from {number(low, 'count')} parameters up to the end of the picture {cost}."
    if open_low:
        return f"Anything up to {number(high, 'count')} parameters {cost}."
    return f"Anything from {number(low, 'count')} to {number(high, 'count')} parameters {cost}."


def flat_range(numbers: PlateauNumbers) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """Ends of the range around the best size where regret stays under the tolerance, and which ends are open."""
    x, regret = np.log(numbers.params), numbers.regret
    start = int(np.argmin(np.abs(x - np.log(numbers.best))))
    if regret[start] > numbers.tolerance:
        start = int(np.argmin(regret))
    low = high = start
    while low > 0 and regret[low - 1] <= numbers.tolerance:
        low -= 1
    while high < len(x) - 1 and regret[high + 1] <= numbers.tolerance:
        high += 1
    ends = [x[low], x[high]]
    if low > 0:
        ends[0] = np.interp(-numbers.tolerance, [-regret[low - 1], -regret[low]], [x[low - 1], x[low]])
    if high < len(x) - 1:
        ends[1] = np.interp(numbers.tolerance, [regret[high], regret[high + 1]], [x[high], x[high + 1]])
    return (float(np.exp(ends[0])), float(np.exp(ends[1]))), (low == 0, high == len(x) - 1)


def _table(numbers: PlateauNumbers) -> Numbers:
    columns: list[tuple[str, str]] = [("parameters", "count"), ("excess loss", "percent")]
    values = [numbers.params.tolist(), numbers.regret.tolist()]
    if numbers.low is not None and numbers.high is not None:
        columns += [("low", "percent"), ("high", "percent")]
        values += [numbers.low.tolist(), numbers.high.tolist()]
    return Numbers(tuple(columns), tuple(zip(*values, strict=True)))
