"""What every report rests on: the law through its runs, the runs that were hidden from it, and what single runs change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.errors import RefusalError
from gnomon.report.charts import draw_calibration, draw_fit, draw_held_out, draw_influence, draw_residuals
from gnomon.report.figure import Figure
from gnomon.report.frame import HALF, PHONE
from gnomon.report.live.leave_out import asked_influence
from gnomon.report.live.records import fit_numbers, law_name, residual_numbers, target_of
from gnomon.report.live.track import calibration_numbers, held_out_numbers
from gnomon.report.page import Block, Fold, Head, Lead, Missing, Pair, Prose, Section, Table
from gnomon.report.words import percent, plural

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Backtest, Point
    from gnomon.forecast.track import TrackRecord

BASELINES = {"last_value": "the last value again", "best_so_far": "the best so far again"}
"""What the baselines of a backtest would have said."""


def evidence_section(
    fit: Fit, record: TrackRecord, *, point: Point | None = None, more: tuple[Block, ...] = ()
) -> Section:
    """The law through its runs, then how it did on runs hidden from it.

    Args:
        fit: with its rows.
        record: from `gnomon.forecast.track.track_record`.
        point: a forecast to be marked.
        more: blocks between the track record and the diagnostics.
    """
    blocks = [lead(fit, point), *track(record), *more]
    if point is not None:
        blocks.append(diagnostics(fit, point, opened=False))
    return Section("Evidence", tuple(blocks), rows_told(fit))


def lead(fit: Fit, point: Point | None = None, *, measured: float | None = None) -> Lead:
    """The fit chart in both widths; its bands are those of forecasts where several laws can be laid beside."""
    target = target_of(point, fit, measured=measured) if point is not None else None
    numbers = fit_numbers(fit, target=target, evidence=laws_beside(fit))
    left = "; ".join(f"{count:,} left out: `{why}`" for why, count in fit.removed)
    return Lead(draw_fit(numbers), draw_fit(numbers, width=PHONE), f"{left}." if left else "")


def laws_beside(fit: Fit) -> Any:
    """The several laws behind the interval of a forecast from this fit; `None` where they do not apply."""
    from gnomon.forecast.predict import recipe_inputs
    from gnomon.forecast.recipe import evidence_of

    inputs = recipe_inputs(fit)
    if inputs is None:
        return None
    try:
        return evidence_of(fit.data, inputs, fit.response, seed=fit.seed, scale="log")
    except RefusalError:
        return None


def track(record: TrackRecord) -> list[Block]:
    """Hidden runs and the calibration of their intervals, then the law beside what needs no law."""
    if record.backtest is None:
        told = f"Nothing could be hidden: {record.reason}."
        return [
            Pair(
                (
                    Missing(
                        "Not tested.",
                        f"{told} `gnomon backtest RUNS --hold-out largest:flops:3` hides what you choose.",
                    ),
                )
            )
        ]
    numbers = held_out_numbers(record.backtest, asked=f"the {record.told}")
    if numbers is None:
        return [
            Pair(
                (
                    Missing(
                        "No intervals.",
                        f"The {plural(record.fitted or 0, 'run')} that are left do not carry an interval.",
                    ),
                )
            ),
            law_table(record.backtest),
        ]
    wide = calibration_numbers(numbers)
    beside: Figure | Missing
    if wide is None:
        beside = Missing(
            "Not calibrated.", f"{plural(len(numbers.measured), 'hidden run')} cannot show a share; it takes three."
        )
    else:
        beside = draw_calibration(wide)
    return [Pair((draw_held_out(numbers), beside)), law_table(record.backtest)]


def law_table(found: Backtest) -> Table:
    """Error on the hidden runs: the law, and what takes no law at all."""
    rows = []
    for score in (*found.laws, *found.baselines):
        caught = "–" if score.coverage is None else f"{round(score.coverage * score.held_out)} of {score.held_out}"
        error = "–" if score.are is None else percent(score.are)
        lean = "–" if score.bias is None else percent(score.bias, signed=True)
        rows.append((BASELINES.get(score.law, score.law), error, lean, caught))
    return Table(
        (Head("forecast by", "left"), Head("mean error"), Head("leaning"), Head(f"inside {percent(found.level)}")),
        tuple(rows),
        marked=0,
        note=f"`--hold-out {found.hold_out}`: {plural(found.fitted, 'run')} fitted, the others hidden. Leaning: mean of "
        "forecast over measured, less one.",
    )


def diagnostics(fit: Fit, point: Point | None = None, *, opened: bool) -> Fold:
    """Residuals against scale, and what one run less changes in a forecast."""
    left = residual_numbers(fit)
    residuals: Figure | Missing
    if left is None:
        residuals = Missing("Not drawn.", "Residuals are drawn along a positive scale; this law has none.")
    else:
        residuals = draw_residuals(left, width=HALF)
    moved = asked_influence(fit, point)
    influence: Figure | Missing
    if moved is None:
        influence = Missing("Not tried.", "There are too few runs to leave one out and fit the rest.")
    else:
        influence = draw_influence(moved, width=HALF)
    return Fold("Residuals, and what one run less would change", (Pair((residuals, influence)),), opened)


def objective_prose(fit: Fit) -> Prose:
    """What the second objective says, in one sentence."""
    shape = [k for k in fit.fitted if not fit.law.parameters[k].linear] or list(fit.fitted)
    told = ", ".join(f"{k} {fit.second.values[k]:.3g} instead of {fit.parameters[k].value:.3g}" for k in shape)
    return Prose(f"Under `{fit.second.objective}` instead of `{fit.objective}`: {told}.")


def rows_told(fit: Fit) -> str:
    """`240 of 245 runs used`."""
    noun = "row" if fit.runs_used != fit.used else "run"
    if fit.used == fit.given:
        return f"{plural(fit.used, noun)} used, none left out"
    return f"{fit.used:,} of {plural(fit.given, noun)} used"


def source_name(fit: Fit) -> str:
    """The file behind a fit without its folder; empty for a table in memory."""
    return "" if fit.source.startswith("<") else Path(fit.source).name


def provenance(fit: Fit, again: str) -> tuple[tuple[str, str], ...]:
    """Where the numbers come from, so that anybody can get them again."""
    starts = fit.starts
    found = [
        ("runs", f"{source_name(fit) or 'a table in memory'}, {rows_told(fit)}; fingerprint `{fit.fingerprint}`"),
        ("law", f"{law_name(fit)}: `{fit.law.text}`" if fit.law.id else f"`{fit.law.text}`"),
        ("objective", f"{fit.objective}, {fit.value:.6g} at the best values"),
        ("search", f"{starts.at_best} of {starts.tried} starts reach the best"),
        (
            "intervals",
            f"{fit.intervals}, {percent(fit.level)}"
            + (f", {starts.draws:,} draws" if starts.draws else "")
            + f", seed {fit.seed}",
        ),
        ("gnomon", fit.version),
        ("again", f"`{again}`"),
    ]
    return tuple(found)
