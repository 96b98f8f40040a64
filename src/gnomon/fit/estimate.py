"""`fit(law, runs)`: rows in, a Fit out. Search, polish, resampling and diagnostics in the order a careful person takes them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import gnomon.fit.diagnose as diagnose
from gnomon.errors import InputError, Notice, RefusalError, UnknownNameError, near
from gnomon.fit.counts import choose_objective, dispersion
from gnomon.fit.design import Design
from gnomon.fit.engines import DRAWING, ENGINES, Question
from gnomon.fit.held import Held, held_of, tied
from gnomon.fit.noise import Noise, apply, column_of, first_objective, settle
from gnomon.fit.objective import Objective
from gnomon.fit.objective import objective as find_objective
from gnomon.fit.prior import plain_value, with_prior
from gnomon.fit.result import Estimate, Fit, SecondOpinion
from gnomon.fit.transfer_test import transfer_test
from gnomon.laws.law import Law
from gnomon.laws.simplex import off_the_simplex
from gnomon.runs.rules.design import CONVENTIONS

if TYPE_CHECKING:
    from gnomon.runs import Runs

Array = np.ndarray

LEAST_DRAWS = 20  # below that an interval end is one draw
TRAINING = (
    *("lr", "lr_peak", "lr_final", "schedule", "total_steps", "planned_tokens", "fraction_done", "is_final"),
    *("epochs", "seed"),
)  # columns that tell an audit how the runs were trained
MEANINGLESS = 3.0  # a 90 % interval whose ends differ by this factor: the amplitude is not determined alone


def fit(
    law: str | type[Law],
    runs: Any,
    *,
    response: str | None = None,
    objective: str | Objective | None = None,
    intervals: str | None = None,
    draws: int = 1000,
    level: float = 0.9,
    seed: int = 0,
    noise: str = "constant",
    where: str | None = None,
    columns: Mapping[str, str] | None = None,
    fixed: Mapping[str, float] | None = None,
    transfer: Any = None,
    transferred: Sequence[str] | None = None,
) -> Fit:
    """Fit a law to runs.

    Args:
        law: id of the catalogue ("chinchilla"), a Law class, or a formula ("E + A/N^a + B/D^b").
        runs: a Runs, or whatever `read_runs` takes.
        response: column to be fitted; default: the law's output.
        objective: "huber" (log residuals, delta 1e-3; "huber:0.01" for another), "squared_log", "squared", "relative", "student" (log
            residuals with heavy tails; "student:4" states the degrees of freedom) or "binomial" (shares of counted trials).
            Default: binomial where the table knows the trials behind the response, else huber.
        intervals: the engine behind them, one of `gnomon.fit.engines.ENGINES`: "bootstrap" (whole runs resampled), "wild" (residuals of
            whole runs change sign), "parametric" (seed noise, counts), "within" (residuals in blocks and seed noise), "profile", "bayes"
            (needs gnomon[bayes]) or "none". Default: "bootstrap", with a single run "within".
        draws: refits of the engines that refit.
        level: of the intervals, between 0 and 1.
        seed: of the resampling.
        noise: "constant", or a column ("flops") along which the sd of the residuals changes as a power, estimated beside the law.
        where: SQL condition rows must meet.
        columns: canonical name to the name in the table.
        fixed: parameter to the value it keeps, in the user's units.
        transfer: another family's Fit, or several, from which parameters are taken with their draws; a saved fit's path, a law with
            values or the name of published constants will do (see `gnomon.fit.held`).
        transferred: which parameters; default: those of the law's term in params ("A" and "alpha" of "chinchilla").

    Returns:
        A Fit. Rows that cannot be used are removed, counted and named in it.

    Raises:
        ColumnError: a column the law needs is missing or ambiguous.
        UnknownNameError: a law, a parameter, an engine or a donor does not exist.
        InputError: an option makes no sense: see the message.
        RefusalError: too few runs, nothing varies, or no start converges.
    """
    from gnomon.laws import law as find_law
    from gnomon.runs import read_runs

    began = time.perf_counter()
    _check_options(intervals, draws, level)
    if objective is not None:
        find_objective(objective)  # refuse a wrong name before any file is read
    table = read_runs(runs, columns=columns, where=where)
    cls = find_law(law, columns=(*table.names, *table.unsettled), response=response)
    cls, table = cls.laid_on(table)
    target = cls.output
    how = choose_objective(objective, cls, table)
    used = usable_rows(cls, table, how)
    if cls.shares:
        used = _mixtures(used, cls)
    held = held_of(cls, fixed, transfer, transferred)
    design = make_design(cls, used, how, held)
    check_enough(design, used)
    if intervals is None:
        intervals = "within" if len(np.unique(design.groups)) == 1 else "bootstrap"
    design, choice = with_prior(design, first_objective(how))
    design, how, found, scales = settle(design, how, noise, column_of(noise, used))
    if not np.isfinite(found.decrement):
        raise RefusalError(
            f"None of {found.tried} starts of {cls.id or 'the formula'} converged on these {len(design.output)} rows.",
            hint="The law may have more freedom than the runs can pin down: try a simpler law, or --objective squared_log.",
            code="not-converged",
        )
    names, parts = run_names(used), cls.parts_of(used)
    if parts:
        names = np.array([f"{run}{part}" for run, part in zip(names, parts, strict=True)], object)
    ident = diagnose.identifiability(design, how, found.theta)
    influence = diagnose.influence(design, how, found.theta, names)
    other, theta2 = diagnose.second_objective(design, how, found.theta)
    notices = diagnose.notices(design, ident, influence)
    if choice is not None:
        notices.append(choice.notice())
    spread = dispersion(design, found.theta) if how.counts else None
    if spread is not None:
        notices += spread.notices(target)
    if scales is not None:
        notices.append(scales.notice())
    undetermined = cls.undetermined(used)
    if undetermined:
        notices.append(Notice("undetermined", f"{cls.id}: {undetermined}."))
    if found.at_best < 2:
        notices.append(
            Notice(
                "one-start",
                f"Only one of {found.tried} starts reached the best value: it may not be the global optimum.",
            )
        )
    stated = scales.freedom if scales is not None and scales.stated else None
    known = ENGINES[intervals](Question(design, how, found, ident.at_bound, draws, level, seed, stated, held))
    estimates = known.estimates
    notices += known.notices
    extra: dict[str, Any] = {} if choice is None else {"prior": choice.to_dict()}
    if spread is not None:
        extra["counts"] = spread.to_dict() | {"trials": _range_of(design.trials_of_rows)}
    if scales is not None:
        extra["noise"] = scales.to_dict()
    extra |= known.extra
    if held is not None and held.transferred:
        test = transfer_test(design, how, held, found.theta, seed)
        against = test.notice(held)
        notices = [*([against] if against else []), *held.notices(), *notices]
        extra["transfer_test"] = test.to_dict()
    values = {k: float(v) for k, v in design.values(found.theta).items()}
    second = {k: float(v) for k, v in design.values(theta2).items()}
    fitted = {k: e for k, e in estimates.items() if k not in design.held}
    notices += _parameter_notices(cls, fitted, second, other, level, ident.pair)
    best = cls(**values)
    prediction = design.predict(found.theta)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.log(design.output / prediction)
    residuals[np.isneginf(residuals)] = np.nan  # none of the trials: a logarithm that does not exist
    known_residuals = int(np.isfinite(residuals).sum())
    runs_used = len(np.unique(design.groups))
    from gnomon.version import __version__

    return Fit(
        law=best,
        response=target,
        objective=_name_of(how, scales),
        value=_reported_value(how, plain_value(design, how, found.theta), design),
        parameters=estimates,
        draws=known.draws,
        level=level,
        intervals=intervals,
        seed=seed,
        starts=known.starts,
        data=_columns_used(used, cls, noise),
        given=table.given,
        removed=tuple((r.why, r.count) for r in used.removed),
        residuals=residuals,
        residual_sd=float(np.sqrt(np.nansum(residuals**2) / max(known_residuals - design.free, 1))),
        identified=not undetermined
        and not ident.at_bound
        and ident.condition <= diagnose.ILL_CONDITIONED
        and runs_used > design.free,
        identifiability=ident,
        influence=influence,
        second=SecondOpinion(other.name, second),
        notices=tuple(notices),
        fingerprint=used.fingerprint,
        seconds=time.perf_counter() - began,
        version=__version__,
        source=table.source,
        held=held,
        extra=extra,
    )


def _name_of(how: Objective, scales: Noise | None) -> str:
    """The objective as it is asked for."""
    if scales is not None and scales.stated:
        return f"{how.name}:{scales.freedom:g}"
    return how.name if how.name != "huber" or how.delta == 1e-3 else f"huber:{how.delta:g}"


def as_fitted(fit: Fit) -> tuple[Design, Objective]:
    """The design and the objective of a finished fit, with the trials, widths and scales it was made with."""
    how = find_objective(fit.objective)
    design = make_design(type(fit.law), fit.data, how, fit.held)
    if "noise" not in fit.extra:
        return design, how
    known = Noise.from_dict(fit.extra["noise"])
    return apply(known, design, how, None if known.column is None else column_of(known.column, fit.data))


def _range_of(values: Array) -> list[float]:
    return [float(values.min()), float(values.max())]


def usable_rows(cls: type[Law], runs: Runs, objective: Objective | None = None) -> Runs:
    """The rows a law can be fitted to or judged by: its columns known, and positive where the law or the objective needs that."""
    names = [name for name in (*cls.inputs, cls.output) if name not in cls.made_inputs]
    free = {name for name in names if cls.domain.get(name, (0.0, np.inf))[0] < 0}
    if objective is not None and objective.counts:
        names.append("trials")
        free.add(cls.output)  # no right answer is an observation too
    return runs.usable(names, positive=[name for name in names if name not in free])


def _mixtures(runs: Runs, cls: type[Law]) -> Runs:
    """The rows whose shares are a mixture.

    Raises:
        RefusalError: there are none.
    """
    off = off_the_simplex([np.asarray(runs[name], float) for name in cls.shares])
    kept = runs.keep(~off, f"shares {cls.shares[0]} ... {cls.shares[-1]} negative, or not summing to 1")
    if not len(kept):
        raise RefusalError(
            f"In none of {len(runs)} rows do the {len(cls.shares)} shares sum to 1.",
            hint="Name every domain, or divide percent by 100; gnomon check shows the sums.",
            code="nothing-left",
            partial=kept,
        )
    return kept


def make_design(cls: type[Law], runs: Runs, objective: Objective | None = None, held: Held | None = None) -> Design:
    """A law over the rows of a table, with what the objective needs of them beside the law's columns."""
    return Design(
        cls,
        cls.arrays(runs),
        np.asarray(runs[cls.output], float),
        cls.groups_of(runs),
        cls.weights_of(runs),
        held={} if held is None else held.values,
        trials=runs.numbers("trials")[0] if objective is not None and objective.counts else None,
    )


