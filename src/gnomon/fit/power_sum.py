"""Sums of power laws: ln(law) is a log-sum-exp of functions linear in theta.

All entries of all normal matrices then come from a few matrix products. So do laws that give such terms themselves
(`Law.exponential_terms`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gnomon.fit.tables import Tables, bounds
from gnomon.laws.formula import Term
from gnomon.laws.law import Law

Array = np.ndarray


def power_terms(law: type[Law]) -> tuple[Term, ...] | None:
    """The law as a sum of power laws, when its text says so and its parameters allow it."""
    if not law.text:
        return None
    terms = law.parsed().terms(law.inputs)
    if terms is None:
        return None
    return terms if simple(law, terms) else None


def simple(law: type[Law], terms: Sequence[Term]) -> bool:
    """Whether coefficients are declared on a log scale and exponents are not: the terms' logarithms are then linear in theta."""
    return all(
        all(law.parameters[c].log for c in term.coefficients)
        and not any(isinstance(e, str) and law.parameters[e].log for _, _, e in term.powers)
        for term in terms
    )


ExpTerm = tuple[
    Array, list[tuple[int, float, tuple[str, ...]]]
]  # constant, in the shape of an input; theta index, sign, columns multiplied


def slots_of_terms(
    law: type[Law], terms: Sequence[Term], logs: Mapping[str, Array], shape: tuple[int, ...]
) -> list[ExpTerm]:
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


def columns_of_own(terms: Sequence[Mapping[str, Array | None]]) -> Iterator[tuple[str, Array]]:
    """The powers of a law's own terms, named after term and parameter."""
    for k, term in enumerate(terms):
        for name, power in term.items():
            if power is not None:
                yield f"{k} {name}", power


def slots_of_own(law: type[Law], terms: Sequence[Mapping[str, Array | None]]) -> list[ExpTerm]:
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


class PowerSum(Tables):
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
        self.kept = 2 + len(terms)
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
        self.diagonal_plan: list[tuple[int, int, int]] = []  # j, term, column of the square
        count = len(self.slots)
        self.pairs = [(k, m) for k in range(count) for m in range(k, count)]
        for k, slots in enumerate(self.slots):
            for j, sign, monomial in slots:
                self.gradient_plan.append((j, k, self._column(monomial), sign))
                self.diagonal_plan.append((j, k, self._column(monomial * 2)))
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
        table, damp = self._moments(weights), self._moments(np.stack(damping))
        gradient = self._gathered_gradient(pulls)
        hessian = np.zeros((self.p, self.p, batch))
        diagonal = np.zeros((self.p, batch))
        for j, k, square in self.diagonal_plan:
            diagonal[j] += damp[k, :, square]
        for i, j, pair, column, factor in self.hessian_plan:
            hessian[i, j] += factor * table[pair, :, column]
        return gradient, hessian, diagonal

    def gradient(self, theta: Array, state: tuple[Array, ...], first: Array) -> Array:
        """See Kernel."""
        total, parts = state[1], state[2:]
        pulls = np.empty((len(parts), *total.shape))
        pull = first / total
        for k, part in enumerate(parts):
            np.multiply(pull, part, out=pulls[k])
        return self._gathered_gradient(pulls)

    def _gathered_gradient(self, pulls: Array) -> Array:
        """sum over terms of F' s_k m_kj (p, B) from F' s_k (K, B, n)."""
        pull = self._moments(pulls)
        gradient = np.zeros((self.p, pulls.shape[1]))
        for j, k, column, sign in self.gradient_plan:
            gradient[j] += sign * pull[k, :, column]
        return gradient

    def _moments(self, weights: Array) -> Array:
        """sum_n w_kbn m_nq: (K, B, q) of weights (K, B, n)."""
        k, batch, n = weights.shape
        if self.owner is None:
            return (weights.reshape(-1, n) @ self.mono).reshape(k, batch, -1)
        return (weights.transpose(1, 0, 2) @ self._of("mono", self.mono)).transpose(1, 0, 2)
