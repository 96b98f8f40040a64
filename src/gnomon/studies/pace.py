"""How long a study will take: the first trial of every kind is timed for a few steps, and the rest is arithmetic."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gnomon.engines import Engine, Processes, Tell, TrialError
from gnomon.lab.backend import environment
from gnomon.studies.catalogue import study as study_of
from gnomon.studies.study import Study
from gnomon.studies.trial import Trial, distinct, do

WATCHED = 2.0  # seconds of steps a trial is watched for, once it has said twice how far it is
CORE = 1  # threads of a worker, as where studies run


@dataclass(frozen=True)
class Pace:
    """How long a trial of one kind takes.

    Args:
        begin: seconds until its first step: data, and a program that further trials of the kind find again.
        rest: seconds from its first step to its end.
    """

    begin: float
    rest: float


@dataclass(frozen=True)
class Duration:
    """What a study is expected to take.

    Args:
        trials: of the grid.
        kinds: of trials, each timed on its first.
        core_seconds: of all trials, one after the other.
        workers: trials at a time.
        seconds: on that many workers: their equal share, or the longest kind where that is more.
    """

    trials: int
    kinds: int
    core_seconds: float
    workers: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As in the document of `gnomon study run --dry-run`."""
        return {"trials": {"total": self.trials, "kinds": self.kinds}} | {
            name: getattr(self, name) for name in ("core_seconds", "workers", "seconds")
        }


class _Enough(BaseException):
    """Raised where a trial speaks, to end it; no trial's own `except Exception` takes it for an error."""


def expected_duration(
    name: str | Study, *, scale: str = "quick", seed: int = 0, workers: int | None = None, engine: Engine | None = None
) -> Duration:
    """How long `run_study` will take from an empty store; nothing is kept.

    A trial that says how far it is ({"step", "steps"}) is left after a few seconds of steps; one that does not, or that
    counts anew on the way, is run to its end. Trials of a kind take as their `cost` has it.

    Args:
        name: of a study, or a study of one's own.
        scale: "smoke", "quick" or "full".
        seed: of all its random numbers.
        workers: trials at a time in the run that is forecast (default: one a core).
        engine: where the trials are timed (default: worker processes, as many at a time as in the run).

    Raises:
        UnknownNameError: no such study or scale.
        TrialError: a trial failed.
    """
    chosen = study_of(name) if isinstance(name, str) else name
    trials = distinct(chosen.trials(chosen.asked(scale, seed)))
    first: dict[Hashable, Trial] = {}
    for trial in trials:
        first.setdefault(trial.kind, trial)
    paces: dict[Hashable, Pace] = {}
    with Processes(workers, environment=environment(threads=CORE)) as processes:
        for outcome in (engine or processes).map(time_trial, list(first.values())):
            kind = list(first)[outcome.index]
            if outcome.failure is not None:
                raise TrialError(
                    f"The first trial of kind {kind} failed: {outcome.failure.kind}: {outcome.failure.message}",
                    hint="Mend it before the study is run.",
                )
            paces[kind] = outcome.record
        return _add_up(trials, first, paces, processes.workers)


def time_trial(trial: Trial, tell: Tell) -> Pace:
    """The pace of a trial, from its first steps."""
    began = time.perf_counter()
    seen: list[tuple[float, float, float]] = []  # seconds, step, steps
    counts_anew = False

    def listen(told: Any) -> None:
        nonlocal counts_anew
        if not (isinstance(told, Mapping) and {"step", "steps"} <= set(told)):
            return
        counts_anew |= bool(seen) and float(told["step"]) <= seen[-1][1]
        seen.append((time.perf_counter() - began, float(told["step"]), float(told["steps"])))
        if not counts_anew and len(seen) > 1 and seen[-1][0] - seen[0][0] > WATCHED and seen[-1][1] > seen[0][1]:
            raise _Enough

    try:
        do(trial, listen)
    except _Enough:
        (t, step, _), (u, later, steps) = seen[0], seen[-1]
        each = (u - t) / (later - step)
        return Pace(max(t - each * step, 0.0), each * steps)
    total = time.perf_counter() - began
    if counts_anew or len(seen) < 2:
        return Pace(0.0, total)
    (t, step, _), (u, later, _) = seen[0], seen[-1]
    begin = min(max(t - (u - t) / (later - step) * step, 0.0), total)
    return Pace(begin, total - begin)


def _add_up(
    trials: Sequence[Trial], first: Mapping[Hashable, Trial], paces: Mapping[Hashable, Pace], workers: int
) -> Duration:
    times: Counter[Hashable] = Counter()
    for trial in trials:
        times[trial.kind] += paces[trial.kind].rest * trial.cost / first[trial.kind].cost  # type: ignore[assignment]
    whole = sum(times[kind] + pace.begin for kind, pace in paces.items())
    longest = max(paces[t.kind].begin + paces[t.kind].rest * t.cost / first[t.kind].cost for t in trials)
    return Duration(len(trials), len(first), whole, workers, max(whole / min(workers, len(trials)), longest))
