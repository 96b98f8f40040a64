"""Which runs to buy next: those that narrow the forecast of a target most for their compute, and when to stop buying.

The draws of a fit say how the law's value at any point moves with its value at the target. Runs are picked one after the other
by what they leave of the target's variance (`narrowing`); the list is then judged again without linearising, by weighing the
draws with simulated outcomes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, InputError, RefusalError, near
from gnomon.fit.result import Fit
from gnomon.forecast.cautions import RATIO_SLACK
from gnomon.plan.cost import Cost, cost_model
from gnomon.plan.narrowing import EFFECTIVE, after, even_compute, pick, weigh
from gnomon.version import __version__

Array = np.ndarray

STEPS = 14  # candidates a column: a fifth of a decade apart over the usual three decades
REACH = 3.0  # times the largest run: half a decade, the reach of a next size
MOST = 6  # runs proposed at most; a list is looked at again when these are there
WORTH = 0.05  # share of the interval that all proposed runs together must take away; less is not worth a queue slot


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
        even: the same for five runs of the same cost, spread evenly in ln compute from the smallest run up, with as many
            tokens per parameter as the runs have in the middle; None where the cost does not buy five, or the law has
            other inputs.
        spent: compute of the runs.
        budget: compute that may be spent.
        noise: standard deviation of ln(response) of one run about the law.
        level: of the intervals.
        candidates: how many were looked at.
        cost: how compute was counted, a sentence.
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
    cost: str

    @property
    def assumes(self) -> tuple[str, ...]:
        """Sentences the list stands on."""
        return (
            "that the law is right: these runs narrow what the runs leave open about its parameters, not what is wrong with it",
            f"that a new run lies about the law as the runs did ({self.noise:.2%} of {self.response})",
            self.cost,
        )

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon plan next-runs --json`: unknown is None beside `<name>_reason`."""
        document = {"gnomon": __version__, "kind": "next-runs"} | asdict(self)
        document["runs"] = [asdict(run) for run in self.runs]
        document["assumes"] = list(self.assumes)
        if self.weighed is not None:
            del document["weighed_reason"]
        if self.even is None:
            document["even_reason"] = "the compute buys no even design"
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
    cost: str | Cost = "6ND",
    once: bool = False,
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
        cost: how compute is counted, as for `allocate` (default 6ND).
        once: propose no run twice, for trainers of which a repeat gives the same number again.
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
    model = cost_model(cost)
    at = _point(target, inputs, model)
    points, flops = _candidates(fit, model, limits) if candidates is None else _given(candidates, inputs, model)
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
    by_cost = pick(spread, flops, budget, noise, most, lambda gain: gain / flops, once=once)
    by_gain = pick(spread, flops, budget, noise, most, lambda gain: gain, once=once)
    order, left = min((by_cost, by_gain), key=lambda found: found[1][-1] if found[1] else np.inf)
    final = left[-1] if left else begun
    stop = not order or np.sqrt(final / begun) > 1 - WORTH
    half = float(z * np.sqrt(begun))
    why = _why(half, z * float(np.sqrt(final)), len(flops), stop, budget)
    if stop:
        order, left, final = [], [], begun
    weighed, reason = weigh(logs, order, noise, seed)
    spent = float(flops[order].sum())
    even = None if stop else even_runs(fit, spent, model)
    if even is not None:
        beside = _ln_draws(law, {k: np.append(even[k], at[k]) for k in inputs})
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
        weighed=None if weighed is None else float(z * weighed),
        weighed_reason=reason,
        even=None if even is None else float(z * np.sqrt(after(np.cov(beside, rowvar=False), noise))),
        spent=spent,
        budget=float(budget),
        noise=float(noise),
        level=fit.level,
        law=fit.law.spec(),
        response=fit.response,
        candidates=len(flops),
        cost=model.assumption if "params" in inputs else "the compute that the candidates state",
    )


def even_runs(fit: Fit, budget: float, cost: str | Cost = "6ND") -> dict[str, Array] | None:
    """Inputs of runs spread evenly in ln compute at the cost of a budget: what one would do without a ranking."""
    inputs, model = set(fit.law.inputs), cost_model(cost)
    if inputs == {"flops"}:
        found = even_compute(fit.range["flops"][0], budget)
        return None if found is None else {"flops": found}
    if inputs != {"params", "tokens"}:
        return None
    params, tokens = (np.asarray(fit.data[name], float) for name in ("params", "tokens"))
    found = even_compute(float(np.min(model.flops(params, tokens))), budget)
    if found is None:
        return None
    ratio = float(np.exp(np.median(np.log(tokens / params))))
    low, high = np.full(len(found), 1.0), np.full(len(found), 1e15)
    for _ in range(100):  # halvings in ln: params at which so many tokens a parameter cost this much
        middle = np.sqrt(low * high)
        dear = np.asarray(model.flops(middle, ratio * middle)) > found
        low, high = np.where(dear, low, middle), np.where(dear, middle, high)
    return {"params": low, "tokens": ratio * low}


