"""The plan beside its alternatives: excess and regret of any split, rows of the table, flat region, path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gnomon.plan.optimum import Optimum, best_split, bracketed_newton, cheapest, tokens_for
from gnomon.plan.spread import interval
from gnomon.plan.surface import Surface

WINDOW = float(
    np.log(64.0)
)  # sizes within 64 times the best: beyond, every law of the catalogue costs more than any tolerance
CURVE = 65  # points of the excess curve: steps of 14 % in size
PATH = 25  # budgets of the path
PATH_DRAWS = 500  # draws used for its band
OVER = 4.0  # "over-trained": four times the tokens on a quarter of the parameters

Row = dict[str, Any]


@dataclass
class Bench:
    """A law and its draws, on which splits are compared. Best splits of the draws are kept per budget."""

    law: Surface
    draws: Surface | None
    level: float
    _kept: dict[float, Optimum] = field(default_factory=dict)

    def drawn(self, budget: float) -> Optimum | None:
        """Best split of every draw at a budget."""
        if self.draws is None:
            return None
        if budget not in self._kept:
            self._kept[budget] = best_split(self.draws, budget)
        return self._kept[budget]

    def excess(self, params: float, tokens: float) -> float:
        """Relative loss above the law's best split of the same budget."""
        budget = self.law.budget(params, tokens)
        return float(np.ravel(self.law.loss(params, tokens))[0] / best_split(self.law, budget).loss[0] - 1.0)

    def regret(self, params: float, tokens: float) -> float | None:
        """Mean over draws of the relative loss above that draw's best split of the same budget; None without draws."""
        best = self.drawn(float(self.law.budget(params, tokens)))
        if best is None or self.draws is None:
            return None
        size, data = np.array([params]), np.array([tokens])
        ratio = np.ravel(self.draws.loss(size, data)) / best.loss - 1.0
        return float(np.mean(ratio[best.inside])) if best.inside.any() else None

    def row(self, name: str, params: float, tokens: float, why: str) -> Row:
        """One line of the table of options."""
        serving = float(self.law.cost.serving(params))
        return {
            "name": name,
            "why": why,
            "params": params,
            "tokens": tokens,
            "tokens_per_param": tokens / params,
            "flops": float(self.law.cost.flops(params, tokens)),
            "total_flops": float(self.law.budget(params, tokens)),
            "loss": float(np.ravel(self.law.loss(params, tokens))[0]),
            "excess": self.excess(params, tokens),
            "regret": self.regret(params, tokens),
            "serving_flops_per_token": serving,
        }


def alternatives(bench: Bench, params: float, budget: float, target: float | None) -> list[Row]:
    """The plan spent otherwise: half and twice the size, over-trained; at the same budget, or at the same target loss.

    Rows that cannot be had (nothing left for training, target out of reach of that size) carry None and a reason.
    """
    rows = []
    over = f"{OVER:g} times the tokens on a quarter of the parameters"
    if target is not None:
        over = "a quarter of the parameters, trained until it reaches the same loss"
    elif bench.law.inference_tokens:
        over = "a quarter of the parameters, what serving it saves goes into tokens"
    for name, factor, why in (
        ("half the size", 0.5, "cheaper to serve, more data"),
        ("twice the size", 2.0, "less data, dearer to serve"),
        (f"over-trained {OVER:g}x", 1.0 / OVER, over),
    ):
        size = params * factor
        if target is None:
            tokens = float(bench.law.tokens(size, budget))
            missing = None if tokens > 0 else "serving a model of this size leaves nothing of the budget for training"
        else:
            tokens = float(tokens_for(bench.law, np.array([size]), target)[0])
            missing = (
                None
                if np.isfinite(tokens)
                else "a model of this size does not reach the loss with any number of tokens"
            )
        rows.append(bench.row(name, size, tokens, why) if missing is None else _impossible(name, size, why, missing))
    if bench.law.inference_tokens:
        rows.append(_training_alone(bench, budget, target))
    return rows


def _impossible(name: str, params: float, why: str, reason: str) -> Row:
    row: Row = {"name": name, "why": why, "params": params}
    for key in (
        "tokens",
        "tokens_per_param",
        "flops",
        "total_flops",
        "loss",
        "excess",
        "regret",
        "serving_flops_per_token",
    ):
        row |= {key: None, f"{key}_reason": reason}
    return row


