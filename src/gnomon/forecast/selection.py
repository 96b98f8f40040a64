"""Which law: those that a table admits, fitted without the largest runs and ranked by how they forecast them.

AICc stands beside the error and decides nothing: it says which law a table supports inside its own range. R² is not offered; it
rises with every parameter.

    AICc = n ln(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1)

n rows, RSS the sum of squared residuals of ln(response), k the parameters and the variance of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import GnomonError, RefusalError
from gnomon.forecast.backtesting import Backtest, backtest
from gnomon.forecast.track import find_hold_out
from gnomon.laws.catalogue import CATALOGUE, catalogue
from gnomon.laws.law import Law

SCALES = ("flops", "tokens", "params", "unique_tokens", "samples", "step")  # columns a law of one scale is laid along
SPLIT = ("params", "tokens")
ONE_SCALE = ("pow", "pow_floor", "shift_pow", "m3", "m4", "bnsl")  # of one quantity, whatever it is
DRAWS = 20  # a ranking needs errors, not intervals; the least a fit takes


@dataclass(frozen=True)
class Candidate:
    """A law that took part.

    Args:
        law: as `law()` finds it.
        parameters: how many it has.
        error: mean absolute relative error on the hidden runs; None with a reason.
        aicc: on all rows; None with a reason.
        reason: why a number is missing.
    """

    law: str
    parameters: int
    error: float | None
    aicc: float | None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A row of the ranking."""
        row: dict[str, Any] = {"law": self.law, "parameters": self.parameters, "error": self.error, "aicc": self.aicc}
        for name in ("error", "aicc"):
            if row[name] is None:
                row[f"{name}_reason"] = self.reason or "not fitted"
        return row


@dataclass(frozen=True)
class Selection:
    """Candidates, the best forecast first, and what was hidden to find out."""

    candidates: tuple[Candidate, ...]
    hold_out: str
    told: str
    held_out: int
    backtest: Backtest

    @property
    def best(self) -> str:
        """The law with the smallest error on the hidden runs."""
        return self.candidates[0].law

    def to_dict(self) -> dict[str, Any]:
        """What a fit's document says of how its law was chosen."""
        return {
            "by": "error on hidden runs",
            "hold_out": self.hold_out,
            "held_out": self.held_out,
            "candidates": [c.to_dict() for c in self.candidates],
        }

    def __repr__(self) -> str:
        rows = [f"{self.held_out} rows hidden ({self.told})"]
        for c in self.candidates:
            error = "no forecast" if c.error is None else f"{c.error:.2%} off"
            aicc = "" if c.aicc is None else f", AICc {c.aicc:.1f}"
            rows.append(f"  {c.law:<22} {error}{aicc}, {c.parameters} parameters")
        return "\n".join(rows)


def admissible(runs: Any, response: str = "loss") -> list[type[Law]]:
    """Laws whose inputs the table has and varies, and which give the response.

    Where params and tokens vary, laws of both; else laws of the one scale that spans most. Laws of further columns (unique
    tokens, streams, bits ...) join where these are there; laws of single fields only then.
    """
    varied = {name for name in runs.names if name != response and _varies(runs, name)}
    found: list[type[Law]] = []
    both = set(SPLIT) <= varied
    for name, law in catalogue().items():
        inputs = set(law.inputs)
        if law.made_inputs or law.output not in (response, "loss"):
            continue
        if inputs == set(SPLIT) and both and not _of_a_field(name):
            found.append(law if law.output == response else law.of(*law.inputs, output=response))
        elif inputs <= varied and not inputs <= {*SPLIT, "flops"} and law.output == response:
            found.append(law)
    if not both:
        known = catalogue()
        scale = _widest(runs, [name for name in SCALES if name in varied])
        found = [known[name].of(scale, output=response) for name in ONE_SCALE] + found if scale else found
    return found