def _point(target: Mapping[str, Any], inputs: Sequence[str], model: Cost) -> dict[str, float]:
    """The law's inputs at the target; of params, tokens and flops any two give the third."""
    allowed = {*inputs, "flops"} if {"params", "tokens"} <= set(inputs) else set(inputs)
    for name, value in target.items():
        if name not in allowed:
            raise ColumnError(
                f"The law reads {', '.join(inputs)}; the target has {name!r}.", hint=near(name, sorted(allowed))
            )
        if not (isinstance(value, int | float) and np.isfinite(value) and value > 0):
            raise InputError(f"The target's {name} must be a positive number; got {value!r}.")
    known = {name: float(value) for name, value in target.items()}
    if "flops" in known and "flops" not in inputs:
        if "tokens" not in known and "params" in known:
            known["tokens"] = float(model.tokens(known["flops"], known["params"]))
        elif "params" not in known and "tokens" in known:
            known["params"] = float(model.params(known["flops"], known["tokens"]))
    missing = [name for name in inputs if name not in known]
    if missing:
        raise InputError(
            f"The target lacks {', '.join(missing)}; the law reads {', '.join(inputs)}.",
            hint="For example --target params=7B,tokens=2T.",
        )
    return {name: known[name] for name in inputs}


def _given(
    candidates: Sequence[Mapping[str, float]], inputs: Sequence[str], model: Cost
) -> tuple[dict[str, Array], Array]:
    """Inputs of the candidates that are given, and the compute of each."""
    for i, candidate in enumerate(candidates):
        names = {*inputs} if {"params", "tokens"} <= set(inputs) else {*inputs, "flops"}
        for name in sorted(names):
            if not candidate.get(name, 0) > 0:
                raise ColumnError(
                    f"Candidate {i + 1} needs a positive {name}; it has {', '.join(candidate) or 'nothing'}."
                )
    points = {name: np.array([float(c[name]) for c in candidates]) for name in inputs}
    counted = [float(c["flops"]) if "flops" in c else float(model.flops(c["params"], c["tokens"])) for c in candidates]
    return points, np.array(counted)


def _candidates(
    fit: Fit, model: Cost, limits: Mapping[str, tuple[float, float]] | None
) -> tuple[dict[str, Array], Array]:
    """A grid of inputs within the limits, and the compute of each point."""
    inputs = tuple(fit.law.inputs)
    if set(inputs) not in ({"params", "tokens"}, {"flops"}):
        raise ColumnError(
            f"A grid of candidates is made for laws of params and tokens or of flops; {fit.law.spec()} reads {', '.join(inputs)}.",
            hint="Give the candidates as a table with these columns and flops: --candidates FILE.",
        )
    axes = []
    for name in inputs:
        low, high = fit.range[name]
        low, high = (limits or {}).get(name, (low, REACH * high))
        if not 0 < low <= high:
            raise InputError(f"The limits of {name} must be positive and in order; got {low:g} to {high:g}.")
        axes.append(np.unique(np.geomspace(low, high, STEPS)))
    grid = [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]
    points = dict(zip(inputs, grid, strict=True))
    if "flops" in points:
        return points, points["flops"]
    ratio = points["tokens"] / points["params"]
    known = np.asarray(fit.data["tokens"]) / np.asarray(fit.data["params"])
    inside = (ratio >= known.min() / RATIO_SLACK) & (ratio <= known.max() * RATIO_SLACK)
    points = {name: column[inside] for name, column in points.items()}
    return points, np.asarray(model.flops(points["params"], points["tokens"]))


def _ln_draws(law: Any, points: Mapping[str, Array]) -> Array:
    """ln law of every draw (S, n); draws that are not defined somewhere are left out."""
    with np.errstate(all="ignore"):
        values = np.log(np.asarray(law(**points), float))
    values = values[np.isfinite(values).all(1)]
    if len(values) < EFFECTIVE:
        raise RefusalError("Fewer than 20 draws of the fit are defined at the target.", code="no-draws")
    return np.asarray(values)


def _why(half: float, final: float, looked_at: int, stop: bool, budget: float) -> str:
    if stop:
        return (
            f"Stop: no list of runs within {budget:.3g} FLOP narrows the forecast by {WORTH:.0%} "
            f"({looked_at} candidates; the curve is known to +-{half:.2%} there)."
        )
    return f"These runs are expected to narrow the curve at the target from +-{half:.2%} to +-{final:.2%}."
