"""How trials are carried out: those that have no record yet are run, and each record is kept as its trial ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.engines import Engine, Processes, Ray, Serial, Slurm
from gnomon.errors import UnknownNameError, near
from gnomon.runs.store import Kept, Store
from gnomon.studies.trial import Trial, do

ENGINES = ("serial", "processes", "ray", "slurm")
"""Engines by name."""


@dataclass(frozen=True)
class News:
    """How far the trials are.

    Args:
        done: trials that are finished, with those of earlier calls.
        total: trials of the grid.
        failed: of the finished ones.
        cached: of the finished ones, found in the store.
        seconds: since the call.
        told: what a trial at work says of itself.
        ended: key of the trial that has just ended; None for other news.
    """

    done: int
    total: int
    failed: int
    cached: int
    seconds: float
    told: Any = None
    ended: str | None = None


@dataclass(frozen=True)
class Execution:
    """What became of trials.

    Args:
        known: key of each trial -> its record.
        cached: keys whose record the store had before.
    """

    known: Mapping[str, Kept]
    cached: frozenset[str]


def run_trials(
    trials: Sequence[Trial],
    *,
    owner: str,
    store: Store,
    engine: AbstractContextManager[Engine],
    retry: bool = False,
    progress: Callable[[News], None] | None = None,
) -> Execution:
    """Run the trials that the store has no record of.

    A finished trial is never run twice and never lost: a call that was stopped at any moment goes on where it was.

    Args:
        trials: distinct, the longest first where lengths differ.
        owner: under whose name new records are kept.
        store: where they are kept, each as its trial ends.
        engine: entered only when there is something to run.
        retry: run failed trials again.
        progress: called with news.
    """
    began = time.monotonic()
    known = store.get(trial.key for trial in trials)
    cached = frozenset(key for key, one in known.items() if one.status == "done" or not retry)
    todo = [trial for trial in trials if trial.key not in cached]
    count = {"done": len(cached), "failed": sum(known[key].status == "failed" for key in cached)}

    def say(told: Any = None, ended: str | None = None) -> None:
        if progress is not None:
            seconds = time.monotonic() - began
            progress(News(count["done"], len(trials), count["failed"], len(cached), seconds, told, ended))

    say()
    if todo:
        with engine as at_work:
            for outcome in at_work.map(do, todo, affinity=_kind, tell=lambda _, told: say(told)):
                trial = todo[outcome.index]
                if outcome.failure is None:
                    spent = sum(float(row.get("seconds") or 0.0) for row in outcome.record)
                    store.put(trial.key, study=owner, spec=trial.spec, rows=outcome.record, seconds=spent)
                else:
                    store.fail(trial.key, study=owner, spec=trial.spec, failure=vars(outcome.failure))
                    count["failed"] += 1
                count["done"] += 1
                say(ended=trial.key)
    return Execution(store.get(trial.key for trial in trials), cached)


def engine_called(
    engine: str | Engine,
    folder: Path,
    environment: Mapping[str, str],
    *,
    workers: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> AbstractContextManager[Any]:
    """The engine of a name; an engine that is given stays the caller's to close.

    Args:
        engine: "serial", "processes", "ray" (the cluster at RAY_ADDRESS, or a local one), "slurm", or an engine.
        folder: of the files a queue needs.
        environment: variables of the workers; the serial engine has the caller's.
        workers: at a time; None: as many as the engine takes by itself.
        options: further arguments of the engine: `address` and `cores` of ray; `minutes`, `cores`, `options` and
            `cluster` of slurm.

    Raises:
        UnknownNameError: no such engine.
    """
    more = dict(options or {})
    if not isinstance(engine, str):
        return nullcontext(engine)
    if engine == "serial":
        return Serial()
    if engine == "processes":
        return Processes(workers, environment=environment)
    if engine == "ray":
        return Ray(workers, environment=environment, **more)
    if engine == "slurm":
        return Slurm(folder / "slurm", workers=workers, environment=environment, **more)
    raise UnknownNameError(f"there is no engine {engine!r}", hint=near(engine, ENGINES))


def _kind(trial: Trial) -> Any:
    return trial.kind
