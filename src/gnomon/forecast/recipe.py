"""The interval recipe: several laws, and four named terms of variance whose sizes were learnt on real held-out runs.

centre c = half the median over laws of ln prediction, half their weighted mean (`centre`)
interval = exp(c -+ m_level sigma), sigma from four terms (`variance`)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.design import Design
from gnomon.forecast.centre import centre, law_weights
from gnomon.forecast.early import settled
from gnomon.forecast.penalised import Penalised, fit_many, randomised
from gnomon.forecast.scale import Scale, admits_odds, better, forward, is_rate, ln_response
from gnomon.forecast.variance import Ingredients
from gnomon.forecast.variance import Terms as Terms
from gnomon.forecast.variance import constants as constants
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
class Hindcasts:
    """Backtests along one axis: ln predictions (laws, k), ln measured (k,), decades beyond the fitted rows (k,), origin (k,)."""

    predictions: Array
    measured: Array
    horizon: Array
    origin: Array


@dataclass(frozen=True)
class Evidence:
    """Several laws fitted to the same rows, ready to forecast and to test themselves.

    Args:
        inputs: one or two input columns, name to (n,) positive values.
        response: what the laws are fitted to (n,), positive: measured values, or their odds.
        groups: run of each row (n,).
        names: ids of the laws.
        scale: whether `response` is the measured one or its odds; every "ln" below is the logarithm of `response`.
        left_out: early checkpoints that take no part.
    """

    inputs: Mapping[str, Array]
    response: Array
    groups: Array
    names: tuple[str, ...]
    seed: int = 0
    response_name: str = "loss"
    scale: Scale = "log"
    left_out: int = 0

    @classmethod
    def of(
        cls,
        inputs: Mapping[str, Array],
        response: Array,
        groups: Array,
        *,
        seed: int = 0,
        name: str = "loss",
        scale: Scale = "log",
        early: bool = False,
    ) -> Evidence:
        """Evidence from rows, thinned evenly when there are very many.

        Args:
            inputs: one or two input columns, name to (n,) positive values.
            response: measured values (n,), positive.
            groups: run of each row (n,).
            seed: of the refits.
            name: of the response.
            scale: on which laws are fitted.
            early: keep early checkpoints, for targets that are early checkpoints themselves.

        Raises:
            RefusalError: fewer than 4 rows, or fewer than 3 values of an input.
        """
        keep = np.ones(len(response), bool) if early else settled(inputs, groups)
        left_out = int((~keep).sum())
        inputs, groups = {k: v[keep] for k, v in inputs.items()}, groups[keep]
        response = forward(response[keep], scale)
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
        return cls(
            dict(inputs), response, groups, LAWS_2D if len(inputs) == 2 else LAWS_1D, seed, name, scale, left_out
        )

    def ln_response(self, z: Array) -> Array:
        """ln of the measured response from ln of what the laws were fitted to."""
        return ln_response(z, self.scale)

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
        """ln forecast (m,) from all laws: see `gnomon.forecast.centre`."""
        points = {name: np.atleast_1d(np.asarray(at[name], float)) for name in self.inputs}
        axes = self.axis_of(self.decades(points))
        weights = np.stack([self.weights(axis) for axis in axes], axis=1)
        return centre(self.predictions(points), weights)

    def weights(self, axis: str) -> Array:
        """Weights of the laws (laws,) in the centre of targets that lie out along an axis."""
        if axis not in self._weights:
            past = self.hindcasts(axis)
            self._weights[axis] = law_weights(list(self.fitted.values()), past.predictions, past.measured)
        return self._weights[axis]

    @cached_property
    def _weights(self) -> dict[str, Array]:
        return {}

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
            past = self.hindcasts(axis)
            if len(past.measured):
                e = np.nanmedian(past.predictions, axis=0) - past.measured
                reach = float(np.sqrt((past.horizon**2).mean()))
                self._backtests[axis] = (float(np.sqrt((e**2).mean())), reach, len(e))
            else:
                self._backtests[axis] = (0.0, 0.0, 0)
        return self._backtests[axis]

    def hindcasts(self, axis: str) -> Hindcasts:
        """What the laws said about upper rows when fitted to the lower ones, cut along an axis."""
        if axis not in self._fits:
            fit_together([self], axis=axis)
        place = self.axes()[axis]
        predictions: list[Array] = [np.empty((len(self.names), 0))]
        measured: list[Array] = []
        horizons: list[Array] = []
        origins: list[Array] = []
        for low, fitted in zip(self._subsets[axis], self._fits[axis], strict=True):
            above = np.flatnonzero(~low)
            above = above[np.argsort(place[above], kind="stable")]
            above = above[np.unique(np.linspace(0, len(above) - 1, min(MOST_TARGETS, len(above))).round().astype(int))]
            at = {k: v[above] for k, v in self.inputs.items()}
            predictions.append(self.predictions(at, fitted))
            measured.append(np.log(self.response[above]))
            horizons.append(np.max(list(self.decades(at, low).values()), axis=0))
            origins.append(np.full(len(above), len(origins)))
        return Hindcasts(
            np.concatenate(predictions, 1), *(np.concatenate([[], *x]) for x in (measured, horizons, origins))
        )

    def axis_of(self, decades: Mapping[str, Array]) -> list[str]:
        """Per target the axis along which it lies farthest beyond the rows; the usual one for targets inside."""
        names, stacked = list(decades), np.stack(list(decades.values()))
        return [
            names[i] if far > 0 else self.usual_axis for i, far in zip(stacked.argmax(0), stacked.max(0), strict=True)
        ]

    def ingredients(self, at: Mapping[str, Array], centre: Array | None = None, axis: str | None = None) -> Ingredients:
        """What the terms at targets are made of.

        Args:
            at: targets, column to (m,).
            centre: (m,) replaces the laws' mean when the forecast is one law's own.
            axis: of the backtests; default: per target the one along which it lies farthest out.
        """
        points = {name: np.atleast_1d(np.asarray(at[name], float)) for name in self.inputs}
        predictions = self.predictions(points)
        middle = np.nanmean(predictions, axis=0) if centre is None else centre
        low, high = np.quantile(self.main.ln_at(points, self.draws), [0.16, 0.84], axis=0)
        decades = self.decades(points)
        axes = [axis] * len(middle) if axis else self.axis_of(decades)
        error, reach, count = np.array([self.backtest(a) for a in axes]).T
        return Ingredients(
            (high - low) / 2,
            np.full(len(middle), max(self.main.scale, self.main.rms)),
            np.sqrt(np.nanmean((predictions - middle) ** 2, axis=0)),
            error,
            reach,
            count,
            np.max(list(decades.values()), axis=0),
        )

    def terms(self, at: Mapping[str, Array], centre: Array | None = None) -> Terms:
        """The four terms at targets; `centre` (m,) is that of a forecast which is one law's own."""
        points = {name: np.atleast_1d(np.asarray(at[name], float)) for name in self.inputs}
        return constants().scaled(self.ingredients(points, centre), self.decades(points))


