"""The choice of intervals: a table of engines that all answer the same question, how far each parameter may be off.

A new engine is a file with its method and one entry of `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.fit.bootstrap import Draws, bootstrap
from gnomon.fit.counts import dispersion, simulated_shares
from gnomon.fit.design import Design
from gnomon.fit.held import Held
from gnomon.fit.objective import Objective
from gnomon.fit.parametric import SeedNoise, parametric, seed_noise
from gnomon.fit.profile import profile
from gnomon.fit.result import Estimate, Starts
from gnomon.fit.search import Search
from gnomon.fit.simulated import refit_to
from gnomon.fit.wild import wild
from gnomon.fit.within import noise_if_known, within

Array = np.ndarray

FIXED = "fixed at this value"  # the reason why a parameter has no interval
FEW_ROWS, FEW_DRAWS = 2000, 64  # to see whether refits move: beyond, rows do not balance one another everywhere
EXACT = 1e-9  # scatter of rows that lie on the law: rounding, about which nothing need move
UNMOVED = 1e-4  # spread of refits over that of rows; honest ones are sqrt(parameters / rows) of it, at least .02
MORE_THAN_NOISE = 1.5  # residual sd over seed noise from which intervals of the noise alone are called too narrow


@dataclass(frozen=True)
class Question:
    """A finished fit whose uncertainty is asked for.

    Args:
        design: the rows.
        objective: that was minimised.
        found: the optimum and how it was found.
        at_bound: parameters that ended at a bound.
        draws: refits, for engines that refit.
        level: of the intervals.
        seed: of random numbers.
        stated_freedom: degrees of freedom of Student-t residuals, where the user gave them.
        held: parameters that are not fitted, with the draws of those taken from other families.
    """

    design: Design
    objective: Objective
    found: Search
    at_bound: tuple[str, ...]
    draws: int
    level: float
    seed: int
    stated_freedom: float | None = None
    held: Held | None = None

    @property
    def transferred(self) -> tuple[str, ...]:
        """Held parameters that differ from draw to draw."""
        return () if self.held is None else self.held.transferred

    @property
    def refits_from(self) -> Array | None:
        """Where refits begin (draws, p): the optimum with the donors' draws in it; None where all begin at the optimum."""
        if self.held is None or not self.transferred:
            return None
        begin = np.repeat(self.found.theta[None], self.draws, 0)
        return self.design.hold(begin, self.held.draws(self.draws, self.seed))

    def fixed(self, name: str) -> bool:
        """Whether a parameter has one value in all draws."""
        return name in self.design.held and name not in self.transferred

    @property
    def best(self) -> dict[str, float]:
        """Parameter values at the optimum."""
        return {k: float(v) for k, v in self.design.values(self.found.theta).items()}

    @property
    def starts(self) -> Starts:
        """How the search ended."""
        found = self.found
        return Starts(found.tried, found.converged, found.at_best, found.decrement)


@dataclass(frozen=True)
class Answer:
    """Parameter name to estimate; the draws behind them, name to (B,), None without any; what the user must know."""

    estimates: dict[str, Estimate]
    draws: dict[str, Array] | None
    starts: Starts
    notices: list[Notice] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)  # further parts of the fit's document


def by_bootstrap(asked: Question) -> Answer:
    """Whole runs drawn with replacement (`bootstrap`).

    Raises:
        RefusalError: there is one run.
    """
    if len(np.unique(asked.design.groups)) == 1:
        raise RefusalError(
            "All rows are of one run: drawing runs with replacement gives the same run every time.",
            hint="Use --intervals within (the default with one run), or parametric.",
            code="one-run",
        )
    return _drawn(asked, bootstrap(*_of(asked), asked.refits_from))


def by_within(asked: Question) -> Answer:
    """Residuals in blocks and the noise between seeds, for one run or few (`within`); of counts the counts drawn anew."""
    if asked.objective.counts:
        return _counts_drawn(asked)
    noise = noise_if_known(asked.design)
    drawn = within(*_of(asked), noise, asked.refits_from)
    answer = _drawn(asked, drawn)
    if noise is None:
        told = Notice(
            "seed-noise-unknown",
            f"Nothing is known of the noise of {asked.design.law.output} between seeds, and one run does not show it: the "
            "intervals leave it out.",
        )
    else:
        told = _seed_notice(noise)
    return replace(answer, notices=[told, *answer.notices])


def by_wild(asked: Question) -> Answer:
    """Residuals of whole runs change sign (`wild`).

    Raises:
        InputError: the rows are counts.
    """
    if asked.objective.counts:
        raise InputError(
            "Residuals of counts have no sign to change: wild resampling does not apply to the binomial objective.",
            hint="Use --intervals parametric (counts drawn anew), bootstrap or profile.",
        )
    return _drawn(asked, wild(*_of(asked), asked.refits_from))