def select(
    runs: Any,
    *,
    response: str | None = None,
    laws: Sequence[Any] | None = None,
    objective: str | None = None,
    seed: int = 0,
) -> Selection:
    """Rank laws by their forecasts of the largest runs, which are hidden from them.

    Args:
        runs: a Runs, or whatever `read_runs` takes.
        response: column to be explained (default: loss).
        laws: candidates; default: those the table admits.
        objective: of the fits; default: as in `fit`.
        seed: of every random draw.

    Raises:
        RefusalError: no law fits the columns, too few runs to hide some, or none of the laws could be fitted.
    """
    from gnomon.laws import law as find_law
    from gnomon.runs import read_runs

    table = read_runs(runs)
    target = response or "loss"
    classes = [find_law(spec) for spec in laws] if laws is not None else admissible(table, target)
    classes = list({cls.spec(): cls for cls in classes}.values())
    if not classes:
        raise RefusalError(
            f"No law of the catalogue takes the columns of {table.source} and gives {target}.",
            hint='Name one, or type a formula: --law "E + A/x^a". Columns that do not vary are no inputs.',
            code="no-law",
        )
    most = min(
        max(len(cls.parameters) for cls in classes), 6
    )  # 6: of the laws of two inputs; larger ones may be refused
    inputs = list(dict.fromkeys(name for cls in classes for name in cls.inputs))
    chosen = find_hold_out(table, inputs, most)
    if chosen is None:
        raise RefusalError(
            f"{len(table)} rows are too few, or too alike, to hide some and choose a law by its forecasts of them.",
            hint="Name the law; gnomon laws lists them.",
            code="no-hold-out",
        )
    tried = backtest(classes, table, hold_out=chosen[0], response=None, objective=objective, draws=DRAWS, seed=seed)
    found = []
    for cls in classes:
        score = tried.score(cls.id or cls.text)
        aicc, reason = _aicc(cls, table, objective)
        found.append(Candidate(cls.spec(), len(cls.parameters), score.are, aicc, score.reason or reason))
    found.sort(key=lambda c: (c.error is None, c.error or 0.0, c.parameters))
    if found[0].error is None:
        raise RefusalError(
            f"None of {len(found)} laws could be fitted without the hidden runs; the first: {found[0].reason}",
            hint="Add runs, or name the law.",
            code="no-law",
        )
    hidden = max((s.held_out for s in tried.laws), default=0)
    return Selection(tuple(found), *chosen, hidden, tried)


def _aicc(cls: type[Law], table: Any, objective: str | None) -> tuple[float | None, str]:
    from gnomon.fit.estimate import fit

    try:
        found = fit(cls, table, objective=objective, intervals="none")
    except GnomonError as error:
        return None, error.message
    if "counts" in found.extra:
        n, k = found.used, len(cls.parameters)
        if n <= k + 1:
            return None, f"{n} rows for {k} numbers leave none for the correction"
        return 2 * found.value + 2 * k + 2 * k * (k + 1) / (n - k - 1), ""  # the deviance, up to what all laws share
    left = np.asarray(found.residuals, dtype=np.float64)
    left = left[np.isfinite(left)]
    n, k = len(left), len(cls.parameters) + 1
    rss = float((left**2).sum())
    if n <= k + 1 or rss <= 0:
        return None, f"{n} rows for {k} numbers leave none for the correction"
    return n * math.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1), ""


def _varies(runs: Any, name: str) -> bool:
    try:
        (values,) = runs.numbers(name)
    except GnomonError:
        return False
    values = values[np.isfinite(values) & (values > 0)]
    return len(np.unique(values)) >= 3


def _widest(runs: Any, names: Sequence[str]) -> str | None:
    spans = {}
    for name in names:
        (values,) = runs.numbers(name)
        values = values[np.isfinite(values) & (values > 0)]
        spans[name] = float(np.log(values.max() / values.min()))
    return max(spans, key=lambda name: spans[name]) if spans else None


def _of_a_field(name: str) -> bool:
    return CATALOGUE.get(name, "").startswith("domains.")  # a law of the user's own is none of the catalogue
