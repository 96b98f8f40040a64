"""Rosenfeld's law: error of parameters and data between random guessing and a floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, exponent, number
from gnomon.laws.optimum import Split, split_of_two_powers
from gnomon.laws.parameter import COEFFICIENT_BOUNDS, FLOOR_BOUNDS
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells


class Rosenfeld(Law):
    """Error rate by model and data size, level at random guessing for the smallest and two power laws above a floor beyond.

    e = A / N^alpha + B / D^beta + E, error = e0 |e / (e - i e0)| = e / sqrt(1 + (e / e0)^2), e0 the error of guessing.

    The paper writes e0 |e / (e - i eta)|; only e / eta matters there, so that eta is taken as e0 and e is the error far
    from guessing. Form recalled from the paper, not checked against its text: doubtful in that sense.

    Source: Rosenfeld et al. 2020, equations 4 to 6.
    """

    id = "rosenfeld"
    question = "What error rate does a model of N parameters reach on D examples, down from random guessing?"
    inputs = ("params", "tokens")
    output = "error"
    text = "error = e / sqrt(1 + (e / e0)^2) where e = E + A / params^alpha + B / tokens^beta"
    source = (
        "Rosenfeld et al. 2020, A Constructive Prediction of the Generalization Error Across Scales (form, from memory)"
    )
    bibtex = BIBTEX["rosenfeld2020"]
    holds = "Error rates over grids of model and data size that begin near random guessing."
    misleads = "Without points near guessing e0 is not identified; away from it the law is Chinchilla's form."
    ranges = {"params": (1e4, 1e9), "tokens": (1e3, 1e8)}

    E: float = number("floor of the error", bounds=FLOOR_BOUNDS, log=True, units={"error": 1}, typical=0.5)
    A: float = number(
        "size coefficient", bounds=COEFFICIENT_BOUNDS, log=True, units={"error": 1, "params": "alpha"}, typical=0.6
    )
    alpha: float = exponent("size exponent", typical=0.35)
    B: float = number(
        "data coefficient", bounds=COEFFICIENT_BOUNDS, log=True, units={"error": 1, "tokens": "beta"}, typical=0.6
    )
    beta: float = exponent("data exponent", typical=0.4)
    e0: float = number("error of random guessing", bounds=(0.1, 1e3), log=True, units={"error": 1}, typical=4.0)

    def formula(self, params: Any, tokens: Any) -> Any:
        """E / sqrt(1 + (e / e0)^2), e the sum of the floor and two powers."""
        e = self.E + self.A / params**self.alpha + self.B / tokens**self.beta
        return e / self.xp(params, tokens).sqrt(1.0 + (e / self.e0) ** 2)

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product, in closed form."""
        return split_of_two_powers(self.A, self.alpha, self.B, self.beta, product)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given e0 the errors say what e is, which is linear in E, A and B."""
        params, tokens = inputs
        grid = np.geomspace(0.1, 1.2, 7)
        v = cells(e0=float(output.max()) * np.array([1.02, 1.2, 2.0, 10.0]), alpha=grid, beta=grid)
        share = output / v["e0"]
        aim = output / np.sqrt(1.0 - share**2)
        columns = [np.ones_like(aim), params ** -v["alpha"], tokens ** -v["beta"]]
        found, misfit = amplitudes(columns, aim, weights=(1.0 - share**2) / aim)
        values = v | {name: found[:, k : k + 1] for k, name in enumerate(("E", "A", "B"))}
        return best_of(values, misfit, apart="e0", most=20)
