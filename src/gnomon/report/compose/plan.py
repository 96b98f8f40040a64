"""The report of a plan: what to train, what it costs to be off, what it rests on, what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gnomon.plan.text import flop_text
from gnomon.report.charts import draw_allocation, draw_contour, draw_isoflop, draw_next_runs, draw_plateau
from gnomon.report.compose.cells import counted_value, expectation, grade_cell, range_of, shared_scale
from gnomon.report.compose.evidence import evidence_section, provenance
from gnomon.report.compose.fit import lead_of
from gnomon.report.compose.risks import risk_section
from gnomon.report.frame import HALF, PHONE
from gnomon.report.live.next_runs import next_runs_numbers
from gnomon.report.live.records import allocation_numbers, contour_numbers, isoflop_numbers, plateau_numbers
from gnomon.report.page import (
    Block,
    Box,
    BoxCell,
    Facts,
    Head,
    Lead,
    Missing,
    Page,
    Pair,
    Record,
    Section,
    Spread,
    Table,
    Value,
)
from gnomon.report.words import compute, interval, loss, number, percent, rounded, times

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast.track import TrackRecord
    from gnomon.plan import Plan

AHEAD = 0.05  # of the plan's compute, for small runs before it: our choice; gnomon plan next-runs --budget takes any
NONE_ASKED = "this law has no interval at the plan"


def plan_report(plan: Plan, fit: Fit, *, record: TrackRecord | None = None, again: str = "") -> Page:
    """The page of a plan.

    Args:
        plan: from `gnomon.plan.allocate`.
        fit: the fit it was made from.
        record: from `gnomon.forecast.track.track_record`, where it was made already.
        again: the command that makes this page.
    """
    from gnomon.forecast import forecast
    from gnomon.forecast.track import track_record
    from gnomon.report.compose.evidence import laws_beside

    record = record or track_record(fit)
    beside = laws_beside(fit)
    at = {name: float(plan.decision[name]) for name in fit.law.inputs if plan.decision.get(name) is not None}
    known = len(at) == len(fit.law.inputs)
    point = forecast(fit, at, level=plan.level, evidence=beside).points[0] if known else None
    horizon = None if point is None else point.horizon
    sections = (
        Section("Options", options(plan), "the same budget, spent otherwise"),
        evidence_section(fit, record, point=point, more=(Pair((isoflop(plan, fit), contour(plan, fit))),)),
        Section(
            "Hyper-parameters",
            (
                Missing(
                    "Not planned.",
                    'No rule for learning rate and batch was chosen; `gnomon laws "learning rate"` lists them.',
                ),
            ),
        ),
        Section("Data", (data(plan),)),
        Section(
            "Downstream", (Missing("Not forecast.", "A task needs a law from loss to its error: `gnomon laws error`."),)
        ),
        risk_section(
            [*plan.notices, *(point.notices if point else ())], record, noise=fit.residual_sd, horizon=horizon
        ),
        Section("Next runs", (next_runs_block(plan, fit),), "before the plan is carried out"),
        Section(
            "Watch list",
            (
                Facts(tuple(("Would change it.", line) for line in plan.changes_if))
                if plan.changes_if
                else Missing("No gates.", "Nothing that was tried would move the decision."),
            ),
        ),
        Section(
            "Provenance",
            (
                Facts(tuple(("Assumes.", line) for line in plan.assumes)),
                Record(
                    provenance(
                        fit,
                        again or f"gnomon report fit.json --flops {plan.decision['total_flops']:.4g} -o report.html",
                    )
                ),
            ),
        ),
    )
    return Page(
        "plan",
        title(plan),
        lead_of(fit),
        Box((_train(plan), _expect(plan), _cost(plan), grade_cell(plan.grade))),
        sections,
        plan.to_dict() | {"fit": fit.to_dict(), "backtest": record.to_dict()},
        "\n".join(plan.lines()),
    )


def next_runs_block(plan: Plan, fit: Fit) -> Block:
    """Which runs would narrow the plan's forecast, for at most AHEAD of its compute."""
    from gnomon.errors import GnomonError
    from gnomon.plan.next_runs import next_runs

    at = {name: float(plan.decision[name]) for name in fit.law.inputs if plan.decision.get(name) is not None}
    try:
        found = next_runs(fit, at, budget=AHEAD * float(plan.decision["flops"]), seed=fit.seed)
    except GnomonError as error:
        return Missing("Not ranked.", error.message)
    numbers = next_runs_numbers(found)
    return Lead(draw_next_runs(numbers), draw_next_runs(numbers, width=PHONE))


def title(plan: Plan) -> str:
    """What was asked, with the compute as the page spells it."""
    if plan.question.startswith("What to train with"):
        return f"What to train with {compute(float(plan.decision['total_flops']))} FLOP"
    return plan.question.rstrip("?")


