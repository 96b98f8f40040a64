"""The crossing chart of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.report.charts.crossing import CrossingNumbers, FamilyCurve, draw_crossing
from gnomon.report.figure import Figure
from gnomon.report.frame import WIDE

if TYPE_CHECKING:
    from gnomon.forecast import Comparison


def crossing_numbers(found: Comparison) -> CrossingNumbers:
    """All families; the crossing is that of the two that are best at the point compared at."""
    best = sorted(found.families, key=lambda f: f.value, reverse=found.better == "high")[:2]
    names = {f.name for f in best}
    crossing = next(p.crossing for p in found.pairs if {p.first, p.second} == names)
    families = [FamilyCurve(f.name, f.x, f.y, f.used, f.curve, f.curve_low, f.curve_high) for f in found.families]
    return CrossingNumbers(
        families,
        found.grid,
        crossing.winner,
        crossing.loser,
        crossing.value,
        crossing.low,
        crossing.high,
        crossing.share,
        crossing.reported,
        crossing.inside,
        found.axis,
        found.response,
        found.level,
    )


def crossing_figure(found: Comparison, *, width: float = WIDE) -> Figure:
    """Who is lower at which scale, and where that changes."""
    return draw_crossing(crossing_numbers(found), width=width)