def by_parametric(asked: Question) -> Answer:
    """The law plus seed noise (`parametric`); of counts the counts drawn anew."""
    if asked.objective.counts:
        return _counts_drawn(asked)
    noise = seed_noise(asked.design)
    drawn = parametric(*_of(asked), noise, asked.refits_from)
    told = _seed_notice(noise)
    answer = _drawn(asked, drawn)
    law = asked.design.predict(asked.found.theta)[0]
    seen, known = _rms(np.log(asked.design.output / law), asked.design.free), _rms(noise.at(law), 0)
    if seen > MORE_THAN_NOISE * known:
        answer.notices.insert(
            0,
            Notice(
                "more-than-seed-noise",
                f"The rows miss the law by {seen:.2%}, {seen / known:.2g} times the seed noise: these intervals are too narrow. "
                f"Use --intervals {'within' if len(np.unique(asked.design.groups)) == 1 else 'bootstrap or wild'}.",
                {"residual_sd": seen, "noise_sd": known},
            ),
        )
    return replace(answer, notices=[told, *answer.notices])


def _of(asked: Question) -> tuple[Design, Objective, Array, int, int]:
    """What every engine that refits needs."""
    return asked.design, asked.objective, asked.found.theta, asked.draws, asked.seed


def _seed_notice(noise: SeedNoise) -> Notice:
    return Notice(
        "seed-noise", f"{noise.sentence()}.", {"sd": noise.sd, "slope": noise.slope, "repeats": noise.freedom}
    )


def _counts_drawn(asked: Question) -> Answer:
    """Refits to counts drawn from the law (`counts.simulated_shares`)."""
    design, theta = asked.design, asked.found.theta
    spread = dispersion(design, theta)
    rng = np.random.default_rng([asked.seed, 0x5EED])
    shares = simulated_shares(design, theta, rng, spread)
    answer = _drawn(asked, refit_to(design, asked.objective, theta, shares, asked.draws, asked.refits_from))
    noun = "beta-binomial, as far apart as the rows are" if spread.rho else "binomial"
    told = Notice("counts-drawn", f"Counts were drawn anew from the law: {noun}.", {"correlation": spread.rho})
    return replace(answer, notices=[told, *answer.notices])


def _rms(values: Array, parameters: int) -> float:
    """Root mean square with as many degrees of freedom as values, minus the parameters."""
    return float(np.sqrt((values**2).sum() / max(len(values) - parameters, 1)))


def by_profile(asked: Question) -> Answer:
    """Profile intervals in coordinates, pushed to the user's units.

    Amplitudes are profiled in centred units and then rescaled with the exponents at their best values: their interval says how
    well the law's level is known, not how the amplitude trades against an exponent.

    Raises:
        InputError: parameters are taken from another family: a profile holds them at one value.
    """
    from scipy.stats import norm

    if asked.transferred:
        raise InputError(
            f"Profile intervals hold {', '.join(asked.transferred)} at one value and leave out how well the other family knows it.",
            hint="Use --intervals bootstrap, or with one run --intervals within.",
        )

    design, found, best = asked.design, asked.found, asked.best
    estimates = {}
    for j, name in enumerate(design.law.parameters):
        if asked.fixed(name):
            estimates[name] = _fixed(best[name])
            continue
        interval = profile(design, asked.objective, found.theta, found.value, j, asked.level)
        ends = []
        for end in (interval.low, interval.high):
            moved = found.theta.copy()
            moved[j] = end
            ends.append(float(design.values(moved)[name]))
        low, high = min(ends), max(ends)
        estimates[name] = Estimate(
            best[name],
            low,
            high,
            (high - low) / 2 / float(norm.ppf(0.5 + asked.level / 2)),
            name in asked.at_bound or interval.open_low or interval.open_high,
        )
    return Answer(estimates, None, asked.starts)


