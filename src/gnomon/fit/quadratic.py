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

        Held coordinates (at a bound, pushed outwards) get a zero step.
        """
        diagonal, damping, held = self.diagonal, self.damping, self.held
        p = len(gradient)
        scale = np.maximum(diagonal, 1e-14 * diagonal.max(0) + 1e-30)
        a = np.nan_to_num(self.hessian)
        g = np.where(held, 0.0, np.nan_to_num(gradient))
        factor = np.zeros_like(a)
        for i in range(p):
            for j in range(i + 1):
                s = (
                    np.where(held[i] | held[j], 0.0, a[i, j])
                    if i != j
                    else np.where(held[i], 1.0, a[i, i] + damping * scale[i])
                )
                for k in range(j):
                    s = s - factor[i, k] * factor[j, k]
                if i == j:
                    least = 1e-10 * scale[i]
                    factor[i, i] = np.sqrt(np.where(s > least, s, np.maximum(np.abs(s), 1e-3 * scale[i])))
                else:
                    factor[i, j] = s / factor[j, j]
        z = np.empty_like(g)
        for i in range(p):
            s = g[i]
            for k in range(i):
                s = s - factor[i, k] * z[k]
            z[i] = s / factor[i, i]
        for i in reversed(range(p)):
            s = z[i]
            for k in range(i + 1, p):
                s = s - factor[k, i] * z[k]
            z[i] = s / factor[i, i]
        return z
