"""The damped quadratic that a batch of Newton steps is taken on, and its solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Quadratic:
    """Hessian (p, p, B), damping diagonal (p, B), damping (B,) and the coordinates (p, B) that stay."""

    hessian: Array
    diagonal: Array
    damping: Array
    held: Array

    def rows(self, index: Array) -> Quadratic:
        """The quadratic of some fits of the batch."""
        return Quadratic(self.hessian[..., index], self.diagonal[:, index], self.damping[index], self.held[:, index])

    def solve(self, gradient: Array) -> Array:
        """(H + damping D)^-1 g, (p, B), by a Cholesky factorisation that repairs indefinite pivots.

        A column of the factor is taken off all later ones at once: a batch of small systems costs its calls. Held coordinates
        (at a bound, pushed outwards) get a zero step.
        """
        p, free = len(gradient), ~self.held
        scale = np.maximum(self.diagonal, 1e-14 * self.diagonal.max(0) + 1e-30)
        rest = np.empty((p, p + 1, free.shape[1]))  # the right-hand side is the last column
        rest[:, :p] = np.where(free[:, None] & free, finite(self.hessian), 0.0)
        rest[:, p] = np.where(free, finite(gradient), 0.0)
        index = np.arange(p)
        rest[index, index] = np.where(free, rest[index, index] + self.damping * scale, 1.0)
        least = 1e-10 * scale
        for j in range(p):
            s = rest[j, j]
            if not (s > least[j]).all():
                s = np.where(s > least[j], s, np.maximum(np.abs(s), 1e-3 * scale[j]))
            pivot = rest[j, j] = np.sqrt(s)
            row = rest[j, j + 1 :]
            row /= pivot
            if j + 1 < p:
                rest[j + 1 :, j + 1 :] -= row[: p - j - 1, None] * row
        z = np.empty_like(gradient)
        for j in reversed(range(p)):
            s = rest[j, p]
            if j + 1 < p:
                s = s - (rest[j, j + 1 : p] * z[j + 1 :]).sum(0)
            z[j] = s / rest[j, j]
        return z


def finite(values: Array) -> Array:
    """`np.nan_to_num`, at the price of one look where there is nothing to replace."""
    return values if np.isfinite(values).all() else np.nan_to_num(values)
