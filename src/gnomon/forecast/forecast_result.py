"""What a forecast gives back: points with their intervals, what these rest on, and warnings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.forecast.grade import Grade

Array = np.ndarray


@dataclass(frozen=True)
class Point:
    """A forecast at one point.

    Args:
        at: the inputs.
        value: expected response.
        low: lower end of the interval for a new run.
        high: its upper end.
        curve_low: lower end for the curve, without the noise of a new run.
        curve_high: its upper end.
        level: of both intervals.
        decades: by which the point lies beyond the largest run, per column.
        horizon: the largest of them.
        terms: share of the variance from each named term.
        grade: confidence with reasons.
        laws: prediction of each law that was asked.
        notices: warnings about this point.
    """

    at: dict[str, Any]
    value: float
    low: float | None
    high: float | None
    curve_low: float | None
    curve_high: float | None
    level: float
    decades: dict[str, float]
    horizon: float
    terms: dict[str, float]
    grade: Grade
    laws: dict[str, float]
    sigma: float | None = None
    notices: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "at": self.at,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "curve_low": self.curve_low,
            "curve_high": self.curve_high,
            "level": self.level,
            "extrapolation": {"decades": self.decades, "horizon": self.horizon},
            "variance": self.terms,
            "sigma_ln": self.sigma,
            "grade": self.grade.to_dict(),
            "laws": self.laws,
            "warnings": [n.to_dict() for n in self.notices],
        }


@dataclass(frozen=True)
class Forecast:
    """Forecasts at several points, in the order asked for."""

    points: tuple[Point, ...]
    response: str
    method: str
    laws: tuple[str, ...]
    notices: tuple[Notice, ...]
    version: str = ""

    @property
    def value(self) -> Array:
        """Values of all points."""
        return np.array([p.value for p in self.points])

    @property
    def low(self) -> Array:
        """Lower ends; NaN where unknown."""
        return np.array([np.nan if p.low is None else p.low for p in self.points])

    @property
    def high(self) -> Array:
        """Upper ends; NaN where unknown."""
        return np.array([np.nan if p.high is None else p.high for p in self.points])

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon forecast --json`."""
        return {
            "gnomon": self.version,
            "kind": "forecast",
            "response": self.response,
            "method": self.method,
            "laws": list(self.laws),
            "points": [p.to_dict() for p in self.points],
            "warnings": [n.to_dict() for n in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"forecast of {self.response} by {self.method}"]
        for p in self.points:
            where = ", ".join(f"{k}={v if isinstance(v, str) else format(v, '.4g')}" for k, v in p.at.items())
            band = f"  {p.level:.0%}: {p.low:.4g} to {p.high:.4g}" if p.low is not None else ""
            rows.append(f"  {where}: {p.value:.4g}{band}  [{p.grade.letter}]")
        return "\n".join(rows)
