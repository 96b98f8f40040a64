"""How strongly a law's prior holds: chosen by forecasting rows that were left out, not by how well the others are fitted.

Laws with directions that few curves determine (the multi-power law's C, beta and gamma) fit better and forecast worse the
longer they are optimised. Stopping early hides that; here the law says what is known beforehand (`Law.prior`), and

    sum_n w_n rho(r_n) + (s / 2) sum_j ((theta_j - m_j) / sd_j)^2

is minimised with the s that forecasts the later rows best from the earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.fit.design import Design
from gnomon.fit.newton import Prior
from gnomon.fit.objective import Objective
from gnomon.fit.search import search

Array = np.ndarray

# Strengths as shares of the best objective without a prior: a parameter that lies one sd off costs half that share. They do
# not depend on the noise or on the number of rows, and noise-free rows get no prior.
SHARES = (0.0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
LEAST_HELD_OUT = 5  # rows to forecast; with fewer nothing is chosen


@dataclass(frozen=True)
class PriorChoice:
    """The prior of a fit and how its strength was found.

    Args:
        parameters: name to (mean, sd) in the solver's coordinate.
        strength: s; 0 when the rows forecast best without it.
        tried: (strength, rms error of ln forecast on the rows left out).
        without: objective without the prior.
        values: parameters without the prior, in the user's units.
    """

    parameters: dict[str, tuple[float, float]]
    strength: float
    tried: tuple[tuple[float, float], ...]
    without: float
    values: dict[str, float]
    reason: str | None = None

    @property
    def held_out_error(self) -> float:
        """Rms error of the chosen strength on the rows left out."""
        return dict(self.tried).get(self.strength, float("nan"))

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "parameters": {name: {"mean": m, "sd": s} for name, (m, s) in self.parameters.items()},
            "strength": self.strength,
            "tried": [{"strength": s, "held_out_rms": e} for s, e in self.tried],
            "objective_without": self.without,
            "parameters_without": self.values,
        } | ({"reason": self.reason} if self.reason else {})

    def notice(self) -> Notice:
        """What the user must know: which parameters are held, how strongly, and what they would be otherwise."""
        names = ", ".join(self.parameters)
        if self.reason:
            return Notice("prior", f"{names} have no prior: {self.reason}.")
        if self.strength == 0:
            return Notice("prior", f"{names} need no prior: the later rows are forecast best without one.")
        freely = ", ".join(f"{name} {self.values[name]:.3g}" for name in self.parameters)
        error, free = self.held_out_error, self.tried[0][1]
        return Notice(
            "prior",
            f"{names} are weakly determined and held near what is usual: the later half of the curves is then forecast "
            f"{error:.2%} off, without it {free:.2%}. Freely fitted: {freely}, objective {self.without:.4g}.",
            self.to_dict(),
        )


def with_prior(design: Design, objective: Objective) -> tuple[Design, PriorChoice | None]:
    """The design with its law's prior at the strength that forecasts best; unchanged where the law has none.

    Raises:
        RefusalError: the law is not defined near these rows from any start.
    """
    law = design.law
    if not law.prior:
        return design, None
    free = search(design, objective)
    known = {name: (float(m), float(s)) for name, (m, s) in law.prior.items()}
    values = {name: float(v) for name, v in design.values(free.theta).items()}
    later = np.asarray(law.later_rows(design.scaled_inputs), bool)
    if min(int(later.sum()), int((~later).sum()) - design.free) < LEAST_HELD_OUT:
        reason = f"{int((~later).sum())} earlier and {int(later.sum())} later rows are too few to choose its strength"
        return design, PriorChoice(known, 0.0, (), free.value, values, reason)
    strengths = np.array(SHARES) * free.value
    errors = _held_out(design, objective, free.theta, later, strengths)
    best = int(np.argmin(errors))
    tried = tuple((float(s), float(e)) for s, e in zip(strengths, errors, strict=True))
    choice = PriorChoice(known, float(strengths[best]), tried, free.value, values)
    return (design if best == 0 else replace_prior(design, prior_of(design, strengths[best : best + 1]))), choice


def replace_prior(design: Design, prior: Prior | None) -> Design:
    """The same rows in the same units under another prior."""
    other = replace(design, prior=prior)
    for name in ("scales", "kernel"):
        object.__setattr__(other, name, getattr(design, name))
    return other


def replace_widths(design: Design, widths: Array) -> Design:
    """The same rows in the same units with other widths."""
    other = replace(design, widths=widths)
    for name in ("scales", "kernel"):
        object.__setattr__(other, name, getattr(design, name))
    return other


def prior_of(design: Design, strengths: Array) -> Prior:
    """The law's prior at B strengths, each above zero or none."""
    mean, sd = np.zeros((1, design.p)), np.full((len(strengths), design.p), np.inf)
    for j, name in enumerate(design.law.parameters):
        if name in design.law.prior:
            mean[0, j], spread = design.law.prior[name]
            with np.errstate(divide="ignore"):
                sd[:, j] = spread / np.sqrt(strengths)
    return Prior(mean, sd, np.zeros(design.p, bool))


def plain_value(design: Design, objective: Objective, theta: Array) -> float:
    """The objective without the prior's share, in fit units."""
    law = design.predict(theta)[0] / design.scales[design.law.output]
    return float(design.scaled(objective).value(law, design.target, design.load))


def _held_out(design: Design, objective: Objective, theta: Array, later: Array, strengths: Array) -> Array:
    """Rms error (B,) of ln forecasts of the later rows from fits to the earlier ones, per strength."""
    early, late = design.rows(np.flatnonzero(~later)), design.rows(np.flatnonzero(later))
    prior = prior_of(design, strengths)
    usual = np.where(np.isfinite(prior.sd[-1]), prior.mean[0], theta)
    fits = [
        early.solve(objective, np.repeat(start[None], len(strengths), 0), prior=prior, continuation=1)
        for start in (theta, usual)
    ]
    first, second = fits
    best = np.where((first.value <= second.value)[:, None], first.theta, second.theta)
    with np.errstate(divide="ignore", invalid="ignore"):
        miss = np.log(late.predict(best) / late.output)
    error = np.sqrt((late.load * miss**2).sum(1) / late.load.sum())
    return np.where(np.isfinite(error), error, np.inf)
