"""Advice before anything is trained: which ladder of runs forecasts a target best for a budget, tried on published families.

Every ladder of the grid is tried on a few simulated studies a family, the best of them on more, the best of those on many; the last
are scored on noise that took no part in choosing them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from gnomon.errors import InputError, RefusalError
from gnomon.fit.result import Fit
from gnomon.forecast.audits.design import LEAST_SIZES
from gnomon.forecast.simulate import variance_parts
from gnomon.laws.chinchilla import Chinchilla
from gnomon.laws.law import Law
from gnomon.plan.cost import Cost, cost_model
from gnomon.plan.design_trial import Noise, errors, families
from gnomon.plan.ladders import LEAST_PARAMS, Design, Ladder, designs
from gnomon.version import __version__

Array = np.ndarray

ROUNDS = ((1, None), (12, 60), (100, 8))  # studies a family, designs that are kept: a hundred know a mean error to 3 %
BESIDE = 2  # of each value of each choice that go on beside the best, so that choices can be compared
SHOWN = 5  # designs that are listed
ENOUGH = 1.1  # times the smallest error: families differ by several times that, and runs are what one waits for
FROM_FIT = 16  # draws of a fit that stand for families: the mean over them is known to a quarter of their spread
USUAL = Noise(run=0.009, row=0.009)  # medians over public runs with checkpoints: docs/results/advise.md
FINALS_RATIO = 0.72  # error from finals over that from checkpoints too, on four public sources: docs/results/advise.md
LEAST_RUNS = len(Chinchilla.parameters) + 3  # as the audit's rule few-runs
CHOICES = ("sizes", "span", "lengths", "growth", "ratio")
ROWS = ("finals", "checkpoints")


@dataclass(frozen=True)
class Tried:
    """A design and how it did.

    Args:
        design: its runs.
        error: mean relative error of the target's forecast, over families and studies.
        se: standard error of that mean.
        low, high: between which nine of ten errors lay.
        by_family: mean error of each family.
    """

    design: Design
    error: float
    se: float
    low: float
    high: float
    by_family: dict[str, float]

    @property
    def ladder(self) -> Ladder:
        """The choices."""
        return self.design.ladder

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        columns = zip(self.design.params, self.design.tokens, self.design.flops, strict=True)
        return {
            "choices": {f.name: getattr(self.ladder, f.name) for f in fields(self.ladder)},
            "runs": [{"params": float(n), "tokens": float(d), "flops": float(c)} for n, d, c in columns],
            "flops": float(self.design.flops.sum()),
            "error": self.error,
            "error_se": self.se,
            "error_low": self.low,
            "error_high": self.high,
            "by_family": self.by_family,
        }


@dataclass(frozen=True)
class Advice:
    """The design to train, those beside it, and what each choice is worth.

    Args:
        target: params and tokens to be forecast.
        budget: FLOP for all runs.
        rows: what is fitted: "finals" or "checkpoints".
        best: the recommended design: the fewest runs among those whose error is near the smallest and whose fit an audit would
            not call short of sizes or runs, nor unable to tell exponents apart.
        designs: the best ones, smallest error first.
        choices: choice to its values, each with the smallest error found under it.
        other_rows: smallest error when the other kind of rows is fitted; None when no such design is possible.
        as_compute: by which factor of compute the target would have to change for its loss to change as much as the best design errs,
            at its tokens per parameter; the mean of its logarithm over families.
        noise: of the simulated runs.
        families: names of the laws that stood for truth.
        tried: how many designs were looked at.
        target_flops: what the target itself would cost.
        cost: how compute is counted, a sentence.
    """

    target: dict[str, float]
    budget: float
    rows: str
    best: Tried
    designs: tuple[Tried, ...]
    choices: dict[str, dict[float, float]]
    other_rows: float | None
    as_compute: float
    noise: Noise
    families: tuple[str, ...]
    tried: int
    target_flops: float
    cost: str

    @property
    def assumes(self) -> tuple[str, ...]:
        """Sentences the advice stands on."""
        where = "of finished runs and their checkpoints alike" if self.rows == "checkpoints" else "of finished runs"
        return (
            f"that Chinchilla's law holds {where}, with constants like those of {', '.join(self.families)}",
            f"that seeds move a run by {self.noise.run:.2%} and a row by another {self.noise.row:.2%} of its loss",
            "that a law's own error is nothing: real forecasts miss by more, and the farther out the more",
            *(
                ("that checkpoints are taken at a constant learning rate: under one that falls they lie above the law",)
                if self.rows == "checkpoints"
                else ()
            ),
            self.cost,
        )

    @property
    def held_back(self) -> bool:
        """Whether designs that err clearly less were passed over because nothing could test their fit."""
        return self.best.error > ENOUGH * self.designs[0].error

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon advise --json`."""
        document: dict[str, Any] = {
            "gnomon": __version__,
            "kind": "advice",
            "target": self.target,
            "target_flops": self.target_flops,
            "budget": self.budget,
            "rows": self.rows,
            "best": self.best.to_dict(),
            "designs": [tried.to_dict() for tried in self.designs],
            "choices": {
                name: [{"value": value, "error": error} for value, error in found.items()]
                for name, found in self.choices.items()
            },
            "other_rows": self.other_rows,
            "as_compute": self.as_compute,
            "noise": {"run": self.noise.run, "row": self.noise.row},
            "families": list(self.families),
            "tried": self.tried,
            "held_back": self.held_back,
            "assumes": list(self.assumes),
            "warnings": [],
        }
        if self.other_rows is None:
            document["other_rows_reason"] = "no such design is possible"
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"train {self.best.ladder.runs} runs for {self.budget:.3g} FLOP: expected error {self.best.error:.2%}"]
        for run in self.best.to_dict()["runs"]:
            rows.append(f"  params={run['params']:.4g}, tokens={run['tokens']:.4g}: {run['flops']:.3g} FLOP")
        return "\n".join(rows)


