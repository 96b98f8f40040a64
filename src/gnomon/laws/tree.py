"""The tree of a formula: nodes, known functions, evaluation, and printing back as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.laws.arrays import logistic, namespace
from gnomon.laws.jet import plain

FUNCTIONS: dict[str, tuple[int, Callable[..., Any], str]] = {  # name: (arguments, function of (xp, ...), LaTeX)
    "exp": (1, lambda xp, x: xp.exp(x), r"\exp"),
    "log": (1, lambda xp, x: xp.log(x), r"\ln"),
    "ln": (1, lambda xp, x: xp.log(x), r"\ln"),
    "log10": (1, lambda xp, x: xp.log(x) / np.log(10.0), r"\log_{10}"),
    "log2": (1, lambda xp, x: xp.log(x) / np.log(2.0), r"\log_2"),
    "sqrt": (1, lambda xp, x: xp.sqrt(x), r"\sqrt"),
    "tanh": (1, lambda xp, x: xp.tanh(x), r"\tanh"),
    "sigmoid": (1, lambda xp, x: logistic(x, xp), r"\sigma"),
    "min": (2, lambda xp, x, y: xp.minimum(x, y), r"\min"),
    "max": (2, lambda xp, x, y: xp.maximum(x, y), r"\max"),
    "sum": (3, lambda xp, *_: None, r"\sum"),  # sum(k, n, body): body for k = 1, 2, ... up to n; see evaluate()
}
MOST_TERMS = 100_000  # of a sum: more passes over data than anybody makes

# Sums over what an input consists of (the steps of a schedule): for the texts of laws, not for formulas somebody types.
SUMS: dict[str, tuple[int, Callable[..., Any], str]] = {"sum_k": (1, lambda xp, x: xp.sum(x, axis=-1), r"\sum_k")}
CALLS = FUNCTIONS | SUMS


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Name:
    """A parameter, an input, or a name defined after "where"."""

    name: str


@dataclass(frozen=True)
class Binary:
    """`left op right` with op one of + - * / ^."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Negative:
    """Minus an expression."""

    inner: Node


@dataclass(frozen=True)
class Call:
    """A known function of expressions."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Binary | Negative | Call


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Binary(_, left, right):
            return (left, right)
        case Negative(inner):
            return (inner,)
        case Call(_, arguments):
            return arguments
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents before children, left before right."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def names_in(node: Node) -> tuple[str, ...]:
    """Every name in the tree, in order of first use; the index of a sum is none of them."""
    found: dict[str, None] = {}
    _collect(node, found, frozenset())
    return tuple(found)


def _collect(node: Node, found: dict[str, None], indices: frozenset[str]) -> None:
    match node:
        case Name(name):
            if name not in indices:
                found[name] = None
        case Call("sum", (Name(index), upper, body)):
            _collect(upper, found, indices)
            _collect(body, found, indices | {index})
        case _:
            for child in children(node):
                _collect(child, found, indices)


def substitute(node: Node, replacements: Mapping[str, Node]) -> Node:
    """The tree with names replaced by trees."""
    match node:
        case Name(name):
            return replacements.get(name, node)
        case Binary(op, left, right):
            return Binary(op, substitute(left, replacements), substitute(right, replacements))
        case Negative(inner):
            return Negative(substitute(inner, replacements))
        case Call("sum", (Name(index), upper, body)):
            inside = {name: tree for name, tree in replacements.items() if name != index}
            return Call("sum", (Name(index), substitute(upper, replacements), substitute(body, inside)))
        case Call(function, arguments):
            return Call(function, tuple(substitute(a, replacements) for a in arguments))
    return node


def evaluate(node: Node, values: Mapping[str, Any]) -> Any:
    """Value of a tree; numpy or JAX arrays, duals, and their broadcasts are taken as they come."""
    match node:
        case Number(value):
            return value
        case Name(name):
            return values[name]
        case Negative(inner):
            return -evaluate(inner, values)
        case Call("sum", (Name(index), upper, body)):
            return _sum(index, evaluate(upper, values), body, values)
        case Call(function, arguments):
            parts = [evaluate(a, values) for a in arguments]
            return CALLS[function][1](namespace(*parts), *parts)
        case Binary(op, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            if isinstance(a, float) and isinstance(b, float):
                a = np.float64(
                    a
                )  # 1/0 is inf and (-8)^0.5 is nan, as everywhere in numpy; Python's own would raise or turn complex
            match op:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b
            return a**b
    raise AssertionError(node)


def _sum(index: str, upper: Any, body: Node, values: Mapping[str, Any]) -> Any:
    """Body summed over index = 1, 2, ... as long as it is at most `upper`, element by element."""
    last = plain(upper)
    terms = int(min(np.floor(np.max(last, initial=0.0)), MOST_TERMS)) if np.all(np.isfinite(last)) else 0
    total: Any = 0.0 * upper
    for k in range(1, terms + 1):
        total = total + (k <= last) * 1.0 * evaluate(body, {**values, index: float(k)})
    return total


SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)  # binding strength, weakest first


def unparse(node: Node, level: int = SUM) -> str:
    """The tree as text that parses to the same tree; `level` is the binding strength its surroundings ask for."""
    match node:
        case Number(value):
            text = repr(float(value)).removesuffix(".0")
            return f"({text})" if value < 0 else text
        case Name(name):
            return name
        case Call(function, arguments):
            return f"{function}({', '.join(unparse(a) for a in arguments)})"
        case Negative(inner):
            own, text = SIGNED, "-" + unparse(inner, SIGNED)
        case Binary("^", left, right):
            own, text = POWER, f"{unparse(left, ATOM)}^{unparse(right, SIGNED)}"
        case Binary("*" | "/" as op, left, right):
            own, text = PRODUCT, f"{unparse(left, PRODUCT)} {op} {unparse(right, SIGNED)}"
        case Binary(op, left, right):
            own, text = SUM, f"{unparse(left, SUM)} {op} {unparse(right, PRODUCT)}"
    return f"({text})" if own < level else text
