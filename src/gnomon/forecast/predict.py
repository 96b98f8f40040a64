"""Forecasts: values at points with intervals for a new run and for the curve, how far they reach, and what they rest on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError, near
from gnomon.fit.result import Fit
from gnomon.forecast.early import EARLY
from gnomon.forecast.grade import Grade, grade
from gnomon.forecast.proportion import share_interval
from gnomon.forecast.recipe import Evidence, evidence_of
from gnomon.forecast.scale import is_rate, miss
from gnomon.forecast.variance import Terms, constants
from gnomon.laws.columns import SETTINGS
from gnomon.laws.law import Law
from gnomon.runs.derive import TRAIN_FLOPS

Array = np.ndarray

FAR = 1.5  # decades beyond which 90 % intervals caught 77 % of real hidden runs (docs/results/record.md)
RATIO_SLACK = (
    1.5  # tokens per parameter may lie this far outside the runs before a point counts as a corner no run has seen
)
HIGH_ERROR_RATE = 0.5  # error rates above it bend like a logistic: all laws miss together (docs/results/record.md)


@dataclass(frozen=True)
class Point:
    """A forecast at one point.

    Args:
        at: the inputs.
        value: expected response.
        low: lower end of the interval for a new run.
        high: its upper end.
        curve_low: lower end for the curve, without the noise of a new run.
        curve_high: its upper end.
        level: of both intervals.
        decades: by which the point lies beyond the largest run, per column.
        horizon: the largest of them.
        terms: share of the variance from each named term.
        grade: confidence with reasons.
        laws: prediction of each law that was asked.
        notices: warnings about this point.
    """

    at: dict[str, Any]
    value: float
    low: float | None
    high: float | None
    curve_low: float | None
    curve_high: float | None
    level: float
    decades: dict[str, float]
    horizon: float
    terms: dict[str, float]
    grade: Grade
    laws: dict[str, float]
    sigma: float | None = None
    notices: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "at": self.at,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "curve_low": self.curve_low,
            "curve_high": self.curve_high,
            "level": self.level,
            "extrapolation": {"decades": self.decades, "horizon": self.horizon},
            "variance": self.terms,
            "sigma_ln": self.sigma,
            "grade": self.grade.to_dict(),
            "laws": self.laws,
            "warnings": [n.to_dict() for n in self.notices],
        }


@dataclass(frozen=True)
class Forecast:
    """Forecasts at several points, in the order asked for."""

    points: tuple[Point, ...]
    response: str
    method: str
    laws: tuple[str, ...]
    notices: tuple[Notice, ...]
    version: str = ""

    @property
    def value(self) -> Array:
        """Values of all points."""
        return np.array([p.value for p in self.points])

    @property
    def low(self) -> Array:
        """Lower ends; NaN where unknown."""
        return np.array([np.nan if p.low is None else p.low for p in self.points])

    @property
    def high(self) -> Array:
        """Upper ends; NaN where unknown."""
        return np.array([np.nan if p.high is None else p.high for p in self.points])

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon forecast --json`."""
        return {
            "gnomon": self.version,
            "kind": "forecast",
            "response": self.response,
            "method": self.method,
            "laws": list(self.laws),
            "points": [p.to_dict() for p in self.points],
            "warnings": [n.to_dict() for n in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"forecast of {self.response} by {self.method}"]
        for p in self.points:
            where = ", ".join(f"{k}={v if isinstance(v, str) else format(v, '.4g')}" for k, v in p.at.items())
            band = f"  {p.level:.0%}: {p.low:.4g} to {p.high:.4g}" if p.low is not None else ""
            rows.append(f"  {where}: {p.value:.4g}{band}  [{p.grade.letter}]")
        return "\n".join(rows)


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
        source: a Fit (the value is its law's) or runs (the value is the median of several laws).
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
    inputs = _inputs_for(runs, points)
    used = runs.usable((*inputs, target), positive=(*inputs, target))
    columns = {name: np.array([_value(p, name, i) for i, p in enumerate(points)]) for name in inputs}
    known = evidence or evidence_of(used, inputs, target, seed=seed)
    return _assemble(known, columns, points, target, level, None, slack=_slack(known), identified=None)


def _slack(known: Evidence) -> int:
    return len(np.unique(known.groups)) - known.main.design.p


def _inputs_for(runs: Any, points: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns a forecast from runs rests on: params and tokens where both are at hand, else the one column of the points."""
    given = set(points[0])
    if len(given & {"params", "tokens", "flops"}) >= 2:
        return ("params", "tokens")
    if len(given) == 1:
        name = next(iter(given))
        runs[name]  # raises with near matches
        return (name,)
    raise InputError(
        f"A forecast from runs needs params and tokens, or one column; got {', '.join(sorted(given)) or 'nothing'}.",
        hint="For other inputs fit a law first: gnomon fit RUNS --law FORMULA --save fit.json.",
    )


def _value(point: Mapping[str, Any], name: str, index: int, law: Law | None = None) -> float:
    """An input of a point; of params, tokens and flops the third follows from C = 6 N D.

    The law, where there is one, says what it takes besides positive numbers: a share of zero, a negative logarithm.
    """
    if law is not None and name in point and law.domain.get(name, (0.0, np.inf))[0] < 0:
        return _number(point[name], name, law.domain[name][0])
    if name not in point:
        triple = {"params", "tokens", "flops"}
        others = sorted(triple - {name})
        if name in triple and all(o in point for o in others):
            a, b = (_number(point[o], o) for o in others)
            if name == "flops":
                return TRAIN_FLOPS * a * b
            return point_flops(point) / (TRAIN_FLOPS * _number(point[_pair(name)], _pair(name)))
        raise InputError(
            f"Point {index + 1} has no {name}; it gives {', '.join(point) or 'nothing'}.",
            hint=near(name, point) or f"Add {name}=...",
        )
    return _number(point[name], name)


def _named(point: Mapping[str, Any], name: str, index: int) -> Any:
    """An input that is no number, as it was given."""
    if name not in point:
        raise InputError(
            f"Point {index + 1} has no {name}; it gives {', '.join(point) or 'nothing'}.",
            hint=near(name, point) or f"Add {name}=...",
        )
    return point[name]


def point_flops(point: Mapping[str, Any]) -> float:
    """FLOP of a point that gives them."""
    return _number(point["flops"], "flops")


def _pair(name: str) -> str:
    return "tokens" if name == "params" else "params"


def _number(value: Any, name: str, above: float = 0.0) -> float:
    from gnomon.runs import parse_number

    number = parse_number(value) if isinstance(value, str) else float(value)
    if not np.isfinite(number) or number <= above:
        kind = "a positive number" if above == 0 else f"a number above {above:g}"
        raise InputError(f"{name} must be {kind}; got {value!r}.")
    return number


def _from_fit(
    fit: Fit, points: Sequence[Mapping[str, Any]], level: float, seed: int, evidence: Evidence | None
) -> Forecast:
    law = fit.law
    columns: dict[str, Any] = {
        name: [_named(p, name, i) for i, p in enumerate(points)]
        if name in law.made_inputs
        else np.array([_value(p, name, i, law) for i, p in enumerate(points)])
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
        return _simple(fit, columns, points, value, level, slack, seed)
    known = evidence if evidence is not None and evidence.scale == "log" else None  # the law is of the response itself
    known = known or evidence_of(fit.data, inputs, fit.response, seed=seed, scale="log")
    return _assemble(
        known, columns, points, fit.response, level, centre, slack=slack, identified=fit.identified, fit=fit
    )


def _alone(fit: Fit) -> str:
    """Why no other laws stand beside a fit's own."""
    for name in fit.law.inputs if set(fit.law.inputs) <= {"params", "tokens"} else ():
        few = len(np.unique(np.asarray(fit.data[name], float)))
        if few < 3:
            return f"{few} value{' of ' + name + ' lets' if few == 1 else 's of ' + name + ' let'} no other law be laid beside this one"
    return "No other laws are known for these inputs"


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
        own = _half_range(
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
                notices=_point_notices(known, terms, i, hidden[2], response, float(value[i]), point),
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
        "median of laws"
        if centre is None
        else f"{fit.law.id or 'formula' if fit else 'law'}, interval from several laws"
    )
    return Forecast(tuple(built), response, method, known.names, tuple(notices), __version__)


def _point_notices(
    known: Evidence, terms: Terms, i: int, hidden: int, response: str, value: float, point: Mapping[str, Any]
) -> tuple[Notice, ...]:
    found = []
    horizon = float(terms.horizon[i])
    if horizon > FAR:
        found.append(
            Notice(
                "far",
                f"{horizon:.1f} decades beyond the largest run: at such distances 90% intervals caught 77% of real runs.",
                {"decades": horizon},
            )
        )
    if not hidden:
        found.append(
            Notice(
                "no-backtest",
                "The runs span too little to hide some and test the forecast; its interval rests on other data sets.",
            )
        )
    if is_rate(response) and known.scale == "log" and value > HIGH_ERROR_RATE:
        found.append(
            Notice(
                "high-error-rate",
                "Error rates above one half bend like a logistic: forecasts tend to come out too high; 90% intervals caught 41% of them.",
            )
        )
    found += _ratio_notice(known, point)
    return tuple(found)


def _ratio_notice(known: Evidence, point: Mapping[str, Any]) -> list[Notice]:
    """Tokens per parameter outside those of the runs: a corner that no run has seen, whatever its compute."""
    if set(known.inputs) != {"params", "tokens"}:
        return []
    ratios = known.inputs["tokens"] / known.inputs["params"]
    ratio = _value(point, "tokens", 0) / _value(point, "params", 0)
    low, high = float(ratios.min()), float(ratios.max())
    if low / RATIO_SLACK <= ratio <= high * RATIO_SLACK:
        return []
    end = f"stop at {_short(high)}" if ratio > high else f"start at {_short(low)}"
    return [Notice("ratio", f"{_short(ratio)} tokens per parameter; the runs {end}: a guess.", {"ratio": ratio})]


def _short(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def _half_range(fit: Fit, columns: Mapping[str, Any], count: int) -> Array | None:
    """Half of the 16-84 % range (count,) of ln law over the fit's draws; None without draws."""
    draws = fit.law_draws()
    if draws is None or fit.draws is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.log(np.broadcast_to(draws(**columns), (len(next(iter(fit.draws.values()))), count)))
    low, high = np.nanquantile(spread, [0.16, 0.84], axis=0)
    return np.asarray((high - low) / 2)


def _simple(
    fit: Fit,
    columns: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]],
    value: Array,
    level: float,
    slack: int,
    seed: int,
) -> Forecast:
    """Bootstrap and residual terms alone, for laws that have no others to be compared with."""
    from scipy.stats import t

    from gnomon.version import __version__

    quantile = float(t.ppf(0.5 + level / 2, max(slack, 1)))
    middle, boot = np.log(value), _half_range(fit, columns, len(points))
    built = []
    shares = share_interval(fit, columns, level, seed) if "counts" in fit.extra else None
    for i in range(len(points)):
        decades = {}
        for name, values in columns.items():
            if name in fit.law.made_inputs:
                continue
            top = fit.range[name][1] if name in fit.range else float(values[i])
            decades[name] = max(float(np.log10(values[i] / top)), 0.0) if values[i] > 0 and top > 0 else 0.0
        horizon = max(decades.values(), default=0.0)
        ends: dict[str, float] = {}
        terms: dict[str, float] = {}
        sigma = None
        if shares is not None:
            sigma = float(shares.sigma[i])
            ends = {name: float(getattr(shares, name)[i]) for name in ("low", "high", "curve_low", "curve_high")}
            terms = {"bootstrap": float(shares.curve_share[i]), "counts": 1.0 - float(shares.curve_share[i])}
        elif boot is not None:
            sigma = float(np.hypot(boot[i], fit.residual_sd))
            ends = {
                "low": float(np.exp(middle[i] - quantile * sigma)),
                "high": float(np.exp(middle[i] + quantile * sigma)),
                "curve_low": float(np.exp(middle[i] - quantile * boot[i])),
                "curve_high": float(np.exp(middle[i] + quantile * boot[i])),
            }
            terms = {"bootstrap": float((boot[i] / sigma) ** 2), "residual": float((fit.residual_sd / sigma) ** 2)}
        built.append(
            Point(
                at={
                    name: str(getattr(values[i], "name", values[i]))
                    if name in fit.law.made_inputs
                    else float(values[i])
                    for name, values in columns.items()
                },
                value=float(value[i]),
                low=ends.get("low"),
                high=ends.get("high"),
                curve_low=ends.get("curve_low"),
                curve_high=ends.get("curve_high"),
                level=level,
                decades=decades,
                horizon=horizon,
                terms=terms,
                grade=grade(horizon=horizon, slack=slack, identified=fit.identified, hidden_error=None),
                laws={fit.law.id or "formula": float(value[i])},
                sigma=sigma,
            )
        )
    if boot is None:
        notice = Notice("no-interval", "The fit was made without bootstrap draws, so the forecast has no interval.")
    else:
        notice = Notice(
            "model-error-left-out",
            f"{_alone(fit)}: the interval covers estimation and noise, not a wrong law. Expect it to be too narrow.",
        )
    method = f"{fit.law.id or 'formula'}, bootstrap and {'residual' if shares is None else 'counts'}"
    return Forecast(tuple(built), fit.response, method, (fit.law.id or "formula",), (*fit.notices, notice), __version__)
