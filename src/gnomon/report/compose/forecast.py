"""The report of a forecast: the value, between what and what, why so wide, and how such forecasts did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import RefusalError
from gnomon.report.charts import draw_forecast
from gnomon.report.compose.cells import distance_cell, expectation, grade_cell, range_of, shared_scale, track_cell
from gnomon.report.compose.evidence import evidence_section, provenance
from gnomon.report.compose.fit import lead_of
from gnomon.report.compose.risks import risk_section
from gnomon.report.frame import PHONE
from gnomon.report.live.leave_out import where_words
from gnomon.report.live.records import forecast_numbers
from gnomon.report.page import Block, Box, Head, Lead, Missing, Page, Prose, Record, Section, Spread, Table
from gnomon.report.words import interval, loss, percent, times

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast, Point
    from gnomon.forecast.track import TrackRecord

TERMS = {
    "bootstrap": "refits: the parameters are estimated",
    "residual": "noise: one more run has its own",
    "spread": "laws: the law is not known",
    "backtest": "hidden runs: all laws can be wrong together",
}
"""The named terms of the interval's variance and what each holds."""


def forecast_report(found: Forecast, fit: Fit, *, record: TrackRecord | None = None, again: str = "") -> Page:
    """The page of a forecast.

    Args:
        found: one or several points; the first is in the box.
        fit: the law behind it, or one fitted to the same runs, for the pictures.
        record: from `gnomon.forecast.track.track_record`, where it was made already.
        again: the command that makes this page.

    Raises:
        RefusalError: there is no point.
    """
    from gnomon.forecast.track import track_record

    if not found.points:
        raise RefusalError("This forecast has no point to report.", code="no-points")
    record = record or track_record(fit)
    first = found.points[0]
    worst = max(found.points, key=lambda p: p.horizon)
    sections = (
        Section("Forecasts", forecasts(found), "for a new run, each"),
        evidence_section(fit, record, point=first),
        Section("Interval", (width_table(found), laws_table(found)), "where its width comes from"),
        risk_section([*worst.notices, *found.notices], record, noise=fit.residual_sd, horizon=worst.horizon),
        Section("Next runs", (Missing("Not ranked.", "gnomon plan next-runs ranks them for a target and a budget."),)),
        Section("Provenance", (Record((("method", found.method), *provenance(fit, again or again_of(found)))),)),
    )
    return Page(
        "forecast",
        f"{found.response.replace('_', ' ').capitalize()} of {where_words(first.at)}",
        lead_of(fit),
        Box(
            (
                point_cell(found, first),
                distance_cell(first.decades, first.horizon),
                track_cell(record),
                grade_cell(first.grade),
            ),
            "Answer",
        ),
        sections,
        found.to_dict() | {"fit": fit.to_dict(), "backtest": record.to_dict(), "beyond": beyond(first)},
        summary(found),
    )


def point_cell(found: Forecast, point: Point) -> Any:
    """The value of a point with both intervals."""
    return expectation(
        found.response,
        point.value,
        _pair(point.low, point.high),
        _pair(point.curve_low, point.curve_high),
        point.level,
        "the law has no rivals to be held against",
    )


def forecasts(found: Forecast) -> tuple[Block, ...]:
    """A row a point, and from two points on their picture."""
    scale = shared_scale([end for p in found.points for end in (p.low, p.high)])
    rows = []
    for p in found.points:
        pair = _pair(p.low, p.high)
        half = None if pair is None else (pair[1] - pair[0]) / 2
        bar = None if pair is None else range_of(p.value, pair, _pair(p.curve_low, p.curve_high), scale)
        shown = Spread(loss(p.value, half, more=1), interval(*pair, more=1) if pair else "", bar)
        rows.append((where_words(p.at), shown, times(10**p.horizon) if p.horizon > 0 else "inside", p.grade.letter))
    level = percent(found.points[0].level)
    heads = (Head("point", "left"), Head(f"{found.response.replace('_', ' ')} {level}"), Head("beyond"), Head("grade"))
    table = Table(heads, tuple(rows), note="Beyond: factor from the largest run, along the input that goes farthest.")
    if len(found.points) < 2:
        return (table,)
    numbers = forecast_numbers(found)
    return table, Lead(draw_forecast(numbers), draw_forecast(numbers, width=PHONE))


def width_table(found: Forecast) -> Table | Prose:
    """Shares of the variance at every point."""
    known = [name for name in TERMS if any(name in p.terms for p in found.points)]
    if not known:
        return Prose("There is no interval to take apart.")
    heads = (Head("term", "left"), *(Head(where_words(p.at)) for p in found.points))
    rows = tuple((TERMS[name], *(percent(p.terms.get(name, 0.0)) for p in found.points)) for name in known)
    return Table(heads, rows, note="Share of the variance of ln(response).")


def laws_table(found: Forecast) -> Table | Missing:
    """What every law that was asked says."""
    names = list(found.points[0].laws)
    if not names:
        return Missing(
            "One law.", "No other law takes these inputs; the interval does not know that this one may be wrong."
        )
    heads = (Head("law", "left"), *(Head(where_words(p.at)) for p in found.points))
    rows = tuple((name, *(loss(p.laws[name], _half(p), more=1) for p in found.points)) for name in names)
    return Table(
        heads,
        rows,
        note="Laws that fit alike inside the runs and bend differently beyond: their spread is part of the width.",
    )


def beyond(point: Point) -> dict[str, float]:
    """Factors from the largest run to a point, by column and in all."""
    return {**{name: 10.0**d for name, d in point.decades.items()}, "all": 10.0**point.horizon}


def summary(found: Forecast) -> str:
    """A line a point."""
    lines = []
    for p in found.points:
        pair = _pair(p.low, p.high)
        between = f" ({percent(p.level)}: {interval(*pair)})" if pair else ""
        far = f", {times(10**p.horizon)} beyond the largest run" if p.horizon > 0 else ""
        lines.append(
            f"{where_words(p.at)}: {found.response} {loss(p.value, _half(p))}{between}{far}; grade {p.grade.letter}"
        )
    return "\n".join(lines)


def again_of(found: Forecast) -> str:
    """The command that makes such a page from a saved fit."""
    points = " ".join("--at " + ",".join(f"{k}={v:.6g}" for k, v in p.at.items()) for p in found.points[:3])
    return f"gnomon report fit.json {points} -o report.html"


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def _half(point: Point) -> float | None:
    return None if point.low is None or point.high is None else (point.high - point.low) / 2