def _train(plan: Plan) -> BoxCell:
    chosen = plan.decision
    ratio = f"{number(rounded(chosen['tokens_per_param'], 3))} tokens per parameter."
    pair = plan.plateau.get("params")
    if pair is not None:
        sizes, share = interval(pair[0], pair[1], "count"), percent(plan.plateau["tolerance"])
        flat = f"Any size from {sizes} costs less than {share} of the {plan.response}."
    else:
        flat = f"How flat it is around that size is not known: {plan.plateau.get('params_reason', 'no reason given')}."
    return BoxCell(
        "Train",
        (counted_value(chosen["params"], "parameters"), counted_value(chosen["tokens"], "tokens")),
        notes=(ratio, flat),
    )


def _expect(plan: Plan) -> BoxCell:
    pair, inner = plan.interval.get("loss"), plan.interval.get("loss_curve")
    reason = plan.reasons.get("interval.loss", NONE_ASKED)
    return expectation(plan.response, float(plan.decision["loss"]), pair, inner, plan.level, reason)


def _cost(plan: Plan) -> BoxCell:
    chosen = plan.decision
    notes = []
    if chosen.get("inference_flops"):
        notes.append(f"{compute(chosen['flops'])} to train, {compute(chosen['inference_flops'])} to serve.")
    if chosen.get("saving"):
        notes.append(f"{percent(chosen['saving'])} less than without counting what it serves.")
    notes.append("No speed and no price were given, so neither hours nor money.")
    pair = plan.interval.get("flops")
    return BoxCell(
        "Cost",
        (Value(compute(float(chosen["total_flops"])), "FLOP"),),
        interval(*pair, "flops") if pair else "",
        f"{percent(plan.level)} of draws" if pair else "",
        notes=tuple(notes),
    )


def options(plan: Plan) -> tuple[Block, ...]:
    """The recommendation and its alternatives, the plateau, and how sure the size is."""
    scale = shared_scale([row.get(end) for row in plan.options for end in ("low", "high")])
    table = Table(
        (
            Head("plan", "left"),
            Head("parameters"),
            Head("tokens"),
            Head(f"{plan.response} {percent(plan.level)}"),
            Head("regret"),
            Head("serving"),
        ),
        tuple(_row(plan, row, scale) for row in plan.options),
        marked=0,
        note=(
            "Regret: expected excess over the best size of each draw. "
            if plan.regret is not None
            else "Regret: excess over the best size, without draws to average over. "
        )
        + "; ".join(f"{row['name']}: {row['why']}" for row in plan.options)
        + ". Serving: per token.",
    )
    draws = allocation_numbers(plan)
    sure = (
        draw_allocation(draws, width=HALF)
        if draws is not None
        else Missing("No draws.", "How sure the size is needs them: `gnomon fit --intervals bootstrap`.")
    )
    return table, Pair((draw_plateau(plateau_numbers(plan), width=HALF), sure))


def _row(plan: Plan, row: Mapping[str, Any], scale: tuple[float, float] | None) -> tuple[str | Spread, ...]:
    if row.get("tokens") is None:
        return row["name"], number(row["params"], "count"), "–", "–", "–", "–"
    pair = None if row.get("low") is None or row.get("high") is None else (row["low"], row["high"])
    half = None if pair is None else (pair[1] - pair[0]) / 2
    shown = Spread(
        loss(row["loss"], half, more=1),
        interval(*pair) if pair else "",
        range_of(row["loss"], pair, scale=scale) if pair else None,
    )
    lost = row["regret"] if row.get("regret") is not None else row["excess"]
    return (
        row["name"],
        number(row["params"], "count"),
        number(row["tokens"], "count"),
        shown,
        percent(lost),
        flop_text(row["serving_flops_per_token"]),
    )


def isoflop(plan: Plan, fit: Fit) -> Any:
    """The parabolas of the same runs, or why there are none."""
    if plan.study is None:
        return Missing(
            "No isoFLOP study.", f"{plan.reasons.get('cross_check', 'no budget has four sizes').rstrip('.')}."
        )
    return draw_isoflop(isoflop_numbers(plan.study, fit.data, response=plan.response), width=HALF)


def contour(plan: Plan, fit: Fit) -> Any:
    """The law over both inputs with the plan's path, or why it is not drawn."""
    numbers = contour_numbers(fit, plan)
    if numbers is None:
        return Missing(
            "No landscape.", f"It is drawn for laws of params and tokens; this one takes {', '.join(fit.law.inputs)}."
        )
    return draw_contour(numbers, width=HALF)


def data(plan: Plan) -> Block:
    """What the plan asks of the data."""
    chosen = plan.decision
    need = number(float(chosen["tokens"]), "count")
    if chosen.get("unique_tokens") is None:
        return Missing(
            "Not planned.", f"{need} different tokens are assumed. `--unique-tokens` says how many there are."
        )
    told = f"{number(float(chosen['unique_tokens']), 'count')} different tokens are read {times(float(chosen['epochs']))} over"
    worth = chosen.get("effective_tokens")
    return Facts(
        (
            (
                "Repeated.",
                f"{told}" + (f"; they are worth {number(float(worth), 'count')} fresh ones." if worth else "."),
            ),
        )
    )
