"""The course of a sweep: design, run what has no record, collect, fit, forecast the target, say what to run next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.engines import Engine
from gnomon.errors import InputError
from gnomon.runs.store import SUFFIX, Kept, Store
from gnomon.studies.execution import News, engine_called, run_trials
from gnomon.sweep.collection import of_trainer
from gnomon.sweep.conclusion import concluded
from gnomon.sweep.design import Design, Planned, design_sweep
from gnomon.sweep.duration import Duration, learn_duration
from gnomon.sweep.lock import only_one
from gnomon.sweep.outcome import Sweep
from gnomon.sweep.spec import Spec, read_spec

if TYPE_CHECKING:
    pass

APART = 4.0  # between the two trials of a calibration: with less, the noise of a clock hides the speed behind the start


@dataclass(frozen=True)
class Step:
    """How far a sweep is.

    Args:
        news: of its trials.
        share: of the compute of all trials that is done.
        seconds_left: forecast; None before a trial of this call has ended.
        doing: "trials", "fit" or "next".
    """

    news: News
    share: float
    seconds_left: float | None
    doing: str = "trials"


def plan_sweep(spec: str | Path | Spec, *, folder: str | Path | None = None) -> Sweep:
    """The design of a sweep, its cost, and how long it takes where a trial is finished; nothing is run.

    Args:
        spec: its TOML file.
        folder: where it is kept; default: as the file says.

    Raises:
        FileError, InputError: the file is wrong.
        RefusalError: the budget is too small.
    """
    began = time.monotonic()
    chosen = spec if isinstance(spec, Spec) else read_spec(spec, folder=folder)
    design = design_sweep(chosen)
    with _store(chosen) as store:
        known = store.get(one.trial.key for one in design.planned)
    return Sweep(
        chosen,
        design,
        known,
        len(known),
        _duration(design, known),
        time.monotonic() - began,
        notices=(*design.notices, *of_trainer(chosen, design, known)),
    )


def run_sweep(
    spec: str | Path | Spec,
    *,
    folder: str | Path | None = None,
    engine: str | Engine | None = None,
    retry: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> Sweep:
    """Run a sweep of the user's own trainer.

    A finished trial is never run twice and never lost: a call that was stopped at any moment goes on where it was.

    Args:
        spec: its TOML file.
        folder: where it is kept; default: as the file says.
        engine: instead of the file's.
        retry: run failed trials again.
        progress: called with news.

    Raises:
        FileError, InputError: the file is wrong, or all trials failed (`partial` holds the sweep).
        RefusalError: the budget is too small, or the finished trials carry no forecast (`partial` holds the sweep).
    """
    began = time.monotonic()
    chosen = spec if isinstance(spec, Spec) else read_spec(spec, folder=folder)
    design = design_sweep(chosen)
    hear = _Listener(design, progress)
    known, cached = _run(chosen, design.planned, engine, retry, hear)
    sweep = Sweep(
        chosen,
        design,
        known,
        cached,
        _duration(design, known),
        0.0,
        notices=(*design.notices, *of_trainer(chosen, design, known)),
    )
    return replace(concluded(sweep, hear.doing), seconds=time.monotonic() - began)


def calibrate(
    spec: str | Path | Spec, *, folder: str | Path | None = None, engine: str | Engine | None = None
) -> Sweep:
    """Run two cheap trials, which count like any others, and plan the rest with what they tell about speed.

    They are the cheapest and the cheapest of four times its compute: start and speed show only together.

    Raises:
        FileError, InputError: the file is wrong, or a trial failed (`partial` holds the sweep).
        RefusalError: the budget is too small.
    """
    chosen = spec if isinstance(spec, Spec) else read_spec(spec, folder=folder)
    rising = design_sweep(chosen).planned[::-1]
    dearer = [one for one in rising if one.flops >= APART * rising[0].flops]
    known, _ = _run(chosen, [*dearer[:1], rising[0]], engine, True, None)
    planned = plan_sweep(chosen)
    for kept in known.values():
        if kept.failure is not None:
            message = f"A trial of the calibration failed: {kept.failure['message']}"
            raise InputError(message, code="trials-failed", partial=planned)
    return planned


def _run(
    spec: Spec,
    planned: Sequence[Planned],
    engine: str | Engine | None,
    retry: bool,
    hear: _Listener | None,
) -> tuple[Mapping[str, Kept], int]:
    """What the store knows of the trials once all have a record, and of how many it knew before."""
    chosen = engine or spec.engine.name
    workers = spec.engine.at_a_time(chosen) if isinstance(chosen, str) else None
    options = spec.engine.options if chosen == spec.engine.name else None
    with only_one(spec.folder), _store(spec) as store:
        if hear is not None:
            hear.known(store.get(one.trial.key for one in planned), retry)
        found = run_trials(
            [one.trial for one in planned],
            owner=f"sweep {spec.name}",
            store=store,
            engine=engine_called(chosen, spec.folder, {}, workers=workers, options=options),
            retry=retry,
            progress=hear,
        )
    return found.known, len(found.cached)


def _store(spec: Spec) -> Store:
    return Store(spec.folder / f"store{SUFFIX}")


def _duration(design: Design, known: Mapping[str, Kept]) -> Duration | None:
    done = [(one.flops, known[one.trial.key].seconds) for one in design.planned if one.trial.key in known]
    timed = [(flops, seconds) for flops, seconds in done if seconds]
    return learn_duration([flops for flops, _ in timed], [seconds for _, seconds in timed])


class _Listener:
    """Turns news of trials into shares of compute and time left: trials differ a hundredfold, so counting them misleads."""

    def __init__(self, design: Design, progress: Callable[[Step], None] | None) -> None:
        self._flops = {one.trial.key: one.flops for one in design.planned}
        self._progress = progress
        self._old = self._fresh = 0.0  # FLOP of trials that earlier calls and this one ended
        self._latest: News | None = None

    def known(self, known: Mapping[str, Kept], retry: bool) -> None:
        """What the store knows before this call."""
        self._old = sum(self._flops[key] for key, kept in known.items() if kept.status == "done" or not retry)

    def __call__(self, news: News) -> None:
        self._fresh += 0.0 if news.ended is None else self._flops[news.ended]
        self._latest = news
        if self._progress is None:
            return
        whole = sum(self._flops.values())
        rest = max(whole - self._old - self._fresh, 0.0)
        left = None if not self._fresh else news.seconds * rest / self._fresh
        self._progress(Step(news, 1 - rest / whole, left))

    def doing(self, what: str) -> None:
        """All trials have ended; something else begins."""
        if self._progress is not None and self._latest is not None:
            self._progress(Step(self._latest, 1.0, None, what))
