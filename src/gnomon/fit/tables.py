"""What the solver sees: a law in the coordinates theta, on the rows of one table or of several.

theta_j is a parameter, or its logarithm where the parameter is declared on a log scale. Inputs and output are in units of their
geometric means (`normalise`), so that every coordinate is of order one and amplitudes do not trade against exponents.

A kernel lies over one table, inputs (n,), which all fits of a batch share, or over several tables of equal length, inputs (S, n), of
which `owner` (B,) names the one that each fit of the batch belongs to; `rows` gives the kernel of some fits of the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Protocol

import numpy as np

from gnomon.laws.law import Law

Array = np.ndarray


class Kernel(Protocol):
    """What the solver asks of a law on rows. B is the batch, n the rows, p the parameters."""

    logarithmic: bool
    kept: int  # arrays in a state
    lower: Array  # (p,) or (B, p); a coordinate whose bounds coincide does not move
    upper: Array

    def state(self, theta: Array) -> tuple[Array, ...]:
        """Arrays with first axis B; the first one is z (B, n): ln(law) if `logarithmic`, else the law."""

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """Gradient (p, B), Hessian (p, p, B) and the damping diagonal (p, B) of sum_n F(z_n) from F', F'' and a non-negative F''."""

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """Gradient (p, B) of sum_n F(z_n) from F'."""

    def rows(self, index: Array) -> Kernel:
        """The kernel of some fits of the batch: itself when all fits share one table."""


class Tables:
    """Columns of one table, shared by the batch, or of several, gathered for the fits that own them."""

    owner: Array | None = None

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.owner = np.arange(shape[0]) if len(shape) == 2 else None
        self.n = shape[-1]
        self._gathered: dict[Any, Array] = {}

    def rows(self, index: Array) -> Any:
        """See Kernel."""
        if self.owner is None:
            return self
        part = copy(self)
        part.owner, part._gathered = self.owner[index], {}
        return part

    def _of(self, key: Any, column: Array) -> Array:
        """A column (n,) or (S, n, ...) as the batch needs it: (n,) or (B, n, ...)."""
        if self.owner is None:
            return column
        if key not in self._gathered:
            self._gathered[key] = column[self.owner]
        return self._gathered[key]


def bounds(law: type[Law]) -> tuple[Array, Array]:
    """Lower and upper bounds of theta."""
    pairs = [(np.log(p.bounds) if p.log else np.array(p.bounds, float)) for p in law.parameters.values()]
    low, high = np.array(pairs).T
    return low, high


def values_of(law: type[Law], theta: Array) -> dict[str, Any]:
    """Parameter values of theta (..., p), each of shape (...)."""
    return {
        name: np.exp(theta[..., j]) if p.log else theta[..., j] for j, (name, p) in enumerate(law.parameters.items())
    }


def theta_of(law: type[Law], values: Mapping[str, Any]) -> Array:
    """Theta (..., p) of parameter values, moved inside the bounds."""
    low, high = bounds(law)
    columns = []
    for name, p in law.parameters.items():
        value = np.asarray(values[name], float)
        columns.append(np.log(np.maximum(value, 1e-300)) if p.log else value)
    return np.clip(np.stack(np.broadcast_arrays(*columns), -1), low, high)
