"""Which runs to buy next: those that narrow the forecast of a target most for their compute, and when to stop buying.

The draws of a fit say how the law's value at any point moves with its value at the target. In logarithms, with the covariance
K of the draws and the noise s of one run, a run at x is expected to leave

    Var(target | run at x) = K_tt - K_tx^2 / (K_xx + s^2),

which is the linearised (D_t-optimal) design without a Jacobian. Runs are picked one after the other, K being updated after each;
the list is then judged again without linearising, by weighing the draws with simulated outcomes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, InputError, RefusalError
from gnomon.fit.result import Fit
from gnomon.forecast.predict import RATIO_SLACK
from gnomon.runs.derive import TRAIN_FLOPS
from gnomon.version import __version__

Array = np.ndarray

STEPS = 14  # candidates a column: a fifth of a decade apart over the usual three decades
MOST = 6  # runs proposed at most; a list is looked at again when these are there
WORTH = 0.05  # share of the interval that all proposed runs together must take away; less is not worth a queue slot
TELLING = 0.01  # share of the target's variance that a run must take away to be listed
OUTCOMES = 64  # simulated outcomes behind the expected interval: its standard error is then a tenth of its spread
EFFECTIVE = 20.0  # weighted draws that count fewer than this describe no interval
EVEN = 5  # runs of the even design that is held beside the proposal


@dataclass(frozen=True)
class NextRun:
    """A run worth buying.

    Args:
        at: its inputs.
        flops: its training compute.
        alone: share of the target's interval that it takes away by itself.
        after: half-width of the target's interval, relative, once it and those before it are there.
    """

    at: dict[str, float]
    flops: float
    alone: float
    after: float


@dataclass(frozen=True)
class NextRuns:
    """Runs in the order of buying, and what they are expected to do.

    Args:
        target: the point whose forecast is to be narrowed.
        value: the law's value there.
        runs: none where no run is worth its compute.
        stop: whether to stop buying.
        why: the reason, a sentence.
        half_width: of the curve's interval at the target, relative, now.
        expected: the same when all runs are there, linearised.
        weighed: the same by weighing the draws with simulated outcomes; None with a reason.
        even: the same for runs spread evenly in ln compute at the same cost; None where the budget buys none.
        spent: compute of the runs.
        budget: compute that may be spent.
        noise: standard deviation of ln(response) of one run about the law.
        level: of the intervals.
        candidates: how many were looked at.
    """

    target: dict[str, float]
    value: float
    runs: tuple[NextRun, ...]
    stop: bool
    why: str
    half_width: float
    expected: float
    weighed: float | None
    weighed_reason: str
    even: float | None
    spent: float
    budget: float
    noise: float
    level: float
    law: str
    response: str
    candidates: int

    @property
    def assumes(self) -> tuple[str, ...]:
        """Sentences the list stands on."""
        return (
            "that the law is right: these runs narrow what the runs leave open about its parameters, not what is wrong with it",
            f"that a new run lies about the law as the runs did ({self.noise:.2%} of {self.response})",
            "training compute 6 N D" if "params" in self.target else "the compute that each candidate states",
        )

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon plan next-runs --json`: unknown is None beside `<name>_reason`."""
        document = {"gnomon": __version__, "kind": "next-runs"} | asdict(self)
        document["runs"] = [asdict(run) for run in self.runs]
        document["assumes"] = list(self.assumes)
        if self.weighed is not None:
            del document["weighed_reason"]
        if self.even is None:
            document["even_reason"] = "the budget buys no even design"
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [self.why]
        for run in self.runs:
            where = ", ".join(f"{k}={v:.4g}" for k, v in run.at.items())
            rows.append(f"  {where}: {run.flops:.3g} FLOP, then +-{run.after:.2%}")
        return "\n".join(rows)


