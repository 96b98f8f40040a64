"""From measured rows to everything the record reports: intervals of every method, errors, controls, and what must hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from benchmarks.record.baselines import QUANTILES
from benchmarks.record.learn import LEVELS, Sample, half_widths, learn, leave_one_out, sigma_of
from benchmarks.record.measure import SIMULATED_SD
from benchmarks.record.score import Intervals, interval_scores, ratio, relative_score, typical_error, weights
from scipy.stats import norm, t

from gnomon.forecast.scale import ln_response
from gnomon.forecast.variance import FAR, FAR_AWAY, HIGH_ERROR_RATE, HIGH_RATE, Constants, Ingredients, constants

OURS = "gnomon"
RIVALS = {  # column -> what the page calls it
    "last_value": "last value",
    "best_so_far": "best so far",
    "curve_fit": "plain law, curve_fit",
    "huber": "plain law, Huber 1e-3",
}


@dataclass(frozen=True)
class Assessment:
    """The record of the recipe: rows, forecasts (n,) as ln response, intervals by method, constants."""

    table: pd.DataFrame
    forecast: np.ndarray
    intervals: dict[str, Intervals]
    learnt: Constants
    folds: dict[str, Constants]
    simulated: dict[str, float]

    def scores(self) -> pd.DataFrame:
        """Methods by interval scores, with the score relative to ours."""
        found = {name: interval_scores(self.table, i) for name, i in self.intervals.items()}
        for name, intervals in self.intervals.items():
            found[name]["relative"] = relative_score(self.table, intervals, self.intervals[OURS])[0]
        return pd.DataFrame(found).T

    def errors(self) -> pd.DataFrame:
        """Our typical error over each rival's, on rows that both forecast."""
        main = np.where(self.table.dim == 2, self.table.law_chinchilla, self.table.law_pow_floor)
        rivals = {name: self.table[column].to_numpy() for column, name in RIVALS.items()}
        rivals["plain law, weak prior"] = main
        return pd.DataFrame(
            {
                name: {
                    "ours / theirs": ratio(self.table, self.forecast, other),
                    "better on": float(
                        (typical_error(self.table, self.forecast) < typical_error(self.table, other)).mean()
                    ),
                }
                for name, other in rivals.items()
            }
        ).T

    def shuffled(self, seed: int = 0) -> dict[str, float]:
        """Scores when the truths are permuted inside each data set: must be bad."""
        rng = np.random.default_rng(seed)
        truth = self.table.groupby("dataset").truth.transform(lambda x: rng.permutation(x.to_numpy()))
        return interval_scores(self.table.assign(truth=truth), self.intervals[OURS])

    def requirements(self) -> list[tuple[str, str, float, bool]]:
        """What must hold, the bound, what was measured, whether it holds."""
        ours, errors, shuffled = self.scores().loc[OURS], self.errors()["ours / theirs"], self.shuffled()
        wanted = [
            ("forecasts", len(self.table), 8047, 8047),
            ("data sets", self.table.dataset.nunique(), 22, 22),
            ("coverage of 50% intervals", ours["cov50%"], 0.46, 0.56),
            ("coverage of 80% intervals", ours["cov80%"], 0.76, 0.84),
            ("coverage of 90% intervals", ours["cov90%"], 0.86, 0.93),
            ("coverage of 95% intervals", ours["cov95%"], 0.91, 0.97),
            ("interval score at 80%", ours["IS80%"], 0, 0.115),
            ("interval score at 95%", ours["IS95%"], 0, 0.205),
            ("median width at 80%", ours["width80%"], 0, 0.063),
            ("share of data sets with 90% intervals covering 80% or more", ours["sets"], 0.85, 1),
            ("error over Huber 1e-3's", errors["plain law, Huber 1e-3"], 0, 0.82),
            ("error over last value's", errors["last value"], 0, 0.25),
            ("coverage of 90% intervals, truths shuffled", shuffled["cov90%"], 0, 0.40),
            ("interval score at 80%, truths shuffled", shuffled["IS80%"], 0.5, 50),
            ("coverage of 90% intervals, simulated truth", self.simulated["coverage"], 0.90, 0.98),
            ("width over that of the known law, simulated truth", self.simulated["width"], 1.5, 2.5),
        ]
        return [(name, _bounds(low, high), float(x), bool(low <= x <= high)) for name, x, low, high in wanted]


