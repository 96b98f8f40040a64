"""What a fit returns: one frozen object with the law, its uncertainty, how it was found, and the rows behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import FileError, Notice, Where
from gnomon.fit.diagnose import Identifiability, Influence
from gnomon.fit.held import Held
from gnomon.laws.law import Law

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.report import Figure
    from gnomon.runs import Runs

Array = np.ndarray

FORMAT = 1  # version of the saved document; raised when an old reader would misread it
MOST_ROWS_SAVED = 10_000  # larger tables are referred to by path and fingerprint


@dataclass(frozen=True)
class Estimate:
    """A parameter: value, interval at the fit's level and standard error; None with a reason where unknown."""

    value: float
    low: float | None
    high: float | None
    se: float | None
    at_bound: bool = False
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {"value": self.value, "low": self.low, "high": self.high, "se": self.se}
        if self.at_bound:
            document["at_bound"] = True
        if self.reason:
            document |= {"low_reason": self.reason, "high_reason": self.reason, "se_reason": self.reason}
        return document


@dataclass(frozen=True)
class Starts:
    """How the multi-start ended: starts tried, converged, at the best optimum; refits drawn, converged, confirmed from afar."""

    tried: int
    converged: int
    at_best: int
    decrement: float
    draws: int = 0
    draws_converged: int = 0
    draws_confirmed: float | None = None


@dataclass(frozen=True)
class SecondOpinion:
    """The same rows under another objective."""

    objective: str
    values: dict[str, float]