def advise(
    target: Mapping[str, float],
    *,
    budget: float,
    rows: str = "finals",
    noise: Noise | None = None,
    like: Any = None,
    least_params: float = LEAST_PARAMS,
    cost: str | Cost = "6ND",
    seed: int = 0,
) -> Advice:
    """Which runs to train so that their law forecasts a target best.

    Args:
        target: params and tokens.
        budget: training FLOP for all runs together; less than the target costs.
        rows: "finals", one row a run, or "checkpoints", 8 from .3 of each run to its end.
        noise: of ln loss, in common to a run and of each row; default: that of `like`, else the median of public runs.
        like: runs or a fit of Chinchilla's law to runs like those to come; draws of it stand for families in place of the published
            constants.
        least_params: smallest size to train (default 1e7).
        cost: how compute is counted, as for `plan.allocate` (default 6ND).
        seed: of the simulated noise.

    Raises:
        InputError: the target lacks params or tokens, or a number is not positive.
        RefusalError: the budget buys the target itself, or no ladder.
    """
    at = _target(target)
    if rows not in ROWS:
        raise InputError(f"Rows are finals or checkpoints; got {rows!r}.")
    for name, number in (("budget", budget), ("least_params", least_params)):
        if not (np.isfinite(number) and number > 0):
            raise InputError(f"The {name} must be a positive number; got {number!r}.")
    if noise is not None and not (noise.run >= 0 and noise.row >= 0 and np.isfinite(noise.total)):
        raise InputError(f"The noise must not be negative; got {noise.run!r} and {noise.row!r}.")
    model = cost_model(cost)
    price = float(model.flops(at["params"], at["tokens"]))
    if budget >= price:
        raise RefusalError(
            f"The target takes {price:.3g} FLOP, the budget is {budget:.3g}: train the target.",
            hint="Advice is for budgets below what the target costs.",
            code="budget-buys-target",
        )
    laws, own = (dict(families()), USUAL) if like is None else _like(like, seed)
    chosen = noise or own
    every = list(designs(budget, (at["params"], at["tokens"]), model, least_params=least_params))
    mine = [d for d in every if (d.ladder.checkpoints > 1) == (rows == "checkpoints")]
    if not mine:
        raise RefusalError(
            f"No ladder of models between {least_params:.3g} and {at['params']:.3g} parameters costs {budget:.3g} FLOP.",
            hint="Raise the budget, or allow smaller models.",
            code="no-design",
        )

    def score(some: Sequence[Design], replicas: int, salt: int) -> list[Tried]:
        found = errors(some, at, chosen, replicas=replicas, seed=seed + salt, truths=list(laws.values()))
        return [_tried(d, e, laws) for d, e in zip(some, found, strict=True)]

    kept, scored = every, list[Tried]()
    for i, (replicas, most) in enumerate(ROUNDS):
        scored = score(kept if most is None else _best(scored, most, rows), replicas, 1000 * i)
    by_error = sorted((t for t in scored if _rows_of(t) == rows), key=lambda t: t.error)
    others = [t.error for t in scored if _rows_of(t) != rows]
    sound = [t for t in by_error if _testable(t.ladder)] or by_error
    near = [t for t in sound if t.error <= ENOUGH * sound[0].error]
    best = min(near, key=lambda t: (t.ladder.runs, t.error))
    return Advice(
        target=at,
        budget=float(budget),
        rows=rows,
        best=best,
        designs=tuple(by_error[:SHOWN]),
        choices={name: _by_choice(by_error, name) for name in CHOICES},
        other_rows=min(others, default=None),
        as_compute=_as_compute(best.error, at, list(laws.values())),
        noise=chosen,
        families=tuple(laws) if like is None else ("the runs given",),
        tried=len(mine),
        target_flops=price,
        cost=model.assumption,
    )


