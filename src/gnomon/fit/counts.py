"""Accuracies and pass rates as what they are: k right answers of m trials, with a likelihood of their own.

    k ~ Binomial(m, p),  p the law;   ln L = sum k ln p + (m - k) ln(1 - p)

Rows with no right answer, or with nothing but right answers, say something and stay; rows with few trials count for little.
A response is taken for counts when the table knows the trials and the response is a share of them (`counted`). What the counts
do not explain, unequal items, correlated answers or a law that bends away, is the overdispersion

    phi = sum (k - m p)^2 / (m p (1 - p)) / (n - parameters)

(McCullagh and Nelder 1989, section 4.5). Where it is more than chance, simulated counts are beta-binomial,

    Var k = m p (1 - p) (1 + (m - 1) rho),   rho = (phi - 1) (n - parameters) / sum (m - 1)        [D: moments; leverage left out]

with phi redrawn for every draw as phi (n - parameters) / chi^2(n - parameters): few rows know their scatter poorly, and intervals that
took it for known would be as much too narrow as a normal quantile is below Student's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import InputError, Notice
from gnomon.fit.objective import OBJECTIVES, Objective
from gnomon.fit.objective import objective as find_objective

if TYPE_CHECKING:
    from gnomon.fit.design import Design
    from gnomon.laws.law import Law
    from gnomon.runs import Runs

Array = np.ndarray

SHARES = (
    "accuracy",
    "error",
    "coverage",
    "pass_rate",
)  # columns that are shares of trials when a table knows the trials
SIGNIFICANT = 0.05  # of the chi-squared test of the counts: below it their scatter is not the trials' alone
MOST_RHO = 0.99  # a row whose trials all agree
SAME = 1e-6  # difference at which a column is passes / trials, or its complement
DEFAULT = "huber"  # where the response is no share of counted trials


def choose_objective(asked: str | Objective | None, cls: type[Law], runs: Runs) -> Objective:
    """The objective asked for; of None the binomial one where the response is a share of counted trials, else Huber.

    Raises:
        InputError: counts were asked for and the table does not have them.
    """
    if asked is None:
        return OBJECTIVES["binomial" if counted(cls, runs) else DEFAULT]
    chosen = find_objective(asked)
    if not chosen.counts:
        return chosen
    if "trials" not in runs:
        raise InputError(
            f"The binomial objective needs the number of trials behind each {cls.output}; the table has no column trials.",
            hint="Name it: --column trials=n_questions, or choose --objective huber.",
        )
    if not _shares(runs, cls.output):
        raise InputError(
            f"The binomial objective needs a share between 0 and 1; {cls.output} leaves that range.",
            hint="Name the share with --response, or give passes and trials: accuracy and error follow from them.",
        )
    return chosen


def counted(cls: type[Law], runs: Runs) -> bool:
    """Whether the law's response is a share of trials that the table knows."""
    if "trials" not in runs or cls.output not in runs or not _shares(runs, cls.output):
        return False
    if cls.output in SHARES:
        return True
    if "passes" not in runs:
        return False
    share, passes, trials = runs.numbers(cls.output, "passes", "trials")
    with np.errstate(divide="ignore", invalid="ignore"):
        right = passes / trials
    known = np.isfinite(share) & np.isfinite(right)
    return bool(known.any()) and any(bool(np.all(np.abs(share - x)[known] <= SAME)) for x in (right, 1.0 - right))


def _shares(runs: Runs, column: str) -> bool:
    (values,) = runs.numbers(column)
    known = values[np.isfinite(values)]
    return bool(len(known)) and bool(np.all((known >= 0.0) & (known <= 1.0)))


