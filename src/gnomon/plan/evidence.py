"""How far a plan may be trusted: its distance from the runs, what brackets the best size, and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np

from gnomon.forecast.grade import Grade, Reason
from gnomon.forecast.grade import grade as grade_forecast
from gnomon.plan.optimum import best_split
from gnomon.plan.surface import Surface

BUDGETS = 3  # budgets that must bracket the best size: two make a line, the third tests it
BIN = 1.0 / 3.0  # decades of compute within which sizes are compared with the best size
LETTERS = "ABCD"


@dataclass(frozen=True)
class Evidence:
    """The runs behind a law, as far as a plan needs them.

    Args:
        ranges: column to (smallest, largest) over the runs: params, tokens, flops, tokens_per_param.
        runs: number of distinct runs; None for published constants.
        parameters: free parameters of the law.
        bracketed: bins of compute whose sizes lie on both sides of the law's best size.
    """

    ranges: Mapping[str, tuple[float, float]]
    runs: int | None
    parameters: int
    bracketed: int = 0

    def decades(self, values: Mapping[str, float]) -> dict[str, float]:
        """Decades by which each value lies outside the range of the runs; 0 inside."""
        found = {}
        for name, (low, high) in self.ranges.items():
            if name in values:
                found[name] = max(0.0, log10(values[name] / high), log10(low / values[name]))
        return found


NO_RUNS = Evidence({}, None, 0)


def gather(fit: Any, surface: Surface) -> Evidence:
    """The evidence of a fit: its rows if it carries them, else the ranges it states."""
    count = len(surface.law.values)
    data = getattr(fit, "data", None)
    runs = getattr(fit, "runs_used", None)
    if data is None or "params" not in data or "tokens" not in data:
        ranges = {k: (float(v[0]), float(v[1])) for k, v in fit.range.items() if k in ("params", "tokens", "flops")}
        return Evidence(ranges, runs, count)
    params, tokens = (np.asarray(data[name], float) for name in ("params", "tokens"))
    known = np.isfinite(params) & np.isfinite(tokens) & (params > 0) & (tokens > 0)
    params, tokens = params[known], tokens[known]
    flops = surface.cost.flops(params, tokens)
    columns = {"params": params, "tokens": tokens, "flops": flops, "tokens_per_param": tokens / params}
    ranges = {name: (float(v.min()), float(v.max())) for name, v in columns.items()}
    return Evidence(ranges, len(params) if runs is None else int(runs), count, bracketing(surface, params, flops))


def bracketing(surface: Surface, params: np.ndarray, flops: np.ndarray) -> int:
    """Bins of compute, a third of a decade wide, whose sizes lie on both sides of the law's best size."""
    training = Surface(surface.law, surface.cost, 0.0, surface.unique_tokens)
    which = np.floor(np.log10(flops) / BIN + 1e-6).astype(int)
    bins = [np.flatnonzero(which == b) for b in np.unique(which)]
    middle = np.array([float(np.exp(np.mean(np.log(flops[b])))) for b in bins])
    best = best_split(training, middle).params
    return sum(bool(params[b].min() < n < params[b].max()) for b, n in zip(bins, best, strict=True))


def grade(evidence: Evidence, decades: Mapping[str, float], forecast: Grade | None, budgets: int = 0) -> Grade:
    """The grade of a plan: that of the forecast at it, and no better than C unless three budgets bracket the best size.

    Args:
        evidence: the runs.
        decades: distance of the plan from the runs, by column.
        forecast: grade of the forecast at the plan; None to grade distance and slack alone.
        budgets: isoFLOP budgets that bracket their minimum; with fewer than three, bins of compute are counted instead.
    """
    slack = None if evidence.runs is None else evidence.runs - evidence.parameters
    known = forecast or grade_forecast(horizon=max(decades.values(), default=0.0), slack=slack)
    if evidence.runs is None:
        own = tuple(reason for reason in known.reasons if "published" in reason.text)
        return Grade("D", own or known.reasons)
    count, noun = (budgets, "budgets") if budgets >= BUDGETS else (evidence.bracketed, "levels of compute")
    text = f"{count} {noun} have sizes on both sides of the best"
    letter = known.letter
    if count >= BUDGETS:
        return Grade(letter, (*known.reasons, Reason(True, text)))
    needs = f"{BUDGETS} {noun} with smaller and larger models"
    return Grade(max(letter, "C"), (Reason(False, text, needs), *known.reasons))
