"""Cells of the box at the head of a report, each read from the document that the page carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gnomon.report.page import Bar, BoxCell, Check, GradeCell, Value
from gnomon.report.words import in_ten, interval, loss, number, percent, times

if TYPE_CHECKING:
    from gnomon.forecast import Grade
    from gnomon.forecast.track import TrackRecord

Pair = tuple[float, float]

AIR = 0.25  # of the interval's width, left free on both sides of its bar


def grade_cell(grade: Grade) -> GradeCell:
    """Four boxes with one filled, and the reasons."""
    return GradeCell(grade.letter, tuple(Check(r.good, r.text, r.needs or "") for r in grade.reasons))


def expectation(
    response: str, value: float, pair: Pair | None, inner: Pair | None, level: float, reason: str = ""
) -> BoxCell:
    """What to expect, between what and what, and the curve alone inside it.

    Args:
        response: column that is forecast.
        value: its forecast.
        pair: interval of a new run; `None` where unknown.
        inner: interval of the curve.
        level: of both.
        reason: why there is no interval.
    """
    label = "Expect a loss of" if response == "loss" else f"Expect {response.replace('_', ' ')}"
    if pair is None:
        return BoxCell(label, (Value(loss(value)),), notes=(f"No interval: {reason}.",) if reason else ())
    half = (pair[1] - pair[0]) / 2
    notes = () if inner is None else (f"The curve alone: {interval(*inner)}.",)
    return BoxCell(
        label, (Value(loss(value, half)),), interval(*pair), in_ten(level), range_of(value, pair, inner), notes
    )


def range_of(value: float, pair: Pair, inner: Pair | None = None, scale: Pair | None = None) -> Bar:
    """An interval as a bar, on a scale of its own where none is shared."""
    margin = AIR * (pair[1] - pair[0])
    low, high = scale or (pair[0] - margin, pair[1] + margin)
    return Bar(value, *pair, low, high, *(inner or (None, None)))


def shared_scale(ends: Sequence[float | None]) -> Pair | None:
    """One scale for the bars of a column."""
    known = [e for e in ends if e is not None]
    if not known:
        return None
    margin = 0.05 * (max(known) - min(known))
    return min(known) - margin, max(known) + margin


def track_cell(record: TrackRecord) -> BoxCell:
    """How the same procedure did on runs hidden from it."""
    if record.error is None:
        return BoxCell("Track record", (Value("none"),), notes=(f"Not tested on hidden runs: {record.reason}.",))
    caught = record.caught is not None and record.held_out is not None
    says = f"inside the {percent(record.level)} interval" if caught else ""
    return BoxCell(
        "Track record",
        (Value(percent(record.error), "mean error"),),
        f"{record.caught} of {record.held_out}" if caught else "",
        says,
        notes=(f"With the {record.told} hidden.",),
    )


def distance_cell(decades: Mapping[str, float], horizon: float) -> BoxCell:
    """How far beyond the runs the point lies."""
    if horizon <= 0:
        return BoxCell("Beyond the runs", (Value("inside"),), notes=("Every input lies within the range of the runs.",))
    parts = [f"{name.replace('_', ' ')} {times(10**d)}" for name, d in decades.items() if d > 0]
    return BoxCell(
        "Beyond the runs",
        (Value(times(10**horizon)),),
        notes=(f"{', '.join(parts)} of the largest run.",) if parts else (),
    )


def counted_value(value: float, noun: str) -> Value:
    """A count with its noun: 73.2B parameters."""
    return Value(number(value, "count"), noun)
