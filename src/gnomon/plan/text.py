"""A plan in words: the recommendation, the loss to expect, the confidence, and the table of options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gnomon.runs.numbers import format_number

if TYPE_CHECKING:
    from gnomon.plan.plan import Plan

OF_TEN = {0.5: "five runs in ten", 0.8: "eight runs in ten", 0.9: "nine runs in ten", 0.95: "19 runs in 20"}


FINE = 0.009  # at least three decimals of a loss of order one in the table
SAME = 1e-6  # relative difference under which compute counts as the same


def loss_text(value: float, half: float | None = None) -> str:
    """A loss with the decimals its half width supports, at least two where that is below one; three without one."""
    if not half or not math.isfinite(half) or half <= 0:
        return f"{value:.3f}"
    decimals = max(-math.floor(math.log10(half)), 2 if half < 1 else 0)
    return f"{value:.{min(decimals, 5)}f}"


def share_text(value: float) -> str:
    """A small share in percent, two significant digits down to .01 %."""
    percent = 100.0 * value
    if 0 < abs(percent) < 0.01:
        return "<0.01%"
    return f"{percent:.{0 if abs(percent) >= 10 else 1 if abs(percent) >= 2 else 2}f}%"


def summary(plan: Plan) -> tuple[str, ...]:
    """Recommendation, expectation, plateau and confidence, a line each."""
    chosen = plan.decision
    ratio = format_number(chosen["tokens_per_param"], "plain", digits=3)
    size, data = format_number(chosen["params"]), format_number(chosen["tokens"])
    lines = [
        f"Train {size} parameters on {data} tokens ({ratio} per parameter).",
        _expectation(plan),
    ]
    if plan.plateau["params"] is not None:
        low, high = (format_number(end) for end in plan.plateau["params"])
        share = f"{100 * plan.plateau['tolerance']:g}%"
        lines.append(f"Any size from {low} to {high} parameters costs less than {share} of the loss.")
    else:
        lines.append(f"How flat it is around that size cannot be said: {plan.plateau['params_reason']}.")
    lines.append(f"Confidence {plan.grade.letter}: " + "; ".join(reason.text for reason in plan.grade.reasons) + ".")
    return tuple(lines)


def _expectation(plan: Plan) -> str:
    pair, value = plan.interval.get("loss"), plan.decision["loss"]
    noun = "a loss" if plan.response == "loss" else f"a {plan.response}"
    if pair is None:
        reason = plan.reasons.get("interval.loss", "no interval is known")
        return f"Expect {noun} of {loss_text(value)}; no interval: {reason}."
    half = 0.5 * (pair[1] - pair[0])
    many = OF_TEN.get(round(plan.level, 4), f"{100 * plan.level:g}% of runs")
    low, high = (loss_text(end, half) for end in pair)
    return f"Expect {noun} of {loss_text(value, half)}; {many} land in {low} to {high}."


def table(plan: Plan) -> list[tuple[str, ...]]:
    """Header and rows of the options: name, params, tokens, (compute where it differs,) loss, interval, regret, why."""
    spreads = [row["high"] - row["low"] for row in plan.options if row.get("low") and row.get("high")]
    narrow = 0.1 * min(spreads, default=0.0)  # finer than the sentence: the rows differ by little
    half = min(narrow, FINE) if narrow < 1 else narrow
    costs = [row["total_flops"] for row in plan.options if row["total_flops"] is not None]
    compute = max(costs) > (1.0 + SAME) * min(costs)
    head = [
        "",
        "params",
        "tokens",
        "FLOP",
        plan.response,
        f"{100 * plan.level:g}%",
        "regret",
        "serving per token",
        "why",
    ]
    rows = [tuple(title for title in head if compute or title != "FLOP")]
    for row in plan.options:
        known = row["tokens"] is not None
        cost = row["regret"] if row["regret"] is not None else row["excess"]
        cells = [row["name"], format_number(row["params"]), format_number(row["tokens"]) if known else "–"]
        if compute:
            cells.append(format_number(row["total_flops"], "flops") if known else "–")
        cells += [
            loss_text(row["loss"], half) if known else "–",
            _spread(row),
            share_text(cost) if cost is not None else "–",
            flop_text(row["serving_flops_per_token"]) if known else "–",
            row["why"],
        ]
        rows.append(tuple(cells))
    return rows


def _spread(row: Mapping[str, Any]) -> str:
    low, high = row.get("low"), row.get("high")
    if low is None or high is None:
        return "–"
    half = 0.5 * (high - low)
    return f"{loss_text(low, half)} to {loss_text(high, half)}"


def flop_text(flops: float) -> str:
    """FLOP of one token with a prefix: 146 GFLOP."""
    for scale, unit in ((1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP")):
        if flops >= scale:
            return f"{format_number(flops / scale, 'plain', digits=3)} {unit}"
    return f"{format_number(flops, 'plain', digits=3)} FLOP"
