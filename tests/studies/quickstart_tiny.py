"""A quickstart of seconds: four runs, a target, and a forecaster that draws a line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gnomon.studies.entries.quickstart import Design, Progress, Quickstart, quickstart

TINY = Design("tiny", ladder=((16, 5e3), (16, 8e3), (24, 5e3), (24, 8e3)), target=(24, 16e3))


@dataclass(frozen=True)
class Point:
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Line:
    points: tuple[Point, ...]
    version: str = "0"
    notices: tuple[Any, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "forecast", "points": [asdict(point) for point in self.points]}


def line(source: Any, at: Sequence[Mapping[str, Any]], *, level: float = 0.9) -> Line:
    """A straight line of ln loss over ln N D."""
    slope, height = np.polyfit(np.log(source["params"] * source["tokens"]), np.log(source["loss"]), 1)
    points = []
    for point in at:
        value = float(np.exp(height + slope * np.log(point["params"] * point["tokens"])))
        points.append(Point(value, value * 0.9, value * 1.1, level))
    return Line(tuple(points))


def tiny(folder: Any, **settings: Any) -> Quickstart:
    return quickstart(folder, **({"scale": TINY, "forecaster": line} | settings))


def killed(at: Callable[[Progress], bool]) -> Callable[[Progress], None]:
    """Progress that ends this process, without any chance to tidy up, at the first news of a kind."""

    def progress(news: Progress) -> None:
        if at(news):
            os.kill(os.getpid(), 9)

    return progress


MOMENTS: dict[str, Callable[[Progress], bool]] = {
    "ladder": lambda news: news.stage == "ladder" and news.event == "run" and news.done == 2,
    "forecast": lambda news: news.stage == "forecast" and news.event == "end",
    "target": lambda news: news.stage == "target" and news.event == "step",
}

if __name__ == "__main__":
    from quickstart_tiny import MOMENTS as moments
    from quickstart_tiny import killed as killed_at
    from quickstart_tiny import tiny as run

    run(sys.argv[1], progress=killed_at(moments[sys.argv[2]]))