def by_bayes(asked: Question) -> Answer:
    """Quantiles of the posterior under weakly informative priors (`bayes`).

    Raises:
        InputError: parameters are held: a posterior is of all of them.
        MissingExtraError: NumPyro is not installed.
        RefusalError: the chains did not mix.
    """
    from gnomon.fit.bayes import conflicts, posterior_of, sample

    if asked.design.held:
        raise InputError(
            f"The posterior is of all parameters; {', '.join(asked.design.held)} are held.",
            hint="Use --intervals bootstrap or profile with --fix and --transfer.",
        )

    design, theta = asked.design, asked.found.theta
    posterior = posterior_of(design, asked.objective, theta, asked.stated_freedom)
    sd = _rms(asked.objective.residual(design.predict(theta)[0], design.output), design.p)
    sd /= design.scales[design.law.output] if asked.objective.scale == "output" else 1.0
    found = sample(posterior, theta, sd, asked.draws, asked.seed)
    values = {k: np.asarray(v) for k, v in design.values(found.theta).items()}
    starts = replace(asked.starts, draws=len(found.theta), draws_converged=len(found.theta))
    told = Notice(
        "posterior",
        f"Sampled by NUTS: {posterior.likelihood} residuals, R-hat at most {max(found.r_hat.values()):.4f}, effective size at least "
        f"{min(found.size.values()):,.0f}, {found.diverged} of {found.steps:,} steps diverged.",
    )
    priors = {prior.name: prior.to_dict() for prior in posterior.priors}
    document = {"bayes": {"likelihood": posterior.likelihood, **found.to_dict(), "priors": priors}}
    notices = [told, *conflicts(posterior, theta)]
    return Answer(_quantiles(asked, values), values, starts, notices, document)


def without(asked: Question) -> Answer:
    """Values alone."""
    reason = "intervals were not asked for"
    estimates = {
        k: _fixed(v) if asked.fixed(k) else Estimate(v, None, None, None, k in asked.at_bound, reason)
        for k, v in asked.best.items()
    }
    return Answer(estimates, None, asked.starts)


def _fixed(value: float) -> Estimate:
    return Estimate(value, None, None, None, reason=FIXED)


def _drawn(asked: Question, drawn: Draws) -> Answer:
    """Quantiles of the refits; those that did not converge are counted."""
    count = int(drawn.converged.sum())
    confirmed = None if np.isnan(drawn.confirmed) else drawn.confirmed
    starts = replace(asked.starts, draws=asked.draws, draws_converged=count, draws_confirmed=confirmed)
    notices = []
    if count < asked.draws:
        lost = asked.draws - count
        notices.append(
            Notice(
                "draws-not-converged",
                f"{lost} of {asked.draws} refits did not converge; they are kept where they ended.",
                {"count": lost},
            )
        )
    finite = np.isfinite(drawn.objective)
    if _unmoved(asked, drawn.theta[finite]):
        return _without_width(asked, starts, notices)
    values = {k: np.asarray(v)[finite] for k, v in asked.design.values(drawn.theta).items()}
    return Answer(_quantiles(asked, values), values, starts, notices)


def _unmoved(asked: Question, theta: Array) -> bool:
    """Whether refits (B, p) stay where the fit is although the rows scatter about it.

    Two rows of every run, one on each side of the law and both beyond a narrow Huber threshold, pull with the same force: the
    objective is flat between them, no refit moves, and a width of nothing would be a lie.
    """
    design = asked.design
    if len(design.output) > FEW_ROWS or len(theta) < 2 or asked.objective.counts:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        law = np.log(design.predict(theta[:FEW_DRAWS]))
        residual = np.log(design.output / design.predict(asked.found.theta)[0])
    if not (np.isfinite(law).all() and np.isfinite(residual).all()):
        return False
    scatter = _rms(residual, 0)
    return scatter > EXACT and float(law.std(0).max()) < UNMOVED * scatter


def _without_width(asked: Question, starts: Starts, notices: list[Notice]) -> Answer:
    told = Notice(
        "flat-objective",
        f"No refit moved, though rows lie {_rms(np.log(asked.design.output / asked.design.predict(asked.found.theta)[0]), 0):.2g} "
        f"about the law: the objective {asked.objective.name} is flat between the rows of the runs, so the fit is one of many and has no "
        "interval. Use --objective squared_log.",
    )
    reason = "no refit moved: the objective is flat between the rows of the runs"
    estimates = {
        k: _fixed(v) if asked.fixed(k) else Estimate(v, None, None, None, k in asked.at_bound, reason)
        for k, v in asked.best.items()
    }
    return Answer(estimates, None, starts, [told, *notices])


def _quantiles(asked: Question, values: dict[str, Array]) -> dict[str, Estimate]:
    """Estimates from draws (B,) of each parameter."""
    tail = (1 - asked.level) / 2
    estimates = {}
    for name, v in values.items():
        if asked.fixed(name):
            estimates[name] = _fixed(asked.best[name])
            continue
        low, high = (float(q) for q in np.quantile(v, [tail, 1 - tail]))
        estimates[name] = Estimate(asked.best[name], low, high, float(v.std(ddof=1)), name in asked.at_bound)
    return estimates


ENGINES: dict[str, Callable[[Question], Answer]] = {
    "bootstrap": by_bootstrap,
    "wild": by_wild,
    "within": by_within,
    "parametric": by_parametric,
    "profile": by_profile,
    "bayes": by_bayes,
    "none": without,
}
DRAWING = ("bootstrap", "wild", "within", "parametric", "bayes")  # engines that make as many draws as `draws` says
