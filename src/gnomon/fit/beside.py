"""Kernels of several laws side by side: one Newton step then serves fits of all of them, which for small tables costs its calls.

A fit of a law with fewer coordinates than the widest one has the rest of theta at zero, where bounds hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from gnomon.fit.tables import Kernel

Array = np.ndarray


class Beside:
    """Fits of several kernels in one batch; z is ln(law) for all of them.

    Args:
        kernels: each over tables of its own, all of one length.
        counts: tables of each.
        widths: coordinates of each.
    """

    logarithmic = True

    def __init__(self, kernels: Sequence[Kernel], counts: Sequence[int], widths: Sequence[int]) -> None:
        self.kernels = tuple(kernels)
        self.widths = tuple(widths)
        self.kept = max(kernel.kept + (not kernel.logarithmic) for kernel in kernels)
        self.kind = np.repeat(np.arange(len(counts)), counts)
        self.lower = np.zeros((len(self.kind), max(widths)))
        self.upper = self.lower.copy()
        for k, (kernel, p) in enumerate(zip(kernels, widths, strict=True)):
            self.lower[self.kind == k, :p], self.upper[self.kind == k, :p] = kernel.lower, kernel.upper
        self._split()

    def _split(self) -> None:
        """Which fits of the batch each kernel has: a slice where they lie together, which copies nothing."""
        self.parts: list[tuple[Any, Kernel, int]] = []
        for k, (kernel, p) in enumerate(zip(self.kernels, self.widths, strict=True)):
            here = np.flatnonzero(self.kind == k)
            if len(here):
                together = here[-1] - here[0] + 1 == len(here)
                self.parts.append((slice(here[0], here[-1] + 1) if together else here, kernel, p))

    def rows(self, index: Array) -> Any:
        """See Kernel."""
        part = copy(self)
        index = np.asarray(index)
        place = np.empty(len(self.kind), int)  # of each fit within its kernel
        for here, _, _ in self.parts:
            place[here] = np.arange(len(place[here]))
        part.kind, part.lower, part.upper = self.kind[index], self.lower[index], self.upper[index]
        part.kernels = tuple(kernel.rows(place[index[part.kind == k]]) for k, kernel in enumerate(self.kernels))
        part._split()
        return part

    def state(self, theta: Array) -> tuple[Array, ...]:
        """z, then what each kernel keeps, laid over one another."""
        states = [kernel.state(theta[here, :p]) for here, kernel, p in self.parts]
        shape = (len(theta), states[0][0].shape[1])
        z = np.empty(shape)
        kept = np.zeros((self.kept - 1, *shape))
        for state, (here, kernel, _) in zip(states, self.parts, strict=True):
            if kernel.logarithmic:
                z[here] = state[0]
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    z[here] = np.log(state[0])
            for into, array in zip(kept, state[kernel.logarithmic :], strict=False):
                into[here] = array
        return (z, *kept)

    def _own(self, here: Any, kernel: Kernel, state: tuple[Array, ...]) -> tuple[Array, ...]:
        """The state as the kernel gave it."""
        first = not kernel.logarithmic
        return tuple(array[here] for array in state[first : first + kernel.kept])

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        batch, width = theta.shape
        gradient, diagonal = np.zeros((width, batch)), np.zeros((width, batch))
        hessian = np.zeros((width, width, batch))
        for here, kernel, p in self.parts:
            own = self._own(here, kernel, state)
            f, s, d = first[here], second[here], positive[here]
            if not kernel.logarithmic:
                f, s, d = _by_law(own[0], f, s, d)
            found = kernel.normal(theta[here, :p], own, f, s, d)
            gradient[:p, here], hessian[:p, :p, here], diagonal[:p, here] = found
        return gradient, hessian, diagonal

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """See Kernel."""
        gradient = np.zeros((theta.shape[1], len(theta)))
        for here, kernel, p in self.parts:
            own = self._own(here, kernel, state)
            f = first[here] if kernel.logarithmic else first[here] / own[0]
            gradient[:p, here] = kernel.gradient(theta[here, :p], own, f)
        return gradient


def _by_law(law: Array, first: Array, second: Array, positive: Array) -> tuple[Array, Array, Array]:
    """Derivatives by the law from those by its logarithm."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inverse = 1.0 / law
        square = inverse * inverse
        return first * inverse, (second - first) * square, positive * square
