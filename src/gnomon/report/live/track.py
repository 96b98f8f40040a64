"""Records of the charts that show how forecasts of hidden runs did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnomon.report.axes import Array
from gnomon.report.charts import CalibrationNumbers, HeldOutNumbers
from gnomon.report.live.along import COST

if TYPE_CHECKING:
    from gnomon.forecast import Backtest

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Nominal levels of the calibration chart."""

FEWEST = 3
"""Fewer hidden runs than this tell nothing about a share."""


def held_out_numbers(found: Backtest, law: str | None = None, *, asked: str = "") -> HeldOutNumbers | None:
    """The hidden runs of one law of a backtest (default: the best); `None` when it gave no intervals."""
    name = law or found.best
    points = [p for p in found.points if p.law == name and p.low is not None and p.high is not None]
    if not points:
        return None
    scale_name = found.hold_out.split(":")[1] if found.hold_out.count(":") == 2 else "flops"
    scale = np.array([_scale(p.at, scale_name) for p in points])
    if not np.isfinite(scale).all():
        scale_name = next(iter(points[0].at))
        scale = np.array([p.at[scale_name] for p in points])
    columns = [[getattr(p, field) for p in points] for field in ("measured", "value", "low", "high")]
    measured, value, low, high = (np.array(column, dtype=np.float64) for column in columns)
    return HeldOutNumbers(
        str(name), scale, measured, value, low, high, scale_name=scale_name, response=found.response,
        level=found.level, names=[p.run for p in points], asked=asked,
    )  # fmt: skip


def calibration_numbers(numbers: HeldOutNumbers) -> CalibrationNumbers | None:
    """Coverage at many levels from intervals at one; `None` with fewer than three hidden runs.

    The half width of an interval of a forecast is m(level) sigma in ln(response), and m is known at every level.
    """
    if len(numbers.measured) < FEWEST:
        return None
    from gnomon.forecast.variance import constants

    multiplier = constants().multiplier
    half = np.log(numbers.high / numbers.low) / 2
    miss = np.abs(np.log(numbers.measured / numbers.value))
    levels: Array = np.array(sorted({*LEVELS, numbers.level}))
    inside = [float(np.mean(miss <= half * multiplier(float(p)) / multiplier(numbers.level))) for p in levels]
    return CalibrationNumbers(levels, np.array(inside), len(miss), numbers.level)


def _scale(at: dict[str, float], name: str) -> float:
    if name == "flops" and "flops" not in at and {"params", "tokens"} <= at.keys():
        return COST * at["params"] * at["tokens"]
    return float(at.get(name, np.nan))