def _training_alone(bench: Bench, budget: float, target: float | None) -> Row:
    """The split that is best for training alone, at the same total budget or the same loss."""
    training = Surface(bench.law.law, bench.law.cost, 0.0, bench.law.unique_tokens)
    if target is not None:
        spent = float(cheapest(training, target)[0])
    else:

        def overspent(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            best = best_split(training, np.exp(u[:, 0]))
            serving = bench.law.cost.serving(best.params) * bench.law.inference_tokens
            total = best.budget + serving
            return np.log(total / budget)[:, None], ((best.budget + best.params_exponent * serving) / total)[:, None]

        top = np.array([[np.log(budget)]])
        spent = float(np.exp(bracketed_newton(overspent, np.zeros((1, 1)), top)[0, 0]))
    best = best_split(training, spent)
    return bench.row(
        "best for training alone",
        float(best.params[0]),
        float(best.tokens[0]),
        "what would be trained if nothing were served",
    )


def plateau(bench: Bench, params: float, budget: float, tolerance: float) -> Row:
    """Sizes at the plan's budget that cost less than a tolerance, and the curve behind them.

    Returns:
        tolerance; basis ("draws": the mean over draws, or "law"); params and tokens at both ends, None where the
        tolerance is not exceeded within 64 times; least: params and excess of the size of least expected excess; curve:
        params, excess and its band low, high over draws.
    """
    x = np.log(params) + np.linspace(-WINDOW, WINDOW, CURVE)
    mean, band = _excess_curve(bench, x, budget)
    ends: list[float | None] = []
    middle = CURVE // 2
    for step in (-1, 1):
        index = middle
        while 0 <= index < CURVE and mean[index] < tolerance:
            index += step
        if index == middle or not 0 <= index < CURVE:
            ends.append(None)
            continue
        fine = np.linspace(x[index - step], x[index], CURVE)
        near, _ = _excess_curve(bench, fine, budget)
        last = int(np.flatnonzero(near < tolerance)[-1])
        share = (tolerance - near[last]) / (near[last + 1] - near[last]) if np.isfinite(near[last + 1]) else 0.0
        ends.append(float(np.exp(fine[last] + share * (fine[last + 1] - fine[last]))))
    row: Row = {
        "tolerance": tolerance,
        "basis": "law" if bench.draws is None else "draws",
        "params": None,
        "tokens": None,
        "least": _least(x, mean),
    }
    if ends[0] is None or ends[1] is None:
        row["params_reason"] = row["tokens_reason"] = (
            "the recommended size itself is expected to cost more than the tolerance"
            if mean[middle] >= tolerance
            else "the tolerance is not exceeded within 64 times the recommended size"
        )
    else:
        row["params"] = [ends[0], ends[1]]
        row["tokens"] = [float(bench.law.tokens(end, budget)) for end in ends]
    shown = np.isfinite(mean)
    row["curve"] = {"params": np.exp(x[shown]).tolist(), "excess": mean[shown].tolist()} | {
        name: None if values is None else values[shown].tolist()
        for name, values in zip(("low", "high"), band, strict=True)
    }
    return row


def _least(x: np.ndarray, mean: np.ndarray) -> Row:
    """The size of least expected excess: the lowest point of the curve, by a parabola through it and its neighbours."""
    k = int(np.argmin(mean))
    if not 0 < k < len(x) - 1 or not np.isfinite(mean[k - 1 : k + 2]).all():
        return {"params": float(np.exp(x[k])), "excess": float(mean[k])}
    before, here, after = mean[k - 1 : k + 2]
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return {
        "params": float(np.exp(x[k] + shift * (x[k + 1] - x[k]))),
        "excess": max(0.0, float(here - 0.25 * (before - after) * shift)),
    }


def _excess_curve(
    bench: Bench, x: np.ndarray, budget: float
) -> tuple[np.ndarray, tuple[np.ndarray | None, np.ndarray | None]]:
    """Relative excess loss at sizes exp(x): of the law, or mean and band over the draws with an optimum inside."""
    best = bench.drawn(budget)
    if best is None or bench.draws is None or not best.inside.any():
        own = best_split(bench.law, budget).loss[0]
        return bench.law.grid(x[None, :], np.log([[budget]]))[0] / own - 1.0, (None, None)
    with np.errstate(invalid="ignore"):
        each = bench.draws.grid(x[None, :], np.log([[budget]]))[best.inside] / best.loss[best.inside, None] - 1.0
        tail = 0.5 * (1.0 - bench.level)
        low, high = np.quantile(each, [tail, 1.0 - tail], axis=0)
        return each.mean(axis=0), (low, high)


def path(bench: Bench, lowest: float, highest: float) -> Mapping[str, list[float | None]]:
    """The best split over budgets, for pictures: columns budget, flops (of training), params, tokens, loss, and bands.

    Args:
        bench: the law and its draws.
        lowest, highest: total budgets (FLOP) between which the path runs.
    """
    budgets = np.geomspace(lowest, highest, PATH)
    best = best_split(bench.law, budgets)
    columns: dict[str, list[float | None]] = {
        "budget": [float(b) for b in budgets],
        "flops": _column(bench.law.cost.flops(best.params, best.tokens)),
        "params": _column(best.params),
        "tokens": _column(best.tokens),
        "loss": _column(best.loss),
    }
    if bench.draws is None:
        return columns
    step = max(1, bench.draws.draws // PATH_DRAWS)
    law = bench.draws.law
    thin = Surface(
        type(law)(**{k: np.asarray(v)[::step] if np.size(v) > 1 else v for k, v in law.values.items()}),
        bench.draws.cost,
        bench.draws.inference_tokens,
        bench.draws.unique_tokens,
    )
    bands: dict[str, list[float | None]] = {
        f"{k}_{end}": [] for k in ("params", "tokens", "loss") for end in ("low", "high")
    }
    for budget in budgets:
        drawn = best_split(thin, float(budget))
        for name in ("params", "tokens", "loss"):
            pair = interval(getattr(drawn, name), bench.level)
            for end, value in zip(("low", "high"), pair or (None, None), strict=True):
                bands[f"{name}_{end}"].append(value)
    return columns | bands


def _column(values: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
