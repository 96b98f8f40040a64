"""Range bars: an interval and its value as `├──●──┤` on a scale shared by a column."""

from __future__ import annotations

from dataclasses import dataclass

from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.text import Span

SIGNS = {False: ("├", "─", "┤", "●", "◂", "▸", "┼"), True: ("|", "-", "|", "o", "<", ">", "+")}


@dataclass(frozen=True)
class Scale:
    """Numbers to columns: `low` falls on the first of `cells` columns, `high` on the last."""

    low: float
    high: float
    cells: int

    def place(self, x: float) -> float:
        """Column of a number, not rounded; outside the scale below 0 or above cells - 1."""
        if self.high <= self.low:
            return (self.cells - 1) / 2
        return (x - self.low) / (self.high - self.low) * (self.cells - 1)


def range_bar(
    scale: Scale, low: float | None, value: float, high: float | None, look: Look, mark: float | None = None
) -> Span:
    """The interval from low to high with its value; ends beyond the scale become arrows.

    Args:
        scale: shared by all bars of a column.
        low, high: the interval; None for a value alone.
        value: the dot.
        look: decides on the signs.
        mark: another number on the same line (what was measured), drawn as a cross.
    """
    left, line, right, dot, before, beyond, cross = SIGNS[look.plain]
    last = scale.cells - 1

    def at(x: float) -> int:
        return round(min(max(scale.place(x), 0), last))

    cells = [" "] * scale.cells
    if low is not None and high is not None:
        first, final = at(low), at(high)
        for i in range(first, final + 1):
            cells[i] = line
        cells[first] = before if scale.place(low) < -0.5 else left
        cells[final] = beyond if scale.place(high) > last + 0.5 else right
    cells[at(value)] = dot
    if mark is not None:
        place = scale.place(mark)
        cells[at(mark)] = before if place < -0.5 else beyond if place > last + 0.5 else cross
    return Span("".join(cells).rstrip(), "bar")