@dataclass(frozen=True)
class Fit:
    """A law fitted to runs. See `gnomon.fit.fit` for how it is made.

    Args:
        law: the law with its best values.
        response: column that was fitted.
        objective: name of the objective; `value` its sum at the best values.
        parameters: name to Estimate.
        draws: name to (B,) values of the refits behind the intervals, paired over names; None without them.
        level: of the intervals.
        intervals: the engine behind them, one of `gnomon.fit.engines.ENGINES`.
        data: the rows used, with the columns used.
        given: rows read, before anything was removed.
        removed: (why, count) of every removal.
        residuals: ln(measured / law) per row; NaN where none of the trials was right.
        residual_sd: their root mean square with n - p degrees of freedom: the typical miss of one run.
        held: parameters that were fixed or taken from other families; None where all were fitted.
        extra: further parts of the document. "prior", where the law has one: its strength and how that was chosen. "counts", under the
            binomial objective: overdispersion and trials. "noise": estimated scales. "bayes": likelihood, priors, diagnostics.
            "transfer_test", where parameters come from another family: whether they hold here.
        identified: no parameter at a bound, all directions measured, and more runs than parameters.
    """

    law: Law
    response: str
    objective: str
    value: float
    parameters: dict[str, Estimate]
    draws: dict[str, Array] | None
    level: float
    intervals: str
    seed: int
    starts: Starts
    data: Runs
    given: int
    removed: tuple[tuple[str, int], ...]
    residuals: Array
    residual_sd: float
    identified: bool
    identifiability: Identifiability
    influence: Influence
    second: SecondOpinion
    notices: tuple[Notice, ...]
    fingerprint: str
    seconds: float
    version: str
    source: str = ""
    held: Held | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """Rows used."""
        return len(self.residuals)

    @property
    def fitted(self) -> tuple[str, ...]:
        """Names of the parameters that were fitted: all but those held."""
        held = () if self.held is None else self.held.names
        return tuple(name for name in self.parameters if name not in held)

    @property
    def runs_used(self) -> int:
        """Distinct runs among the rows used."""
        return len(np.unique(self.data.groups()))

    @property
    def range(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of each numeric column among the rows used."""
        names = (
            *self.law.inputs,
            *(c for c in ("flops",) if c in self.data and c not in self.law.inputs),
            self.response,
        )
        found = {}
        for name in names:
            if name in self.law.made_inputs:
                continue
            values = np.asarray(self.data[name], float)
            values = values[np.isfinite(values)]
            if len(values):
                found[name] = (float(values.min()), float(values.max()))
        return found

    def law_draws(self) -> Law | None:
        """The law of every draw: parameters of shape (B, 1), so that it maps (n,) inputs to (B, n)."""
        return None if self.draws is None else type(self.law)(**{k: v[:, None] for k, v in self.draws.items()})

    def forecast(self, level: float | None = None, **at: Any) -> Forecast:
        """Values at points with intervals for a new run; scalars or arrays, one per input of the law."""
        from gnomon.forecast import forecast

        columns = np.broadcast_arrays(*(_listed(v) for v in at.values()))
        points = [dict(zip(at, (c[i] for c in columns), strict=True)) for i in range(len(columns[0]) if columns else 0)]
        return forecast(self, points, level=level or self.level)

    def plot(self) -> Figure:
        """The fit as a figure: runs, law, bands."""
        from gnomon.report import fit_figure

        return fit_figure(self)

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon fit --json`."""
        return {
            "gnomon": self.version,
            "kind": "fit",
            "law": self.law.id or "custom",
            "formula": self.law.text,
            "response": self.response,
            "parameters": {name: estimate.to_dict() for name, estimate in self.parameters.items()},
            "level": self.level,
            "intervals": self.intervals,
            "objective": {"name": self.objective, "value": self.value},
            "starts": {"tried": self.starts.tried, "converged": self.starts.converged, "at_best": self.starts.at_best},
            "draws": {
                "made": self.starts.draws,
                "converged": self.starts.draws_converged,
                "confirmed_from_afar": self.starts.draws_confirmed,
                "seed": self.seed,
            },
            "rows": {
                "given": self.given,
                "used": self.used,
                "runs": self.runs_used,
                "removed": [{"why": why, "count": count} for why, count in self.removed],
            },
            "residual_sd": self.residual_sd,
            "range": {name: list(pair) for name, pair in self.range.items()},
            "identified": self.identified,
            "condition": self.identifiability.condition,
            "weakest": dict(self.identifiability.weakest),
            "influence": {
                "runs": [
                    {"run": run, "change_in_se": change}
                    for run, change in zip(self.influence.runs, self.influence.change, strict=True)
                ],
                "group": None
                if not self.influence.group
                else {
                    "runs": list(self.influence.group),
                    "parameter": self.influence.group_parameter,
                    "with": self.influence.group_from,
                    "without": self.influence.group_to,
                },
            },
            "second_objective": {"name": self.second.objective, "parameters": self.second.values},
            "held": None if self.held is None else self.held.to_dict(),
            **({"held_reason": "all parameters were fitted"} if self.held is None else {}),
            **self.extra,
            "fingerprint": self.fingerprint,
            "source": self.source,
            "seconds": self.seconds,
            "warnings": [notice.to_dict() for notice in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(_plain(self.to_dict()), indent=1, allow_nan=False)

    def save(self, path: str | Path) -> Path:
        """Write the fit with its rows and draws, so that it can be forecast, planned and widened from later."""
        document = self.to_dict() | {"saved": self._saved()}
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(path.name + ".partial")
            partial.write_text(json.dumps(_plain(document), allow_nan=False), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise FileError(f"The fit cannot be written: {error.strerror}.", where=Where(str(path))) from error
        return path

    def _saved(self) -> dict[str, Any]:
        rows: dict[str, Any] | None = None
        if self.used <= MOST_ROWS_SAVED:
            rows = {name: _plain(list(self.data[name])) for name in self.data.names}
        return {
            "format": FORMAT,
            "rows": rows,
            "conventions": {c.name: c.convention for c in self.data.columns.values() if c.convention},
            "schedules": {name: schedule.to_list() for name, schedule in self.data.schedules.items()},
            "draws": None if self.draws is None else _rounded(self.draws),
            "donors": []
            if self.held is None
            else [None if d.draws is None else _rounded(d.draws) for d in self.held.donors],
            "value": self.value,
            "values": {k: float(v) for k, v in self.law.values.items()},
            "removed": [list(pair) for pair in self.removed],
            "starts": vars(self.starts),
            "identifiability": vars(self.identifiability),
            "influence": vars(self.influence),
            "notices": [[n.code, n.message, n.data] for n in self.notices],
        }

    @classmethod
    def load(cls, path: str | Path) -> Fit:
        """Read what `save` wrote.

        Raises:
            FileError: the file cannot be read, is not JSON, or is not a fit saved by gnomon.
        """
        from gnomon.fit.saved import load

        return load(Path(path))

    def __repr__(self) -> str:
        rows = [
            f"{self.law.id or 'custom'}  {self.law.text}",
            f"{self.used} of {self.given} rows, {self.objective} {self.value:.6g}",
        ]
        for name, e in self.parameters.items():
            band = (
                f"   {self.level:.0%}: {e.low:.4g} to {e.high:.4g}" if e.low is not None and e.high is not None else ""
            )
            rows.append(f"  {name:<8} {e.value:.5g}{band}")
        rows += [f"! {n.message}" for n in self.notices]
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        from html import escape

        cells = "".join(
            f"<tr><td>{escape(k)}</td><td>{e.value:.5g}</td><td>"
            + (f"{e.low:.4g} to {e.high:.4g}" if e.low is not None and e.high is not None else "unknown")
            + "</td></tr>"
            for k, e in self.parameters.items()
        )
        warned = "".join(f"<li>{escape(n.message)}</li>" for n in self.notices)
        return (
            f"<p><b>{escape(self.law.id or 'custom')}</b> {escape(self.law.text)}</p>"
            f"<table><tr><th></th><th>value</th><th>{self.level:.0%} interval</th></tr>{cells}</table><ul>{warned}</ul>"
        )


def _rounded(draws: Mapping[str, Array]) -> dict[str, list[float]]:
    """Draws with the digits that matter."""
    return {k: [float(f"{x:.10g}") for x in v] for k, v in draws.items()}


def _listed(value: Any) -> Array:
    """A value or several as an array (n,): numbers as float64, anything else as it is."""
    several = value if isinstance(value, list | tuple | np.ndarray) else [value]
    if all(isinstance(v, int | float | np.number) for v in np.asarray(several, object).ravel()):
        return np.atleast_1d(np.asarray(value, float))
    listed: Array = np.empty(len(several), object)
    listed[:] = several
    return listed


def _plain(value: Any) -> Any:
    """JSON-ready: numpy numbers and arrays become Python's, non-finite numbers null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
