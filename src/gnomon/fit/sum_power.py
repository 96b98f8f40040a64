"""Powers of a sum of power laws, with a floor or without: ln(law) = ln(e^v + e^u), u = c + w I.

I is the logarithm of the sum (`PowerSum`), w the power, c the logarithm of the coefficient (0 without one) and v that of the floor
(z = u without one). With h = e^(u - z) and F the loss of a row

    d F = F' (h du + (1 - h) dv),   d2 F = a du du + h F' d2u + (F'' - F') h (1 - h) (du dv + dv du) + (F'' (1 - h)^2 + F' h (1 - h)) dv dv

with a = F'' h^2 + F' h (1 - h), and d2u = w d2I + dw dI + dI dw + I d2w.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.fit.power_sum import PowerSum
from gnomon.fit.tables import bounds
from gnomon.laws.law import Law
from gnomon.laws.structure import PowerOfSum

Array = np.ndarray


class SumPower:
    """See the head of this file; `inner` gives I and its derivatives in the law's own coordinates."""

    logarithmic = True

    def __init__(self, law: type[Law], shape: PowerOfSum, inner: PowerSum) -> None:
        names = list(law.parameters)
        self.inner = inner
        self.kept = 2 + inner.kept
        self.lower, self.upper = bounds(law)
        self.p = len(names)
        self.floor = None if shape.floor is None else names.index(shape.floor)
        self.coefficient = None if shape.coefficient is None else names.index(shape.coefficient)
        self.power, self.sign = names.index(shape.power), shape.sign
        self.power_log = law.parameters[shape.power].log

    def rows(self, index: Array) -> Any:
        """See Kernel."""
        part = object.__new__(SumPower)
        part.__dict__ = self.__dict__ | {"inner": self.inner.rows(index)}
        return part

    def _exponent(self, theta: Array) -> tuple[Array, Array, Array]:
        """w and its first two derivatives by its coordinate, (B, 1)."""
        s = theta[:, self.power, None]
        if self.power_log:
            w = self.sign * np.exp(s)
            return w, w, w
        return self.sign * s, np.full_like(s, self.sign), np.zeros_like(s)

    def state(self, theta: Array) -> tuple[Array, ...]:
        """z, h, then the state of the sum."""
        sums = self.inner.state(theta)
        u = self._exponent(theta)[0] * sums[0]
        if self.coefficient is not None:
            u = u + theta[:, self.coefficient, None]
        if self.floor is None:
            return (u, np.ones_like(u), *sums)
        z = np.logaddexp(u, theta[:, self.floor, None])
        return (z, np.exp(u - z), *sums)

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        h, sums = state[1], state[2:]
        ln_sum = sums[0]
        w, w1, w2 = self._exponent(theta)
        pull = first * h
        rest = 1.0 - h
        mixed = pull * rest  # F' h (1 - h)
        a = second * h * h + mixed
        weight = positive * h * h
        along = w * pull  # what the sum's own derivatives are taken with
        gradient, hessian, diagonal = self.inner.normal(theta, sums, along, a * w * w, weight * w * w)
        s, turn = self.power, w1 * ln_sum  # turn = dw I
        self._cross(hessian, s, self.inner.gradient(theta, sums, w1 * (a * w * ln_sum + pull)))
        gradient[s] += (pull * turn).sum(1)
        hessian[s, s] += (a * turn * turn + pull * w2 * ln_sum).sum(1)
        diagonal[s] += (weight * turn * turn).sum(1)
        if self.coefficient is not None:
            c = self.coefficient
            self._cross(hessian, c, self.inner.gradient(theta, sums, a * w))
            hessian[c, s] += (a * turn).sum(1)
            hessian[s, c] = hessian[c, s]
            gradient[c] += pull.sum(1)
            hessian[c, c] += a.sum(1)
            diagonal[c] += weight.sum(1)
        if self.floor is not None:
            e = self.floor
            between = (second - first) * h * rest
            self._cross(hessian, e, self.inner.gradient(theta, sums, between * w))
            hessian[e, s] += (between * turn).sum(1)
            hessian[s, e] = hessian[e, s]
            if self.coefficient is not None:
                hessian[e, self.coefficient] += between.sum(1)
                hessian[self.coefficient, e] = hessian[e, self.coefficient]
            gradient[e] += (first * rest).sum(1)
            hessian[e, e] += (second * rest * rest + mixed).sum(1)
            diagonal[e] += (positive * rest * rest).sum(1)
        return gradient, hessian, diagonal

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """See Kernel."""
        h, sums = state[1], state[2:]
        w, w1, _ = self._exponent(theta)
        pull = first * h
        gradient = self.inner.gradient(theta, sums, w * pull)
        gradient[self.power] += (pull * w1 * sums[0]).sum(1)
        if self.coefficient is not None:
            gradient[self.coefficient] += pull.sum(1)
        if self.floor is not None:
            gradient[self.floor] += (first * (1.0 - h)).sum(1)
        return gradient

    @staticmethod
    def _cross(hessian: Array, j: int, row: Array) -> None:
        hessian[j] += row
        hessian[:, j] += row
