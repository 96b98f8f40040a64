"""Exact first and second derivatives of any law in numpy: second-order dual numbers ("jets").

A jet carries a value and its derivatives by the parameters it depends on. A law's formula evaluated on jets gives the
value, gradient and Hessian of the whole batch in one pass; only derivatives that are not identically zero are stored.

    f(a + e) = f(a) + f'(a) e + f''(a) e^2 / 2, kept to second order in the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.laws.arrays import logistic

Grad = dict[int, Any]
Hess = dict[tuple[int, int], Any]
MaybeHess = Hess | None


class Jet:
    """Value with gradient {i: d/dp_i} and Hessian {(i, j), i <= j: d2/dp_i dp_j}; arrays broadcast against another.

    Where the Hessian of any part is None, so is that of the result: first derivatives alone, at half the price.
    """

    __slots__ = ("grad", "hess", "value")
    __array_priority__ = 1000

    def __init__(self, value: Any, grad: Grad, hess: MaybeHess) -> None:
        self.value = value
        self.grad = grad
        self.hess = hess

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        """Number of axes of the value."""
        return np.ndim(self.value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        if method != "__call__" or keywords:
            return NotImplemented
        if ufunc in UNARY:
            return UNARY[ufunc](*inputs)
        if ufunc in BINARY:
            return BINARY[ufunc](*inputs)
        if ufunc in COMPARE:
            return ufunc(*(plain(x) for x in inputs))
        return NotImplemented

    def __add__(self, other: Any) -> Jet:
        return _add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Jet:
        return _add(self, -other)

    def __rsub__(self, other: Any) -> Jet:
        return _add(-self, other)

    def __mul__(self, other: Any) -> Jet:
        return _multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Jet:
        return _divide(self, other)

    def __rtruediv__(self, other: Any) -> Jet:
        return _divide(other, self)

    def __pow__(self, other: Any) -> Jet:
        return _power(self, other)

    def __rpow__(self, other: Any) -> Jet:
        return _power(other, self)

    def __neg__(self) -> Jet:
        hess = None if self.hess is None else {k: -h for k, h in self.hess.items()}
        return Jet(-self.value, {i: -g for i, g in self.grad.items()}, hess)

    def __pos__(self) -> Jet:
        return self

    def __lt__(self, other: Any) -> Any:
        return self.value < plain(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > plain(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= plain(other)

    def __repr__(self) -> str:
        return f"Jet({self.value!r}, by {sorted(self.grad)})"


def plain(x: Any) -> Any:
    """The value of a jet, anything else as it is."""
    return x.value if isinstance(x, Jet) else x


def seeds(values: Mapping[str, Any]) -> dict[str, Jet]:
    """One jet per named parameter, numbered in order, each with derivative 1 by itself."""
    return {name: Jet(np.asarray(v, float), {i: 1.0}, {}) for i, (name, v) in enumerate(values.items())}


def lift(x: Jet, value: Any, first: Any, second: Any) -> Jet:
    """f(x) from f, f' and f'' at x.value; `second` may be the number 0."""
    grad = {i: first * g for i, g in x.grad.items()}
    if x.hess is None:
        return Jet(value, grad, None)
    hess = {k: first * h for k, h in x.hess.items()}
    if not (isinstance(second, int) and second == 0):
        names = sorted(x.grad)
        scaled = {i: second * x.grad[i] for i in names}
        for a, i in enumerate(names):
            for j in names[a:]:
                _accumulate(hess, (i, j), scaled[i] * x.grad[j])
    return Jet(value, grad, hess)


def compose(arguments: Sequence[Any], value: Any, first: Sequence[Any], second: Mapping[tuple[int, int], Any]) -> Jet:
    """f(x_1, ..., x_m) from f and its derivatives at the arguments' values, for functions with closed forms of their own.

    Args:
        arguments: jets or plain values.
        value: f.
        first: df/dx_a per argument.
        second: d2f/dx_a dx_b for a <= b; absent ones are zero.
    """
    jets = {a: x for a, x in enumerate(arguments) if isinstance(x, Jet)}
    grad: Grad = {}
    hess: Hess = {}
    for a, x in jets.items():
        for i, g in x.grad.items():
            _accumulate(grad, i, first[a] * g)
        for key, h in (x.hess or {}).items():
            _accumulate(hess, key, first[a] * h)
    if any(x.hess is None for x in jets.values()):
        return Jet(value, grad, None)
    for (a, b), bend in second.items():
        if a not in jets or b not in jets:
            continue
        for i, g in jets[a].grad.items():
            for j, k in jets[b].grad.items():
                if a == b and i > j:
                    continue  # the pair (j, i) stands for both
                twice = 2.0 if a != b and i == j else 1.0
                _accumulate(hess, (min(i, j), max(i, j)), twice * bend * g * k)
    return Jet(value, grad, hess)


def _accumulate(into: dict[Any, Any], key: Any, value: Any) -> None:
    into[key] = into[key] + value if key in into else value


def _add(x: Jet, y: Any) -> Jet:
    if not isinstance(y, Jet):
        return Jet(x.value + y, x.grad, x.hess)
    grad = dict(x.grad)
    for i, g in y.grad.items():
        _accumulate(grad, i, g)
    if x.hess is None or y.hess is None:
        return Jet(x.value + y.value, grad, None)
    hess = dict(x.hess)
    for k, h in y.hess.items():
        _accumulate(hess, k, h)
    return Jet(x.value + y.value, grad, hess)


