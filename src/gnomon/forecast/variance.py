"""The variance of a forecast: four named terms, and the constants that say how much of each counts.

    sigma^2 = (k_b s_b)^2 + (k_r s_r)^2 + (k_s spread)^2 + (k_t b ((h + h0) / (h_b + h0))^g)^2

s_b bootstrap sd of the main law, s_r its residual sd, spread the sd over laws, b the rms error of backtests inside the rows at rms
horizon h_b, h the decades from the largest row to the target. Where no backtest is possible its term is t0 (h + h0). The constants
were learnt on real held-out runs (recipe_constants.json says which); `python -m benchmarks.record --learn` learns them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

Array = np.ndarray

FAR_AWAY, HIGH_RATE = (
    "far away",
    "high error rate",
)  # where forecasts are known to fail; `Constants.caught` says how often
FAR = 1.5  # decades from which a target counts as far away
HIGH_ERROR_RATE = 0.5  # error rates above it bend like a logistic: all laws miss together


@dataclass(frozen=True)
class Ingredients:
    """What the terms are made of, at m targets, before the constants: each (m,), in units of the logarithm.

    Args:
        bootstrap: half of the 16-84 % range of the main law's refits.
        residual: residual sd of the main law.
        spread: sd over laws.
        error: rms error of the backtests along the target's axis; 0 where there are none.
        reach: rms horizon of those backtests, decades.
        count: forecasts in those backtests.
        horizon: decades from the largest row to the target.
    """

    bootstrap: Array
    residual: Array
    spread: Array
    error: Array
    reach: Array
    count: Array
    horizon: Array


@dataclass(frozen=True)
class Constants:
    """The learnt constants; see recipe_constants.json."""

    k_bootstrap: float
    k_residual: float
    k_spread: float
    k_backtest: float
    growth: float
    horizon_offset: float
    no_backtest: float
    tail_df: float
    multipliers: Mapping[float, float]
    learnt_on: str
    caught: Mapping[str, float] = field(
        default_factory=dict
    )  # share of hidden runs inside 90 % intervals, where it is low

    def scaled(self, raw: Ingredients, decades: Mapping[str, Array]) -> Terms:
        """The four terms at the targets of `raw`."""
        near = raw.horizon + self.horizon_offset
        growth = (near / (raw.reach + self.horizon_offset)) ** self.growth
        back = np.where(raw.count > 0, self.k_backtest * raw.error * growth, self.no_backtest * near)
        return Terms(
            self.k_bootstrap * raw.bootstrap,
            self.k_residual * raw.residual,
            self.k_spread * raw.spread,
            back,
            raw.horizon,
            dict(decades),
        )

    def multiplier(self, level: float) -> float:
        """Half width of the interval in sigmas: learnt at 50, 80, 90, 95 %, scaled like a Student t between and beyond."""
        from scipy.stats import t

        known = np.array(sorted(self.multipliers))
        ratio = np.array([self.multipliers[k] for k in known]) / t.ppf(0.5 + known / 2, self.tail_df)
        return float(np.interp(level, known, ratio) * t.ppf(0.5 + level / 2, self.tail_df))


@dataclass(frozen=True)
class Terms:
    """Standard deviations of ln(response) at each target (m,): the four terms after scaling, and what they are made of."""

    bootstrap: Array
    residual: Array
    spread: Array
    backtest: Array
    horizon: Array
    decades: dict[str, Array]

    @property
    def sigma(self) -> Array:
        """All four together."""
        return np.sqrt(self.bootstrap**2 + self.residual**2 + self.spread**2 + self.backtest**2)

    @property
    def sigma_curve(self) -> Array:
        """Without the noise of the new run."""
        return np.sqrt(self.bootstrap**2 + self.spread**2 + self.backtest**2)

    def shares(self, i: int) -> dict[str, float]:
        """Share of sigma^2 from each term at target i."""
        total = float(self.sigma[i] ** 2)
        parts = {
            "bootstrap": self.bootstrap,
            "residual": self.residual,
            "spread": self.spread,
            "backtest": self.backtest,
        }
        return {name: float(part[i] ** 2) / total if total > 0 else 0.0 for name, part in parts.items()}


@cache
def constants() -> Constants:
    """The constants shipped with this version."""
    document = json.loads(files("gnomon.forecast").joinpath("recipe_constants.json").read_text(encoding="utf-8"))
    document.pop("version")
    document["multipliers"] = {float(k): v for k, v in document["multipliers"].items()}
    return Constants(**document)
