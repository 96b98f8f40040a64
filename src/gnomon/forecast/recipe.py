"""The interval recipe: several laws, and four named terms of variance whose sizes were learnt on real held-out runs.

    centre c = median over laws of ln prediction
    sigma^2 = (k_b s_b)^2 + (k_r s_r)^2 + (k_s spread)^2 + (k_t b ((h + h0) / (h_b + h0))^g)^2
    interval = exp(c -+ m_level sigma)

s_b bootstrap sd of the main law, s_r its residual sd, spread the sd over laws, b the rms error of backtests inside the rows at rms
horizon h_b, h the decades from the largest row to the target. Where no backtest is possible its term is t0 (h + h0).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.design import Design
from gnomon.forecast.penalised import Penalised, fit_many, randomised
from gnomon.laws.law import Law

Array = np.ndarray

LAWS_2D = (
    "chinchilla",
    "chinchilla_tied",
    "sum_no_floor",
    "product_floor",
    "sum_power_no_floor",
    "sum_power_floor",
)  # the first one is the main law
LAWS_1D = ("pow_floor", "pow", "shift_pow", "m4", "bnsl")
DRAWS = 100  # refits behind s_b: the 16-84 % range of 100 draws is known to 10 %
CUTS = (0.45, 0.7)  # shares of the log range at which a backtest cuts the rows
MOST_TARGETS = 8  # rows forecast in one backtest
LEAST_ROWS = {1: 3, 2: 6}  # rows a backtest may be fitted on
ALL = ""  # the key of fits on all rows, beside the axes of backtests
MOST_ROWS = 2000  # rows the recipe fits; more are thinned evenly by rank along the axis


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

    def multiplier(self, level: float) -> float:
        """Half width of the interval in sigmas: learnt at 50, 80, 90, 95 %, scaled like a Student t between and beyond."""
        from scipy.stats import t

        known = np.array(sorted(self.multipliers))
        ratio = np.array([self.multipliers[k] for k in known]) / t.ppf(0.5 + known / 2, self.tail_df)
        return float(np.interp(level, known, ratio) * t.ppf(0.5 + level / 2, self.tail_df))


@cache
def constants() -> Constants:
    """The constants shipped with this version."""
    document = json.loads(files("gnomon.forecast").joinpath("recipe_constants.json").read_text(encoding="utf-8"))
    document.pop("version")
    document["multipliers"] = {float(k): v for k, v in document["multipliers"].items()}
    return Constants(**document)


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


@dataclass(frozen=True)
class Evidence:
    """Several laws fitted to the same rows, ready to forecast and to test themselves.

    Args:
        inputs: one or two input columns, name to (n,) positive values.
        response: measured values (n,), positive.
        groups: run of each row (n,).
        names: ids of the laws.
    """

    inputs: Mapping[str, Array]
    response: Array
    groups: Array
    names: tuple[str, ...]
    seed: int = 0
    response_name: str = "loss"

    @classmethod
    def of(
        cls, inputs: Mapping[str, Array], response: Array, groups: Array, *, seed: int = 0, name: str = "loss"
    ) -> Evidence:
        """Evidence from rows, thinned evenly when there are very many.

        Raises:
            RefusalError: fewer than 4 rows, or fewer than 3 values of an input.
        """
        n = len(response)
        for column, values in inputs.items():
            if n < 4 or len(np.unique(values)) < 3:
                raise RefusalError(
                    f"{n} rows with {len(np.unique(values))} values of {column} cannot carry a forecast; it takes 4 rows and 3 values.",
                    hint="Add runs of other sizes.",
                    code="too-few-rows",
                )
        if n > MOST_ROWS:
            order = np.argsort(sum(np.log(v) for v in inputs.values()), kind="stable")
            pick = np.sort(order[np.linspace(0, n - 1, MOST_ROWS).round().astype(int)])
            inputs = {k: v[pick] for k, v in inputs.items()}
            response, groups = response[pick], groups[pick]
        return cls(dict(inputs), response, groups, LAWS_2D if len(inputs) == 2 else LAWS_1D, seed, name)

    @cached_property
    def _subsets(self) -> dict[str, list[Array]]:
        """Axis to the subsets of rows (n,) its backtests are fitted on."""
        found: dict[str, list[Array]] = {}
        for axis, place in self.axes().items():
            found[axis] = []
            for share in CUTS:
                low = place <= place.min() + share * np.ptp(place) + 1e-9
                enough = low.sum() >= LEAST_ROWS[len(self.inputs)] and not low.all()
                if enough and not any(np.array_equal(low, other) for other in found[axis]):
                    found[axis].append(low)
        return found

    @cached_property
    def fitted(self) -> dict[str, Penalised]:
        """Law id to its penalised fit on all rows."""
        fit_together([self])
        return self._fits[ALL][0]

    @cached_property
    def _fits(self) -> dict[str, list[dict[str, Penalised]]]:
        """Fits so far: under ALL that of all rows, under an axis those of its backtest's subsets; law id to fit."""
        return {}

    @property
    def usual_axis(self) -> str:
        """The axis along which most forecasts reach out: compute when there are two inputs."""
        return "flops" if len(self.inputs) == 2 else next(iter(self.inputs))

    @property
    def main(self) -> Penalised:
        """The law behind the bootstrap and residual terms: Chinchilla's in two inputs, power plus floor in one."""
        return self.fitted[self.names[0]]

    @cached_property
    def draws(self) -> Array:
        """Coordinates of the main law's refits (DRAWS, p)."""
        return randomised([self.main], DRAWS, self.seed)[0]

    def _design(self, name: str, rows: Array) -> Design:
        return Design(
            _law(name, tuple(self.inputs), self.response_name),
            tuple(v[rows] for v in self.inputs.values()),
            self.response[rows],
            self.groups[rows],
        )

    def predictions(self, at: Mapping[str, Array], fitted: Mapping[str, Penalised] | None = None) -> Array:
        """ln prediction of each law at targets, (laws, m)."""
        points = {k: np.atleast_1d(np.asarray(at[k], float)) for k in self.inputs}
        return np.stack([law.ln_at(points) for law in (fitted or self.fitted).values()])

    def centre(self, at: Mapping[str, Array]) -> Array:
        """Median over laws of the ln prediction (m,)."""
        return np.nanmedian(self.predictions(at), axis=0)

    def axes(self, at: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """log10 of each input, and of their product when there are two: the axes on which a target can lie beyond the rows."""
        source = self.inputs if at is None else at
        logs = {name: np.log10(np.asarray(source[name], float)) for name in self.inputs}
        return logs | ({"flops": sum(logs.values())} if len(logs) == 2 else {})  # type: ignore[dict-item]

    def decades(self, at: Mapping[str, Array], rows: Array | None = None) -> dict[str, Array]:
        """Decades by which each target lies beyond the largest row, per axis, never negative."""
        mine, theirs = self.axes(), self.axes(at)
        keep = slice(None) if rows is None else rows
        return {name: np.maximum(theirs[name] - mine[name][keep].max(), 0.0) for name in mine}

    @cached_property
    def _backtests(self) -> dict[str, tuple[float, float, int]]:
        return {}

    def backtest(self, axis: str) -> tuple[float, float, int]:
        """rms error of ln forecasts, rms horizon and number of forecasts, from cutting the rows along an axis; zeros if impossible."""
        if axis not in self._backtests:
            if axis not in self._fits:
                fit_together([self], axis)
            subsets, fits = self._subsets[axis], self._fits[axis]
            place = self.axes()[axis]
            errors, horizons = [], []
            for low, fitted in zip(subsets, fits, strict=True):
                above = np.flatnonzero(~low)
                above = above[np.argsort(place[above], kind="stable")]
                above = above[
                    np.unique(np.linspace(0, len(above) - 1, min(MOST_TARGETS, len(above))).round().astype(int))
                ]
                at = {k: v[above] for k, v in self.inputs.items()}
                forecast = np.nanmedian(self.predictions(at, fitted), axis=0)
                errors.append(forecast - np.log(self.response[above]))
                horizons.append(np.max(list(self.decades(at, low).values()), axis=0))
            if errors:
                e, h = np.concatenate(errors), np.concatenate(horizons)
                self._backtests[axis] = (float(np.sqrt((e**2).mean())), float(np.sqrt((h**2).mean())), len(e))
            else:
                self._backtests[axis] = (0.0, 0.0, 0)
        return self._backtests[axis]

    def terms(self, at: Mapping[str, Array], centre: Array | None = None) -> Terms:
        """The four terms at targets; `centre` (m,) replaces the median when the forecast is one law's own."""
        k = constants()
        points = {name: np.atleast_1d(np.asarray(at[name], float)) for name in self.inputs}
        predictions = self.predictions(points)
        middle = np.nanmean(predictions, axis=0) if centre is None else centre
        spread = np.sqrt(np.nanmean((predictions - middle) ** 2, axis=0))
        refits = self.main.ln_at(points, self.draws)
        low, high = np.quantile(refits, [0.16, 0.84], axis=0)
        decades = self.decades(points)
        stacked = np.stack(list(decades.values()))
        horizon = stacked.max(0)
        names = list(decades)
        back = np.empty(len(horizon))
        for i in range(len(horizon)):
            axis = names[int(np.argmax(stacked[:, i]))] if horizon[i] > 0 else self.usual_axis
            error, reach, count = self.backtest(axis)
            if count:
                back[i] = (
                    k.k_backtest * error * ((horizon[i] + k.horizon_offset) / (reach + k.horizon_offset)) ** k.growth
                )
            else:
                back[i] = k.no_backtest * (horizon[i] + k.horizon_offset)
        residual = max(self.main.scale, self.main.rms)
        return Terms(
            k.k_bootstrap * (high - low) / 2,
            np.full(len(horizon), k.k_residual * residual),
            k.k_spread * spread,
            back,
            horizon,
            decades,
        )


def fit_together(evidences: Sequence[Evidence], axis: str | None = None) -> None:
    """Fit many tables and the subsets of their backtests, each law in one batch; what is fitted already is left alone.

    Args:
        evidences: tables; each ends up as if it had been fitted alone.
        axis: along which backtests are wanted; default: each table's usual one.
    """
    jobs: list[tuple[Evidence, str, Array]] = []
    for evidence in evidences:
        along = axis or evidence.usual_axis
        wanted = {ALL: [np.ones(len(evidence.response), bool)], along: evidence._subsets[along]}
        for key, subsets in wanted.items():
            if key not in evidence._fits:
                evidence._fits[key] = [{} for _ in subsets]
                jobs += [(evidence, key, rows) for rows in subsets]
    by_law: dict[type[Law], list[tuple[dict[str, Penalised], str, Design]]] = {}
    places: dict[tuple[int, str], int] = {}
    for evidence, key, rows in jobs:
        place = places[id(evidence), key] = places.get((id(evidence), key), -1) + 1
        for name in evidence.names:
            design = evidence._design(name, rows)
            by_law.setdefault(design.law, []).append((evidence._fits[key][place], name, design))
    for work in by_law.values():
        for (into, name, _), fitted in zip(work, fit_many([design for _, _, design in work]), strict=True):
            into[name] = fitted


def draw_together(evidences: Sequence[Evidence]) -> None:
    """The refits behind the bootstrap term of many tables, each law in one batch."""
    by_law: dict[tuple[type[Law], int], list[Evidence]] = {}
    for evidence in evidences:
        by_law.setdefault((evidence.main.design.law, evidence.seed), []).append(evidence)
    for (_, seed), some in by_law.items():
        for evidence, draws in zip(some, randomised([e.main for e in some], DRAWS, seed), strict=True):
            vars(evidence)["draws"] = draws


@cache
def _law(name: str, inputs: tuple[str, ...], response: str) -> type[Law]:
    from gnomon.laws import law

    return law(f"{name}({', '.join(inputs)})", response=response)


_RECENT: OrderedDict[tuple[Any, ...], Evidence] = OrderedDict()
KEPT = 4  # tables whose fitted laws are kept for the next forecast, plan or report of the same process


def evidence_of(runs: Any, inputs: Sequence[str], response: str, *, seed: int = 0) -> Evidence:
    """Evidence from a Runs whose rows are usable; the same rows are fitted once in a process."""
    columns = {name: np.asarray(runs[name], float) for name in inputs}
    measured, groups = np.asarray(runs[response], float), np.asarray(runs.groups())
    key = (tuple(inputs), response, seed, *(x.tobytes() for x in (*columns.values(), measured, groups)))
    if key not in _RECENT:
        _RECENT[key] = Evidence.of(columns, measured, groups, seed=seed, name=response)
        while len(_RECENT) > KEPT:
            _RECENT.popitem(last=False)
    return _RECENT[key]
