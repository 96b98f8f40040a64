"""What `gnomon.plan` returns: a decision with its interval, what it assumes, the cost of being off, what changes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.forecast.grade import Grade
from gnomon.plan.isoflop import IsoFlop
from gnomon.plan.text import summary
from gnomon.version import __version__

Pair = tuple[float, float]
DOTS = 50  # quantile dots of 2 % each for the picture of the draws


@dataclass(frozen=True)
class Plan:
    """A decision about a run.

    Args:
        question: what was asked, as a sentence.
        decision: params, tokens, tokens_per_param, flops (training), total_flops, loss, serving_flops_per_token and,
            where they apply, inference_flops, epochs, unique_tokens, effective_tokens, saving.
        interval: params, tokens, tokens_per_param of the best split; flops in target-loss mode; loss for a new run at
            the plan; loss_curve for the law alone. None with a reason where unknown.
        assumes: sentences the decision stands on.
        alternatives: the budget spent otherwise: rows with the keys of the decision and name, why, low, high, excess.
        regret: expected loss above the best split of the same budget, relative, over the draws; None without draws.
        changes_if: what would move the decision, and where to.
        plateau: sizes that cost less than a tolerance, with the curve behind them.
        path: the best split over budgets.
        exponents: d ln params / d ln budget and d ln tokens / d ln budget at the plan: value, low, high, se.
        extrapolation: decades outside the runs by column, and the factor in compute; None without runs.
        grade: confidence A to D with reasons.
        level: of all intervals.
        law: id or formula of the law; response: its output.
        cross_check: the isoFLOP study of the same runs, or None with a reason.
        notices: warnings.
        reasons: dotted name to why it is None.
        draws: params and tokens of the best split of every draw; None without draws.
        study: the isoFLOP study itself, for pictures.
    """

    question: str
    decision: Mapping[str, Any]
    interval: Mapping[str, Pair | None]
    assumes: tuple[str, ...]
    alternatives: tuple[Mapping[str, Any], ...]
    regret: float | None
    changes_if: tuple[str, ...]
    plateau: Mapping[str, Any]
    path: Mapping[str, Any]
    exponents: Mapping[str, Mapping[str, float | None]]
    extrapolation: Mapping[str, Any] | None
    grade: Grade
    level: float
    law: str
    response: str
    cross_check: Mapping[str, Any] | None
    notices: tuple[Notice, ...]
    reasons: Mapping[str, str]
    draws: Mapping[str, np.ndarray] | None = field(default=None, repr=False)
    study: IsoFlop | None = field(default=None, repr=False)
    kind: str = "plan"

    @property
    def options(self) -> tuple[Mapping[str, Any], ...]:
        """The recommendation and its alternatives, as rows of one table."""
        return (self.decision, *self.alternatives)

    def quantiles(self, name: str = "params") -> list[float] | None:
        """Fifty quantiles (1 %, 3 %, ... 99 %) of the best size or tokens over draws, for dots of 2 % each."""
        if self.draws is None:
            return None
        values = self.draws[name]
        values = values[np.isfinite(values)]
        return [float(q) for q in np.quantile(values, (np.arange(DOTS) + 0.5) / DOTS)] if len(values) else None

    def lines(self) -> tuple[str, ...]:
        """The plan in at most four lines of text."""
        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon plan --json`: unknown is None beside `<name>_reason`."""

        def reasoned(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, value in values.items():
                found[name] = list(value) if isinstance(value, tuple) else value
                reason = self.reasons.get(f"{prefix}{name}")
                if value is None and reason:
                    found[f"{name}_reason"] = reason
            return found

        document = {
            "gnomon": __version__,
            "kind": self.kind,
            "question": self.question,
            "law": self.law,
            "response": self.response,
            "level": self.level,
            "decision": reasoned("decision.", self.decision),
            "interval": reasoned("interval.", self.interval),
            "assumes": list(self.assumes),
            "alternatives": [dict(row) for row in self.alternatives],
        }
        document |= reasoned("", {"regret": self.regret})
        document |= {
            "changes_if": list(self.changes_if),
            "plateau": dict(self.plateau),
            "exponents": {name: dict(value) for name, value in self.exponents.items()},
        }
        document |= reasoned(
            "",
            {
                "extrapolation": None if self.extrapolation is None else dict(self.extrapolation),
                "cross_check": None if self.cross_check is None else dict(self.cross_check),
                "quantiles": None if self.draws is None else {k: self.quantiles(k) for k in ("params", "tokens")},
            },
        )
        document |= {
            "grade": self.grade.to_dict(),
            "path": dict(self.path),
            "summary": list(self.lines()),
            "warnings": [notice.to_dict() for notice in self.notices],
        }
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from html import escape

        from gnomon.plan.text import table

        head, *rows = table(self)
        cells = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
        titles = "".join(f"<th>{escape(c)}</th>" for c in head)
        said = "".join(f"<p>{escape(line)}</p>" for line in self.lines())
        return f"{said}<table><tr>{titles}</tr>{cells}</table>"
