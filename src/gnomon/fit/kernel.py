"""A law laid over a table of rows, as the solver needs it: values, gradients and Hessians for a whole batch of parameter vectors.

Coordinates: theta_j = ln(parameter) where the law declares it positive (`log`), else the parameter itself. Inputs and output are
in units of their geometric means (`normalise`), so that every coordinate is of order one and amplitudes do not trade against exponents.

A kernel lies over one table, inputs (n,), which all fits of a batch share, or over several tables of equal length, inputs (S, n), of
which `owner` (B,) names the one that each fit of the batch belongs to; `rows` gives the kernel of some fits of the batch.

Two kernels with one interface. `PowerSum` serves laws whose formula is a sum of power laws: ln(law) is then a log-sum-exp of
functions linear in theta, and all entries of all normal matrices come from a few matrix products; so do laws that give such terms
themselves (`Law.exponential_terms`). `Dual` serves every other law.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Protocol

import numpy as np

from gnomon.laws.formula import Term
from gnomon.laws.jet import Jet
from gnomon.laws.law import Law

Array = np.ndarray


class Kernel(Protocol):
    """What the solver asks of a law on rows. B is the batch, n the rows, p the parameters."""

    logarithmic: bool
    lower: Array
    upper: Array

    def state(self, theta: Array) -> tuple[Array, ...]:
        """Arrays with first axis B; the first one is z (B, n): ln(law) if `logarithmic`, else the law."""

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """Gradient (p, B), Hessian (p, p, B) and the damping diagonal (p, B) of sum_n F(z_n) from F', F'' and a non-negative F''."""

    def rows(self, index: Array) -> Kernel:
        """The kernel of some fits of the batch: itself when all fits share one table."""


class _Tables:
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


def make_kernel(law: type[Law], inputs: Sequence[Array]) -> Kernel:
    """The faster kernel that this law admits, on inputs in fit units, (n,) or (S, n)."""
    own = law.exponential_terms(inputs)
    if own is not None:
        return PowerSum(law, _slots_of(law, own), dict(_columns_of(own)), np.shape(inputs[0]))
    terms = power_terms(law)
    if terms is None:
        return Dual(law, inputs)
    logs = {name: np.log(x) for name, x in zip(law.inputs, inputs, strict=True)}
    return PowerSum(law, _slots(law, terms, logs, np.shape(inputs[0])), logs, np.shape(inputs[0]))


def power_terms(law: type[Law]) -> tuple[Term, ...] | None:
    """The law as a sum of power laws, when its text says so and its parameters allow it."""
    if not law.text:
        return None
    terms = law.parsed().terms(law.inputs)
    if terms is None:
        return None
    for term in terms:
        if not all(law.parameters[c].log for c in term.coefficients):
            return None
        if any(isinstance(e, str) and law.parameters[e].log for _, _, e in term.powers):
            return None
    return terms


ExpTerm = tuple[
    Array, list[tuple[int, float, tuple[str, ...]]]
]  # constant, in the shape of an input; theta index, sign, columns multiplied


def _slots(law: type[Law], terms: Sequence[Term], logs: Mapping[str, Array], shape: tuple[int, ...]) -> list[ExpTerm]:
    """Terms of a sum of power laws: coefficients enter as they are, exponents times the logarithm of their input."""
    names = list(law.parameters)
    found: list[ExpTerm] = []
    for term in terms:
        constant = np.log(term.factor) * np.ones(shape)
        slots: dict[tuple[int, tuple[str, ...]], float] = {}
        for name in term.coefficients:
            key = (names.index(name), ())
            slots[key] = slots.get(key, 0.0) + 1.0
        for column, sign, power in term.powers:
            if isinstance(power, str):
                key2 = (names.index(power), (column,))
                slots[key2] = slots.get(key2, 0.0) + sign
            else:
                constant = constant + sign * power * logs[column]
        found.append((constant, [(j, sign, monomial) for (j, monomial), sign in slots.items()]))
    return found