def _multiply(x: Any, y: Any) -> Jet:
    if not isinstance(y, Jet):
        scaled = None if x.hess is None else {k: h * y for k, h in x.hess.items()}
        return Jet(x.value * y, {i: g * y for i, g in x.grad.items()}, scaled)
    if not isinstance(x, Jet):
        return _multiply(y, x)
    grad: Grad = {i: g * y.value for i, g in x.grad.items()}
    for i, g in y.grad.items():
        _accumulate(grad, i, x.value * g)
    if x.hess is None or y.hess is None:
        return Jet(x.value * y.value, grad, None)
    hess: Hess = {k: h * y.value for k, h in x.hess.items()}
    for k, h in y.hess.items():
        _accumulate(hess, k, x.value * h)
    for i, a in x.grad.items():
        for j, b in y.grad.items():
            _accumulate(hess, (min(i, j), max(i, j)), a * b * 2.0 if i == j else a * b)
    return Jet(x.value * y.value, grad, hess)


def _divide(x: Any, y: Any) -> Jet:
    if not isinstance(y, Jet):
        return _multiply(x, 1.0 / y)
    inverse = 1.0 / y.value
    return _multiply(lift(y, inverse, -inverse * inverse, 2.0 * inverse**3), x)


def _power(x: Any, y: Any) -> Jet:
    if not isinstance(y, Jet):
        if np.ndim(y) == 0 and y == 2:
            return _multiply(x, x)
        value = x.value**y
        return lift(x, value, y * x.value ** (y - 1.0), y * (y - 1.0) * x.value ** (y - 2.0))
    return _exp(_multiply(y, _log(x) if isinstance(x, Jet) else np.log(x)))


def _exp(x: Jet) -> Jet:
    value = np.exp(x.value)
    return lift(x, value, value, value)


def _log(x: Jet) -> Jet:
    inverse = 1.0 / x.value
    return lift(x, np.log(x.value), inverse, -inverse * inverse)


def _log1p(x: Jet) -> Jet:
    inverse = 1.0 / (1.0 + x.value)
    return lift(x, np.log1p(x.value), inverse, -inverse * inverse)


def _expm1(x: Jet) -> Jet:
    value = np.exp(x.value)
    return lift(x, np.expm1(x.value), value, value)


def _sqrt(x: Jet) -> Jet:
    value = np.sqrt(x.value)
    return lift(x, value, 0.5 / value, -0.25 / value**3)


def _tanh(x: Jet) -> Jet:
    value = np.tanh(x.value)
    first = 1.0 - value * value
    return lift(x, value, first, -2.0 * value * first)


def _log_base(base: float) -> Callable[[Jet], Jet]:
    return lambda x: _multiply(_log(x), 1.0 / np.log(base))


def _logaddexp(x: Any, y: Any) -> Jet:
    if not isinstance(y, Jet):
        x, y = y, x
    difference = x - y  # a jet: y is one
    share = logistic(difference.value)
    return _add(y, lift(difference, np.logaddexp(0.0, difference.value), share, share * (1.0 - share)))


def _select(chosen: Any, x: Any, y: Any) -> Jet:
    """X where chosen, y elsewhere (the derivative of a kink is that of its branch)."""
    first, second = chosen * 1.0, 1.0 - chosen
    grad: Grad = {}
    hess: Hess = {}
    jets = [(part, weight) for part, weight in ((x, first), (y, second)) if isinstance(part, Jet)]
    for part, weight in jets:
        for i, g in part.grad.items():
            _accumulate(grad, i, weight * g)
        for k, h in (part.hess or {}).items():
            _accumulate(hess, k, weight * h)
    known = all(part.hess is not None for part, _ in jets)
    return Jet(np.where(chosen, plain(x), plain(y)), grad, hess if known else None)


UNARY: dict[np.ufunc, Callable[[Any], Any]] = {
    np.exp: _exp,
    np.log: _log,
    np.log1p: _log1p,
    np.expm1: _expm1,
    np.log10: _log_base(10.0),
    np.log2: _log_base(2.0),
    np.sqrt: _sqrt,
    np.tanh: _tanh,
    np.square: lambda x: _multiply(x, x),
    np.negative: lambda x: -x,
    np.positive: lambda x: x,
    np.reciprocal: lambda x: _divide(1.0, x),
    np.absolute: lambda x: _select(x.value >= 0, x, -x),
}
BINARY: dict[np.ufunc, Callable[[Any, Any], Any]] = {
    np.add: lambda x, y: _add(x, y) if isinstance(x, Jet) else _add(y, x),
    np.subtract: lambda x, y: _add(x, -y) if isinstance(x, Jet) else _add(-y, x),
    np.multiply: _multiply,
    np.true_divide: _divide,
    np.power: _power,
    np.float_power: _power,
    np.logaddexp: _logaddexp,
    np.minimum: lambda x, y: _select(plain(x) <= plain(y), x, y),
    np.maximum: lambda x, y: _select(plain(x) >= plain(y), x, y),
}
COMPARE: Sequence[np.ufunc] = (np.less, np.less_equal, np.greater, np.greater_equal, np.isfinite, np.isnan)
