"""How sure the best size is: fifty dots, each two percent of what the data allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, Axis, Ticks, log_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, dots, rows, words
from gnomon.report.words import number, percent, quantity

DOTS = 50


@dataclass(frozen=True)
class AllocationNumbers:
    """Draws of the best value of one quantity.

    Attributes:
        draws: shape (B,), positive, e.g. the best parameter count under each bootstrap law.
        recommended: what the plan takes.
        flops: the budget.
        column: canonical column of the quantity.
        level: dots outside this central range are hollow.
    """

    draws: Array
    recommended: float
    flops: float | None = None
    column: str = "params"
    level: float = 0.9


def draw_allocation(numbers: AllocationNumbers, *, width: float = HALF, height: float = 215) -> Figure:
    """Finding: where half and where nine tenths of the draws put the best size."""
    share = (np.arange(DOTS) + 0.5) / DOTS
    value = np.quantile(numbers.draws, share)
    at = f" at {quantity(numbers.flops, 'flops')}" if numbers.flops else ""
    span = [value, np.array([numbers.recommended]), np.median(value) * np.array([0.85, 1.18])]
    x = log_axis(span, f"best {_noun(numbers)}{at}", "count", most=5, pad=0.05)
    blank = Axis(0.0, 1.0, "", Ticks((), ()))
    plot = frame(x, blank, width=width, height=height, left=8, right=10, top=30)
    column, stack, size = _stacks(plot.px(value), plot.down - 8)
    place = rows(x=plot.at_x(column), y=plot.at_y(plot.down - size * (stack + 0.55)), d=_says(value, share, numbers))
    inner = np.abs(share - 0.5) <= numbers.level / 2
    solid = [row for row, keep in zip(place, inner, strict=True) if keep]
    open_ = [row for row, keep in zip(place, inner, strict=True) if not keep]
    layers: list[Layer] = [dots(solid, "law", radius=0.42 * size, rim=0)]
    if open_:
        layers.append(dots(open_, "law", radius=0.42 * size - 0.6, hollow=True, rim=1.4))
    at_x = float(plot.px(numbers.recommended))
    text = number(numbers.recommended, "count")
    half = text_width(text, 12, bold=True) / 2
    layers.append(dots(rows(x=[numbers.recommended], y=plot.at_y([-6])), "ink", radius=3.8, shape="triangle-down"))
    right = at_x + 10 + 2 * half <= plot.across + plot.right
    layers += words(
        rows(x=plot.at_x([at_x + (9 if right else -9)]), y=plot.at_y([-6]), t=[text]),
        "ink", size=12, align="left" if right else "right", bold=True,
    )  # fmt: skip
    note = (
        f"Each dot is {100 // DOTS}% of {len(numbers.draws):,} draws: {DOTS} equally likely worlds. "
        f"Filled: inside the {percent(numbers.level)} interval. Triangle: the recommendation."
    )
    table = Numbers(
        (("share of draws below", "percent"), (_noun(numbers), "count")),
        tuple(zip(share.tolist(), value.tolist(), strict=True)),
    )
    return Figure("allocation", plot.spec(layers, y_axis=False), allocation_finding(numbers), note, table)


def allocation_finding(numbers: AllocationNumbers) -> str:
    """The sentence above the quantile dots."""
    tail = (1 - numbers.level) / 2
    low, first, third, high = np.quantile(numbers.draws, [tail, 0.25, 0.75, 1 - tail])
    if high / low < 1.02:
        return f"All draws agree on the best {_noun(numbers)}: {number(float(np.median(numbers.draws)), 'count')}."
    half = f"between {number(first, 'count')} and {number(third, 'count')}"
    return (
        f"Half of the draws put the best {_noun(numbers)} {half}; "
        f"{percent(numbers.level)} between {number(low, 'count')} and {number(high, 'count')}."
    )


def _noun(numbers: AllocationNumbers) -> str:
    return {"params": "size", "tokens": "token count"}.get(numbers.column, numbers.column.replace("_", " "))


def _stacks(pixel: Array, room: float) -> tuple[Array, Array, float]:
    """Columns of dots, as large as the room allows: middle of each dot's column, dots below it, distance of dots."""
    for size in (15.0, 13.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0):
        column = np.round(pixel / size)
        height = np.zeros(len(pixel))
        for index in range(1, len(pixel)):
            height[index] = height[index - 1] + 1 if column[index] == column[index - 1] else 0
        if size * (height.max() + 1) <= room:
            break
    return column * size, height, size


def _says(value: Array, share: Array, numbers: AllocationNumbers) -> list[str]:
    return [
        f"{percent(float(s))} of the draws lie below {number(float(v), 'count')}"
        for v, s in zip(value, share, strict=True)
    ]