def _columns_of(terms: Sequence[Mapping[str, Array | None]]) -> Iterator[tuple[str, Array]]:
    """The powers of a law's own terms, named after term and parameter."""
    for k, term in enumerate(terms):
        for name, power in term.items():
            if power is not None:
                yield f"{k} {name}", power


def _slots_of(law: type[Law], terms: Sequence[Mapping[str, Array | None]]) -> list[ExpTerm]:
    """Terms a law gives itself: every parameter's logarithm times its power."""
    names = list(law.parameters)
    shape = next(np.shape(power) for term in terms for power in term.values() if power is not None)
    return [
        (
            np.zeros(shape),
            [(names.index(name), 1.0, () if power is None else (f"{k} {name}",)) for name, power in term.items()],
        )
        for k, term in enumerate(terms)
    ]


class PowerSum(_Tables):
    """ln(law) = ln sum_k exp(t_k), t_k = c_k + sum_j theta_j m_kj with m_kj = 1, +-ln(input) or a column of the law's own.

    With shares s_k = exp(t_k) / sum, g_j = sum_k s_k m_kj and the Hessian of z is sum_k s_k m_ki m_kj - g_i g_j, so that
    H_ij = sum_n sum_kl w_kl m_ki m_lj with w_kl = (F'' - F') s_k s_l + [k = l] F' s_k: every product m_ki m_lj is one of a few
    columns shared by the whole batch.
    """

    logarithmic = True

    def __init__(
        self, law: type[Law], terms: Sequence[ExpTerm], columns: Mapping[str, Array], shape: tuple[int, ...]
    ) -> None:
        super().__init__(shape)
        self.lower, self.upper = bounds(law)
        self.p = len(law.parameters)
        one = np.ones(shape)
        self.columns: list[tuple[str, ...]] = []
        self.products: list[Array] = []
        self.constant = [constant for constant, _ in terms]  # part of t_k without parameters, in the shape of an input
        self.slots = [slots for _, slots in terms]  # per term: theta index, sign, monomial
        self.logs = columns
        self.one = one
        self.known = [bool(np.any(c)) for c in self.constant]
        self.flat = [
            all(not m for _, _, m in slots) and bool(np.ptp(c) == 0)
            for slots, c in zip(self.slots, self.constant, strict=True)
        ]
        self._plan()

    def _column(self, monomial: tuple[str, ...]) -> int:
        key = tuple(sorted(monomial))
        if key not in self.columns:
            product = self.one
            for name in key:
                product = product * self.logs[name]
            self.columns.append(key)
            self.products.append(product)
        return self.columns.index(key)

    def _plan(self) -> None:
        """Which column of which product goes where with which sign."""
        self.gradient_plan: list[tuple[int, int, int, float]] = []  # j, term, column, sign
        self.hessian_plan: list[tuple[int, int, int, int, float]] = []  # i, j, pair, column, factor
        self.diagonal_plan: list[tuple[int, int, int, float]] = []
        count = len(self.slots)
        self.pairs = [(k, m) for k in range(count) for m in range(k, count)]
        for k, slots in enumerate(self.slots):
            for j, sign, monomial in slots:
                self.gradient_plan.append((j, k, self._column(monomial), sign))
        for pair, (k, m) in enumerate(self.pairs):
            for i, a, left in self.slots[k]:
                for j, b, right in self.slots[m]:
                    column = self._column(left + right)
                    self.hessian_plan.append((i, j, pair, column, a * b))
                    if k != m:
                        self.hessian_plan.append((j, i, pair, column, a * b))
        self.mono = np.ascontiguousarray(np.stack(self.products, -1))
        self.basis = [
            [(j, sign, self._column(monomial) if monomial else None) for j, sign, monomial in slots]
            for slots in self.slots
        ]

    def state(self, theta: Array) -> tuple[Array, ...]:
        """z and the terms exp(t_k); a term without inputs is kept as (B, 1)."""
        parts = []
        for k, (constant, basis, flat) in enumerate(zip(self.constant, self.basis, self.flat, strict=True)):
            if flat:
                first = constant.flat[0]
                exponent = sum(theta[:, j : j + 1] * sign for j, sign, _ in basis) + first
                parts.append(np.exp(exponent) if basis else np.full((len(theta), 1), np.exp(first)))
                continue
            alone = sum(
                (theta[:, j : j + 1] * sign for j, sign, column in basis if column is None), np.zeros((len(theta), 1))
            )
            t = alone + (self._of(("constant", k), constant) if self.known[k] else np.zeros((1, self.n)))
            for j, sign, column in basis:
                if column is not None:
                    t += (theta[:, j : j + 1] * sign) * self._of(column, self.products[column])
            parts.append(np.exp(t, out=t))
        total = parts[0] + 0.0
        for part in parts[1:]:
            total = total + part
        if total.shape[1] == 1:
            total = np.broadcast_to(total, (len(theta), self.n))
        return (np.log(total), total, *parts)

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        total, parts = state[1], state[2:]
        batch = len(theta)
        inverse = 1.0 / total
        shares = [part * inverse for part in parts]
        excess = second - first
        weights = np.empty((len(self.pairs), *total.shape))
        damping = []
        pulls = np.empty((len(shares), *total.shape))
        for k, share in enumerate(shares):
            np.multiply(first, share, out=pulls[k])
        for pair, (k, m) in enumerate(self.pairs):
            np.multiply(excess, shares[k], out=weights[pair])
            weights[pair] *= shares[m]
            if k == m:
                weights[pair] += pulls[k]
                damping.append(positive * shares[k] * shares[k])
        table, pull, damp = self._moments(weights), self._moments(pulls), self._moments(np.stack(damping))
        gradient = np.zeros((self.p, batch))
        hessian = np.zeros((self.p, self.p, batch))
        diagonal = np.zeros((self.p, batch))
        for j, k, column, sign in self.gradient_plan:
            gradient[j] += sign * pull[k, :, column]
            square = self._column(self.columns[column] * 2)
            diagonal[j] += damp[k, :, square]
        for i, j, pair, column, factor in self.hessian_plan:
            hessian[i, j] += factor * table[pair, :, column]
        return gradient, hessian, diagonal

    def _moments(self, weights: Array) -> Array:
        """sum_n w_kbn m_nq: (K, B, q) of weights (K, B, n)."""
        k, batch, n = weights.shape
        if self.owner is None:
            return (weights.reshape(-1, n) @ self.mono).reshape(k, batch, -1)
        return (weights.transpose(1, 0, 2) @ self._of("mono", self.mono)).transpose(1, 0, 2)