@dataclass(frozen=True)
class Dispersion:
    """How the counts scatter about the law.

    Args:
        phi: overdispersion, 1 for counts alone; `None` when no degree of freedom is left.
        freedom: rows minus parameters.
        p_value: of the chi-squared test that the trials explain the scatter.
        rho: correlation of the trials of one row that simulated counts are given; 0 unless the scatter is more than chance.
        outside: rows at which the law leaves [0, 1].
    """

    phi: float | None
    freedom: int
    p_value: float | None
    rho: float
    outside: int = 0

    @property
    def more_than_counts(self) -> bool:
        """Whether the rows scatter more than their trials explain."""
        return self.p_value is not None and self.p_value < SIGNIFICANT

    def redrawn(self, count: int, rng: np.random.Generator) -> Array:
        """Correlations (count,) as uncertain as the rows leave them; zeros where the trials explain the scatter."""
        if self.phi is None or self.rho <= 0.0:
            return np.zeros(count)
        phi = self.phi * self.freedom / rng.chisquare(self.freedom, count)
        return np.clip(self.rho * (phi - 1.0) / (self.phi - 1.0), 0.0, MOST_RHO)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Dispersion:
        """What `to_dict` wrote."""
        keys = ("overdispersion", "degrees_of_freedom", "p_value", "correlation", "rows_outside")
        return cls(*(document[key] for key in keys))

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {
            "overdispersion": self.phi,
            "degrees_of_freedom": self.freedom,
            "p_value": self.p_value,
            "correlation": self.rho,
            "rows_outside": self.outside,
        }
        if self.phi is None:
            reason = "no more rows than parameters"
            document |= {"overdispersion_reason": reason, "p_value_reason": reason}
        return document

    def notices(self, response: str) -> list[Notice]:
        """What the user must know."""
        found = []
        if self.more_than_counts and self.phi is not None:
            found.append(
                Notice(
                    "overdispersed",
                    f"{response} scatters {self.phi:.3g} times as much about the law as its trials explain (variance; chance "
                    f"alone: {self.p_value:.1g}): trials that are not independent, or a law that bends away.",
                    self.to_dict(),
                )
            )
        if self.outside:
            found.append(
                Notice(
                    "outside-0-1",
                    f"The law leaves 0 to 1 at {self.outside} of the rows: it is no probability there.",
                    {"rows": self.outside},
                )
            )
        return found


def dispersion(design: Design, theta: Array) -> Dispersion:
    """The scatter of a design's counts about the law at theta (p,)."""
    from scipy.stats import chi2

    law, m = design.predict(theta)[0], design.trials_of_rows
    p = np.clip(law, 1e-12, 1.0 - 1e-12)  # a law of exactly 0 or 1 explains only rows that are
    freedom = len(m) - design.free
    outside = int(((law < 0.0) | (law > 1.0)).sum())
    if freedom < 1:
        return Dispersion(None, freedom, None, 0.0, outside)
    pearson = float((m * (design.output - p) ** 2 / (p * (1.0 - p))).sum())
    p_value = float(chi2.sf(pearson, freedom))
    beyond = float((m - 1.0).sum())
    rho = (pearson - freedom) / beyond if p_value < SIGNIFICANT and beyond > 0 else 0.0
    return Dispersion(pearson / freedom, freedom, p_value, float(np.clip(rho, 0.0, MOST_RHO)), outside)


def simulated_shares(
    design: Design, theta: Array, rng: np.random.Generator, spread: Dispersion
) -> Callable[[int], Array]:
    """Draws of the rows' shares (B, n) from the law at theta: binomial counts, beta-binomial where they scatter more."""
    p = np.clip(design.predict(theta)[0], 0.0, 1.0)

    def draw(count: int) -> Array:
        return share_draws(np.broadcast_to(p, (count, len(p))), design.trials_of_rows, rng, spread.redrawn(count, rng))

    return draw


def share_draws(p: Array, trials: Array, rng: np.random.Generator, rho: Array) -> Array:
    """Shares k / m of trials (n,) with probabilities p (B, n): beta-binomial with correlation rho (B,), binomial where that is 0."""
    m = np.maximum(np.rint(trials), 1.0).astype(np.int64)
    loose = np.asarray(rho) > 0.0
    if loose.any():
        total = 1.0 / np.asarray(rho)[loose, None] - 1.0  # of the beta distribution's two parameters
        inner = np.clip(p[loose], 1e-12, 1.0 - 1e-12)
        p = p.copy()
        p[loose] = rng.beta(inner * total, (1.0 - inner) * total)
    return rng.binomial(m, p) / m
