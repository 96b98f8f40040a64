"""What a sweep returns: its trials with what became of them, the runs, the fit, the forecast, and what to run next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.errors import Notice
from gnomon.sweep.design import Design, Planned
from gnomon.sweep.duration import Duration
from gnomon.sweep.ladder import Rung
from gnomon.sweep.spec import Spec
from gnomon.version import __version__

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast
    from gnomon.plan import NextRuns
    from gnomon.runs import Runs
    from gnomon.runs.store import Kept

DRY = "nothing was run"


@dataclass(frozen=True)
class Sweep:
    """A sweep, designed or run.

    Args:
        spec: its file.
        design: its trials.
        known: what the store knows of them, by key.
        cached: of which it had a record before this call.
        duration: of trials, learnt from finished ones; None without any.
        runs: a row for each finished trial; None where nothing was run.
        fit: of the law behind the next runs; None with a reason.
        forecast: of the target; None with a reason.
        next_runs: what to run next; None with a reason.
        rungs: sizes and tokens of the next runs.
        reasons: why something is None.
        files: written files by what they hold.
        notices: what is to be known.
        seconds: of this call.
    """

    spec: Spec
    design: Design
    known: Mapping[str, Kept]
    cached: int
    duration: Duration | None
    seconds: float
    runs: Runs | None = None
    fit: Fit | None = None
    forecast: Forecast | None = None
    next_runs: NextRuns | None = None
    rungs: tuple[Rung, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def planned(self) -> tuple[Planned, ...]:
        """All trials, the longest first."""
        return self.design.planned

    @property
    def failed(self) -> tuple[Planned, ...]:
        """The trials that failed."""
        return tuple(one for one in self.planned if self.status(one) == "failed")

    @property
    def waiting(self) -> tuple[Planned, ...]:
        """The trials without a record."""
        return tuple(one for one in self.planned if self.status(one) == "to run")

    @property
    def seconds_left(self) -> float | None:
        """Forecast of how long the trials without a record take; None without a finished trial."""
        if self.duration is None:
            return None
        engine = self.spec.engine
        workers = 1 if engine.name == "serial" else engine.at_a_time(engine.name)
        return self.duration.whole([one.flops for one in self.waiting], workers or max(len(self.waiting), 1))

    def status(self, one: Planned) -> str:
        """ "done", "failed" or "to run"."""
        kept = self.known.get(one.trial.key)
        return kept.status if kept is not None else "to run"

    def measured(self, one: Planned) -> Mapping[str, Any]:
        """What a trial measured; empty where it is not done."""
        kept = self.known.get(one.trial.key)
        return kept.rows[0] if kept is not None and kept.rows else {}

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon sweep --json`."""
        left = self.seconds_left
        document: dict[str, Any] = {
            "gnomon": __version__,
            "kind": "sweep",
            "name": self.spec.name,
            "folder": str(self.spec.folder),
            "target": self.spec.target.point,
            "response": self.spec.metrics.response,
            "ladder": [self._trial(one) for one in self.planned],
            "flops": self.design.flops,
            "budget": self.spec.ladder.budget,
            "seconds_left": left,
            "trials": {
                "total": len(self.planned),
                "cached": self.cached,
                "failed": len(self.failed),
                "to_run": len(self.waiting),
            },
            "fit": None if self.fit is None else self.fit.to_dict(),
            "forecast": None if self.forecast is None else self.forecast.to_dict(),
            "next": None if self.next_runs is None else self._next(),
            "files": {name: str(path) for name, path in self.files.items()},
            "seconds": round(self.seconds, 3),
            "warnings": [notice.to_dict() for notice in self.notices],
        }
        if left is None:
            document["seconds_left_reason"] = "no trial of this sweep is finished; --calibrate runs two"
        for name in ("fit", "forecast", "next"):
            if document[name] is None:
                document[f"{name}_reason"] = self.reasons.get(name, DRY)
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False, default=str)

    def _trial(self, one: Planned) -> dict[str, Any]:
        kept, measured, status = self.known.get(one.trial.key), self.measured(one), self.status(one)
        found: dict[str, Any] = {
            "run": one.run,
            "trial": one.trial.key,
            "values": dict(one.values),
            "flops": one.flops,
            "command": one.command,
            "status": status,
            "value": measured.get(self.spec.metrics.response),
            "seconds": measured.get("seconds"),
        }
        if status != "done":
            found |= dict.fromkeys(
                ("value_reason", "seconds_reason"), "it failed" if status == "failed" else "not run yet"
            )
        if kept is not None and kept.failure is not None:
            found["failure"] = dict(kept.failure)
        return found

    def _next(self) -> dict[str, Any]:
        assert self.next_runs is not None
        rungs = [{**rung.size.values, "params": rung.size.params, "tokens": rung.tokens} for rung in self.rungs]
        return self.next_runs.to_dict() | {"rungs": rungs, "toml": toml_of(self.rungs)}

    def __repr__(self) -> str:
        told = f"{self.spec.name}: {len(self.planned)} trials, {len(self.failed)} failed, {len(self.waiting)} to run"
        return told if self.forecast is None else f"{told}\n{self.forecast!r}"


def toml_of(rungs: Sequence[Rung]) -> str:
    """The rungs as they are added to the file."""
    lines = []
    for rung in rungs:
        values = rung.size.values or {"params": rung.size.params}
        lines += ["[[ladder.more]]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        lines += [f"tokens = {rung.tokens}", ""]
    return "\n".join(lines)
