"""Warnings about a single target: how far out it lies, what could not be tested, where the recipe is known to fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gnomon.errors import Notice
from gnomon.forecast.recipe import Evidence
from gnomon.forecast.scale import is_rate
from gnomon.forecast.targets import value_at
from gnomon.forecast.variance import FAR, FAR_AWAY, HIGH_ERROR_RATE, HIGH_RATE, Terms, constants

RATIO_SLACK = (
    1.5  # tokens per parameter may lie this far outside the runs before a point counts as a corner no run has seen
)


def cautions_at(
    known: Evidence, terms: Terms, i: int, hidden: int, response: str, value: float, point: Mapping[str, Any]
) -> tuple[Notice, ...]:
    """What to say about target i of several.

    Args:
        known: the fitted laws.
        terms: of the variance at all targets.
        i: which target.
        hidden: runs that backtests forecast.
        response: column that is forecast.
        value: its forecast.
        point: the target as it was asked for.
    """
    found = []
    horizon = float(terms.horizon[i])
    if horizon > FAR:
        found.append(
            Notice(
                "far",
                f"{horizon:.1f} decades beyond the largest run: at such distances 90% intervals caught "
                f"{constants().caught[FAR_AWAY]:.0%} of real runs.",
                {"decades": horizon},
            )
        )
    if not hidden:
        found.append(
            Notice(
                "no-backtest",
                "The runs span too little to hide some and test the forecast; its interval rests on other data sets.",
            )
        )
    if is_rate(response) and known.scale == "log" and value > HIGH_ERROR_RATE:
        found.append(
            Notice(
                "high-error-rate",
                "Error rates above one half bend like a logistic: forecasts tend to come out too high; 90% intervals caught "
                f"{constants().caught[HIGH_RATE]:.0%} of them.",
            )
        )
    found += _ratio_notice(known, point)
    return tuple(found)


def _ratio_notice(known: Evidence, point: Mapping[str, Any]) -> list[Notice]:
    """Tokens per parameter outside those of the runs: a corner that no run has seen, whatever its compute."""
    if set(known.inputs) != {"params", "tokens"}:
        return []
    ratios = known.inputs["tokens"] / known.inputs["params"]
    ratio = value_at(point, "tokens", 0) / value_at(point, "params", 0)
    low, high = float(ratios.min()), float(ratios.max())
    if low / RATIO_SLACK <= ratio <= high * RATIO_SLACK:
        return []
    end = f"stop at {_short(high)}" if ratio > high else f"start at {_short(low)}"
    return [Notice("ratio", f"{_short(ratio)} tokens per parameter; the runs {end}: a guess.", {"ratio": ratio})]


def _short(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"