def fit_together(
    evidences: Sequence[Evidence], targets: Sequence[Mapping[str, Array]] | None = None, axis: str | None = None
) -> None:
    """Fit many tables and the subsets of their backtests in few batches; what is fitted already is left alone.

    Args:
        evidences: tables; each ends up as if it had been fitted alone.
        targets: of each table: backtests run along the axes on which these lie far out, and along the usual one.
        axis: along which backtests run when no targets are given; default: each table's usual one.
    """
    jobs: list[tuple[Evidence, str, Array]] = []
    for i, evidence in enumerate(evidences):
        axes = {axis or evidence.usual_axis}
        if targets is not None:
            axes |= set(evidence.axis_of(evidence.decades(targets[i])))
        for key in (ALL, *sorted(axes)):
            if key not in evidence._fits:
                subsets = [np.ones(len(evidence.response), bool)] if key == ALL else evidence._subsets[key]
                evidence._fits[key] = [{} for _ in subsets]
                jobs += [(evidence, key, rows) for rows in subsets]
    work: list[tuple[dict[str, Penalised], str, Design]] = []
    places: dict[tuple[int, str], int] = {}
    for evidence, key, rows in jobs:
        place = places[id(evidence), key] = places.get((id(evidence), key), -1) + 1
        for name in evidence.names:
            work.append((evidence._fits[key][place], name, evidence._design(name, rows)))
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


def evidence_of(
    runs: Any, inputs: Sequence[str], response: str, *, seed: int = 0, scale: Scale | None = None
) -> Evidence:
    """Evidence from a Runs whose rows are usable; the same rows are fitted once in a process.

    Args:
        runs: a Runs.
        inputs: its columns of inputs.
        response: its column to forecast.
        seed: of the refits.
        scale: on which laws are fitted; default: the logarithm, for error rates whichever scale backtests better.
    """
    columns = {name: np.asarray(runs[name], float) for name in inputs}
    measured, groups = np.asarray(runs[response], float), np.asarray(runs.groups())
    key = (tuple(inputs), response, seed, scale, *(x.tobytes() for x in (*columns.values(), measured, groups)))
    if key not in _RECENT:
        _RECENT[key] = Evidence.of(columns, measured, groups, seed=seed, name=response, scale=scale or "log")
        if scale is None and is_rate(response) and admits_odds(measured):
            odds = Evidence.of(columns, measured, groups, seed=seed, name=response, scale="odds")
            _RECENT[key] = better(_RECENT[key], odds)
        while len(_RECENT) > KEPT:
            _RECENT.popitem(last=False)
    return _RECENT[key]
