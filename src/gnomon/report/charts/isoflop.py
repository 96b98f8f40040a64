"""One parabola a budget: where each has its minimum, and whether it is bracketed at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.report.axes import Array, log_axis
from gnomon.report.ends import names_at_ends, shades
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, Rows, bar, dots, line, rows
from gnomon.report.scatter import scatter
from gnomon.report.words import capital, compute, interval, listed, loss, meaning, number, quantity, rounded, several


@dataclass(frozen=True)
class Budget:
    """The runs of one compute budget and the parabola through them.

    Attributes:
        flops: the budget.
        params: shape (n,), sizes.
        loss: shape (n,), measured.
        used: shape (n,), inside the window of the parabola.
        coefficients: (a, b, c) of loss = a + b u + c u^2 with u = ln(params); `None` when there is none.
        low: lower end of the interval of the best size.
        high: upper end.
    """

    flops: float
    params: Array
    loss: Array
    used: Array | None = None
    coefficients: tuple[float, float, float] | None = None
    low: float | None = None
    high: float | None = None

    @property
    def best(self) -> float | None:
        """The size at the minimum of the parabola, if it has one."""
        if self.coefficients is None or self.coefficients[2] <= 0:
            return None
        return float(np.exp(-self.coefficients[1] / (2 * self.coefficients[2])))

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Which runs the parabola went through."""
        return np.ones(len(self.params), dtype=bool) if self.used is None else np.asarray(self.used, dtype=bool)

    @property
    def side(self) -> str:
        """`bracketed`; `below` or `above` when the minimum lies beyond the smallest or largest run; `none`."""
        if self.best is None:
            return "none"
        sizes = self.params[self.inside]
        return "below" if self.best < sizes.min() else "above" if self.best > sizes.max() else "bracketed"


@dataclass(frozen=True)
class IsoflopNumbers:
    """Budgets of an isoFLOP design, with the level of the intervals of their minima."""

    budgets: Sequence[Budget]
    response: str = "loss"
    level: float = 0.9


def draw_isoflop(numbers: IsoflopNumbers, *, width: float = HALF, height: float = 260) -> Figure:
    """Finding: whether all budgets bracket their minimum, which do not, and how the best size grows."""
    budgets = sorted(numbers.budgets, key=lambda b: b.flops)
    x = log_axis([b.params for b in budgets], "parameters", "count", most=5 if width < 500 else 8)
    y = log_axis([b.loss for b in budgets], meaning(numbers.response), "plain", most=6)
    labels = [compute(rounded(b.flops)) for b in budgets]
    right = max(text_width(label, TEXT) for label in labels) + 12
    plot = frame(x, y, width=width, height=height, right=right)
    roles, step = shades(len(budgets))
    layers: list[Layer] = []
    curves: Rows = []
    ends: list[tuple[float, float]] = []
    notes: list[str] = []
    for budget, s in zip(budgets, step, strict=True):
        used = budget.inside
        said = np.array(_says(budget, numbers.response), dtype=object)
        for here, hollow in ((used, False), (~used, True)):
            if here.any():
                drawn = scatter(
                    plot, budget.params[here], budget.loss[here], said[here],
                    bins=np.zeros(int(here.sum())), roles=(roles[s],), radius=2.4, hollow=hollow,
                )  # fmt: skip
                layers += drawn.layers
                notes.append(drawn.note)
        if budget.coefficients is None:
            ends.append((float(budget.params.max()), float(budget.loss[np.argmax(budget.params)])))
            continue
        grid = np.geomspace(budget.params[used].min(), budget.params[used].max(), 40)
        value = np.polynomial.polynomial.polyval(np.log(grid), budget.coefficients)
        curves += [row | {"g": len(ends)} for row in rows(x=grid, y=value, s=s)]
        ends.append((float(grid[-1]), float(value[-1])))
    if curves:
        layers.insert(0, line(curves, "law", width=1.6, scale=roles))
        layers[0]["encoding"]["detail"] = {"field": "g", "type": "ordinal"}
    layers += [*_minima(budgets), *names_at_ends(plot, ends, labels)]
    outside = any(not b.inside.all() for b in budgets)
    beyond = " Hollow: runs outside the fitted window." if outside else ""
    missing = "".join(f" No minimum: {compute(b.flops)}." for b in budgets if b.best is None)
    note = (
        f"One parabola in ln(parameters) a budget, its FLOP at the end. Diamonds: minima"
        f"{' with their ' + format(numbers.level, '.0%') + ' intervals' if any(b.low for b in budgets) else ''}."
        f"{beyond}{missing} {' '.join(n for n in notes if n)}"
    ).strip()
    return Figure("isoflop", plot.spec(layers), isoflop_finding(numbers), note, _table(budgets))


