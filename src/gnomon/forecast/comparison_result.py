"""What a comparison of families found, as records: the families, their pairs, and the whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.forecast.crossing import Crossing

Array = np.ndarray

REACH = 1e4  # how many times more compute is looked at for a loser that never gets there


@dataclass(frozen=True)
class Family:
    """One family: its rows, its law, and what that says at the point compared at."""

    name: str
    rows: int
    runs: int
    parameters: Mapping[str, float]
    residual_sd: float
    range: tuple[float, float]
    value: float
    low: float
    high: float
    wins: float
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    curve: Array = field(repr=False)
    curve_low: Array = field(repr=False)
    curve_high: Array = field(repr=False)
    used: Array = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the curve."""
        return {
            "family": self.name,
            "rows": self.rows,
            "runs": self.runs,
            "parameters": dict(self.parameters),
            "residual_sd": self.residual_sd,
            "range": list(self.range),
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "wins": self.wins,
        }


@dataclass(frozen=True)
class Multiplier:
    """Times the compute the loser needs to do what the winner does at the point; ends are None where it does not get there."""

    winner: str
    value: float | None
    low: float | None
    high: float | None
    reached: float

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document = dict(vars(self))
        for end in ("value", "low", "high"):
            if document[end] is None:
                document[f"{end}_reason"] = f"not reached within {REACH:g} times the compute"
        return document


@dataclass(frozen=True)
class Pair:
    """Two families at the point: ln difference, chance that the first is better, verdict, crossing, compute multiplier."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    probability: float
    verdict: str
    crossing: Crossing
    multiplier: Multiplier

    def to_dict(self) -> dict[str, Any]:
        """JSON form; differences are ln(first / second), roughly relative."""
        return vars(self) | {"crossing": self.crossing.to_dict(), "multiplier": self.multiplier.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns."""

    law: str
    formula: str
    response: str
    better: str
    by: str
    axis: str
    at: dict[str, float]
    level: float
    families: tuple[Family, ...]
    pairs: tuple[Pair, ...]
    winner: str | None
    paired: bool
    frontier: bool
    draws: int
    grid: Array = field(repr=False)
    notices: tuple[Notice, ...] = ()
    version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon compare --json`."""
        document: dict[str, Any] = {
            "gnomon": self.version,
            "kind": "compare",
            "law": self.law,
            "formula": self.formula,
            "response": self.response,
            "better": self.better,
            "by": self.by,
            "axis": self.axis,
            "at": self.at,
            "level": self.level,
            "families": [f.to_dict() for f in self.families],
            "pairs": [p.to_dict() for p in self.pairs],
            "winner": self.winner,
        }
        if self.winner is None:
            document["winner_reason"] = "undecided: no family is better than all others at this level"
        return document | {
            "paired": self.paired,
            "frontier": self.frontier,
            "draws": self.draws,
            "warnings": [n.to_dict() for n in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"comparison of {self.response} by {self.by} under {self.law}: {self.winner or 'undecided'}"]
        rows += [
            f"  {f.name}: {f.value:.4g} ({f.low:.4g} to {f.high:.4g}), wins in {f.wins:.0%}" for f in self.families
        ]
        return "\n".join(rows)