def next_runs(
    fit: Fit,
    target: Mapping[str, Any],
    *,
    budget: float,
    run_budget: float | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    candidates: Sequence[Mapping[str, float]] | None = None,
    most: int = MOST,
    seed: int = 0,
) -> NextRuns:
    """Runs that narrow the target's interval most for their compute, in the order of buying.

    Args:
        fit: of a law, with draws; its own level is that of the intervals.
        target: the point to be forecast: all inputs of the law, or params and flops.
        budget: training FLOP for all new runs together.
        run_budget: FLOP of one run at most (default: the budget).
        limits: smallest and largest value of a column of the candidates. Default: from the smallest run to three times
            the largest, with no more or fewer tokens per parameter than 1.5 times those of the runs.
        candidates: points with a value for every input, and flops where the law has no params and tokens; instead
            of the grid.
        most: runs proposed at most (default 6).
        seed: of the simulated outcomes.

    Raises:
        InputError: a number is not positive, or the target lacks an input.
        RefusalError: the fit has no draws, or no candidate lies within the budget.
    """
    law = fit.law_draws()
    if law is None:
        raise RefusalError(
            "Which run narrows an interval is read off the draws of a fit, and this one has none.",
            hint="Fit with --intervals bootstrap.",
            code="no-draws",
        )
    for name, number in (("budget", budget), ("run_budget", run_budget or budget), ("most", most)):
        if not (np.isfinite(number) and number > 0):
            raise InputError(f"The {name} must be a positive number; got {number!r}.")
    inputs = tuple(fit.law.inputs)
    at = _point(target, inputs)
    points, flops = _candidates(fit, inputs, budget if run_budget is None else run_budget, limits, candidates)
    affordable = flops <= min(budget, run_budget or budget)
    if not affordable.any():
        raise RefusalError(
            f"None of {len(flops)} candidate runs costs at most {min(budget, run_budget or budget):.3g} FLOP; "
            f"the cheapest takes {flops.min():.3g}.",
            hint="Raise --budget, or allow smaller runs.",
            code="no-candidate",
        )
    points, flops = {k: v[affordable] for k, v in points.items()}, flops[affordable]
    noise, z = fit.residual_sd, NormalDist().inv_cdf(0.5 + fit.level / 2)
    logs = _ln_draws(law, {k: np.append(points[k], at[k]) for k in inputs})
    spread = np.cov(logs, rowvar=False)
    begun = float(spread[-1, -1])
    alone = spread[-1, :-1] ** 2 / (np.diag(spread)[:-1] + noise**2) / begun if begun > 0 else np.zeros(len(flops))
    by_cost = _pick(spread, flops, budget, noise, most, lambda gain: gain / flops)
    by_gain = _pick(spread, flops, budget, noise, most, lambda gain: gain)
    order, left = min((by_cost, by_gain), key=lambda found: found[1][-1] if found[1] else np.inf)
    final = left[-1] if left else begun
    stop = not order or np.sqrt(final / begun) > 1 - WORTH
    half = float(z * np.sqrt(begun))
    why = _why(half, z * float(np.sqrt(final)), len(flops), stop, budget)
    if stop:
        order, left, final = [], [], begun
    weighed, reason = _weigh(logs, order, noise, z, seed)
    spent = float(flops[order].sum())
    runs = tuple(
        NextRun(
            {k: float(points[k][j]) for k in inputs},
            float(flops[j]),
            float(1 - np.sqrt(max(1 - alone[j], 0.0))),
            float(z * np.sqrt(v)),
        )
        for j, v in zip(order, left, strict=True)
    )
    return NextRuns(
        target=at,
        value=float(np.ravel(fit.law(**{k: np.array([at[k]]) for k in inputs}))[0]),
        runs=runs,
        stop=bool(stop),
        why=why,
        half_width=half,
        expected=float(z * np.sqrt(final)),
        weighed=weighed,
        weighed_reason=reason,
        even=None if stop else _even(spread, flops, spent, noise, z),
        spent=spent,
        budget=float(budget),
        noise=float(noise),
        level=fit.level,
        law=fit.law.spec(),
        response=fit.response,
        candidates=len(flops),
    )


def even_design(flops: Array, budget: float, count: int = EVEN) -> list[int]:
    """Candidates nearest to `count` places spread evenly in ln compute, the largest such that all cost at most the budget."""
    order = np.unique(flops)
    for top in order[::-1]:
        places = np.geomspace(order[0], top, count)
        chosen = [int(np.argmin(np.abs(np.log(flops / place)))) for place in places]
        if flops[chosen].sum() <= budget:
            return chosen
    return []


def _point(target: Mapping[str, Any], inputs: Sequence[str]) -> dict[str, float]:
    known = {k: float(v) for k, v in target.items()}
    if {"params", "tokens"} <= set(inputs) and "flops" in known:
        if "tokens" not in known and "params" in known:
            known["tokens"] = known["flops"] / TRAIN_FLOPS / known["params"]
        elif "params" not in known and "tokens" in known:
            known["params"] = known["flops"] / TRAIN_FLOPS / known["tokens"]
    missing = [name for name in inputs if name not in known]
    if missing:
        raise InputError(
            f"The target lacks {', '.join(missing)}; the law reads {', '.join(inputs)}.",
            hint="For example --target params=7B,tokens=2T.",
        )
    for name in inputs:
        if not (np.isfinite(known[name]) and known[name] > 0):
            raise InputError(f"The target's {name} must be a positive number; got {known[name]!r}.")
    return {name: known[name] for name in inputs}