class Dual(_Tables):
    """Any law, through second-order dual numbers; z is the law's own output."""

    logarithmic = False

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
            z = self.law(**values).formula(*self._columns())
        return (np.broadcast_to(z, (len(theta), self.n)) + 0.0,)

    def _columns(self) -> list[Array]:
        return [self._of(i, column) for i, column in enumerate(self.inputs)]

    def normal(
        self, theta: Array, state: tuple[Array, ...], first: Array, second: Array, positive: Array
    ) -> tuple[Array, Array, Array]:
        """See Kernel."""
        jets = {}
        for j, (name, value) in enumerate(values_of(self.law, theta).items()):
            column = value[:, None]
            jets[name] = Jet(column, {j: column}, {(j, j): column}) if self.logs[j] else Jet(column, {j: 1.0}, {})
        with np.errstate(all="ignore"):
            z = self.law(**jets).formula(*self._columns())
        shape = (len(theta), self.n)
        zero = np.zeros(shape)
        slopes = np.stack([np.broadcast_to(z.grad.get(j, 0.0), shape) for j in range(self.p)])
        gradient = np.einsum("jbn,bn->jb", slopes, first)
        hessian = np.matmul((slopes * second).transpose(1, 0, 2), slopes.transpose(1, 2, 0)).transpose(1, 2, 0).copy()
        for (i, j), bend in z.hess.items():
            part = np.einsum("bn,bn->b", first, zero + bend)
            hessian[i, j] += part
            if i != j:
                hessian[j, i] += part
        diagonal = np.einsum("jbn,bn->jb", slopes * slopes, positive)
        return gradient, hessian, diagonal
