"""Many small fits of one law as one batch: tables of about equal length, padded with rows of weight zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.fit.design import Design
from gnomon.fit.kernel import Kernel, make_kernel
from gnomon.fit.newton import Prior, Solution, minimise
from gnomon.fit.objective import Objective

Array = np.ndarray

PADDING = 1.25  # longest over shortest table of a large stack: on average a tenth of the work goes into padding
SMALL = (
    4000  # cells (tables x rows) up to which a stack takes in longer tables: a step then costs its calls, not its cells
)


@dataclass(frozen=True)
class Stack:
    """Designs of one law side by side.

    Args:
        designs: S of them, each in units of its own.
        kernel: the law over tables (S, n).
        target: measured output (S, n) in fit units, 1 where padded.
        weights: (S, n), 0 where padded.
    """

    designs: tuple[Design, ...]
    kernel: Kernel
    target: Array
    weights: Array

    @classmethod
    def of(cls, designs: Sequence[Design]) -> Stack:
        """Pad to the longest; padded rows sit at the geometric mean of the inputs, where every law is defined."""
        sizes = np.array([len(d.output) for d in designs])
        n = int(sizes.max())

        def padded(columns: Sequence[Array]) -> Array:
            table = np.ones((len(columns), n))
            for row, column in zip(table, columns, strict=True):
                row[: len(column)] = column
            return table

        inputs = [padded([d.scaled_inputs[i] for d in designs]) for i in range(len(designs[0].inputs))]
        return cls(
            tuple(designs),
            make_kernel(designs[0].law, inputs),
            padded([d.target for d in designs]),
            (np.arange(n) < sizes[:, None]) * 1.0,
        )

    def minimise(
        self,
        objective: Objective,
        theta: Array,
        owner: Array,
        prior: Prior | None,
        *,
        target: Array | None = None,
        weights: Array | None = None,
        **options: Any,
    ) -> Solution:
        """`newton.minimise` for fits (B, p) of which owner (B,) names the design.

        Args:
            objective: residual and loss.
            theta: starts (B, p).
            owner: design of each fit (B,).
            prior: penalties on theta.
            target: (B, n) in place of the measured outputs.
            weights: (B, n) in place of ones; must be 0 where padded.
            options: further ones of `newton.minimise`.
        """
        return minimise(
            self.kernel.rows(owner),
            objective,
            theta,
            self.target[owner] if target is None else target,
            weights=self.weights[owner] if weights is None else weights,
            prior=prior,
            **options,
        )

    def ln_law(self, theta: Array, owner: Array) -> Array:
        """ln of the law at the design's own rows (B, n), in fit units."""
        kernel = self.kernel.rows(owner)
        z = kernel.state(theta)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return z if kernel.logarithmic else np.log(z)

    def residuals(self, theta: Array) -> list[Array]:
        """ln(measured / law) of each design at its theta (S, p); 10 (a factor 20,000) where the law is not defined."""
        gap = np.log(self.target) - self.ln_law(theta, np.arange(len(self.designs)))
        gap = np.nan_to_num(gap, nan=10.0, posinf=10.0, neginf=-10.0)
        return [row[: len(d.output)] for row, d in zip(gap, self.designs, strict=True)]


def stacks(designs: Sequence[Design]) -> list[tuple[list[int], Stack]]:
    """Stacks of tables of about equal length, each with the places of its designs in the sequence."""
    order = sorted(range(len(designs)), key=lambda i: len(designs[i].output))
    found: list[tuple[list[int], Stack]] = []
    start = 0
    while start < len(order):
        least = len(designs[order[start]].output)
        end = start
        while end < len(order):
            n = len(designs[order[end]].output)
            if n > PADDING * least and (end - start) * n > SMALL:
                break
            end += 1
        found.append((order[start:end], Stack.of([designs[i] for i in order[start:end]])))
        start = end
    return found
