"""What the rules of an audit look at: a fit with its rows, and what is computed from them once for all rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.errors import GnomonError, Notice
from gnomon.fit.design import Design
from gnomon.fit.diagnose import leave_one_out
from gnomon.fit.estimate import make_design, run_names
from gnomon.fit.objective import Objective, objective
from gnomon.fit.result import Fit
from gnomon.forecast.forecast_result import Forecast, Point
from gnomon.forecast.track import TrackRecord, size_column, track_record
from gnomon.runs import check
from gnomon.runs.findings import Finding
from gnomon.runs.rules.view import View

Array = np.ndarray

AHEAD = 3.0  # times the largest of every input: where a forecast is judged when no target is named, half a decade each


class Subject:
    """A fit under audit.

    Args:
        fit: with its rows.
        points: targets the fit is to forecast; may be empty.
        level: of intervals.
    """

    def __init__(self, fit: Fit, points: Sequence[Mapping[str, Any]], level: float) -> None:
        self.fit = fit
        self.points = tuple(points)
        self.level = level
        self.inputs = tuple(fit.law.inputs)

    # -- rows ----------------------------------------------------------------------------------------------------------

    @cached_property
    def checked(self) -> dict[str, Finding]:
        """What `gnomon check` finds in the rows used, by code; the worst of each."""
        return {finding.code: finding for finding in reversed(check(self.fit.data).findings)}

    @cached_property
    def notices(self) -> dict[str, list[Notice]]:
        """What the fit said about itself, by code."""
        found: dict[str, list[Notice]] = {}
        for notice in self.fit.notices:
            found.setdefault(notice.code, []).append(notice)
        return found

    @cached_property
    def view(self) -> View:
        """The rows as the rules of `gnomon check` see them."""
        return View(self.fit.data)

    @cached_property
    def groups(self) -> Array:
        """Run of each row (n,), counted from 0."""
        return np.unique(self.fit.data.groups(), return_inverse=True)[1]

    @property
    def several_rows(self) -> bool:
        """Whether runs have more than one row."""
        return int(self.groups.max()) + 1 < len(self.groups)

    def number(self, name: str) -> Array | None:
        """A numeric column (n,), None where there is none."""
        return self.view.number(name)

    @cached_property
    def size(self) -> tuple[str, Array] | None:
        """By what runs are large, and log10 of it (n,): compute where known, else the product or the widest input."""
        params, tokens = self.number("params"), self.number("tokens")
        if "flops" not in self.fit.data and params is not None and tokens is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                ln = np.log10(params * tokens)
            return ("params times tokens", ln) if np.isfinite(ln).all() else None
        name = size_column(self.fit.data, [name for name in self.inputs if name not in self.fit.law.made_inputs])
        return None if name is None else (name, np.log10(np.asarray(self.fit.data[name], float)))

    @cached_property
    def by_run(self) -> Array:
        """Mean residual of each run (G,)."""
        return np.asarray(np.bincount(self.groups, self.fit.residuals) / np.bincount(self.groups))

    # -- the forecast that is judged -----------------------------------------------------------------------------------

    @cached_property
    def probe(self) -> dict[str, float] | None:
        """The point at which changes of the fit are judged: the target farthest out, else AHEAD of the runs."""
        if self.points:
            return dict(self.point.at) if self.point is not None and not self.fit.law.made_inputs else None
        law, known = self.fit.law, self.fit.range
        plain = not (law.made_inputs or law.shares) and all(law.domain.get(n, (0.0,))[0] >= 0 for n in self.inputs)
        return {name: AHEAD * known[name][1] for name in self.inputs} if plain else None

    @property
    def where(self) -> str:
        """The probe in words."""
        return "at the target" if self.points else f"at {AHEAD:g} times the largest run in every input"

    @cached_property
    def forecast(self) -> Forecast | None:
        """Of the targets, else of the probe; None where the law gives none there."""
        from gnomon.forecast.predict import forecast

        at = self.points or ([self.probe] if self.probe is not None else [])
        if not at:
            return None
        if self.points:
            return forecast(self.fit, at, level=self.level)
        try:
            return forecast(self.fit, at, level=self.level)
        except GnomonError:
            return None

    @cached_property
    def point(self) -> Point | None:
        """The forecast that lies farthest out."""
        return None if self.forecast is None else max(self.forecast.points, key=lambda p: p.horizon)

    @cached_property
    def half(self) -> float | None:
        """Half-width of the interval for a new run at the probe, in ln response."""
        p = self.point
        return None if p is None or not p.low or not p.high else 0.5 * float(np.log(p.high / p.low))

    # -- the law fitted otherwise --------------------------------------------------------------------------------------

    @cached_property
    def design(self) -> Design | None:
        """The rows as the solver saw them; None where a prior held the law, which a refit would have to choose anew."""
        return (
            None
            if "prior" in self.fit.extra
            else make_design(type(self.fit.law), self.fit.data, self.objective, self.fit.held)
        )

    @cached_property
    def objective(self) -> Objective:
        """As in the fit."""
        return objective(self.fit.objective)

    @cached_property
    def theta(self) -> Array:
        """Coordinates (p,) of the fit."""
        assert self.design is not None
        return np.asarray(self.design.theta(self.fit.law.values), float)

    def shift(self, thetas: Array) -> Array:
        """Change of ln forecast at the probe (B,) when the law has coordinates (B, p); NaN where it is not defined."""
        assert self.design is not None
        assert self.probe is not None
        at = self.design.at({k: np.array([v]) for k, v in self.probe.items()})
        with np.errstate(all="ignore"):
            ln = np.log(at.predict(np.vstack([self.theta, thetas])))[:, 0]
        return np.asarray(ln[1:] - ln[0])

    def without(self, rows: Array) -> float | None:
        """Change of ln forecast at the probe when rows (n,) are left out; None where that cannot be said."""
        if self.design is None or self.probe is None or len(np.unique(self.groups[~rows])) <= self.design.free:
            return None
        refit = self.design.solve(self.objective, self.theta[None], weights=1.0 * ~rows, continuation=2, iterations=200)
        change = float(self.shift(refit.theta)[0])
        return change if np.isfinite(change) else None

    @cached_property
    def strongest(self) -> tuple[str, float] | None:
        """The run whose absence moves the forecast at the probe most, and the change of ln forecast."""
        if self.design is None or self.probe is None or int(self.groups.max()) + 1 < self.design.free + 3:
            return None
        thetas, left_out = leave_one_out(self.design, self.objective, self.theta)
        change = self.shift(thetas)
        if not np.isfinite(change).any():
            return None
        k = int(np.nanargmax(np.abs(change)))
        run = run_names(self.fit.data)[int(np.flatnonzero(self.groups == left_out[k])[0])]
        return str(run), float(change[k])

    @cached_property
    def record(self) -> TrackRecord:
        """What happened when the largest runs were hidden."""
        return track_record(self.fit)
