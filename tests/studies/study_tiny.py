"""A study of milliseconds, for the course: its trials compute a line, one of them may fail."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.studies.claim import Claim, Measured, at_most, between
from gnomon.studies.study import Asked, Paper, Study
from gnomon.studies.trial import Trial


def work(spec: Mapping[str, Any], tell: Any) -> list[dict[str, Any]]:
    """A loss on a line; x = 13 fails unless the file named in GNOMON_TINY_MENDED exists."""
    tell({"x": spec["x"]})
    if spec["x"] == 13 and not Path(os.environ.get("GNOMON_TINY_MENDED", "/nowhere")).exists():
        raise ValueError("thirteen")
    rng = np.random.default_rng([spec["seed"], spec["x"]])
    loss = 3.0 - 0.1 * spec["x"] + 0.01 * rng.standard_normal()
    return [{"run": f"x{spec['x']}-s{spec['seed']}", "x": spec["x"], "loss": float(loss), "seconds": 0.001}]


def trials(asked: Asked) -> list[Trial]:
    count = {"smoke": 4, "quick": 8, "full": 12}[asked.scale]
    return [Trial("study_tiny:work", {"x": x, "seed": asked.seed}) for x in range(1, count + 1)]


def judge(runs: Any, asked: Asked) -> dict[str, Measured]:
    slope, _ = np.polyfit(runs["x"], runs["loss"], 1)
    shuffled = np.random.default_rng(0).permutation(np.asarray(runs["loss"]))
    flat = np.polyfit(runs["x"], shuffled, 1)[0] if asked.scale != "smoke" else 0.0
    return {
        "slope": Measured(float(slope), float(slope) - 0.02, float(slope) + 0.02),
        "shuffled": Measured(abs(float(flat))),
    }


TINY = Study(
    name="tiny",
    title="A line",
    question="Is it straight?",
    paper=Paper("Lines", "Nobody 2000", "none"),
    scales={"smoke": "4 points", "quick": "8 points", "full": "12 points"},
    departs=("It is only a line.",),
    split="nothing",
    claims=(
        Claim("slope", "The slope is -0.1", between(-0.15, -0.05), "by construction"),
        Claim("shuffled", "Shuffled there is no slope", at_most(0.06), "by construction", control_of="slope"),
        Claim("never", "Never measured", at_most(0.0), "nobody"),
    ),
    trials=trials,
    judge=judge,
    extras=(),
)
