"""Interatomic potentials: force error by parameters and frames."""

from __future__ import annotations

from typing import Any

from gnomon.laws.law import Law, coefficient, exponent, floor
from gnomon.laws.references import BIBTEX


class Atoms(Law):
    """Force error of a network potential by its size and its labelled structures.

    err = e0 + A / N^alpha + B / D^beta, D in frames (or in force labels, three an atom, where cells differ in size).

    Source: the form used with DPA3; its published exponents were not at hand.
    """

    id = "atoms"
    question = "How many parameters and labelled structures does an interatomic potential need?"
    inputs = ("params", "frames")
    output = "force_error"
    text = "force_error = e0 + A / params^alpha + B / frames^beta"
    source = "Zhang et al. 2025, A Graph Neural Network for the Era of Large Atomistic Models (exponents not at hand)"
    bibtex = BIBTEX["zhang2025_dpa3"]
    holds = "One data set and architecture family, equal training (steps or epochs: say which) for all cells."
    misleads = "Frames of different cell sizes hold different numbers of labels; random splits of trajectories leak."
    ranges = {"params": (1e4, 1e7), "frames": (32.0, 1e5)}

    e0: float = floor("error that stays", output="force_error", typical=0.3)
    A: float = coefficient("size coefficient", output="force_error", params="alpha", typical=0.5)
    alpha: float = exponent("size exponent")
    B: float = coefficient("data coefficient", output="force_error", frames="beta", typical=0.5)
    beta: float = exponent("data exponent", typical=0.4)

    def formula(self, params: Any, frames: Any) -> Any:
        """E0 + A / params^alpha + B / frames^beta."""
        return self.e0 + self.A / params**self.alpha + self.B / frames**self.beta
