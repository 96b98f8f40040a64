"""What a sweep concludes from its runs: a fit, the forecast of the target, and the runs to add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import GnomonError, Notice, RefusalError
from gnomon.sweep.collection import collect, edges
from gnomon.sweep.ladder import Rung
from gnomon.sweep.outcome import Sweep

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.plan import NextRuns

LAW = "chinchilla"  # of the next runs where the file names no law: the main law of the forecast's recipe
REACH = 3.0  # times the largest size and length: as far as plan next-runs looks
SLACK = 1.5  # by which tokens per parameter of a next run may leave those of the ladder, as in plan next-runs
AXIS = 12  # candidates of a next run per axis


def concluded(sweep: Sweep, doing: Callable[[str], None]) -> Sweep:
    """The sweep with its runs, fit, forecast and next runs.

    Args:
        sweep: all of whose trials have a record.
        doing: called with "fit" and "next" as these begin.

    Raises:
        InputError: no trial is finished.
        RefusalError: the runs carry no forecast (`partial` holds the sweep).
    """
    from gnomon.fit import fit
    from gnomon.forecast import forecast

    spec = sweep.spec
    doing("fit")
    runs = collect(sweep)
    files = {"runs": runs.write(spec.folder / "runs.csv")}
    notices = [*sweep.notices, *edges(sweep)]
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
        options: dict[str, Any] = {"level": spec.level, "response": spec.metrics.response}
        if spec.law is None or fitted is None:
            found = forecast(used, spec.target.point, **options)
        else:
            found = forecast(fitted, _point(sweep, fitted), **options)
    except RefusalError as error:
        raise _refused(sweep, error) from error
    doing("next")
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
    target = _point(sweep, fitted)
    found = next_runs(fitted, target, budget=budget, candidates=points, cost=spec.ladder.cost, once=True)
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
