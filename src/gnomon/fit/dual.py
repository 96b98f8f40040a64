"""Any law on rows, through second-order dual numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnomon.fit.tables import Tables, bounds, values_of
from gnomon.laws.jet import Jet
from gnomon.laws.law import Law

Array = np.ndarray


class Dual(Tables):
    """Any law, through second-order dual numbers; z is the law's own output."""

    logarithmic = False
    kept = 1

    def __init__(self, law: type[Law], inputs: Sequence[Array]) -> None:
        super().__init__(np.shape(inputs[0]))
        self.law = law
        self.inputs = tuple(inputs)
        self.lower, self.upper = bounds(law)
        self.p = len(self.lower)
        self.logs = [p.log for p in law.parameters.values()]

    def state(self, theta: Array) -> tuple[Array, ...]:
        """z alone."""
        values = {k: v[:, None] for k, v in values_of(self.law, theta).items()}
        with np.errstate(all="ignore"):
            z = self.law.unchecked(values).formula(*self._columns())
        return (np.broadcast_to(z, (len(theta), self.n)) + 0.0,)

    def _columns(self) -> list[Array]:
        return [self._of(i, column) for i, column in enumerate(self.inputs)]

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        z = self._jet(theta, second_order=True)
        shape = (len(theta), self.n)
        slopes = self._slopes(z, shape)
        gradient = np.einsum("jbn,bn->jb", slopes, first)
        hessian = np.matmul((slopes * second).transpose(1, 0, 2), slopes.transpose(1, 2, 0)).transpose(1, 2, 0).copy()
        bends = np.empty((len(z.hess or {}), *shape))
        for into, bend in zip(bends, (z.hess or {}).values(), strict=True):
            into[...] = bend
        for (i, j), part in zip(z.hess or {}, np.einsum("qbn,bn->qb", bends, first), strict=True):
            hessian[i, j] += part
            if i != j:
                hessian[j, i] += part
        diagonal = np.einsum("jbn,bn->jb", slopes * slopes, positive)
        return gradient, hessian, diagonal

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """See Kernel."""
        slopes = self._slopes(self._jet(theta, second_order=False), (len(theta), self.n))
        return np.einsum("jbn,bn->jb", slopes, first)

    def _jet(self, theta: Array, second_order: bool) -> Jet:
        """The law's output with derivatives by theta."""
        jets = {}
        for j, (name, value) in enumerate(values_of(self.law, theta).items()):
            column = value[:, None]
            bend: dict[tuple[int, int], Array] = {(j, j): column} if self.logs[j] else {}
            jets[name] = Jet(column, {j: column if self.logs[j] else 1.0}, bend if second_order else None)
        with np.errstate(all="ignore"):
            return self.law.unchecked(jets).formula(*self._columns())

    def _slopes(self, z: Jet, shape: tuple[int, int]) -> Array:
        """First derivatives (p, B, n)."""
        slopes = np.zeros((self.p, *shape))
        for j, slope in z.grad.items():
            slopes[j] = slope
        return slopes
