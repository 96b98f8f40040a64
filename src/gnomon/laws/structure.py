"""What a formula's tree says about its parameters: power-law terms, which of them enter linearly, and their units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from gnomon.laws.tree import Binary, Call, Name, Negative, Node, Number, children, evaluate, names_in, unparse, walk


@dataclass(frozen=True)
class Term:
    """One term of a sum of power laws: factor * prod(coefficients) * prod(input ^ (sum of sign * exponent)).

    `powers` holds (input, sign, parameter name or number), for example ("params", -1.0, "alpha").
    """

    factor: float
    coefficients: tuple[str, ...]
    powers: tuple[tuple[str, float, str | float], ...]


def power_terms(node: Node, inputs: Iterable[str]) -> tuple[Term, ...] | None:
    """The tree as a sum of power laws in `inputs` with positive factors, or None when it is not one."""
    inputs = frozenset(inputs)
    match node:
        case Binary("+", left, right):
            a, b = power_terms(left, inputs), power_terms(right, inputs)
            return None if a is None or b is None else a + b
    term = _monomial(node, inputs, 1.0)
    return None if term is None or term.factor <= 0 else (term,)


def _monomial(node: Node, inputs: frozenset[str], sign: float) -> Term | None:
    """`node ** sign` as one term, or None. `sign` is +1 or -1 and flips in denominators."""
    match node:
        case Number(value) if value > 0:
            return Term(value**sign, (), ())
        case Name(name) if name in inputs:
            return Term(1.0, (), ((name, sign, 1.0),))
        case Name(name) if sign > 0:
            return Term(1.0, (name,), ())
        case Binary("*" | "/" as op, left, right):
            a = _monomial(left, inputs, sign)
            b = _monomial(right, inputs, sign if op == "*" else -sign)
            if a is None or b is None:
                return None
            return Term(a.factor * b.factor, a.coefficients + b.coefficients, a.powers + b.powers)
        case Binary("^", Name(name), exponent) if name in inputs:
            while isinstance(exponent, Negative):
                exponent, sign = exponent.inner, -sign
            if isinstance(exponent, Number):
                return Term(1.0, (), ((name, sign, exponent.value),))
            if isinstance(exponent, Name) and exponent.name not in inputs:
                return Term(1.0, (), ((name, sign, exponent.name),))
    return None


@dataclass(frozen=True)
class PowerOfSum:
    """[floor +] [coefficient] (sum of terms)^(sign power), parameters by name."""

    floor: str | None
    coefficient: str | None
    terms: tuple[Term, ...]
    sign: float
    power: str


def power_of_sum(node: Node, inputs: Iterable[str]) -> PowerOfSum | None:
    """The tree as a power of a sum of power laws in `inputs`, with a floor and a coefficient or without, or None when it is not one."""
    inputs = frozenset(inputs)
    floor = coefficient = None
    sign = 1.0
    match node:
        case Binary("+", Name(name), rest) if name not in inputs:
            floor, node = name, rest
    match node:
        case Binary("*" | "/" as op, Name(name), Binary("^", _, _) as rest) if name not in inputs:
            coefficient, node, sign = name, rest, 1.0 if op == "*" else -1.0
    match node:
        case Binary("^", inner, exponent):
            while isinstance(exponent, Negative):
                exponent, sign = exponent.inner, -sign
            terms = power_terms(inner, inputs)
            if terms is not None and len(terms) > 1 and isinstance(exponent, Name) and exponent.name not in inputs:
                return PowerOfSum(floor, coefficient, terms, sign, exponent.name)
    return None


CURVED = 99  # any degree above 1


def degree(node: Node, names: frozenset[str]) -> int:
    """Degree of the tree in `names` taken together: 0 free of them, 1 jointly affine, more is curved."""
    match node:
        case Name(name):
            return int(name in names)
        case Negative(inner):
            return degree(inner, names)
        case Binary("+" | "-", left, right):
            return max(degree(left, names), degree(right, names))
        case Binary("*", left, right):
            return degree(left, names) + degree(right, names)
        case Binary("/", left, right):
            return degree(left, names) + CURVED * degree(right, names)
        case Binary("^", left, right) if right == Number(1.0):
            return degree(left, names)
    return CURVED * max((degree(child, names) for child in children(node)), default=0)


def linear_parameters(node: Node, parameters: Sequence[str]) -> tuple[str, ...]:
    """The largest set of parameters in which the tree is jointly affine (the first such set, in the given order)."""
    alone = [p for p in parameters if degree(node, frozenset({p})) <= 1]
    clash = {pair for pair in combinations(alone, 2) if degree(node, frozenset(pair)) > 1}
    for size in range(len(alone), 0, -1):
        for chosen in combinations(alone, size):
            if not clash.intersection(combinations(chosen, 2)):
                return chosen
    return ()


def only_grows(node: Node) -> bool:
    """Written with sums, products, quotients and powers only: positive amplitudes then give positive values.

    Signs inside exponents do not count: "A * N^-a" is such a formula, "E - A * N^-a" and "exp(x)" are not.
    """
    match node:
        case Negative() | Binary("-", _, _):
            return False
        case Number(value):
            return value > 0
        case Call(function, arguments):
            return function in ("sqrt", "min", "max") and all(only_grows(a) for a in arguments)
        case Binary("^", left, _):
            return only_grows(left)
    return all(only_grows(child) for child in children(node))


def exponents(node: Node, inputs: Iterable[str]) -> frozenset[str]:
    """Parameters that stand in the exponent of something that depends on an input."""
    known = frozenset(inputs)
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Binary) and part.op == "^" and known.intersection(names_in(part.left)):
            found.update(name for name in names_in(part.right) if name not in known)
    return frozenset(found)


Dimension = Mapping[str, Node]  # column: the power of its unit that a quantity carries; absent columns have power 0


@dataclass
class _Units:
    """Solves for the units of parameters so that every sum adds like to like and every exponent is a pure number."""

    inputs: frozenset[str]
    fixed: frozenset[str]
    found: dict[str, Dimension] = field(default_factory=dict)
    clashes: set[str] = field(default_factory=set)
    waiting: list[tuple[str, Node, Node, Dimension]] = field(default_factory=list)

    def solve(self, root: Node, wanted: Dimension) -> None:
        """Demand `wanted` of the whole tree; products of two unknowns wait until another part settles one."""
        self.demand(root, wanted)
        while self.waiting:
            settled = [
                self.known(left) is not None or self.known(right) is not None for _, left, right, _ in self.waiting
            ]
            op, left, right, carried = self.waiting.pop(settled.index(True) if any(settled) else 0)
            if not any(settled):
                self.demand(right, {})  # nothing settles it: any split of the units will do
            self._product(op, left, right, carried)

    def demand(self, node: Node, wanted: Dimension) -> None:
        """Give parameters below `node` units such that it carries `wanted`; columns where that fails are clashes."""
        match node:
            case Name(name) if name not in self.inputs and name not in self.found:
                self.found[name] = wanted
            case Number() | Name():
                self._agree(wanted, self.known(node) or {})
            case Negative(inner):
                self.demand(inner, wanted)
            case Binary("+" | "-", left, right) | Call("min" | "max", (left, right)):
                self.demand(left, wanted)
                self.demand(right, wanted)
            case Binary("*" | "/" as op, left, right):
                self._product(op, left, right, wanted)
            case Binary("^", left, right):
                self.demand(right, {})
                if self.inputs.intersection(names_in(right)):
                    self._agree(wanted, {})
                    self.demand(left, {})
                else:
                    self.demand(left, {c: _simple(Binary("/", power, right)) for c, power in wanted.items()})
            case Call("sqrt", (inner,)):
                self.demand(inner, {c: _simple(Binary("*", Number(2.0), power)) for c, power in wanted.items()})
            case Call(_, arguments):
                self._agree(wanted, {})
                for argument in arguments:
                    self.demand(argument, {})

    def _product(self, op: str, left: Node, right: Node, wanted: Dimension) -> None:
        a, b = self.known(left), self.known(right)
        sign = 1.0 if op == "*" else -1.0
        if a is None:
            if b is None:
                self.waiting.append((op, left, right, wanted))
                return
            self.demand(right, b)
            self.demand(left, _plus(wanted, b, -sign))
            return
        self.demand(left, a)
        rest = _plus(wanted, a, -1.0)
        self.demand(right, rest if sign > 0 else _plus({}, rest, -1.0))

    def known(self, node: Node) -> Dimension | None:
        """The units of a subtree where they are settled already, else None."""
        match node:
            case Number():
                return {}
            case Name(name):
                if name in self.inputs:
                    return {} if name in self.fixed else {name: Number(1.0)}
                return self.found.get(name)
            case Negative(inner):
                return self.known(inner)
            case Binary("+" | "-", left, right) | Call("min" | "max", (left, right)):
                a = self.known(left)
                return self.known(right) if a is None else a
            case Binary("*" | "/" as op, left, right):
                a, b = self.known(left), self.known(right)
                return None if a is None or b is None else _plus(a, b, 1.0 if op == "*" else -1.0)
            case Binary("^", left, right):
                if self.inputs.intersection(names_in(right)):
                    return {}
                a = self.known(left)
                return None if a is None else {c: _simple(Binary("*", power, right)) for c, power in a.items()}
            case Call("sqrt", (inner,)):
                a = self.known(inner)
                return None if a is None else {c: _simple(Binary("/", power, Number(2.0))) for c, power in a.items()}
        return {}

    def _agree(self, wanted: Dimension, given: Dimension) -> None:
        for column in {*wanted, *given}:
            if not _same(wanted.get(column, Number(0.0)), given.get(column, Number(0.0))):
                self.clashes.add(column)


def parameter_units(
    node: Node, inputs: Sequence[str], output: str, tied: Iterable[str] = ()
) -> tuple[dict[str, dict[str, str | float]], frozenset[str]]:
    """Units of every parameter, and the columns whose unit the formula fixes.

    A formula such as "E + A / N^a" says how its parameters change with the units of its columns: E carries loss, A
    carries loss * N^a. A bare number beside a quantity ("1 - k * x"), or a logarithm of one, ties it to a unit.

    Args:
        node: the right-hand side.
        inputs: columns it reads.
        output: the column it gives.
        tied: columns whose unit is fixed for other reasons.

    Returns:
        parameter to {column: power}, power as text where it depends on parameters; and the columns with a fixed unit.
    """
    fixed = frozenset(tied)
    while True:
        solver = _Units(frozenset(inputs), fixed)
        solver.solve(node, {} if output in fixed else {output: Number(1.0)})
        if solver.clashes <= fixed:
            break
        fixed |= solver.clashes
    units = {
        name: {c: _power(p) for c, p in carried.items() if not _same(p, Number(0.0))}
        for name, carried in solver.found.items()
    }
    return units, fixed


def _power(node: Node) -> str | float:
    constant = next((c for c in (1.0, -1.0, 2.0, -2.0) if _same(node, Number(c))), None)
    if constant is not None:
        return constant
    return node.value if isinstance(node, Number) else unparse(node)


def _plus(a: Dimension, b: Dimension, sign: float) -> Dimension:
    total = dict(a)
    for column, power in b.items():
        term = Binary("+" if sign > 0 else "-", total.get(column, Number(0.0)), power)
        total[column] = _simple(term)
    return {c: p for c, p in total.items() if not _same(p, Number(0.0))}


def _simple(node: Node) -> Node:
    """The same value with the obvious constants folded, so that printed powers stay readable."""
    if not isinstance(node, Binary):
        return node
    a, b = node.left, node.right
    if isinstance(a, Number) and isinstance(b, Number) and not (node.op == "/" and b.value == 0):
        return Number(float(evaluate(node, {})))
    match node.op, a, b:
        case ("+", Number(0.0), other) | ("*", Number(1.0), other):
            return other
        case ("+" | "-", other, Number(0.0)) | ("*" | "/", other, Number(1.0)):
            return other
        case ("-", Number(0.0), other):
            return other.inner if isinstance(other, Negative) else Negative(other)
        case ("+", other, Negative(inner)):
            return _simple(Binary("-", other, inner))
        case ("-", other, Negative(inner)):
            return _simple(Binary("+", other, inner))
    return node


def _same(a: Node, b: Node) -> bool:
    """Equal as functions of the parameters, told by three points in general position."""
    names = names_in(Binary("+", a, b))
    for k in range(3):
        values = {name: np.float64(0.37 + np.sqrt(2.0 + 3.0 * i + 7.0 * k) % 1.0) for i, name in enumerate(names)}
        with np.errstate(all="ignore"):
            x, y = evaluate(a, values), evaluate(b, values)
        if not abs(x - y) <= 1e-9 * (1.0 + abs(x) + abs(y)):
            return False
    return True