def _target(target: Mapping[str, float]) -> dict[str, float]:
    for name in ("params", "tokens"):
        value = target.get(name)
        if not (isinstance(value, int | float) and np.isfinite(value) and value > 0):
            raise InputError(
                f"The target needs a positive {name}; got {value!r}.", hint="For example --target params=7B,tokens=2T."
            )
    more = set(target) - {"params", "tokens"}
    if more:
        raise InputError(f"The target is params and tokens; got {', '.join(sorted(more))} too.")
    return {name: float(target[name]) for name in ("params", "tokens")}


def _as_compute(error: float, at: Mapping[str, float], laws: Sequence[Law]) -> float:
    """exp(mean over laws of error / slope), slope = -d ln loss / d ln C at constant tokens per parameter."""
    step = 1e-3  # of ln C either way: the second difference is then a millionth of the first
    ends = [{name: value * np.exp(sign * step / 2) for name, value in at.items()} for sign in (-1.0, 1.0)]
    slopes = [float(np.log(law(**ends[0]) / law(**ends[1]))) / (2 * step) for law in laws]
    return float(np.exp(np.mean(error / np.array(slopes))))


def _tried(design: Design, error: Array, laws: Mapping[str, Law]) -> Tried:
    known = np.where(np.isfinite(error), error, 1.0)  # a refit that is not defined at the target forecasts nothing
    low, high = np.quantile(known, [0.05, 0.95])
    return Tried(
        design,
        float(known.mean()),
        float(np.sqrt((known.var(axis=1, ddof=1) if known.shape[1] > 1 else known.var(axis=1)).mean() / known.size)),
        float(low),
        float(high),
        dict(zip(laws, known.mean(axis=1).tolist(), strict=True)),
    )


def _rows_of(tried: Tried) -> str:
    return "checkpoints" if tried.ladder.checkpoints > 1 else "finals"


def _testable(ladder: Ladder) -> bool:
    """Whether an audit of its fit has enough sizes and runs, and exponents that the runs tell apart."""
    return ladder.sizes >= LEAST_SIZES and ladder.runs >= LEAST_RUNS and not ladder.in_step


def _best(scored: Sequence[Tried], most: int, rows: str) -> list[Design]:
    """The best designs of the rows asked for, the best few of the other rows, and of each value of each choice."""
    order = sorted(scored, key=lambda t: t.error)
    mine = [t for t in order if _rows_of(t) == rows]
    kept = mine[:most] + [t for t in order if _rows_of(t) != rows][: max(most // 2, BESIDE)]
    for name in CHOICES:
        for value in {getattr(t.ladder, name) for t in mine}:
            kept += [t for t in mine if getattr(t.ladder, name) == value][:BESIDE]
    return list({id(t.design): t.design for t in kept}.values())


def _by_choice(scored: Sequence[Tried], name: str) -> dict[float, float]:
    """Smallest error under each value of a choice."""
    found: dict[float, float] = {}
    for tried in sorted(scored, key=lambda t: (getattr(t.ladder, name), t.error)):
        found.setdefault(getattr(tried.ladder, name), tried.error)
    return found


def _like(source: Any, seed: int) -> tuple[dict[str, Law], Noise]:
    """Draws of a fit in the place of families, and the noise of its residuals."""
    from gnomon.fit.estimate import fit as fit_law

    known = source if isinstance(source, Fit) else fit_law("chinchilla", source, seed=seed)
    if known.law.id != "chinchilla" or known.draws is None:
        raise InputError(
            f"Advice is given under Chinchilla's law with draws; the fit is of {known.law.spec()}"
            f"{'' if known.draws is not None else ' without draws'}.",
            hint="Give the runs, or fit them with --law chinchilla --intervals bootstrap.",
        )
    count = len(next(iter(known.draws.values())))
    picked = np.linspace(0, count - 1, min(FROM_FIT, count)).round().astype(int)
    laws = {f"draw {i}": type(known.law)(**{k: float(v[i]) for k, v in known.draws.items()}) for i in picked}
    common, inner = variance_parts(known.residuals, known.data.groups(), len(known.law.parameters))
    return laws, Noise(float(np.sqrt(common)), float(np.sqrt(inner)))
