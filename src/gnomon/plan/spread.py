"""The best split over the draws of a fit: intervals of size, tokens, budget and growth exponents."""

from __future__ import annotations

import numpy as np

from gnomon.plan.optimum import Optimum, best_split, cheapest
from gnomon.plan.source import Source
from gnomon.plan.surface import Surface

Pair = tuple[float, float]
ANY_BUDGET = 1e20  # stands in where there is none; what comes of it is masked


def drawn_for_loss(draws: Surface, loss: float) -> Optimum:
    """The cheapest split of every draw that reaches a loss; budget inf and the rest NaN where none does (side 3)."""
    needed = cheapest(draws, loss)
    known = np.isfinite(needed) & (needed > 0)
    found = best_split(draws, np.where(known, needed, ANY_BUDGET))
    names = ("params", "tokens", "loss", "params_exponent", "tokens_exponent", "gain")
    columns = {name: np.where(known, getattr(found, name), np.nan) for name in names}
    return Optimum(budget=needed, side=np.where(known, found.side, 3), **columns)


def intervals(
    spread: Optimum | None, source: Source, level: float, loss: float | None
) -> list[tuple[str, Pair | None, str]]:
    """Intervals of the best split as (name, pair or None, reason for None).

    Args:
        spread: best split of every draw; None without draws.
        source: why there are none.
        level: of the intervals.
        loss: the target in target-loss mode, which adds the interval of the FLOP.
    """
    if spread is None:
        names = ["params", "tokens", "tokens_per_param"] + (["flops"] if loss is not None else [])
        return [(name, None, source.missing) for name in names]
    lost = float(np.mean(~spread.inside))
    reason = f"in {100 * lost:.1f} % of the draws the best split lies at an edge"
    if loss is not None:
        reason = f"in {100 * lost:.1f} % of the draws no compute reaches the loss"
    either = np.where(np.arange(len(spread.side)) % 2, 1.0, -1.0)  # draws that say nothing widen both ends
    smaller = np.where(spread.side == 2, either, np.where(spread.side == -1, -1.0, 1.0))
    more = np.where(spread.side == 2, either, np.where(spread.side == 1, -1.0, 1.0))
    found = [
        ("params", interval(spread.params, level, smaller), reason),
        ("tokens", interval(spread.tokens, level, more), reason),
        ("tokens_per_param", interval(spread.tokens / spread.params, level, more), reason),
    ]
    if loss is not None:
        found.append(("flops", interval(spread.budget, level, np.ones_like(spread.budget)), reason))
    return found


def exponents(best: Optimum, spread: Optimum | None, level: float) -> dict[str, dict[str, float | None]]:
    """Growth of the best size and of its tokens with the budget: value, interval and standard error over draws."""
    found: dict[str, dict[str, float | None]] = {}
    for name in ("params", "tokens"):
        row: dict[str, float | None] = {
            "value": float(getattr(best, f"{name}_exponent")[0]),
            "low": None,
            "high": None,
            "se": None,
        }
        if spread is not None:
            values = getattr(spread, f"{name}_exponent")
            values = values[np.isfinite(values)]
            if len(values) > 1:
                tail = 0.5 * (1.0 - level)
                low, high = np.quantile(values, [tail, 1.0 - tail])
                row |= {"low": float(low), "high": float(high), "se": float(np.std(values, ddof=1))}
        found[name] = row
    return found


def interval(values: np.ndarray, level: float, unknown: np.ndarray | None = None) -> tuple[float, float] | None:
    """Central interval of positive draws, in the logarithm. None when an end falls among draws without a value.

    Args:
        values: one a draw; NaN without a value.
        level: share between the ends.
        unknown: where draws without a value belong: -1 below all others, +1 above. Default: they are left out while
            they are fewer than a tail of the interval.
    """
    tail = 0.5 * (1.0 - level)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(values)
    lost = ~np.isfinite(logs)
    if unknown is None:
        if np.mean(lost) > tail:
            return None
        low, high = np.quantile(logs[~lost], [tail, 1.0 - tail])
        return float(np.exp(low)), float(np.exp(high))
    far = 1e6  # beyond the logarithm of any number
    low, high = np.quantile(np.where(lost, far * np.sign(unknown), logs), [tail, 1.0 - tail])
    if max(abs(low), abs(high)) > 1e3:
        return None
    return float(np.exp(low)), float(np.exp(high))
