"""The isoFLOP study as a cross-check: a parabola a budget, the growth of the best size, and the method's own bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.laws.law import Law
from gnomon.plan.budgets import FEWEST_SIZES, find_budgets
from gnomon.plan.cost import Cost, cost_model
from gnomon.plan.line import Line, power_line
from gnomon.plan.optimum import best_split
from gnomon.plan.parabola import Parabola, fit_parabola, parabola_bias
from gnomon.plan.surface import Surface, plannable, scalar_law

COUNT_TOLERANCE = 0.1  # FLOP counts that agree to 10 % are taken as one convention


@dataclass(frozen=True)
class IsoFlop:
    """Result of `isoflop`.

    Args:
        parabolas: one a budget, by rising budget; hollow ones are shown but not used.
        line: best size against budget, or None with fewer than two bracketed budgets.
        corrected: the same after taking the law's bias out of every minimum; None without a law.
        law_exponent: d ln N* / d ln C of the law in the middle of the budgets; None without a law.
        law_params: the law's own best size at each budget; None without a law.
        leading_bias: `parabola_bias` for the law's exponents and the median window; None where it does not apply.
        rows: positions of the rows of each budget in the table given.
        loose: number of rows that belong to no budget.
        flops_ratio: FLOP of the table over those of the cost model (their median); 1 where tokens are not given.
        level: of all intervals.
        notices: warnings.
    """

    parabolas: tuple[Parabola, ...]
    line: Line | None
    corrected: Line | None
    law_exponent: float | None
    law_params: tuple[float, ...] | None
    leading_bias: float | None
    rows: tuple[np.ndarray, ...]
    loose: int
    flops_ratio: float
    level: float
    notices: tuple[Notice, ...]

    @property
    def bracketed(self) -> int:
        """Number of budgets whose minimum lies inside the window."""
        return sum(not p.hollow for p in self.parabolas)

    def params(self, flops: float) -> tuple[float, float | None, float | None]:
        """Best size at another budget with its interval, by the regression.

        Raises:
            RefusalError: fewer than two budgets bracket their minimum.
        """
        if self.line is None:
            raise RefusalError(
                f"{self.bracketed} of {len(self.parabolas)} budgets bracket their minimum; a growth law needs two.",
                hint=_wanted(self.parabolas),
            )
        return self.line.at(flops)

    def to_dict(self) -> dict[str, Any]:
        """Numbers for `--json` and pictures."""
        budgets = []
        for index, p in enumerate(self.parabolas):
            row: dict[str, Any] = {
                "flops": p.flops,
                "runs": p.runs,
                "window": list(p.window),
                "centre": p.centre,
                "coefficients": list(p.coefficients),
                "params": p.params,
                "low": p.low,
                "high": p.high,
                "loss": p.loss,
                "verdict": p.verdict,
                "hollow": p.hollow,
                "bias": p.bias,
                "law_params": self.law_params[index] if self.law_params else None,
            }
            if p.params is None:
                row["params_reason"] = "the parabola has no minimum"
            if p.low is None:
                row["low_reason"] = (
                    "the curvature is not significant" if p.slack > 0 else "no runs beyond the three coefficients"
                )
            budgets.append(row)
        document: dict[str, Any] = {
            "kind": "isoflop",
            "budgets": budgets,
            "bracketed": self.bracketed,
            "loose_rows": self.loose,
            "flops_ratio": self.flops_ratio,
            "level": self.level,
            "law_exponent": self.law_exponent,
            "leading_bias": self.leading_bias,
            "warnings": [notice.to_dict() for notice in self.notices],
        }
        for name, line in (("exponent", self.line), ("corrected_exponent", self.corrected)):
            document[name] = (
                None if line is None else {"value": line.slope, "low": line.low, "high": line.high, "se": line.slope_se}
            )
        if self.line is None:
            document["exponent_reason"] = "fewer than two budgets bracket their minimum"
        if self.corrected is None:
            document["corrected_exponent_reason"] = (
                "no law was given to compute the bias from"
                if self.law_exponent is None
                else document["exponent_reason"]
            )
        return document


def isoflop(
    runs: Any,
    *,
    law: Law | None = None,
    response: str | None = None,
    budgets: Sequence[float] | None = None,
    tolerance: float = 0.1,
    level: float = 0.9,
    cost: str | Cost = "6ND",
) -> IsoFlop:
    """Fit a parabola to the runs of each budget and regress the best size on compute.

    Args:
        runs: a table with params, the response and flops or tokens (`Runs` or a mapping of arrays), or a fit, whose
            runs and law are then used.
        law: whose optimum is compared and whose surface gives the bias of the method; default: the fit's, if given.
        response: column of the loss; None for the fit's, or "loss".
        budgets: the budgets (FLOP); None to find them.
        tolerance: relative distance within which FLOP count as one budget.
        level: of the intervals.
        cost: cost model for tables without flops.

    Raises:
        InputError: a column is missing or an argument makes no sense.
        RefusalError: no budget has runs of at least four sizes.
    """
    if hasattr(runs, "law") and hasattr(runs, "data"):
        law = runs.law if law is None else law
        response = runs.response if response is None else response
        runs = runs.data
    if not 0 < level < 1:
        raise InputError(f"level lies between 0 and 1; got {level!r}.")
    if not 0 < tolerance < 1:
        raise InputError(f"tolerance lies between 0 and 1; got {tolerance!r}.", hint="0.1 joins budgets within 10 %.")
    response = response or "loss"
    params, loss = _column(runs, "params"), _column(runs, response)
    model = cost_model(cost)
    tokens = _column(runs, "tokens") if "tokens" in runs or "flops" not in runs else None
    flops = _column(runs, "flops") if "flops" in runs else model.flops(params, tokens)
    if tokens is None:
        tokens = model.tokens(flops, params)
    usable = (params > 0) & (flops > 0) & np.isfinite(params) & np.isfinite(loss) & np.isfinite(flops)
    with np.errstate(all="ignore"):
        off = np.log(flops / model.flops(params, tokens))[usable]
    ratio = float(np.exp(np.nanmedian(off))) if np.isfinite(off).any() else 1.0
    groups = [
        g
        for g in find_budgets(flops, tolerance=tolerance, budgets=budgets, usable=usable)
        if _sizes(params[g]) >= FEWEST_SIZES
    ]
    if not groups:
        raise RefusalError(
            f"No compute budget has runs of {FEWEST_SIZES} sizes: the {len(params)} runs are not an isoFLOP study.",
            hint="Train at least four sizes at one budget, or raise tolerance if budgets differ by more than "
            f"{100 * tolerance:.0f} %. A law can still be fitted and planned from.",
        )
    middle = [float(np.exp(np.mean(np.log(flops[g])))) for g in groups]
    first = [fit_parabola(params[g], loss[g], c, level=level) for g, c in zip(groups, middle, strict=True)]
    noise, slack = _pooled(first)
    parabolas = [
        fit_parabola(params[g], loss[g], c, level=level, noise_variance=noise, slack=slack)
        for g, c in zip(groups, middle, strict=True)
    ]
    law_params: tuple[float, ...] | None = None
    law_exponent = leading = None
    if law is not None:
        plannable(law)
        scalar_law(law)
        surface = Surface(law, model)
        counted = [float(np.exp(np.mean(np.log(model.flops(params[g], tokens[g]))))) for g in groups]
        own = best_split(surface, np.array(counted))
        if np.all(own.inside):
            law_params = tuple(float(n) for n in own.params)
            law_exponent = float(best_split(surface, np.exp(np.mean(np.log(counted)))).params_exponent[0])
            parabolas = [
                _with_bias(p, surface, params[g], tokens[g], best)
                for p, g, best in zip(parabolas, groups, law_params, strict=True)
            ]
            leading = _leading_bias(law, parabolas)
    used = [p for p in parabolas if not p.hollow]
    line = _growth(used, noise, slack, level, np.zeros(len(used)))
    biased = [p.bias for p in used if p.bias is not None]
    corrected = _growth(used, noise, slack, level, np.array(biased)) if used and len(biased) == len(used) else None
    return IsoFlop(
        parabolas=tuple(parabolas),
        line=line,
        corrected=corrected,
        law_exponent=law_exponent,
        law_params=law_params,
        leading_bias=leading,
        rows=tuple(groups),
        loose=int(len(params) - sum(len(g) for g in groups)),
        flops_ratio=ratio,
        level=level,
        notices=tuple(_notices(parabolas) + _counted(ratio, model)),
    )


def _growth(used: list[Parabola], noise: float | None, slack: int, level: float, shift: np.ndarray) -> Line | None:
    if len(used) < 2:
        return None
    flops = np.array([p.flops for p in used])
    best = np.array([p.params for p in used], float) * np.exp(-shift)
    weights = 1.0 / np.array([p.weight for p in used])
    return power_line(flops, best, level=level, weights=weights, noise=noise, slack=slack)


def _pooled(parabolas: list[Parabola]) -> tuple[float | None, int]:
    """Variance of the relative noise over all budgets with a minimum, and its degrees of freedom."""
    good = [p for p in parabolas if p.loss is not None and p.slack > 0]
    slack = sum(p.slack for p in good)
    if not slack:
        return None, 0
    return sum(p.residual_ss / p.loss**2 for p in good if p.loss) / slack, slack


def _with_bias(p: Parabola, surface: Surface, params: np.ndarray, tokens: np.ndarray, best: float) -> Parabola:
    ideal = surface.loss(params, tokens)
    twin = fit_parabola(params, ideal, p.flops)
    return p if twin.params is None else replace(p, bias=float(np.log(twin.params / best)))


def _leading_bias(law: Law, parabolas: list[Parabola]) -> float | None:
    exponents = _exponents(law)
    if exponents is None:
        return None
    half = float(np.median([0.5 * np.log(p.window[1] / p.window[0]) for p in parabolas]))
    points = round(float(np.median([p.runs for p in parabolas])))
    return parabola_bias(*exponents, half, points)


def _exponents(law: Law) -> tuple[float, float] | None:
    """Exponents of size and data of a floor and one falling power each; None for laws of another form."""
    found: dict[str, list[float]] = {"params": [], "tokens": []}
    for term in law.parsed().terms(("params", "tokens")) or ():
        if len(term.powers) > 1:
            return None
        for name, sign, exponent in term.powers:
            value = exponent if isinstance(exponent, float) else float(np.ravel(law.values[exponent])[0])
            found[name].append(-sign * value)
    if any(len(exponents) != 1 or exponents[0] <= 0 for exponents in found.values()):
        return None
    return found["params"][0], found["tokens"][0]


def _notices(parabolas: list[Parabola]) -> list[Notice]:
    notices = []
    hollow = [p for p in parabolas if p.hollow]
    if hollow:
        notices.append(
            Notice(
                "isoflop-edge",
                f"{len(hollow)} of {len(parabolas)} budgets do not bracket their minimum ("
                + ", ".join(f"{p.flops:.3g} FLOP" for p in hollow)
                + f"); they are left out. {_wanted(hollow)}",
                {"budgets": [p.flops for p in hollow]},
            )
        )
    edge = [p for p in parabolas if p.verdict == "edge"]
    if edge:
        notices.append(
            Notice(
                "isoflop-wide",
                f"{len(edge)} of {len(parabolas)} minima have an interval that leaves the sizes tried.",
                {"budgets": [p.flops for p in edge]},
            )
        )
    return notices


def _counted(ratio: float, model: Cost) -> list[Notice]:
    if abs(np.log(ratio)) <= COUNT_TOLERANCE:
        return []
    text = f"The table counts {ratio:.2f} times the FLOP of {model.name}; the law's best sizes are for {model.name}."
    return [Notice("flops-convention", text, {"ratio": ratio})]


def _wanted(parabolas: Sequence[Parabola]) -> str:
    """Which run would bracket the minimum of the first hollow budget."""
    for p in parabolas:
        if p.hollow:
            low, high = p.window
            if p.params is None:
                return (
                    f"At {p.flops:.3g} FLOP, train sizes further from {low:.3g} to {high:.3g} parameters on both sides."
                )
            wanted = 2.0 * p.params if p.params > high else 0.5 * p.params
            return f"At {p.flops:.3g} FLOP, train one more size, of about {wanted:.2g} parameters."
    return "Add budgets with at least four sizes each."


def _sizes(params: np.ndarray) -> int:
    return len(np.unique(np.round(np.log(params), 3)))  # sizes within 0.1 % are one size


def _column(runs: Any, name: str) -> np.ndarray:
    if name not in runs:
        raise InputError(
            f"An isoFLOP study needs a column {name}; the table has none.", hint="Map it with columns={...}."
        )
    return np.asarray(runs[name], dtype=float)
