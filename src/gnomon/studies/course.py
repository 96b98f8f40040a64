"""The course of a study: trials that have no record yet are run, each record kept at once, the claims judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from gnomon.engines import Engine, TrialError
from gnomon.errors import RefusalError
from gnomon.lab.backend import environment
from gnomon.runs.store import SUFFIX, Kept, Store
from gnomon.studies.catalogue import study as study_of
from gnomon.studies.claim import verdicts
from gnomon.studies.execution import News, engine_called, run_trials
from gnomon.studies.result import Result
from gnomon.studies.study import Asked, Study
from gnomon.studies.trial import Trial, distinct

FOLDER = "gnomon-studies"
"""Where the store lies unless a place is named."""


def run_study(
    name: str | Study,
    *,
    scale: str = "quick",
    seed: int = 0,
    engine: str | Engine = "processes",
    store: str | Path | Store | None = None,
    retry: bool = False,
    progress: Callable[[News], None] | None = None,
) -> Result:
    """Run a study and judge its claims.

    A finished trial is never run twice and never lost: a call that was stopped at any moment goes on where it was.

    Args:
        name: of a study, or a study of one's own.
        scale: "smoke", "quick" or "full".
        seed: of all its random numbers.
        engine: "serial", "processes", "ray" (the cluster at RAY_ADDRESS, or a local one), "slurm" (jobs
            whose files lie beside the store), or an engine.
        store: file of the store (default gnomon-studies/store.gnomon).
        retry: run failed trials again.
        progress: called with news.

    Raises:
        UnknownNameError: no such study, scale or engine.
        MissingExtraError: the study needs an optional dependency.
        TrialError: trials failed and none is finished; the failures are in `partial`.
    """
    began = time.monotonic()
    chosen = study_of(name) if isinstance(name, str) else name
    asked = chosen.asked(scale, seed)
    trials = distinct(chosen.trials(asked))
    with nullcontext(store) if isinstance(store, Store) else closing(Store(store or default_store())) as kept:
        found = run_trials(
            trials,
            owner=chosen.name,
            store=kept,
            engine=engine_called(engine, kept.path.parent, environment(threads=1)),
            retry=retry,
            progress=progress,
        )
    return _judged(chosen, asked, trials, found.known, cached=len(found.cached), seconds=time.monotonic() - began)


def verify_study(
    name: str | Study, *, scale: str = "quick", seed: int = 0, store: str | Path | Store | None = None
) -> Result:
    """Judge a study's claims anew from the rows in the store; nothing is run.

    Raises:
        RefusalError: trials of this scale and seed are missing in the store.
    """
    began = time.monotonic()
    chosen = study_of(name) if isinstance(name, str) else name
    asked = chosen.asked(scale, seed)
    trials = distinct(chosen.trials(asked))
    with nullcontext(store) if isinstance(store, Store) else closing(Store(store or default_store())) as kept:
        known = kept.get(trial.key for trial in trials)
    missing = len(trials) - len(known)
    if missing:
        raise RefusalError(
            f"{missing} of {len(trials)} trials of {chosen.name} at scale {scale} are not in the store {kept.path}.",
            hint=f"Run them: gnomon study run {chosen.name} --scale {scale}",
            code="not-run",
        )
    return _judged(chosen, asked, trials, known, cached=len(known), seconds=time.monotonic() - began)


def default_store() -> Path:
    """The store of the folder one works in."""
    return Path(FOLDER) / f"store{SUFFIX}"


def _judged(
    chosen: Study, asked: Asked, trials: Sequence[Trial], known: Mapping[str, Kept], *, cached: int, seconds: float
) -> Result:
    from gnomon.runs import read_runs

    failed = [known[trial.key] for trial in trials if known[trial.key].status == "failed"]
    rows = [dict(row) for trial in trials for row in known[trial.key].rows]
    if not rows:
        first = failed[0].failure or {}
        raise TrialError(
            f"All {len(trials)} trials of {chosen.name} failed; the first: {first.get('kind')}: {first.get('message')}",
            hint="They are kept with their errors; --retry runs them again.",
            partial=failed,
        )
    runs = read_runs(rows)
    return Result(
        study=chosen,
        asked=asked,
        runs=runs,
        verdicts=verdicts(chosen.claims, chosen.judge(runs, asked)),
        total=len(trials),
        cached=cached,
        failed=tuple(failed),
        seconds=seconds,
    )