def _candidates(
    fit: Fit,
    inputs: Sequence[str],
    run_budget: float,
    limits: Mapping[str, tuple[float, float]] | None,
    candidates: Sequence[Mapping[str, float]] | None,
) -> tuple[dict[str, Array], Array]:
    """Inputs of every candidate and its compute."""
    if candidates is not None:
        points = {k: np.array([float(c[k]) for c in candidates]) for k in inputs}
        return points, np.array([_flops_of(c) for c in candidates])
    if set(inputs) not in ({"params", "tokens"}, {"flops"}):
        raise ColumnError(
            f"A grid of candidates is made for laws of params and tokens or of flops; {fit.law.spec()} reads {', '.join(inputs)}.",
            hint="Give the candidates as a table with these columns and flops: --candidates FILE.",
        )
    axes = []
    for name in inputs:
        low, high = fit.range[name]
        low, high = (limits or {}).get(name, (low, 3.0 * high))  # 3: half a decade, the reach of a next size
        if not 0 < low <= high:
            raise InputError(f"The limits of {name} must be positive and in order; got {low:g} to {high:g}.")
        axes.append(np.unique(np.geomspace(low, high, STEPS)))
    grid = [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]
    points = dict(zip(inputs, grid, strict=True))
    if "flops" in points:
        return points, points["flops"]
    ratio = points["tokens"] / points["params"]
    seen = np.asarray(fit.data["tokens"]) / np.asarray(fit.data["params"])
    inside = (ratio >= seen.min() / RATIO_SLACK) & (ratio <= seen.max() * RATIO_SLACK)
    points = {name: column[inside] for name, column in points.items()}
    return points, TRAIN_FLOPS * points["params"] * points["tokens"]


def _flops_of(candidate: Mapping[str, float]) -> float:
    if "flops" in candidate:
        return float(candidate["flops"])
    if {"params", "tokens"} <= set(candidate):
        return TRAIN_FLOPS * float(candidate["params"]) * float(candidate["tokens"])
    raise ColumnError("A candidate without params and tokens must state its flops.")


def _ln_draws(law: Any, points: Mapping[str, Array]) -> Array:
    """ln law of every draw (S, n); draws that are not defined somewhere are left out."""
    with np.errstate(all="ignore"):
        values = np.log(np.asarray(law(**points), float))
    values = values[np.isfinite(values).all(1)]
    if len(values) < EFFECTIVE:
        raise RefusalError("Fewer than 20 draws of the fit are defined at the target.", code="no-draws")
    return np.asarray(values)


def _pick(
    spread: Array, flops: Array, budget: float, noise: float, most: int, score: Callable[[Array], Array]
) -> tuple[list[int], list[float]]:
    """Candidates in the order of picking and the target's variance after each."""
    left, begun, spent = spread.copy(), spread[-1, -1], 0.0
    order: list[int] = []
    after: list[float] = []
    while len(order) < most:
        gain = left[-1, :-1] ** 2 / (np.diag(left)[:-1] + noise**2)
        possible = (flops <= budget - spent) & (gain > TELLING * begun)
        if not possible.any():
            break
        j = int(np.argmax(np.where(possible, score(gain), -np.inf)))
        left = _seen(left, j, noise)
        order.append(j)
        spent += flops[j]
        after.append(max(float(left[-1, -1]), 0.0))
    return order, after


def _seen(spread: Array, j: int, noise: float) -> Array:
    """The covariance once candidate j has been measured."""
    column = spread[:, j]
    return np.asarray(spread - np.outer(column, column) / (spread[j, j] + noise**2))


def _even(spread: Array, flops: Array, spent: float, noise: float, z: float) -> float | None:
    """Half-width after an even design of the same compute."""
    chosen = even_design(flops, spent)
    for j in chosen:
        spread = _seen(spread, j, noise)
    return float(z * np.sqrt(max(spread[-1, -1], 0.0))) if chosen else None


def _weigh(logs: Array, order: Sequence[int], noise: float, z: float, seed: int) -> tuple[float | None, str]:
    """Expected half-width when the draws are weighed by outcomes that the draws themselves simulate."""
    if not order:
        return None, "no run is proposed"
    rng = np.random.default_rng(seed)
    seen, target = logs[:, list(order)], logs[:, -1]
    widths, counted = [], []
    for truth in rng.integers(len(logs), size=OUTCOMES):
        outcome = seen[truth] + noise * rng.standard_normal(len(order))
        weight = -0.5 * (((outcome - seen) / noise) ** 2).sum(1)
        weight = np.exp(weight - weight.max())
        weight /= weight.sum()
        counted.append(1 / float((weight**2).sum()))
        mean = float(weight @ target)
        widths.append(float(np.sqrt(weight @ (target - mean) ** 2)))
    if float(np.median(counted)) < EFFECTIVE:
        return None, f"the runs would leave {np.median(counted):.0f} of {len(logs)} draws: too few to weigh"
    return float(z * np.mean(widths)), ""


def _why(half: float, final: float, looked_at: int, stop: bool, budget: float) -> str:
    if stop:
        return (
            f"Stop: no list of runs within {budget:.3g} FLOP narrows the forecast by {WORTH:.0%} "
            f"({looked_at} candidates; the curve is known to +-{half:.2%} there)."
        )
    return f"These runs are expected to narrow the curve at the target from +-{half:.2%} to +-{final:.2%}."
