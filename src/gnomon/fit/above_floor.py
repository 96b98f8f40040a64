"""Laws that know the derivatives of their part above the floor: z = ln(e^v + e^u), v the logarithm of the floor, u of the rest.

With h = e^(u - z) and F the loss of a row

    dF = F' (h du + (1 - h) dv),   d2F = a du du + h F' d2u + (F'' - F') h (1 - h) (du dv + dv du) + (F'' (1 - h)^2 + F' h (1 - h)) dv dv

with a = F'' h^2 + F' h (1 - h).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gnomon.fit.tables import Tables, bounds, values_of
from gnomon.laws.law import Law
from gnomon.laws.rest import Rest, Slopes

Array = np.ndarray


class AboveFloor(Tables):
    """See the head of this file."""

    logarithmic = True

    def __init__(self, law: type[Law], rest: Rest, inputs: Sequence[Array]) -> None:
        super().__init__(np.shape(inputs[0]))
        self.law, self.rest = law, rest
        self.inputs = tuple(inputs)
        self.lower, self.upper = bounds(law)
        self.names = list(law.parameters)
        self.p, self.kept = len(self.names), 2 + rest.kept
        self.floor = self.names.index(rest.floor)

    def _values(self, theta: Array) -> Mapping[str, Array]:
        return {k: v[:, None] for k, v in values_of(self.law, theta).items()}

    def _columns(self) -> list[Array]:
        return [self._of(i, column) for i, column in enumerate(self.inputs)]

    def state(self, theta: Array) -> tuple[Array, ...]:
        """z, h, then what the rest keeps."""
        with np.errstate(all="ignore"):
            u, *kept = self.rest.value(self._values(theta), *self._columns())
            z = np.logaddexp(u, theta[:, self.floor, None])
            return (z, np.exp(u - z), *kept)

    def _slopes(self, theta: Array, kept: tuple[Array, ...]) -> tuple[Slopes, Array]:
        """Derivatives of u, and the first ones as (p, B, n), zero for the floor."""
        with np.errstate(all="ignore"):
            found = self.rest.slopes(self._values(theta), kept, *self._columns())
        first = np.zeros((self.p, len(theta), self.n))
        for name, slope in found.first.items():
            first[self.names.index(name)] = slope
        return found, first

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        h, e = state[1], self.floor
        rest = 1.0 - h
        found, slopes = self._slopes(theta, state[2:])
        pull = first * h
        mixed = pull * rest
        gradient = np.einsum("jbn,bn->jb", slopes, pull)
        weighted = slopes * (second * h * h + mixed)
        hessian = np.matmul(weighted.transpose(1, 0, 2), slopes.transpose(1, 2, 0)).transpose(1, 2, 0).copy()
        bends = np.empty((len(found.second), *h.shape))
        for into, bend in zip(bends, found.second.values(), strict=True):
            into[...] = bend
        for pair, part in zip(found.second, np.einsum("qbn,bn->qb", bends, pull), strict=True):
            i, j = (self.names.index(name) for name in pair)
            hessian[i, j] += part
            if i != j:
                hessian[j, i] += part
        diagonal = np.einsum("jbn,bn->jb", slopes * slopes, positive * h * h)
        hessian[e] = hessian[:, e] = np.einsum("jbn,bn->jb", slopes, (second - first) * h * rest)
        gradient[e] = (first * rest).sum(1)
        hessian[e, e] = (second * rest * rest + mixed).sum(1)
        diagonal[e] = (positive * rest * rest).sum(1)
        return gradient, hessian, diagonal

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """See Kernel."""
        h = state[1]
        gradient = np.einsum("jbn,bn->jb", self._slopes(theta, state[2:])[1], first * h)
        gradient[self.floor] = (first * (1.0 - h)).sum(1)
        return gradient
