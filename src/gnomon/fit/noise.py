"""Noise that is not the same everywhere, and noise with heavy tails: scales that are estimated beside the law.

    r_i = s (x_i)^g e_i,   x a column over its geometric mean,   e Student-t(nu) (Huber and student objectives) or normal (squares)

ln sd is a straight line in ln x: with x the compute of a run, g < 0 says that large runs are less noisy. The law is fitted to
r_i / x_i^g; s, g and nu to the residuals by maximum likelihood; in turn until neither moves (Lange, Little and Taylor 1989 for t).
nu, where it is not stated, has the prior Gamma(2, 0.1) of Juarez and Steel 2010: without one it runs off to infinity on normal
residuals. s and g are those of the n residuals, without a correction for the law's parameters; g of few rows is known poorly, and the
answer gives its standard error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.fit.objective import OBJECTIVES, Objective, StudentT
from gnomon.fit.prior import replace_widths
from gnomon.fit.search import Search, search

if TYPE_CHECKING:
    from gnomon.fit.design import Design
    from gnomon.runs import Runs

Array = np.ndarray

NU_SHAPE, NU_RATE = 2.0, 0.1  # Juarez and Steel 2010; mean 20, 90 % between 3.6 and 47
NU_BOUNDS = (1.0, 200.0)  # below 1 a law through p rows of n < 2 p may take all the likelihood; above 200 t is normal
MOST_SLOPE = 3.0  # a noise that grows faster than the cube of the scale is an outlier
ROUNDS = 40
SETTLED = 1e-5  # change of ln s, g and ln nu in a round
SIGNIFICANT = 2.0  # standard errors from which g is believed to differ from 0


@dataclass(frozen=True)
class Noise:
    """The scale of the residuals of a fit.

    Args:
        spread: s, sd (of t: scale) of a residual at the geometric mean of the column.
        slope: g; 0 when no column was asked for.
        slope_se: its standard error; None without a column.
        freedom: nu; None for normal residuals.
        column: x; None: the same noise everywhere.
        middle: geometric mean of the column.
        ends: s at the smallest and the largest x.
        stated: nu was given.
    """

    spread: float
    slope: float = 0.0
    slope_se: float | None = None
    freedom: float | None = None
    column: str | None = None
    middle: float = 1.0
    ends: tuple[float, float] | None = None
    stated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {
            "spread": self.spread,
            "freedom": self.freedom,
            "freedom_stated": self.stated,
            "column": self.column,
            "slope": self.slope,
            "slope_se": self.slope_se,
            "middle": self.middle,
            "ends": self.ends,
        }
        if self.freedom is None:
            document["freedom_reason"] = "normal residuals"
        if self.column is None:
            document |= dict.fromkeys(("column_reason", "slope_se_reason", "ends_reason"), "the same noise everywhere")
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Noise:
        """What `to_dict` wrote."""
        ends = document["ends"]
        return cls(
            document["spread"],
            document["slope"],
            document["slope_se"],
            document["freedom"],
            document["column"],
            document["middle"],
            None if ends is None else (ends[0], ends[1]),
            document["freedom_stated"],
        )

    def notice(self) -> Notice:
        """The noise in a sentence."""
        tails = "" if self.freedom is None else f", Student-t with {self.freedom:.3g} degrees of freedom"
        if self.column is None or self.ends is None or self.slope_se is None:
            return Notice("noise", f"Residuals have scale {self.spread:.2%}{tails}.", self.to_dict())
        sure = abs(self.slope) > SIGNIFICANT * self.slope_se
        verdict = "" if sure else ": not told from no change"
        return Notice(
            "noise",
            f"Residuals have scale {self.ends[0]:.2%} at the smallest {self.column} and {self.ends[1]:.2%} at the largest{tails}; "
            f"slope {self.slope:.2f} +- {self.slope_se:.2f}{verdict}.",
            self.to_dict(),
        )


def column_of(noise: str, runs: Runs) -> Array | None:
    """The column (n,) along which the noise may change; None for `constant`.

    Raises:
        InputError: a value of it is not positive, or it does not change.
        ColumnError: the table does not have it.
    """
    if noise == "constant":
        return None
    (values,) = runs.numbers(noise)
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise InputError(
            f"--noise {noise}: the column must be known and positive in all {len(values)} rows that are fitted."
        )
    if np.ptp(np.log(values)) < 1e-9:
        raise InputError(f"--noise {noise}: the column is the same in all {len(values)} rows.")
    return values


def first_objective(objective: Objective) -> Objective:
    """An objective without open scales: Huber for student, which then has something to estimate them from."""
    return OBJECTIVES["huber"] if isinstance(objective, StudentT) else objective


def settle(
    design: Design, objective: Objective, noise: str, column: Array | None
) -> tuple[Design, Objective, Search, Noise | None]:
    """The global search, with the scales that the objective or the noise leave open estimated beside the law.

    Args:
        design: the rows.
        objective: student may have open scales.
        noise: name of the column along which the noise changes, or "constant".
        column: its values (n,).

    Returns:
        The design with the widths of its rows, the objective with its scales, the search under both, and the noise.

    Raises:
        InputError: the noise of counts was asked for: it is known.
        RefusalError: the scales do not settle, or the residuals vanish.
    """
    student = isinstance(objective, StudentT)
    if not student and column is None:
        return design, objective, search(design, objective), None
    if objective.counts:
        raise InputError(
            "The noise of counts follows from their trials; --noise does not apply to the binomial objective."
        )
    if student and design.prior is not None:
        raise InputError(
            f"{design.law.id} holds parameters by a prior whose strength is measured on Huber's scale; student has another.",
            hint="Use --objective huber or squared_log with this law.",
        )
    found = search(design, first_objective(objective))
    known, before = None, np.full(3, np.inf)
    for _ in range(ROUNDS):
        known = estimate(design, objective, found.theta, noise, column)
        design, how = apply(known, design, objective, column)
        if not np.isfinite(before).all():  # the first scales: other optima may be the best under them
            found = search(design, how)
        else:
            again = design.solve(how, found.theta[None], continuation=1, iterations=300)
            found = replace(
                found, theta=again.theta[0], value=float(again.value[0]), decrement=float(again.decrement[0])
            )
        now = np.array([np.log(known.spread), known.slope, np.log(known.freedom or 1.0)])
        if np.abs(now - before).max() < SETTLED:
            return design, how, found, known
        before = now
    raise RefusalError(
        f"The scale of the noise does not settle in {ROUNDS} rounds: law and noise trade against each other.",
        hint="Use --objective huber and constant noise, or add runs.",
        code="noise-not-settled",
    )


def apply(known: Noise, design: Design, objective: Objective, column: Array | None) -> tuple[Design, Objective]:
    """A design with the widths, and an objective with the scales, of a known noise."""
    if column is not None:
        design = replace_widths(design, (column / known.middle) ** known.slope)
    if isinstance(objective, StudentT):
        objective = replace(objective, spread=known.spread, freedom=float(known.freedom or np.nan))
    return design, objective


def estimate(design: Design, objective: Objective, theta: Array, noise: str, column: Array | None) -> Noise:
    """Scale, slope and degrees of freedom of the residuals at theta, by maximum likelihood.

    Raises:
        RefusalError: the law passes through all rows: there is no noise to be measured.
    """
    from scipy.optimize import minimize

    student = isinstance(objective, StudentT)
    heavy = student or objective.name == "huber"
    stated = objective.freedom if isinstance(objective, StudentT) and np.isfinite(objective.freedom) else None
    plain = first_objective(objective)
    residual = plain.residual(design.predict(theta)[0], design.output)
    usual = float(np.sqrt(np.mean(residual**2)))
    if not usual > 1e-12:
        raise RefusalError(
            "The law passes through all rows: there is no noise whose scale could be measured.",
            hint="Use --objective squared_log with constant noise.",
            code="no-noise",
        )
    middle = 1.0 if column is None else float(np.exp(np.log(column).mean()))
    x = np.zeros(len(residual)) if column is None else np.log(column / middle)
    load = design.load

    def minus(q: Array) -> float:
        return _minus_log_likelihood(residual, x, load, q, heavy, stated)

    bounds = [(-14.0, 3.0), (-MOST_SLOPE, MOST_SLOPE) if column is not None else (0.0, 0.0)]
    begin = [0.0, 0.0]
    if heavy and stated is None:
        bounds.append((float(np.log(NU_BOUNDS[0])), float(np.log(NU_BOUNDS[1]))))
        begin.append(np.log(5.0))
    residual = residual / usual
    found = minimize(minus, begin, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-9})
    spread, slope = usual * float(np.exp(found.x[0])), float(found.x[1])
    freedom = stated if not heavy or stated is not None else float(np.exp(found.x[2]))
    if column is None:
        return Noise(spread, freedom=freedom, stated=stated is not None)
    error = _slope_error(minus, found.x)
    ends = [spread * float(np.exp(slope * end)) for end in (x.min(), x.max())]
    return Noise(spread, slope, error, freedom, noise, middle, (ends[0], ends[1]), stated is not None)


def _minus_log_likelihood(r: Array, x: Array, load: Array, q: Array, heavy: bool, stated: float | None) -> float:
    from scipy.special import gammaln

    ln_s = q[0] + q[1] * x
    u2 = (r * np.exp(-ln_s)) ** 2
    if not heavy:
        return float(np.sum(load * (ln_s + 0.5 * u2)))
    nu = float(np.exp(q[2])) if stated is None else stated
    height = float(gammaln(0.5 * (nu + 1)) - gammaln(0.5 * nu)) - 0.5 * np.log(nu)
    prior = 0.0 if stated is not None else NU_SHAPE * np.log(nu) - NU_RATE * nu
    return float(np.sum(load * (ln_s - height + 0.5 * (nu + 1) * np.log1p(u2 / nu)))) - prior


def _slope_error(minus: Any, q: Array) -> float:
    """Standard error of q[1] from the curvature by central differences."""
    step, k = 1e-3, len(q)
    eye = step * np.eye(k)
    table = np.array(
        [[minus(q + a + b) - minus(q + a - b) - minus(q - a + b) + minus(q - a - b) for b in eye] for a in eye]
    ) / (4 * step**2)
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(np.linalg.pinv(table)[1, 1]))
