"""Score forecasts of hidden runs: errors, coverage, widths and interval scores, by data set and by distance.

Weights: data sets equal, inside them families, inside them forecasts. IS_a = width + (2 / a) miss in ln response, at most 50, mean per
data set, then geometric mean over data sets (Gneiting and Raftery 2007, equation 43). ARE = |forecast / truth - 1|.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from benchmarks.record.learn import LEVELS, quantile

BINS = (0.0, 0.1, 0.3, 0.6, 1.0, 1.5, np.inf)  # decades beyond the fitted rows
MOST_SCORE = 50.0  # of one interval


@dataclass(frozen=True)
class Intervals:
    """ln ends (n,) at each level; NaN where a method has none."""

    low: dict[float, np.ndarray]
    high: dict[float, np.ndarray]

    @classmethod
    def around(cls, centre: np.ndarray, half: dict[float, np.ndarray]) -> Intervals:
        return cls({k: centre - h for k, h in half.items()}, {k: centre + h for k, h in half.items()})

    def rows(self, keep: np.ndarray) -> Intervals:
        return Intervals({k: v[keep] for k, v in self.low.items()}, {k: v[keep] for k, v in self.high.items()})

    def inside(self, truth: np.ndarray, level: float) -> np.ndarray:
        return (truth >= self.low[level]) & (truth <= self.high[level])

    def score(self, truth: np.ndarray, level: float) -> np.ndarray:
        low, high, rate = self.low[level], self.high[level], 2 / (1 - level)
        miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
        return np.minimum(high - low + rate * miss, MOST_SCORE)


def weights(table: pd.DataFrame) -> np.ndarray:
    families = table.groupby("dataset").family.transform("nunique")
    rows = table.groupby(["dataset", "family"]).truth.transform("size")
    return (1 / (rows * families * table.dataset.nunique())).to_numpy()


def by_dataset(table: pd.DataFrame, values: np.ndarray) -> pd.Series:
    """Mean per data set, every row the same."""
    return pd.Series(values).groupby(table.dataset.to_numpy()).mean()


def interval_scores(table: pd.DataFrame, intervals: Intervals) -> dict[str, float]:
    """Coverage at four levels, scores and median widths at 80 and 95 %, share of data sets covered in at least 80 % at nominal 90 %."""
    known = np.isfinite(intervals.low[0.5]) & np.isfinite(intervals.high[0.95])
    truth, weight = table.truth.to_numpy(), weights(table) * known
    found = {}
    for level in LEVELS:
        found[f"cov{level:.0%}"] = float((intervals.inside(truth, level) * weight).sum() / weight.sum())
    found["plain90"] = float(intervals.inside(truth, 0.9)[known].mean())
    for level in (0.8, 0.95):
        score = np.where(known, intervals.score(truth, level), np.nan)
        found[f"IS{level:.0%}"] = float(np.exp(np.log(by_dataset(table, score)).mean()))
        width = (intervals.high[level] - intervals.low[level])[known]
        found[f"width{level:.0%}"] = quantile(width, weight[known], 0.5)
    hit = by_dataset(table, np.where(known, intervals.inside(truth, 0.9) * 1.0, np.nan))
    return found | {"sets": float((hit >= 0.8).mean()), "worst": float(hit.min()), "n": int(known.sum())}


def are(table: pd.DataFrame, forecast: np.ndarray) -> np.ndarray:
    """|forecast / truth - 1| from logarithms."""
    return np.abs(np.expm1(forecast - table.truth.to_numpy()))


def typical_error(table: pd.DataFrame, forecast: np.ndarray) -> pd.Series:
    """Per data set the median over families of the median ARE."""
    error = pd.Series(are(table, forecast))
    families = error.groupby([table.dataset.to_numpy(), table.family.to_numpy()]).median()
    return families.groupby(level=0).median()


def ratio(table: pd.DataFrame, forecast: np.ndarray, rival: np.ndarray) -> float:
    """Geometric mean over data sets of the typical error over a rival's, on rows that both forecast."""
    known = np.isfinite(forecast) & np.isfinite(rival)
    part = table[known].reset_index(drop=True)
    ours, theirs = typical_error(part, forecast[known]), typical_error(part, rival[known])
    return float(np.exp(np.log((ours + 1e-5) / (theirs + 1e-5)).mean()))  # 1e-5: rounding of published losses


def relative_score(table: pd.DataFrame, ours: Intervals, theirs: Intervals, level: float = 0.8) -> tuple[float, float]:
    """Geometric mean over data sets of our score over theirs, and the standard error of its logarithm."""
    truth = table.truth.to_numpy()
    gap = np.log(by_dataset(table, ours.score(truth, level)) / by_dataset(table, theirs.score(truth, level))).dropna()
    return float(np.exp(gap.mean())), float(gap.std() / np.sqrt(len(gap)))


def groups(table: pd.DataFrame, by: np.ndarray, forecast: np.ndarray, intervals: Intervals) -> pd.DataFrame:
    """Per value of `by`: mean and median ARE, last value's, coverage at four levels, median width at 90 %, mean score at 80 %."""
    truth = table.truth.to_numpy()
    columns = {"n": np.ones(len(table)), "ARE": are(table, forecast), "last": are(table, table.last_value.to_numpy())}
    columns |= {f"cov{level:.0%}": intervals.inside(truth, level) * 1.0 for level in LEVELS}
    columns |= {"width": intervals.high[0.9] - intervals.low[0.9], "IS": intervals.score(truth, 0.8)}
    frame = pd.DataFrame(columns).groupby(by)
    found = frame[[f"cov{level:.0%}" for level in LEVELS]].mean()
    found.insert(0, "n", frame.n.size())
    found.insert(1, "mean ARE", frame.ARE.mean())
    found.insert(2, "median ARE", frame.ARE.median())
    found.insert(3, "last value", frame["last"].median())
    return found.assign(width=frame.width.median(), IS=frame.IS.mean())


def decades(horizon: np.ndarray) -> np.ndarray:
    """Name of the bin of each horizon."""
    names = [f"{a:g} to {b:g}" if np.isfinite(b) else f"over {a:g}" for a, b in pairwise(BINS)]
    return pd.Categorical.from_codes(
        np.clip(np.digitize(horizon, BINS, right=True) - 1, 0, len(names) - 1), names, ordered=True
    )
