"""The finished trials of a sweep as a table of runs, and what is to be known about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gnomon.errors import InputError, Notice
from gnomon.forecast.direction import better_sign
from gnomon.runs.store import Kept
from gnomon.sweep.design import Design
from gnomon.sweep.outcome import Sweep
from gnomon.sweep.spec import Spec

if TYPE_CHECKING:
    from gnomon.runs import Runs

DIFFERENT = 0.01  # by which the parameters that a trainer counts may differ from the formula's before it is told


def collect(sweep: Sweep) -> Runs:
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
    """Names of the trials with the best response among those that differ only in a tried setting."""
    metrics = sweep.spec.metrics
    sign = better_sign(metrics.response, metrics.better) if sweep.spec.tried else 1.0
    found: dict[tuple[float, int, int], tuple[float, str]] = {}
    for one in sweep.planned:
        if measured := sweep.measured(one):
            pair = (sign * float(measured[metrics.response]), one.run)
            found[one.place] = min(found.get(one.place, pair), pair)
    return {run for _, run in found.values()}


def edges(sweep: Sweep) -> list[Notice]:
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


def of_trainer(spec: Spec, design: Design, known: Mapping[str, Kept]) -> list[Notice]:
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
