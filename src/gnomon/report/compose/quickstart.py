"""The report of a forecast that was made before its run was trained, and what the run then measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gnomon.report.charts import draw_ladder
from gnomon.report.compose.cells import distance_cell, range_of, track_cell
from gnomon.report.compose.evidence import diagnostics, lead, provenance, rows_told, track
from gnomon.report.compose.forecast import beyond, laws_table, point_cell, summary, width_table
from gnomon.report.compose.risks import risk_section
from gnomon.report.frame import PHONE
from gnomon.report.live.leave_out import where_words
from gnomon.report.live.records import ladder_numbers
from gnomon.report.page import Block, Box, BoxCell, Check, Code, Lead, Missing, Page, Record, Section, Value
from gnomon.report.words import in_ten, loss, percent, plural, times

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast
    from gnomon.forecast.track import TrackRecord
    from gnomon.runs import Runs


def quickstart_report(
    document: Mapping[str, Any],
    *,
    found: Forecast,
    ladder: Runs,
    fit: Fit,
    measured: float | None,
    record: TrackRecord | None = None,
) -> Page:
    """The page of a quickstart.

    Args:
        document: what `--json` prints.
        found: the forecast, made before the run.
        ladder: the small runs it was made from.
        fit: one law fitted to them, for the pictures.
        measured: response of the run; `None` when it diverged.
        record: from `gnomon.forecast.track.track_record`, where it was made already.
    """
    from gnomon.forecast.track import track_record

    record = record or track_record(fit)
    point = found.points[0]
    numbers = ladder_numbers(ladder, response=found.response)
    small: Block = Missing("No ladder.", "No size was trained on two amounts of text.")
    if numbers is not None:
        small = Lead(draw_ladder(numbers, width=700, height=340), draw_ladder(numbers, width=PHONE))
    commands = (
        "gnomon plan allocate fit.json --flops 1e15",
        "gnomon report fit.json -o fit.html",
        "gnomon backtest runs.parquet --law chinchilla --law recipe",
    )
    sections = (
        Section(
            "Forecast",
            (lead(fit, point, measured=measured), width_table(found), laws_table(found)),
            "made before the run",
        ),
        Section("Ladder", (small,), plural(len(ladder), "small run")),
        Section("Evidence", (*track(record), diagnostics(fit, point, opened=False)), rows_told(fit)),
        risk_section([*point.notices, *found.notices], record, noise=fit.residual_sd, horizon=point.horizon),
        Section("Next steps", (Code("\n".join(commands)),), "in the folder of this page"),
        Section("Provenance", (Record((("method", found.method), *provenance(fit, "gnomon quickstart"))),)),
    )
    return Page(
        "quickstart",
        f"A model of {where_words(point.at).replace(' on ', ' parameters on ')} tokens, forecast before it was trained",
        f"From {plural(len(ladder), 'small model')} trained on the text that ships with Python, "
        f"the largest with {times(1 / document['horizon'])} of its compute.",
        Box(
            (
                point_cell(found, point),
                _measured(document, found, measured),
                distance_cell(point.decades, point.horizon),
                track_cell(record),
            ),
            "Answer",
        ),
        sections,
        {
            **document,
            "points": found.to_dict()["points"],
            "fit": fit.to_dict(),
            "backtest": record.to_dict(),
            "beyond": beyond(point),
        },
        summary(found) + (f"\nmeasured {loss(measured)}" if measured is not None else ""),
    )


def _measured(document: Mapping[str, Any], found: Forecast, measured: float | None) -> BoxCell:
    """What came out, beside the same interval."""
    point = found.points[0]
    if measured is None:
        return BoxCell("Measured", (Value("nothing"),), notes=("The run diverged.",))
    pair = None if point.low is None or point.high is None else (point.low, point.high)
    half = None if pair is None else (pair[1] - pair[0]) / 2
    off = f"{percent(abs(float(document['error'])))} {'above' if document['error'] < 0 else 'below'} the forecast."
    inside = document["inside"]
    checks = (
        ()
        if inside is None
        else (
            Check(
                bool(inside),
                "inside the interval" if inside else f"outside the interval that holds {in_ten(point.level)}",
            ),
        )
    )
    bar = None if pair is None else range_of(measured, (measured, measured), scale=_scale(pair))
    return BoxCell("Measured", (Value(loss(measured, half)),), bar=bar, notes=(off,), checks=checks)


def _scale(pair: tuple[float, float]) -> tuple[float, float]:
    bar = range_of(pair[0], pair)
    return bar.scale_low, bar.scale_high