def isoflop_finding(numbers: IsoflopNumbers) -> str:
    """The sentence above the isoFLOP chart."""
    budgets = sorted(numbers.budgets, key=lambda b: b.flops)
    good = [b for b in budgets if b.side == "bracketed"]
    bad = [b for b in budgets if b.side != "bracketed"]
    if not bad:
        if len(good) == 1:
            only = good[0]
            size = quantity(float(only.best or 0), "params")
            return f"The one budget brackets its minimum, {size}; one budget cannot show how it grows."
        span = f"from {number(good[0].best, 'count')} to {number(good[-1].best, 'count')} parameters"
        verb = "grows" if (good[-1].best or 0) > (good[0].best or 0) else "moves"
        every = "Both" if len(good) == 2 else f"All {several(len(good))}"
        return f"{every} budgets bracket their minimum; the best size {verb} {span}."
    first = bad[0]
    reasons = {
        "below": f"needs a run smaller than {number(float(first.params.min()), 'count')}",
        "above": f"needs a run larger than {number(float(first.params.max()), 'count')}",
        "none": "shows no minimum at all",
    }
    who = f"{compute(first.flops)} FLOP {reasons[first.side]}"
    if len(bad) > 1:
        others = listed([compute(b.flops) for b in bad[1:4]]) + (" and others" if len(bad) > 4 else "")
        who += f"; so do {others}" if all(b.side == first.side for b in bad) else f"; not bracketed either: {others}"
    verb = "does not bracket its" if len(bad) == 1 else "do not bracket their"
    return f"{capital(several(len(bad)))} of {several(len(budgets))} budgets {verb} minimum: {who}."


def _minima(budgets: Sequence[Budget]) -> list[Layer]:
    """Interval and diamond of each bracketed minimum."""
    found = [
        (b, b.best, float(np.polynomial.polynomial.polyval(np.log(b.best), b.coefficients)))
        for b in budgets
        if b.coefficients is not None and b.best and b.side == "bracketed"
    ]
    if not found:
        return []
    layers = []
    spans = [(b.low, b.high, float(value)) for b, _, value in found if b.low and b.high]
    if spans:
        low, high, at = (list(column) for column in zip(*spans, strict=True))
        layers.append(bar(rows(x=low, x2=high, y=at), "held", width=2.2, along="x", cap="round"))
    says = []
    for b, best, value in found:
        text = f"{compute(b.flops)} FLOP: best size {number(best, 'count')}"
        text += f" ({interval(b.low, b.high, 'count')})" if b.low and b.high else ""
        says.append(f"{text}, loss {loss(float(value))}")
    place = rows(x=[best for _, best, _ in found], y=[float(value) for _, _, value in found], d=says)
    return [*layers, dots(place, "held", radius=3.7, shape="diamond")]


def _says(budget: Budget, response: str) -> list[str]:
    at = f"{compute(rounded(budget.flops, 3))} FLOP"
    noun = response.replace("_", " ")
    return [
        f"{at}, {quantity(float(p), 'params')}: {noun} {loss(float(v))}"
        for p, v in zip(budget.params, budget.loss, strict=True)
    ]


def _table(budgets: Sequence[Budget]) -> Numbers:
    columns = (
        ("FLOP", "flops"),
        ("runs", "plain"),
        ("best size", "count"),
        ("low", "count"),
        ("high", "count"),
        ("minimum", "text"),
    )
    return Numbers(columns, tuple((b.flops, float(len(b.params)), b.best, b.low, b.high, b.side) for b in budgets))
