"""LaTeX of a formula's tree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gnomon.laws.tree import CALLS, Binary, Call, Name, Negative, Node, Number

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
SYMBOLS = {"params": "N", "tokens": "D", "flops": "C", "loss": "L", "unique_tokens": "U"}


def symbol(name: str) -> str:
    """LaTeX of a name: Greek letters, subscripts after "_" or a digit, canonical columns as their usual letters."""
    if name in SYMBOLS:
        return SYMBOLS[name]
    head, _, tail = name.partition("_")
    if not tail and (split := re.fullmatch(r"([A-Za-z]+)(\d+)", name)):
        head, tail = split.groups()
    if head in GREEK:
        head = "\\" + head
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    return f"{head}_{{{tail if len(tail) < 2 else _subscript(tail)}}}" if tail else head


def _subscript(tail: str) -> str:
    return tail if tail.isdigit() else rf"\mathrm{{{tail.replace('_', ' ')}}}"


def latex(node: Node, symbols: Mapping[str, str] | None = None) -> str:
    """LaTeX of a tree; `symbols` overrides the letters of names."""
    return _latex(node, symbols or {}, 0)


def _latex(node: Node, symbols: Mapping[str, str], level: int) -> str:
    """`level` is the binding strength of the surroundings: 0 sum, 1 product or right of a minus."""
    match node:
        case Number(value):
            return _number(value)
        case Name(name):
            return symbols.get(name) or symbol(name)
        case Negative(inner):
            return _bracket("-" + _latex(inner, symbols, 1), level > 0)
        case Call("sqrt", (inner,)):
            return rf"\sqrt{{{_latex(inner, symbols, 0)}}}"
        case Call("sum", (Name(index), upper, body)):
            inside = _latex(body, symbols, 1)
            last = _latex(upper, symbols, 0)
            return _bracket(rf"\sum_{{{index}=1}}^{{\lfloor {last} \rfloor}} {inside}", level > 0)
        case Call(function, arguments):
            inside = ", ".join(_latex(a, symbols, 0) for a in arguments)
            return rf"{CALLS[function][2]}\left({inside}\right)"
        case Binary("*" | "/" as op, Negative(inner), right):
            return _latex(Negative(Binary(op, inner, right)), symbols, level)
        case Binary("/", left, right):
            return rf"\frac{{{_latex(left, symbols, 0)}}}{{{_latex(right, symbols, 0)}}}"
        case Binary("^", left, right):
            simple = isinstance(left, Name) or (isinstance(left, Number) and "^" not in _number(left.value))
            base = _bracket(_latex(left, symbols, 0), not simple)
            return rf"{base}^{{{_latex(right, symbols, 0)}}}"
        case Binary("*", left, right):
            first, second = _latex(left, symbols, 1), _latex(right, symbols, 1)
            return rf"{first} \cdot {second}" if second[:1].isdigit() else rf"{first}\,{second}"
        case Binary(op, left, right):
            last = _latex(right, symbols, 1 if op == "-" or isinstance(right, Negative) else 0)
            return _bracket(f"{_latex(left, symbols, 0)} {op} {last}", level > 0)
    raise AssertionError(node)


def _number(value: float) -> str:
    text = f"{value:.12g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    head = {"1": "", "-1": "-"}.get(mantissa, rf"{mantissa}\cdot ")
    return rf"{head}10^{{{int(exponent)}}}"


def _bracket(text: str, wanted: bool) -> str:
    return rf"\left({text}\right)" if wanted else text
