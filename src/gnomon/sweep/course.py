"""The course of a sweep: design, run what has no record, collect, fit, forecast the target, say what to run next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.engines import Engine
from gnomon.errors import GnomonError, InputError, Notice, RefusalError
from gnomon.runs.store import SUFFIX, Kept, Store
from gnomon.studies.execution import News, engine_called, run_trials
from gnomon.sweep.design import Design, Planned, design_sweep
from gnomon.sweep.duration import Duration, learn_duration
from gnomon.sweep.ladder import Rung
from gnomon.sweep.outcome import Sweep
from gnomon.sweep.spec import Spec, read_spec

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.plan import NextRuns
    from gnomon.runs import Runs

LAW = "chinchilla"  # of the next runs where the file names no law: the main law of the forecast's recipe
REACH = 3.0  # times the largest size and length: as far as plan next-runs looks
SLACK = 1.5  # by which tokens per parameter of a next run may leave those of the ladder, as in plan next-runs
AXIS = 12  # candidates of a next run per axis
APART = 4.0  # between the two trials of a calibration: with less, the noise of a clock hides the speed behind the start
DIFFERENT = 0.01  # by which the parameters that a trainer counts may differ from the formula's before it is told


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
        notices=(*design.notices, *_of_trainer(chosen, design, known)),
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
    hear = _Listener(design, chosen, progress)
    known, cached = _run(chosen, design.planned, engine, retry, hear)
    sweep = Sweep(
        chosen,
        design,
        known,
        cached,
        _duration(design, known),
        0.0,
        notices=(*design.notices, *_of_trainer(chosen, design, known)),
    )
    hear.doing("fit")
    return replace(_concluded(sweep, hear), seconds=time.monotonic() - began)


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
    hear: Callable[[News], None] | None,
) -> tuple[Mapping[str, Kept], int]:
    """What the store knows of the trials once all have a record, and of how many it knew before."""
    own = engine is None or engine == spec.engine.name
    options = spec.engine.options if own else None
    with _store(spec) as store:
        found = run_trials(
            [one.trial for one in planned],
            owner=f"sweep {spec.name}",
            store=store,
            engine=engine_called(
                engine or spec.engine.name, spec.folder, {}, workers=spec.engine.workers, options=options
            ),
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

    def __init__(self, design: Design, spec: Spec, progress: Callable[[Step], None] | None) -> None:
        self._flops = {one.trial.key: one.flops for one in design.planned}
        self._progress, self._workers = progress, spec.engine.workers
        self._done: set[str] = set()
        self._fresh = 0.0
        self._latest: News | None = None

    def __call__(self, news: News) -> None:
        if news.ended is not None:
            self._done.add(news.ended)
            self._fresh += self._flops[news.ended]
        self._latest = news
        if self._progress is None:
            return
        whole = sum(self._flops.values())
        old = whole * news.cached / news.total if news.total else 0.0
        left = None if not self._fresh else news.seconds * max(whole - old - self._fresh, 0.0) / self._fresh
        self._progress(Step(news, min((old + self._fresh) / whole, 1.0), left))

    def doing(self, what: str) -> None:
        """All trials have ended; something else begins."""
        if self._progress is not None and self._latest is not None:
            self._progress(Step(self._latest, 1.0, None, what))


def _of_trainer(spec: Spec, design: Design, known: Mapping[str, Kept]) -> list[Notice]:
    """Says when finished trials were run by another state of the trainer's files, or counted other parameters."""
    now = spec.trainer.fingerprint()
    rows = [
        (one, known[one.trial.key].rows[0])
        for one in design.planned
        if one.trial.key in known and known[one.trial.key].rows
    ]
    notices = []
    other = sum(row.get("trainer") not in (None, now) for _, row in rows)
    if other:
        message = (
            f"{other} of {len(rows)} finished trials were run before the trainer's files changed; where that matters, raise "
            "trainer.version: they are then run again"
        )
        notices.append(Notice("trainer-changed", message, {"trials": other}))
    off = [
        (one, row["logged_params"])
        for one, row in rows
        if "logged_params" in row and abs(row["logged_params"] / one.rung.size.params - 1) > DIFFERENT
    ]
    if off:
        one, logged = off[0]
        message = (
            f"the trainer counts {logged:,.0f} parameters at {one.rung.size.label}, the file {one.rung.size.params:,.0f}; "
            "the file's count is used, for the target too"
        )
        notices.append(Notice("params-differ", message, {"trials": len(off)}))
    return notices


def collected(sweep: Sweep) -> Runs:
    """The finished trials as a table of runs.

    Raises:
        InputError: no trial is finished; the message has the first failure.
    """
    from gnomon.runs import read_runs

    spec, response = sweep.spec, sweep.spec.metrics.response
    best = _best(sweep)
    rows = []
    for one in sweep.planned:
        measured = sweep.measured(one)
        if not measured:
            continue
        tokens = measured.get("logged_tokens", one.rung.tokens) if spec.metrics.tokens == "logged" else one.rung.tokens
        row = {"run": one.run, **one.values, "params": one.rung.size.params, "tokens": tokens}
        row |= {"flops": float(spec.ladder.model.flops(row["params"], tokens)), response: measured[response]}
        row |= {"seconds": measured["seconds"], "evaluations": measured["evaluations"]}
        row |= {} if spec.sizes.convention is None else {"params_convention": spec.sizes.convention}
        row |= {"is_best": one.run in best} if spec.tried else {}
        if spec.ladder.seeds == 1:
            del row["seed"]
        rows.append(row)
    if not rows:
        failure = sweep.known[sweep.failed[0].trial.key].failure or {}
        raise InputError(
            f"All {len(sweep.failed)} trials failed; {sweep.failed[0].run}: {failure.get('message')}",
            hint="They are kept with their errors; --retry runs them again.",
            code="trials-failed",
            partial=sweep,
        )
    return read_runs(rows, columns={name: name for name in ("params", "tokens", "flops", response)})


