"""`allocate`: the compute-optimal size and tokens from any law, the interval of the optimum, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.errors import InputError, RefusalError
from gnomon.plan.changes import changes
from gnomon.plan.cost import Cost, cost_model
from gnomon.plan.evidence import NO_RUNS, Evidence, gather, grade
from gnomon.plan.isoflop import IsoFlop, isoflop
from gnomon.plan.optimum import MOST_COMPUTE, Optimum, best_split, cheapest
from gnomon.plan.options import Bench, Row, alternatives, path, plateau
from gnomon.plan.plan import Plan
from gnomon.plan.premises import assumes, inherited, question, skewed, warnings
from gnomon.plan.source import Source, find_source
from gnomon.plan.spread import Pair, drawn_for_loss, exponents, intervals
from gnomon.plan.surface import Surface
from gnomon.runs.numbers import format_number

TOLERANCE = 0.0025  # of the loss: what the plateau may cost (the default of the plan report)
PATH_SPAN = 1e3  # the path starts this far below the budget when no runs say where

LossInterval = Callable[[Sequence[Mapping[str, float]]], Sequence[Any]]


def allocate(
    law_or_fit: Any,
    *,
    flops: float | None = None,
    loss: float | None = None,
    inference_tokens: float | None = None,
    unique_tokens: float | None = None,
    cost: str | Cost = "6ND",
    level: float = 0.9,
    tolerance: float = TOLERANCE,
    loss_interval: LossInterval | None = None,
) -> Plan:
    """Split a budget between parameters and tokens, or find the cheapest way to a loss.

    Args:
        law_or_fit: a fit (intervals come from its draws) or a law with values (published constants: no intervals).
        flops: the budget in FLOP: training, and serving when `inference_tokens` are given.
        loss: the loss to be reached with the fewest FLOP, instead of `flops`.
        inference_tokens: tokens served over the model's life, paid at the cost model's serving price. Default: none.
        unique_tokens: distinct training tokens at hand; more than that are repeats. Default: no limit.
        cost: name of a cost model or an object of `gnomon.plan.Cost`.
        level: of all intervals.
        tolerance: expected relative excess loss that bounds the plateau.
        loss_interval: maps points (inputs of the law by name) to objects with low, high, curve_low and curve_high of
            the loss of a new run; default: `gnomon.forecast.forecast` around the fit.

    Raises:
        InputError: the call makes no sense, or the law does not take params and tokens.
        RefusalError: the optimum lies at an edge, or the loss cannot be reached.
    """
    _check(flops, loss, inference_tokens, unique_tokens, level, tolerance)
    source = find_source(law_or_fit)
    model = cost_model(cost)
    surface = Surface(source.law, model, float(inference_tokens or 0.0), unique_tokens)
    drawn = None if source.draws is None else Surface(source.draws, model, surface.inference_tokens, unique_tokens)
    bench = Bench(surface, drawn, level)
    notices = inherited(source)

    budget = float(flops) if flops is not None else _reach(bench, float(loss or 0.0), source)
    best = best_split(surface, budget)
    if not best.inside[0]:
        raise _edge(surface, best, source.label)
    params = float(best.params[0])
    tokens = float(surface.tokens(params, budget))
    spread = bench.drawn(budget) if loss is None or drawn is None else drawn_for_loss(drawn, loss)
    why = "least loss for the budget" if loss is None else "fewest FLOP for the loss"
    rows = [bench.row("recommended", params, tokens, why)]
    rows += alternatives(bench, params, budget, loss)
    at_plan, reasons = _expect(rows, surface, source, level, loss_interval)
    decision = rows[0] | _extra(surface, params, tokens, rows)

    found: dict[str, Pair | None] = {}
    for name, pair, reason in intervals(spread, source, level, loss):
        found[name] = pair
        if pair is None:
            reasons[f"interval.{name}"] = reason
    for name, ends in (("loss", ("low", "high")), ("loss_curve", ("curve_low", "curve_high"))):
        low, high = (decision[end] for end in ends)
        found[name] = None if low is None or high is None else (low, high)

    evidence = NO_RUNS if source.fit is None else gather(source.fit, surface)
    study, why_not = _cross_check(source, model, level)
    extrapolation = None if source.fit is None else _extrapolation(evidence, decision)
    if extrapolation is None:
        reasons["extrapolation"] = "published constants: the runs behind them are not at hand"
    if study is None:
        reasons["cross_check"] = why_not
    if decision["regret"] is None:
        reasons["regret"] = reasons["quantiles"] = source.missing
    flat = plateau(bench, params, budget, tolerance)
    notices += getattr(at_plan, "notices", ())
    notices += warnings(spread, surface, loss, best, study, found["params"]) + skewed(flat, decision["regret"])
    span = [budget, *evidence.ranges.get("flops", (budget / PATH_SPAN,))]
    return Plan(
        question=question(flops, loss, inference_tokens, unique_tokens),
        decision=decision,
        interval=found,
        assumes=assumes(surface, source, loss),
        alternatives=tuple(rows[1:]),
        regret=decision["regret"],
        changes_if=changes(bench, source.fit, params, tokens, budget, loss, found["params"]),
        plateau=flat,
        path=path(bench, min(span) / 2.0, max(span) * 2.0),
        exponents=exponents(best, spread, level),
        extrapolation=extrapolation,
        grade=grade(
            evidence,
            {} if extrapolation is None else extrapolation["decades"],
            getattr(at_plan, "grade", None),
            0 if study is None else study.bracketed,
        ),
        level=level,
        law=source.label,
        response=source.response,
        cross_check=None if study is None else _study_row(study, decision["flops"]),
        notices=tuple(notices),
        reasons=reasons,
        study=study,
        draws=None if spread is None else {"params": spread.params, "tokens": spread.tokens},
    )


def _check(
    flops: float | None,
    loss: float | None,
    inference_tokens: float | None,
    unique_tokens: float | None,
    level: float,
    tolerance: float,
) -> None:
    if (flops is None) == (loss is None):
        raise InputError(
            "A plan needs either a budget (flops) or a target (loss).", hint="For example flops=1e24 or loss=2.1."
        )
    named = {"flops": flops, "loss": loss, "inference_tokens": inference_tokens, "unique_tokens": unique_tokens}
    for name, value in named.items():
        if value is None or (name == "inference_tokens" and value == 0):
            continue
        if not isinstance(value, int | float | np.number) or not np.isfinite(value) or value <= 0:
            raise InputError(f"{name} must be a positive number; got {value!r}.")
    if not 0 < level < 1:
        raise InputError(f"level lies between 0 and 1; got {level!r}.", hint="0.9 is the default.")
    if not 0 < tolerance < 1:
        raise InputError(
            f"tolerance is a share of the loss between 0 and 1; got {tolerance!r}.", hint="0.0025 is the default."
        )


def _reach(bench: Bench, target: float, source: Source) -> float:
    """The smallest budget that reaches the target under the best values."""
    budget = float(cheapest(bench.law, target)[0])
    if budget == 0.0:
        raise InputError(
            f"A loss of {target:g} is reached by the smallest model after a handful of tokens under {source.label}.",
            hint="Ask for a lower loss, in the unit of the fitted column.",
        )
    if np.isfinite(budget):
        return budget
    limit = float(best_split(bench.law, MOST_COMPUTE).loss[0])
    limits = "" if bench.law.unique_tokens is None else f" with {format_number(bench.law.unique_tokens)} unique tokens"
    text = (
        f"A loss of {target:g} cannot be reached: {source.label} stays above {limit:.4g}{limits} whatever the compute."
    )
    if bench.draws is not None:
        reached = float(np.mean(np.isfinite(cheapest(bench.draws, target))))
        text += f" {100 * reached:.0f} % of the {bench.draws.draws} draws reach it."
    raise RefusalError(
        text, hint=f"Ask for more than {limit:.4g}, or find what lowers the floor (data, tokenizer, architecture)."
    )


def _edge(surface: Surface, best: Optimum, label: str) -> RefusalError:
    """Why no split inside the edges is best."""
    at = f"at {best.budget[0]:.3g} FLOP"
    if surface.inference_tokens and surface.tokens(1.0, best.budget[0]) <= 0:
        return RefusalError(f"Serving {format_number(surface.inference_tokens)} tokens alone exceeds the budget {at}.")
    what = {
        -1: "the loss falls all the way to a model of one parameter, as if size did not matter",
        1: "the loss falls all the way to a single training token, as if data did not matter",
    }.get(int(best.side[0]), "the loss has no minimum between the smallest model and the fewest tokens")
    return RefusalError(
        f"{label} has no best split {at}: {what}.",
        hint="Fit runs that vary size and tokens apart: several sizes at one compute, several lengths of one size.",
        code="optimum-at-edge",
    )


def _expect(
    rows: list[Row], surface: Surface, source: Source, level: float, loss_interval: LossInterval | None
) -> tuple[Any, dict[str, str]]:
    """Fill the interval of the loss of a new run into every row.

    Returns:
        The forecast at the plan (None without one) and the reasons where it has no interval.
    """
    known = [row for row in rows if row["tokens"] is not None]
    points: Sequence[Any] = [None] * len(known)
    reason = "constants without runs say nothing about how far a run may miss them"
    if loss_interval is not None or source.fit is not None:
        inputs = [surface.inputs(row["params"], row["tokens"]) for row in known]
        at = [{name: float(np.ravel(value)[0]) for name, value in point.items()} for point in inputs]
        if loss_interval is None:
            from gnomon.forecast import forecast

            points = forecast(source.fit, at, level=level).points
        else:
            points = loss_interval(at)
        reason = "the forecast gives none"
    for row, point in zip(known, points, strict=True):
        for name in ("low", "high", "curve_low", "curve_high"):
            value = getattr(point, name, None)
            row[name] = None if value is None or not np.isfinite(value) else float(value)
            if row[name] is None:
                row[f"{name}_reason"] = reason
    for row in rows:
        if row["regret"] is None:
            row.setdefault("regret_reason", source.missing)
    known_reasons = {f"interval.{k}": reason for k in ("loss", "loss_curve")} if rows[0]["low"] is None else {}
    return points[0], known_reasons


def _extra(surface: Surface, params: float, tokens: float, rows: list[Row]) -> dict[str, Any]:
    """What the decision says beyond a row: serving, repetition, and what planning for serving saves."""
    extra: dict[str, Any] = {}
    if surface.inference_tokens:
        extra["inference_tokens"] = surface.inference_tokens
        extra["inference_flops"] = float(surface.cost.serving(params)) * surface.inference_tokens
        alone = rows[-1]["total_flops"]
        extra["saving"] = float(1.0 - rows[0]["total_flops"] / alone)
    if surface.unique_tokens is not None:
        limit = surface.unique_tokens
        extra["unique_tokens"] = min(limit, tokens)
        extra["epochs"] = max(1.0, tokens / limit)
        if surface.borrows_decay:
            extra["effective_tokens"] = float(surface.inputs(params, tokens)["tokens"])
    return extra


def _extrapolation(evidence: Evidence, decision: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"decades": evidence.decades(decision)}
    if "flops" in evidence.ranges:
        found["factor"] = decision["flops"] / evidence.ranges["flops"][1]
        found["largest_flops"] = evidence.ranges["flops"][1]
    return found


def _cross_check(source: Source, cost: Cost, level: float) -> tuple[IsoFlop | None, str]:
    if source.fit is None or getattr(source.fit, "data", None) is None:
        return None, "no runs are at hand"
    try:
        return isoflop(source.fit, level=level, cost=cost), ""
    except (RefusalError, InputError) as error:
        return None, error.message


def _study_row(study: IsoFlop, flops: float) -> dict[str, Any]:
    """The isoFLOP study and what it says at the plan's compute (params, low, high), also with its bias taken out."""
    row = study.to_dict()
    at = flops * study.flops_ratio  # in the table's way of counting
    for prefix, line in (("", study.line), ("corrected_", study.corrected)):
        if line is None:
            row |= {f"{prefix}params": None, f"{prefix}params_reason": row[f"{prefix}exponent_reason"]}
        else:
            value, low, high = line.at(at)
            row |= {f"{prefix}params": value, f"{prefix}low": low, f"{prefix}high": high}
    return row
