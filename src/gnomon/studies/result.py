"""What a study returns: its rows, and a verdict on every claim."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon.studies.claim import FAILS, HOLDS, Verdict
from gnomon.studies.study import Asked, Study
from gnomon.version import __version__

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs
    from gnomon.runs.store import Kept


@dataclass(frozen=True)
class Result:
    """A study that was run.

    Args:
        study: which.
        asked: scale and seed.
        runs: the rows of all finished trials.
        verdicts: one per claim, negative controls among them.
        total: trials of the grid.
        cached: of which the store had a record before.
        failed: the trials without rows.
        seconds: of this call.
    """

    study: Study
    asked: Asked
    runs: Runs
    verdicts: tuple[Verdict, ...]
    total: int
    cached: int
    failed: tuple[Kept, ...]
    seconds: float

    @property
    def held(self) -> bool:
        """No claim fails, and at least one holds."""
        words = Counter(v.word for v in self.verdicts)
        return words[FAILS] == 0 and words[HOLDS] > 0

    def verdict(self, claim: str) -> Verdict:
        """The verdict on a claim by id."""
        return next(v for v in self.verdicts if v.claim.id == claim)

    def figures(self) -> Sequence[Figure]:
        """Pictures of the rows."""
        return () if self.study.figures is None else self.study.figures(self.runs, self.asked)

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon study run --json`."""
        return {
            "gnomon": __version__,
            "kind": "study",
            "name": self.study.name,
            "scale": self.asked.scale,
            "seed": self.asked.seed,
            "trials": {"total": self.total, "cached": self.cached, "failed": len(self.failed)},
            "claims": [v.to_dict() for v in self.verdicts],
            "failures": [{"trial": k.key, **(k.failure or {})} for k in self.failed],
            "seconds": round(self.seconds, 3),
            "warnings": [],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        told = [f"{self.study.name}, {self.asked.scale}: {self.total} trials, {len(self.failed)} failed"]
        told += [f"  {v.word:12} {v.claim.id}" for v in self.verdicts]
        return "\n".join(told)
