"""The track record on the user's own runs: hide the largest, forecast them, score error and coverage beside simple baselines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.forecast.predict import forecast

if TYPE_CHECKING:
    from gnomon.fit.held import Held

Array = np.ndarray

RECIPE = "recipe"  # the name under which the recipe's own centre takes part


@dataclass(frozen=True)
class Hidden:
    """One hidden run as one law forecast it."""

    run: str
    law: str
    at: dict[str, Any]
    measured: float
    value: float
    low: float | None
    high: float | None
    inside: bool | None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return vars(self).copy()


@dataclass(frozen=True)
class LawScore:
    """How one law did: mean absolute relative error, rms of the log error, coverage, mean relative width, hidden rows."""

    law: str
    are: float | None
    rmse_log: float | None
    bias: float | None
    coverage: float | None
    width: float | None
    held_out: int
    reason: str | None = None

    def to_dict(self, level: float) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {
            "law": self.law,
            "error": {"are": self.are, "rmse_log": self.rmse_log, "bias": self.bias},
            "coverage": self.coverage,
            "level": level,
            "width": self.width,
            "held_out": self.held_out,
        }
        if self.reason:
            document |= {"error_reason": self.reason}
        return document


@dataclass(frozen=True)
class Backtest:
    """Scores of laws and baselines on the same hidden runs."""

    laws: tuple[LawScore, ...]
    baselines: tuple[LawScore, ...]
    points: tuple[Hidden, ...]
    hold_out: str
    level: float
    fitted: int
    response: str
    notices: tuple[Notice, ...]
    version: str = ""

    @property
    def best(self) -> str | None:
        """The law with the smallest mean error."""
        scored = [s for s in self.laws if s.are is not None]
        return min(scored, key=lambda s: s.are or 0.0).law if scored else None

    def score(self, law: str) -> LawScore:
        """The score of one law or baseline."""
        for s in (*self.laws, *self.baselines):
            if s.law == law:
                return s
        raise InputError(f"{law!r} took no part in this backtest.")

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon backtest --json`."""
        return {
            "gnomon": self.version,
            "kind": "backtest",
            "response": self.response,
            "hold_out": self.hold_out,
            "fitted": self.fitted,
            "laws": [s.to_dict(self.level) for s in self.laws],
            "best": self.best,
            "baselines": {s.law: s.to_dict(self.level) for s in self.baselines},
            "points": [p.to_dict() for p in self.points],
            "warnings": [n.to_dict() for n in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"backtest: {self.fitted} rows fitted, hidden: {self.hold_out}"]
        for s in (*self.laws, *self.baselines):
            error = f"{s.are:.2%} off" if s.are is not None else f"no forecast ({s.reason})"
            caught = f", {self.level:.0%} interval caught {s.coverage:.0%}" if s.coverage is not None else ""
            rows.append(f"  {s.law:<20} {error}{caught}, {s.held_out} hidden")
        return "\n".join(rows)


def backtest(
    laws: Sequence[Any] | str,
    runs: Any,
    *,
    hold_out: str = "largest:flops:3",
    level: float = 0.9,
    response: str | None = None,
    objective: str | None = None,
    draws: int = 200,
    seed: int = 0,
    held: Held | None = None,
) -> Backtest:
    """Fit laws to the smaller runs and forecast the hidden larger ones.

    Args:
        laws: ids, Law classes or formulas; "recipe" stands for the centre of several laws that forecasts from runs have.
        runs: a Runs, or whatever `read_runs` takes.
        hold_out: which runs to hide, see `Runs.split`.
        level: of the intervals.
        response: column to forecast; default: each law's output.
        objective: of the fits; default: as in `fit`.
        draws: bootstrap refits behind intervals that the recipe cannot give.
        seed: of every random draw.
        held: parameters that the laws do not fit, as those of a fit (`Fit.held`).

    Raises:
        RefusalError: nothing is left to fit or to hide.
    """
    from gnomon.fit.estimate import fit, usable_rows
    from gnomon.laws import law as find_law
    from gnomon.runs import read_runs

    table = read_runs(runs)
    specs = [laws] if isinstance(laws, str) else list(laws)
    if not specs:
        raise InputError("No law to test.", hint="Name at least one: --law chinchilla.")
    small, large = table.split(hold_out)
    columns = (*table.names, *table.unsettled)
    classes: dict[str, Any] = {}
    for spec in specs:
        cls = None if spec == RECIPE else find_law(spec, columns=columns, response=response)
        classes[RECIPE if cls is None else cls.id or cls.text] = cls
    target = response or next((c.output for c in classes.values() if c is not None), "loss")
    scores, points, notices = [], [], []
    for name, cls in classes.items():
        if cls is None:
            inputs: tuple[str, ...] = ("params", "tokens")
            hidden = large.usable((*inputs, target), positive=(*inputs, target))
            fitted_rows = small
        else:
            cls, laid = cls.laid_on(table)
            inputs = tuple(cls.inputs)
            fitted_rows, beyond = (small, large) if laid is table else laid.split(hold_out)
            hidden = usable_rows(cls, beyond)
        if not len(hidden):
            raise RefusalError(f"No hidden row has {', '.join(inputs)} and {target}.", code="no-rows")
        at = [{c: hidden[c][i] for c in inputs} for i in range(len(hidden))]
        try:
            if cls is None:
                result = forecast(small, at, level=level, response=target, seed=seed)
            else:
                fitted = fit(cls, fitted_rows, objective=objective, draws=draws, level=level, seed=seed, transfer=held)
                result = forecast(fitted, at, level=level, seed=seed)
        except RefusalError as refused:
            scores.append(LawScore(name, None, None, None, None, None, len(hidden), refused.message))
            notices.append(
                Notice("law-refused", f"{name} could not be fitted without the hidden runs: {refused.message}")
            )
            continue
        mine = _hidden(name, hidden, target, result)
        points += mine
        scores.append(_score(name, mine))
    baselines, extra = _baselines(small, large, target)
    points += extra
    from gnomon.version import __version__

    return Backtest(
        tuple(scores), tuple(baselines), tuple(points), hold_out, level, len(small), target, tuple(notices), __version__
    )


def _hidden(name: str, hidden: Any, target: str, result: Any) -> list[Hidden]:
    from gnomon.fit.estimate import run_names

    names = run_names(hidden)
    measured = np.asarray(hidden[target], float)
    return [
        Hidden(
            str(names[i]),
            name,
            point.at,
            float(measured[i]),
            point.value,
            point.low,
            point.high,
            None if point.low is None or point.high is None else bool(point.low <= measured[i] <= point.high),
        )
        for i, point in enumerate(result.points)
    ]


def _score(name: str, points: Sequence[Hidden]) -> LawScore:
    error = np.array([p.value / p.measured - 1 for p in points])
    logs = np.log([p.value / p.measured for p in points])
    inside = [p.inside for p in points if p.inside is not None]
    width = [(p.high - p.low) / p.value for p in points if p.low is not None and p.high is not None]
    return LawScore(
        name,
        float(np.abs(error).mean()),
        float(np.sqrt((logs**2).mean())),
        float(error.mean()),
        float(np.mean(inside)) if inside else None,
        float(np.mean(width)) if width else None,
        len(points),
    )


def _baselines(small: Any, large: Any, target: str) -> tuple[list[LawScore], list[Hidden]]:
    """`last_value`: what the largest fitted run measured; `best_so_far`: the smallest measured value."""
    from gnomon.fit.estimate import run_names

    seen = small.usable((target,), positive=(target,))
    hidden = large.usable((target,), positive=(target,))
    values = np.asarray(seen[target], float)
    measures = [np.asarray(seen[c], float) for c in ("flops", "tokens", "params") if c in seen]
    size = next((x for x in measures if not np.isnan(x).all()), np.arange(len(values)))
    guesses = {"last_value": float(values[int(np.nanargmax(size))]), "best_so_far": float(values.min())}
    names = run_names(hidden)
    scores, points = [], []
    for name, guess in guesses.items():
        mine = [
            Hidden(str(names[i]), name, {}, float(v), guess, None, None, None)
            for i, v in enumerate(np.asarray(hidden[target], float))
        ]
        scores.append(_score(name, mine))
        points += mine
    return scores, points