def run_names(runs: Runs) -> Array:
    """A name per row: the run, or the row's number in its source."""
    if "run" in runs:
        return np.array([str(x) for x in runs["run"]], object)
    return np.array([f"row {r}" for r in runs.rows], object)


def check_enough(design: Design, runs: Runs) -> None:
    """Refuse what no fit can answer: nothing left, fewer runs than parameters, inputs or a response that never change."""
    cls, n = design.law, len(design.output)
    label = cls.id or "the formula"
    if n == 0:
        removed = "; ".join(f"{r.count} removed: {r.why}" for r in runs.removed)
        raise RefusalError(
            f"No rows are left for {label}.", hint=f"{removed}." if removed else "The table is empty.", code="no-rows"
        )
    if n <= design.free:
        fitted = "fitted " if design.held else ""
        raise RefusalError(
            f"{n} rows for the {design.free} {fitted}parameters of {label}: at least {design.free + 1} are needed.",
            hint="Add runs, fix parameters (--fix, --transfer) or choose a law with fewer (gnomon laws).",
            code="too-few-rows",
        )
    for name, values in zip((*cls.inputs, cls.output), (*design.inputs, design.output), strict=True):
        if name in cls.still_inputs or np.ptp(values) > 1e-12 * abs(float(values[0])):
            continue
        term = tied(cls, name) if name in cls.inputs else ()
        if not term or not set(term) <= set(design.held):
            held = f", take {' and '.join(term)} from another family (--transfer)" if term else ""
            raise RefusalError(
                f"{name} is {values[0]:.6g} in all {n} rows: {label} cannot be fitted to a constant.",
                hint=f"Add runs with other values of {name}{held}, or choose a law without it (gnomon laws)."
                if name in cls.inputs
                else f"Choose another --response; {name} does not change.",
                code="constant-column",
            )