def _best(sweep: Sweep) -> set[str]:
    """Names of the trials with the least response among those that differ only in a tried setting."""
    response = sweep.spec.metrics.response
    found: dict[tuple[float, int, int], tuple[float, str]] = {}
    for one in sweep.planned:
        if measured := sweep.measured(one):
            pair = (float(measured[response]), one.run)
            found[one.place] = min(found.get(one.place, pair), pair)
    return {run for _, run in found.values()}


def _edges(sweep: Sweep) -> list[Notice]:
    """Says where the best of three and more tried values is the first or the last: the best may lie beyond."""
    best, notices = _best(sweep), []
    chosen = [one for one in sweep.planned if one.run in best]
    for setting in sweep.spec.tried:
        if any(isinstance(value, str) for value in setting.tried):
            continue  # names have no ends
        ends = (min(setting.tried), max(setting.tried))
        at_end = sum(one.values[setting.name] in ends for one in chosen)
        if len(setting.tried) > 2 and at_end:
            message = (
                f"the best {setting.name} is at an end of the tried values in {at_end} of {len(chosen)} runs; try more"
            )
            notices.append(Notice("tried-edge", message, {"setting": setting.name, "runs": at_end}))
    return notices


def _concluded(sweep: Sweep, hear: _Listener) -> Sweep:
    """The sweep with its runs, fit, forecast and next runs."""
    from gnomon.fit import fit
    from gnomon.forecast import forecast

    spec = sweep.spec
    runs = collected(sweep)
    files = {"runs": runs.write(spec.folder / "runs.csv")}
    notices = [*sweep.notices, *_edges(sweep)]
    if sweep.failed:
        message = f"{len(sweep.failed)} of {len(sweep.planned)} trials failed and are left out; --retry runs them again"
        notices.append(Notice("trials-failed", message, {"trials": len(sweep.failed)}))
    sweep = replace(sweep, runs=runs, files=files, notices=tuple(notices))
    used = runs.where("is_best") if spec.tried else runs
    reasons: dict[str, str] = {}
    fitted: Fit | None = None
    try:
        fitted = fit(spec.law or LAW, used, response=spec.metrics.response, level=spec.level)
        files["fit"] = fitted.save(spec.folder / "fit.json")
    except RefusalError as error:
        if spec.law is not None:
            raise _refused(sweep, error) from error
        reasons["fit"] = reasons["next"] = error.message
    try:
        source = used if spec.law is None or fitted is None else fitted
        found = forecast(source, spec.target.point, level=spec.level, response=spec.metrics.response)
    except RefusalError as error:
        raise _refused(sweep, error) from error
    hear.doing("next")
    following: NextRuns | None = None
    rungs: tuple[Rung, ...] = ()
    if fitted is not None:
        try:
            following, rungs = _next(sweep, fitted)
        except GnomonError as error:
            reasons["next"] = error.message
    return replace(sweep, fit=fitted, forecast=found, next_runs=following, rungs=rungs, reasons=reasons, files=files)


def _refused(sweep: Sweep, error: RefusalError) -> RefusalError:
    done = len(sweep.planned) - len(sweep.failed)
    return RefusalError(
        f"{done} of {len(sweep.planned)} trials are finished and kept in {sweep.files['runs']}, but: {error.message}",
        hint=error.hint or "More runs can carry a forecast: raise ladder.budget; --retry runs failed trials again.",
        code=error.code,
        partial=sweep,
    )


def _next(sweep: Sweep, fitted: Fit) -> tuple[NextRuns, tuple[Rung, ...]]:
    """The runs that narrow the target's interval most, among sizes that the trainer can be asked for."""
    from gnomon.plan import next_runs

    spec = sweep.spec
    rungs = _candidates(sweep)
    if not rungs:
        raise RefusalError("No size of [size] and no length is left that was not run.", code="no-candidate")
    points = [
        {"params": rung.size.params, "tokens": float(rung.tokens), "flops": spec.ladder.flops(rung)} for rung in rungs
    ]
    budget = spec.next_budget or spec.ladder.budget
    found = next_runs(fitted, _point(sweep, fitted), budget=budget, candidates=points, cost=spec.ladder.cost)
    chosen = []
    for run in found.runs:
        apart = [sum(abs(np.log(point[name] / value)) for name, value in run.at.items()) for point in points]
        chosen.append(rungs[int(np.argmin(apart))])
    return found, tuple(chosen)


def _point(sweep: Sweep, fitted: Fit) -> dict[str, Any]:
    """The target in the law's own columns."""
    target = sweep.spec.target
    flops = float(sweep.spec.ladder.model.flops(target.params, target.tokens))
    known = {**target.point, "flops": flops}
    return {name: known[name] for name in fitted.law.inputs}


def _candidates(sweep: Sweep) -> list[Rung]:
    """Sizes and lengths a next run may have: those of the ladder and up to three times more, none that is there."""
    there = {(one.rung.size.params, one.rung.tokens) for one in sweep.planned}
    params = [size for size, _ in there]
    tokens = [length for _, length in there]
    ratios = [length / size for size, length in there]
    sizes = sweep.spec.sizes.spread(min(params), REACH * max(params), AXIS)
    lengths = np.geomspace(min(tokens), REACH * max(tokens), AXIS).round().astype(int)
    return [
        Rung(size, int(length))
        for size in sizes
        for length in lengths
        if min(ratios) / SLACK <= length / size.params <= max(ratios) * SLACK and (size.params, length) not in there
    ]
