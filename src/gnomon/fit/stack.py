"""Many small fits as one batch: tables of about equal length, padded with rows of weight zero, under one law or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from gnomon.fit.beside import Beside
from gnomon.fit.design import Design
from gnomon.fit.kernel import make_kernel
from gnomon.fit.newton import Prior, Solution, minimise
from gnomon.fit.objective import Objective
from gnomon.fit.tables import Kernel

Array = np.ndarray

PADDING = 1.25  # longest over shortest table of a large stack: on average a tenth of the work goes into padding
SMALL = (
    4000  # cells (tables x rows) up to which a stack takes in longer tables: a step then costs its calls, not its cells
)


@dataclass(frozen=True)
class Stack:
    """Designs side by side, those of one law together.

    Args:
        designs: S of them, each in units of its own.
        kernel: their laws over tables (S, n).
        target: measured output (S, n) in fit units, 1 where padded.
        weights: (S, n), 0 where padded.
    """

    designs: tuple[Design, ...]
    kernel: Kernel
    target: Array
    weights: Array

    @classmethod
    def of(cls, designs: Sequence[Design]) -> Stack:
        """Pad to the longest; padded rows sit at the geometric mean of the inputs, where every law is defined.

        Designs of one law must lie together.
        """
        sizes = np.array([len(d.output) for d in designs])
        n = int(sizes.max())

        def padded(columns: Sequence[Array]) -> Array:
            table = np.ones((len(columns), n))
            for row, column in zip(table, columns, strict=True):
                row[: len(column)] = column
            return table

        kinds = [list(some) for _, some in groupby(designs, key=lambda d: d.law)]
        kernels = [
            make_kernel(some[0].law, [padded([d.scaled_inputs[i] for d in some]) for i in range(len(some[0].inputs))])
            for some in kinds
        ]
        beside = Beside(kernels, [len(some) for some in kinds], [some[0].p for some in kinds])
        return cls(
            tuple(designs),
            kernels[0] if len(kinds) == 1 else beside,
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
    """Stacks of tables of about equal length, each with the places of its designs in the sequence.

    Every law has stacks of its own, except that small ones are joined over laws.
    """
    lengths = [len(d.output) for d in designs]
    laws = list(dict.fromkeys(d.law for d in designs))
    found: list[list[int]] = []
    for law in laws:
        order = sorted((i for i, d in enumerate(designs) if d.law is law), key=lambda i: lengths[i])
        start = 0
        while start < len(order):
            least = lengths[order[start]]
            end = start
            while end < len(order):
                n = lengths[order[end]]
                if n > PADDING * least and (end - start) * n > SMALL:
                    break
                end += 1
            part = order[start:end]
            before = found[-1] if found else []
            if before and (len(before) + len(part)) * max(lengths[i] for i in (*before, *part)) <= SMALL:
                found[-1] = before + part
            else:
                found.append(part)
            start = end
    return [(places, Stack.of([designs[i] for i in places])) for places in found]