def _check_options(intervals: str | None, draws: int, level: float) -> None:
    if intervals is not None and intervals not in ENGINES:
        raise UnknownNameError(f"There is no interval estimator {intervals!r}.", hint=near(intervals, ENGINES))
    if intervals == "bayes":
        from gnomon.fit.bayes import require

        require()  # before the search, which may take long
    if not 0 < level < 1:
        raise InputError(f"The level must lie between 0 and 1; got {level:g}.", hint="For nine in ten write 0.9.")
    if (intervals is None or intervals in DRAWING) and draws < LEAST_DRAWS:
        raise InputError(
            f"At least {LEAST_DRAWS} draws are needed for an interval; got {draws}.", hint="The default is 1000."
        )


def _parameter_notices(
    cls: type[Law], estimates: dict[str, Estimate], second: dict[str, float], other: Objective, level: float, pair: Any
) -> list[Notice]:
    found = []
    loose = [
        k
        for k, e in estimates.items()
        if cls.parameters[k].log and e.low is not None and e.high is not None and e.high > MEANINGLESS * e.low
    ]
    for name in loose:
        partner = ""
        if pair and name in pair[:2]:
            partner = f" (it trades against {pair[0] if pair[1] == name else pair[1]})"
        found.append(
            Notice(
                "not-alone",
                f"{name} is not determined alone{partner}; judge by forecasts, not by it.",
                {"parameter": name},
            )
        )
    shape = [k for k in estimates if not cls.parameters[k].linear] or list(estimates)
    outside = [
        k
        for k in shape
        if (e := estimates[k]).low is not None and e.high is not None and not e.low <= second[k] <= e.high
    ]
    if outside:
        told = ", ".join(f"{k} {second[k]:.3g} instead of {estimates[k].value:.3g}" for k in outside)
        found.append(
            Notice(
                "objective-matters",
                f"Under the objective {other.name}: {told}, outside the {level:.0%} interval. The choice of objective matters here.",
                {"objective": other.name, "parameters": {k: second[k] for k in outside}},
            )
        )
    return found


def _reported_value(how: Objective, value: float, design: Design) -> float:
    """The objective on the user's scale: squared residuals of the output carry its unit squared."""
    return value * design.scales[design.law.output] ** 2 if how.scale == "output" else value


def _columns_used(runs: Runs, cls: type[Law], noise: str) -> Runs:
    """The table with only what a later forecast, plan, report or audit can need."""
    wanted = [
        *cls.inputs,
        cls.output,
        "passes",
        "trials",
        noise,
        "run",
        "family",
        "params",
        "tokens",
        "flops",
        "unique_tokens",
    ]
    wanted += ["step", *TRAINING, *CONVENTIONS]
    return runs.select([name for name in dict.fromkeys(wanted) if name in runs])
