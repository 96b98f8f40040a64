"""The report of a fit: the law, how well its parameters are known, and how far to believe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnomon.report.charts import draw_profile
from gnomon.report.compose.cells import range_of, shared_scale, track_cell
from gnomon.report.compose.evidence import diagnostics, evidence_section, objective_prose, provenance, source_name
from gnomon.report.compose.risks import risk_section
from gnomon.report.live.records import law_name
from gnomon.report.page import (
    Block,
    Box,
    BoxCell,
    Check,
    Fold,
    Head,
    Missing,
    Page,
    Pair,
    Record,
    Section,
    Spread,
    Table,
    Value,
)
from gnomon.report.words import interval, number, percent, plural, quantity, rounded

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast.track import TrackRecord

MOST_EXPONENTS = 2  # shape parameters in the box; the table has all
MOST_PROFILES = 6  # of more parameters none is drawn: a page is read, not searched
MOST_PROFILED_ROWS = 5000  # a profile is 130 refits; of more rows they take more than a few seconds
MOST_RATIO = 3.0  # bars of the table end at a third and three times the value


def fit_report(fit: Fit, *, record: TrackRecord | None = None, again: str = "") -> Page:
    """The page of a fit.

    Args:
        fit: with its rows.
        record: from `gnomon.forecast.track.track_record`, where it was made already.
        again: the command that makes this page.
    """
    from gnomon.forecast.track import track_record

    record = record or track_record(fit)
    sections = (
        Section("Parameters", (parameter_table(fit),), f"{percent(fit.level)} intervals by {fit.intervals}"),
        evidence_section(fit, record),
        Section("Diagnostics", (objective_prose(fit), diagnostics(fit, opened=True), *profiles(fit))),
        risk_section(fit.notices, record, noise=fit.residual_sd),
        Section("Next runs", (Missing("Not ranked.", "gnomon plan next-runs ranks them for a target and a budget."),)),
        Section("Provenance", (Record(provenance(fit, again or "gnomon report fit.json -o report.html")),)),
    )
    noun = "loss" if fit.response == "loss" else fit.response.replace("_", " ")
    return Page(
        "fit",
        f"How {noun} scales: {law_name(fit)}",
        lead_of(fit),
        Box((_law(fit), _shape(fit), _miss(fit), track_cell(record)), "Answer"),
        sections,
        fit.to_dict() | {"backtest": record.to_dict(), "miss": _misses(fit)},
        _summary(fit, record),
    )


def profiles(fit: Fit) -> tuple[Block, ...]:
    """How far the runs let each fitted parameter move, two pictures a row."""
    from gnomon.report.live.profiles import profile_numbers

    if len(fit.fitted) > MOST_PROFILES or fit.used > MOST_PROFILED_ROWS:
        return (
            Missing(
                "No profiles.",
                f"They are drawn one by one: `gnomon fit RUNS --law NAME --picture profile:{fit.fitted[0]}`.",
            ),
        )
    drawn = [draw_profile(profile_numbers(fit, name)) for name in fit.fitted]
    pairs = [Pair(tuple(drawn[i : i + 2])) for i in range(0, len(drawn), 2)]
    return (Fold("Profiles: how far the runs let each parameter move", tuple(pairs), False),)


def lead_of(fit: Fit) -> str:
    """`From 240 runs, the largest of 1.3·10²² FLOP.`"""
    name = "flops" if "flops" in fit.range else fit.law.inputs[0]
    noun = plural(fit.runs_used, "run") + (f" ({fit.used:,} rows)" if fit.runs_used != fit.used else "")
    name_of = source_name(fit)
    source = f" of {name_of}" if name_of else ""
    return f"From {noun}{source}, the largest of {quantity(rounded(fit.range[name][1]), name)}."


def parameter_table(fit: Fit) -> Table:
    """Every parameter with its interval, on a scale of ratios to the value, and its meaning."""
    rows = []
    loose = {n.data["parameter"]: n.code for n in fit.notices if n.data and "parameter" in n.data}
    ratios = {
        name: (e.low / e.value, e.high / e.value)
        for name, e in fit.parameters.items()
        if e.low is not None and e.high is not None and e.value > 0
    }
    shown = [min(max(r, 1 / MOST_RATIO), MOST_RATIO) for pair in ratios.values() for r in pair]
    scale = shared_scale([float(np.log(r)) for r in shown if r > 0])
    for name, e in fit.parameters.items():
        value = number(e.value) if e.low is None or e.high is None else interval_value(e.value, e.low, e.high)
        between = "" if e.low is None or e.high is None else f"{number(e.low)} to {number(e.high)}"
        if fit.held is not None and name in fit.held.fixed:
            between = "fixed"
        bar = None
        if name in ratios and scale is not None and ratios[name][0] > 0:
            low, high = (float(np.log(r)) for r in ratios[name])
            bar = range_of(0.0, (max(low, scale[0]), min(high, scale[1])), scale=scale)
        note = {"not-alone": "not determined alone", "at-bound": "at a bound"}.get(loose.get(name, ""), "")
        if e.at_bound:
            note = "at a bound"
        if fit.held is not None and name in fit.held.transferred:
            note = "from another family"
        rows.append((f"`{name}`", Spread(value, between, bar), note, fit.law.parameters[name].meaning))
    heads = (Head("parameter", "left"), Head("value and interval"), Head("", "left"), Head("meaning", "left"))
    return Table(heads, tuple(rows), note="Bars: ratio of the interval to the value, on one logarithmic scale.")


def interval_value(value: float, low: float, high: float) -> str:
    """A value with the figures its interval supports: four where it is narrow, three else."""
    figures = 4 if high - low < 0.05 * abs(value) else 3
    return number(rounded(value, figures))


def _law(fit: Fit) -> BoxCell:
    known = all(fit.parameters[name].low is not None for name in fit.fitted)
    checks = [
        Check(
            fit.identified, "all parameters are determined" if fit.identified else "not every parameter is determined"
        ),
        Check(fit.starts.at_best > 1, f"{fit.starts.at_best} of {fit.starts.tried} starts reach the best"),
    ]
    if not known:
        checks.append(Check(None, "no intervals were asked for", "`--intervals bootstrap`"))
    return BoxCell(
        "Law", (Value(law_name(fit) if fit.law.id else "formula"),), notes=(f"`{fit.law.text}`",), checks=tuple(checks)
    )


def _shape(fit: Fit) -> BoxCell:
    """The exponents: what a law says about scale."""
    shape = [n for n, p in fit.law.parameters.items() if not p.linear] or list(fit.law.parameters)
    values, notes = [], []
    for name in shape[:MOST_EXPONENTS]:
        e = fit.parameters[name]
        if e.low is None or e.high is None:
            values.append(Value(number(e.value), name))
            continue
        values.append(Value(interval_value(e.value, e.low, e.high), name))
        notes.append(f"{name}: {number(e.low)} to {number(e.high)}")
    if len(shape) > MOST_EXPONENTS:
        notes.append(f"and {plural(len(shape) - MOST_EXPONENTS, 'parameter')} more below")
    return BoxCell("Shape", tuple(values), notes=tuple(notes))


def _misses(fit: Fit) -> dict[str, float | None]:
    miss = np.abs(np.expm1(np.asarray(fit.residuals, dtype=np.float64)))
    known = miss[np.isfinite(miss)]
    if not len(known):
        return {"median": None, "worst": None}
    return {"median": float(np.median(known)), "worst": float(known.max())}


def _miss(fit: Fit) -> BoxCell:
    miss = _misses(fit)
    if miss["median"] is None or miss["worst"] is None:
        return BoxCell("Typical miss", (Value("unknown"),))
    low, high = fit.range[fit.response]
    return BoxCell(
        "Typical miss",
        (Value(percent(miss["median"]), "median"),),
        notes=(f"Worst {percent(miss['worst'])}; {fit.response.replace('_', ' ')} {interval(low, high, 'plain')}.",),
    )


def _summary(fit: Fit, record: TrackRecord) -> str:
    told = ", ".join(
        f"{name} {number(e.value)}"
        + ("" if e.low is None or e.high is None else f" ({number(e.low)} to {number(e.high)})")
        for name, e in fit.parameters.items()
    )
    tested = (
        f"With the {record.told} hidden: {percent(record.error)} off."
        if record.error is not None
        else f"Not tested on hidden runs: {record.reason}."
    )
    return f"{law_name(fit)}: {fit.law.text}\n{told}\n{lead_of(fit)} {tested}"
