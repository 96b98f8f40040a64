"""The negative control: a forecast from losses that were dealt out at random must know that it knows nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.runs import Runs


class Forecaster(Protocol):
    """What makes the forecast: runs and points in, values with intervals out."""

    def __call__(self, source: Any, at: Sequence[Mapping[str, Any]], *, level: float = 0.9) -> Forecast:
        """The forecast at each point."""


@dataclass(frozen=True)
class Control:
    """Widths of the interval, as ln(high/low).

    Args:
        width: from the ladder as it is.
        permuted: from the ladder with its losses permuted.
    """

    width: float
    permuted: float

    @property
    def ratio(self) -> float:
        """How many times as wide the interval becomes; expected at least 3 (measured: 5.4 to 5.8)."""
        return self.permuted / self.width


def permuted_control(
    ladder: Runs,
    at: Mapping[str, float],
    *,
    seed: int = 0,
    level: float = 0.9,
    forecaster: Forecaster | None = None,
) -> Control:
    """Forecast from a ladder and from the same ladder with its losses permuted.

    Args:
        ladder: with params, tokens and loss.
        at: the target's params and tokens.
        seed: of the permutation.
        level: of the intervals.
        forecaster: default `gnomon.forecast.forecast`.
    """
    from gnomon.runs import read_runs

    forecaster = forecaster or default_forecaster()
    table = {name: np.asarray(ladder[name], float) for name in ("params", "tokens", "loss")}
    shuffled = table | {"loss": np.random.default_rng(seed).permutation(table["loss"])}
    widths = [_width(forecaster(read_runs(rows), [at], level=level)) for rows in (table, shuffled)]
    return Control(*widths)


def default_forecaster() -> Forecaster:
    """The house's own, loaded when it is needed."""
    from gnomon.forecast import forecast

    return forecast


def _width(forecast: Forecast) -> float:
    point = forecast.points[0]
    if point.low is None or point.high is None:
        return math.inf  # no interval is the widest of all
    return math.log(point.high / point.low)