def _bounds(low: float, high: float) -> str:
    if low == high:
        return f"{low:g}"
    if low == 0:
        return f"at most {high:g}"
    return f"at least {low:g}" if high in (1, 50) else f"{low:g} to {high:g}"


def sample_of(table: pd.DataFrame) -> Sample:
    """Errors and ingredients on the scale the recipe chose."""
    raw = Ingredients(**{name: table[name].to_numpy() for name in Ingredients.__dataclass_fields__})
    return Sample(raw, (table.goal - table.centre).to_numpy(), weights(table), table.group.to_numpy())


def response(table: pd.DataFrame, z: np.ndarray) -> np.ndarray:
    """ln response from values on the chosen scale."""
    return np.where(table.scale == "odds", ln_response(z, "odds"), z)


def around(table: pd.DataFrame, half: dict[float, np.ndarray]) -> Intervals:
    """Intervals from half widths on the chosen scale."""
    centre = table.centre.to_numpy()
    return Intervals(
        {k: response(table, centre - h) for k, h in half.items()},
        {k: response(table, centre + h) for k, h in half.items()},
    )


def assess(table: pd.DataFrame, simulated: pd.DataFrame) -> Assessment:
    """Learn the constants, leave each source out in turn, and lay the classical intervals beside."""
    sample = sample_of(table)
    described = f"{table.dataset.nunique()} public data sets, {table.task.nunique()} tasks, {len(table)} forecasts of held-out runs"
    folds = leave_one_out(sample)
    ours, forecast = around(table, half_widths(sample, folds)), response(table, table.centre.to_numpy())
    learnt = replace(learn(sample, described), caught=weak_spots(table, forecast, ours))
    shipped = constants()
    fit, sd = table.curve_fit.to_numpy(), table.curve_fit_sd.to_numpy()
    whole = np.hypot(sd, table.curve_fit_residual.to_numpy())
    freedom = np.maximum(table.fitted - table.parameters, 1).to_numpy()
    huber = table.huber.to_numpy()
    pairs = {level: tuple(q for q in QUANTILES if abs(abs(q - 0.5) - level / 2) < 1e-9) for level in LEVELS}
    methods = {
        OURS: ours,
        "gnomon as shipped (scored on what it learnt from)": around(
            table, {k: shipped.multiplier(k) * sigma_of(shipped, sample.raw) for k in LEVELS}
        ),
        "curve_fit, covariance": Intervals.around(fit, {k: norm.ppf(0.5 + k / 2) * sd for k in LEVELS}),
        "curve_fit, covariance and residual": Intervals.around(fit, {k: norm.ppf(0.5 + k / 2) * whole for k in LEVELS}),
        "curve_fit, covariance and residual, Student t": Intervals.around(
            fit, {k: t.ppf(0.5 + k / 2, freedom) * whole for k in LEVELS}
        ),
        "Huber 1e-3, bootstrap of runs": Intervals(
            {k: huber + table[f"pairs_{pairs[k][0]:g}"].to_numpy() for k in LEVELS},
            {k: huber + table[f"pairs_{pairs[k][1]:g}"].to_numpy() for k in LEVELS},
        ),
    }
    return Assessment(table, forecast, methods, learnt, folds, _control(simulated, shipped))


def weak_spots(table: pd.DataFrame, forecast: np.ndarray, ours: Intervals) -> dict[str, float]:
    """Share of hidden runs inside nominal 90 % intervals where forecasts are known to fail, every run counting the same."""
    inside = ours.inside(table.truth.to_numpy(), 0.9)
    high = table.rate.to_numpy() & (table.scale.to_numpy() == "log") & (forecast > np.log(HIGH_ERROR_RATE))
    places = {FAR_AWAY: table.horizon.to_numpy() > FAR, HIGH_RATE: high}
    return {name: float(inside[where].mean()) for name, where in places.items()}


def _control(simulated: pd.DataFrame, shipped: Constants) -> dict[str, float]:
    """Coverage at nominal 90 % where the law is true, and median width over that of an interval that knows the law."""
    sample = sample_of(simulated)
    half = shipped.multipliers[0.9] * sigma_of(shipped, sample.raw)
    return {
        "coverage": float((np.abs(sample.error) <= half).mean()),
        "width": float(np.median(half) / (norm.ppf(0.95) * SIMULATED_SD)),
        "tasks": simulated.task.nunique(),
        "forecasts": len(simulated),
    }
