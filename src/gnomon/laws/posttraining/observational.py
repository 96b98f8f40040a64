"""Observational scaling: accuracy on one task from the principal components of many benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.arrays import logistic
from gnomon.laws.law import Law, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes

OPEN = (-np.inf, np.inf)


def _weight(k: int) -> Any:
    return number(f"weight of component {k}", bounds=(-100.0, 100.0), units={f"pc{k}": -1}, typical=1.0 / k)


class ObsLaw(Law):
    """Accuracy on a task by the capabilities of a model, whoever trained it.

    acc = h sigmoid(w1 pc1 + w2 pc2 + w3 pc3 + b), pc the principal components of benchmark scores that
    `gnomon.runs.capabilities` gives.

    Source: Ruan et al. 2024.
    """

    id = "obs_law"
    question = "What will models of other labs reach on a task, from their benchmark scores?"
    inputs = ("pc1", "pc2", "pc3")
    output = "accuracy"
    text = "accuracy = h * sigmoid(w1 * pc1 + w2 * pc2 + w3 * pc3 + b)"
    source = "Ruan et al. 2024, Observational Scaling Laws and the Predictability of Language Model Performance"
    bibtex = BIBTEX["ruan2024"]
    holds = "Fitted to models below a compute cut-off, with components computed once for all models."
    misleads = "Components come from the benchmarks of the table: the task itself must not be among them."
    domain = {"pc1": OPEN, "pc2": OPEN, "pc3": OPEN}
    fixed_units = {"accuracy": "it is a share of 1, and h may not exceed 1"}
    ranges = {"pc1": (-2.0, 2.0), "pc2": (-1.0, 1.0), "pc3": (-0.5, 0.5)}
    typical = {"h": 0.9, "w1": 1.2, "w2": 0.5, "w3": -0.4, "b": -0.3}

    h: float = number("highest accuracy", bounds=(0.02, 1.0), linear=True, log=True, typical=0.9)
    w1: float = _weight(1)
    w2: float = _weight(2)
    w3: float = _weight(3)
    b: float = number("offset", bounds=(-100.0, 100.0), typical=-0.3)

    def formula(self, pc1: Any, pc2: Any, pc3: Any) -> Any:
        """H sigmoid(w1 pc1 + w2 pc2 + w3 pc3 + b)."""
        return self.h * logistic(self.w1 * pc1 + self.w2 * pc2 + self.w3 * pc3 + self.b, self.xp(pc1, pc2, pc3))

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given ceiling the log odds are linear in the components."""
        columns = [*inputs, np.ones_like(output)]
        found = []
        most = float(output.max())
        for share in (0.1, 0.4, 0.7, 1.0):  # of the way from the highest accuracy seen to 1
            top = max(most + share * (1.0 - most), 1.001 * most)
            odds = np.log(output / (top - output))
            weights, _ = amplitudes([np.atleast_2d(c) for c in columns], odds, signed=True)
            found.append({"h": top} | dict(zip(("w1", "w2", "w3", "b"), map(float, weights[0]), strict=True)))
        return found
