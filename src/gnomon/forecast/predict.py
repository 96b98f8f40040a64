"""Forecasts: values at points with intervals for a new run and for the curve, how far they reach, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.fit.result import Fit
from gnomon.forecast.cautions import cautions_at
from gnomon.forecast.early import EARLY
from gnomon.forecast.forecast_result import Forecast, Point
from gnomon.forecast.grade import grade
from gnomon.forecast.lone_law import by_itself, half_range
from gnomon.forecast.recipe import Evidence, evidence_of
from gnomon.forecast.scale import is_rate, miss
from gnomon.forecast.targets import inputs_of, named_at, value_at
from gnomon.forecast.variance import constants
from gnomon.laws.columns import SETTINGS

Array = np.ndarray


def forecast(
    source: Any,
    at: Sequence[Mapping[str, Any]] | Mapping[str, Any],
    *,
    level: float = 0.9,
    response: str | None = None,
    seed: int = 0,
    evidence: Evidence | None = None,
) -> Forecast:
    """Forecast the response at points.

    Args:
        source: a Fit (the value is its law's) or runs (the value is the centre of several laws).
        at: points, each a mapping from column to value. Of params, tokens and flops any two give the third (C = 6 N D).
        level: of the intervals.
        response: column to forecast when the source is runs; default: loss.
        seed: of the refits behind the interval.
        evidence: laws already fitted to the same rows, to save doing it again.

    Raises:
        InputError: a point lacks an input, or a value is not a positive number.
        RefusalError: the rows cannot carry a forecast.
    """
    from gnomon.runs import read_runs

    points = [at] if isinstance(at, Mapping) else list(at)
    if not points:
        raise InputError("No point to forecast.", hint="Name one, for example --at params=7B,tokens=2T.")
    if not 0 < level < 1:
        raise InputError(f"The level must lie between 0 and 1; got {level:g}.", hint="For nine in ten write 0.9.")
    if isinstance(source, Fit):
        return _from_fit(source, points, level, seed, evidence)
    runs = read_runs(source)
    target = response or "loss"
    inputs = inputs_of(runs, points)
    used = runs.usable((*inputs, target), positive=(*inputs, target))
    columns = {name: np.array([value_at(p, name, i) for i, p in enumerate(points)]) for name in inputs}
    known = evidence or evidence_of(used, inputs, target, seed=seed)
    return _assemble(known, columns, points, target, level, None, slack=_slack(known), identified=None)


def _slack(known: Evidence) -> int:
    return len(np.unique(known.groups)) - known.main.design.p


def _from_fit(
    fit: Fit, points: Sequence[Mapping[str, Any]], level: float, seed: int, evidence: Evidence | None
) -> Forecast:
    law = fit.law
    columns: dict[str, Any] = {
        name: [named_at(p, name, i) for i, p in enumerate(points)]
        if name in law.made_inputs
        else np.array([value_at(p, name, i, law) for i, p in enumerate(points)])
        for name in law.inputs
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.broadcast_to(np.asarray(law(**columns), float), (len(points),))
        centre = np.log(value)
    if not np.isfinite(centre).all():
        bad = int(np.flatnonzero(~np.isfinite(centre))[0])
        raise RefusalError(
            f"The law gives {value[bad]:.4g} at point {bad + 1}: no positive {fit.response} to forecast there.",
            code="undefined-forecast",
        )
    inputs = recipe_inputs(fit)
    slack = fit.runs_used - len(fit.fitted)
    if inputs is None:
        return by_itself(fit, columns, points, value, level, slack, seed)
    known = evidence if evidence is not None and evidence.scale == "log" else None  # the law is of the response itself
    known = known or evidence_of(fit.data, inputs, fit.response, seed=seed, scale="log")
    return _assemble(
        known, columns, points, fit.response, level, centre, slack=slack, identified=fit.identified, fit=fit
    )


def recipe_inputs(fit: Fit) -> tuple[str, ...] | None:
    """Columns on which the recipe's laws can be laid beside this fit's, or None when they do not apply."""
    inputs = tuple(fit.law.inputs)
    if fit.response in SETTINGS:  # the recipe's laws are of losses that fall with scale
        return None
    if "counts" in fit.extra and not (is_rate(fit.response) and np.asarray(fit.data[fit.response], float).min() > 0):
        return None  # nor of scores that rise, and they take logarithms
    if set(inputs) == {"params", "tokens"}:
        chosen: tuple[str, ...] = ("params", "tokens")
    elif len(inputs) == 1 and fit.law.domain.get(inputs[0], (0.0, np.inf))[0] >= 0 and fit.response in ("loss",):
        chosen = inputs
    else:
        return None
    enough = all(len(np.unique(np.asarray(fit.data[name], float))) >= 3 for name in chosen)
    return chosen if enough and fit.used >= 4 else None


def _assemble(
    known: Evidence,
    columns: Mapping[str, Array],
    points: Sequence[Mapping[str, Any]],
    response: str,
    level: float,
    centre: Array | None,
    *,
    slack: int,
    identified: bool | None,
    fit: Fit | None = None,
) -> Forecast:
    from gnomon.version import __version__

    k = constants()
    predictions = known.predictions(columns)
    middle = known.centre(columns) if centre is None else centre
    terms = known.terms(columns, centre)
    if fit is not None and fit.held is not None and fit.held.transferred:
        own = half_range(
            fit, columns, len(points)
        )  # the laws above are refitted to these rows alone, without the donors
        terms = terms if own is None else replace(terms, bootstrap=np.maximum(terms.bootstrap, own))
    width = k.multiplier(level)
    hidden = known.backtest(known.usual_axis)
    value, low, high, curve_low, curve_high = (
        np.exp(known.ln_response(z))
        for z in (
            middle,
            middle - width * terms.sigma,
            middle + width * terms.sigma,
            middle - width * terms.sigma_curve,
            middle + width * terms.sigma_curve,
        )
    )
    each = np.exp(known.ln_response(predictions))
    built = []
    for i, point in enumerate(points):
        at = {name: float(values[i]) for name, values in columns.items()}
        built.append(
            Point(
                at=at,
                value=float(value[i]),
                low=float(low[i]),
                high=float(high[i]),
                curve_low=float(curve_low[i]),
                curve_high=float(curve_high[i]),
                level=level,
                decades={name: float(d[i]) for name, d in terms.decades.items()},
                horizon=float(terms.horizon[i]),
                terms=terms.shares(i),
                grade=grade(
                    horizon=float(terms.horizon[i]),
                    slack=slack,
                    identified=identified,
                    hidden_error=miss(known) if hidden[2] else None,
                    hidden_runs=hidden[2],
                ),
                laws={name: float(each[j, i]) for j, name in enumerate(known.names)},
                sigma=float(terms.sigma[i]),
                notices=cautions_at(known, terms, i, hidden[2], response, float(value[i]), point),
            )
        )
    notices = list(fit.notices) if fit is not None else []
    if fit is None and slack < 3:
        notices.append(
            Notice("no-slack", f"{slack + known.main.design.p} runs leave almost nothing to estimate an error from.")
        )
    if known.left_out:
        text = f"{known.left_out} checkpoints from the first {EARLY:.0%} of their runs take no part: finished runs follow another law."
        notices.append(Notice("early-checkpoints", text, {"rows": known.left_out}))
    if known.scale == "odds":
        notices.append(
            Notice(
                "odds",
                "Laws were fitted to the odds e / (1 - e): hidden runs were forecast better so than with e itself.",
            )
        )
    method = (
        "several laws" if centre is None else f"{fit.law.id or 'formula' if fit else 'law'}, interval from several laws"
    )
    return Forecast(tuple(built), response, method, known.names, tuple(notices), __version__)
