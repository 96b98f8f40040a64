"""What the quickstart returns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.errors import Notice

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.runs import Runs


@dataclass(frozen=True)
class Quickstart:
    """A forecast made from a ladder, and what the target then measured.

    Args:
        folder: where everything was written.
        scale: "smoke" or "full".
        seed: of all runs.
        ladder: the runs the forecast was made from.
        target: the row of the run that was forecast.
        forecast: made before the target was trained.
        seconds: wall time of this call; less than the work when runs were there already.
        notices: what a reader should know.
    """

    folder: Path
    scale: str
    seed: int
    ladder: Runs
    target: Mapping[str, Any]
    forecast: Forecast
    seconds: float
    notices: tuple[Notice, ...] = ()

    @property
    def measured(self) -> float | None:
        """Loss of the target, nats per symbol; None when its training diverged."""
        loss: float | None = self.target["loss"]
        return loss

    @property
    def error(self) -> float | None:
        """Forecast / measured - 1."""
        return None if self.measured is None else self.forecast.points[0].value / self.measured - 1

    @property
    def inside(self) -> bool | None:
        """Whether the measured loss lies in the interval for a new run."""
        point = self.forecast.points[0]
        if self.measured is None or point.low is None or point.high is None:
            return None
        return point.low <= self.measured <= point.high

    @property
    def horizon(self) -> float:
        """FLOPs of the target over those of the largest run of the ladder."""
        return float(self.target["flops"]) / float(max(self.ladder["flops"]))

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon quickstart --json`: `runs` counts the ladder."""
        point = self.forecast.points[0]
        document: dict[str, Any] = {
            "gnomon": self.forecast.version,
            "kind": "quickstart",
            "scale": self.scale,
            "seed": self.seed,
            "runs": len(self.ladder),
            "target": {name: self.target[name] for name in ("params", "tokens", "flops")},
            "horizon": self.horizon,
            "forecast": {"value": point.value, "low": point.low, "high": point.high, "level": point.level},
            "measured": self.measured,
            "error": self.error,
            "inside": self.inside,
            "seconds": round(self.seconds, 3),
            "folder": str(self.folder),
            "warnings": [notice.to_dict() for notice in self.notices],
        }
        for name in ("measured", "error", "inside"):
            if document[name] is None:
                document[f"{name}_reason"] = (
                    "the target's training diverged" if self.measured is None else "the forecast has no interval"
                )
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)
