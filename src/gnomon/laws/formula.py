"""Formulas as text: our own grammar and parser. Nothing typed by a user ever reaches `eval`.

formula    = [expression "="] expression ["where" name "=" expression {"," name "=" expression}]
expression = product {("+" | "-") product}
product    = signed {("*" | "/") signed}
signed     = ("-" | "+") signed | power
power      = atom [("^" | "**") signed]
atom       = number | name | function "(" expression {"," expression} ")" | "(" expression ")"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from gnomon.errors import FormulaError, near
from gnomon.laws.latex import SYMBOLS, latex, symbol
from gnomon.laws.structure import PowerOfSum, Term, power_of_sum, power_terms
from gnomon.laws.tree import (
    CALLS,
    FUNCTIONS,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    evaluate,
    names_in,
    substitute,
    unparse,
    walk,
)

__all__ = [
    "FUNCTIONS", "SYMBOLS", "Binary", "Call", "Formula", "Name", "Negative", "Node", "Number", "Term",
    "evaluate", "parse", "symbol", "unparse", "walk",
]  # fmt: skip

MAX_LENGTH = 2000  # characters: the longest law of the catalogue needs 300
MAX_TOKENS = 400  # names, numbers and signs: keeps every walk over the tree far from Python's own recursion limit
MAX_DEPTH = 60  # nested brackets, signs and powers
MAX_NODES = 4000  # nodes after the definitions are put in: a chain of squares must not fill the memory

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z_])"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<op>\*\*|[-+*/^(),=]))",
    re.ASCII,
)


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Args:
        text: as it was given.
        root: the right-hand side, with the names that `where` defines.
        left: the expression before "=" when there is one.
        where: definitions, each using only columns, parameters and the definitions before it.
    """

    text: str
    root: Node
    left: Node | None = None
    where: tuple[tuple[str, Node], ...] = ()

    @cached_property
    def expanded(self) -> Node:
        """The right-hand side with the definitions put in."""
        known: dict[str, Node] = {}
        for name, node in self.where:
            known[name] = substitute(node, known)
        return substitute(self.root, known)

    def names(self) -> tuple[str, ...]:
        """Every column and parameter of the right-hand side, in order of first use."""
        return names_in(self.expanded)

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """The right-hand side at the given values of its names."""
        if self.where:
            values = dict(values)
            for name, node in self.where:
                values[name] = evaluate(node, values)
        return evaluate(self.root, values)

    def __str__(self) -> str:
        """The formula in its plainest form, which parses to the same tree."""
        left = "" if self.left is None else f"{unparse(self.left)} = "
        where = ", ".join(f"{name} = {unparse(node)}" for name, node in self.where)
        return left + unparse(self.root) + (f" where {where}" if where else "")

    def renamed(self, names: Mapping[str, str]) -> Formula:
        """The same formula with other names."""
        nodes = {old: Name(new) for old, new in names.items()}
        renamed = Formula(
            "",
            substitute(self.root, nodes),
            None if self.left is None else substitute(self.left, nodes),
            tuple((name, substitute(node, nodes)) for name, node in self.where),
        )
        return Formula(str(renamed), renamed.root, renamed.left, renamed.where)

    def latex(self, symbols: Mapping[str, str] | None = None) -> str:
        """LaTeX of the formula, with the left-hand side and the definitions when it has them."""
        parts = [
            latex(self.root, symbols)
            if self.left is None
            else f"{latex(self.left, symbols)} = {latex(self.root, symbols)}"
        ]
        parts += [f"{latex(Name(name), symbols)} = {latex(node, symbols)}" for name, node in reversed(self.where)]
        return r",\quad ".join(parts)

    def terms(self, inputs: Iterable[str]) -> tuple[Term, ...] | None:
        """The formula as a sum of power laws in `inputs`, or None when it is not one."""
        return power_terms(self.expanded, inputs) if self._gives_a_name else None

    def power_of_sum(self, inputs: Iterable[str]) -> PowerOfSum | None:
        """The formula as a power of such a sum, or None when it is not one."""
        return power_of_sum(self.expanded, inputs) if self._gives_a_name else None

    @property
    def _gives_a_name(self) -> bool:
        return self.left is None or isinstance(self.left, Name)


@lru_cache(maxsize=512)
def parse(text: str, sums: bool = False) -> Formula:
    """Parse a formula such as "loss = E + A / params^alpha".

    Args:
        text: the formula.
        sums: whether it may sum over what an input consists of: sum_k(drop_k * ...).

    Raises:
        FormulaError: it is empty, too long, not in the grammar, or calls what is not a known function.
    """
    return _Parser(text, sums).formula()


class _Parser:
    def __init__(self, text: str, sums: bool = False) -> None:
        self.text = text
        self.functions = CALLS if sums else FUNCTIONS
        if not text.strip():
            raise FormulaError("The formula is empty.", hint='Write one such as "E + A/N^alpha + B/D^beta".')
        if len(text) > MAX_LENGTH:
            raise FormulaError(f"The formula has {len(text)} characters; at most {MAX_LENGTH} are read.")
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0

    def _tokens(self) -> list[tuple[str, str, int]]:
        found, at = [], 0
        while at < len(self.text.rstrip()):
            match = TOKEN.match(self.text, at)
            if match is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                raise self._error(f"cannot read {self.text[start : start + 10]!r}", start)
            kind = match.lastgroup or ""
            found.append((kind, match[kind], match.start(kind)))
            at = match.end()
        if len(found) > MAX_TOKENS:
            raise self._error(f"more than {MAX_TOKENS} names, numbers and signs", found[MAX_TOKENS][2])
        return [*found, ("end", "", len(self.text))]

    def _error(self, what: str, at: int, hint: str | None = None) -> FormulaError:
        return FormulaError(
            f"In the formula {self.text!r}, at character {at + 1}: {what}.",
            hint=hint or "A formula has names, numbers, + - * / ^, brackets and " + ", ".join(sorted(FUNCTIONS)) + ".",
        )

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.tokens[self.at][0] == "op" else ""

    def _take(self, *ops: str) -> str | None:
        if self._peek() in ops:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def _deeper(self, by: int) -> None:
        self.depth += by
        if self.depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} nested brackets, signs or powers", self.tokens[self.at][2])

    def formula(self) -> Formula:
        left: Node | None = None
        root = self._expression()
        if self._take("="):
            left, root = root, self._expression()
        definitions = self._definitions()
        kind, token, at = self.tokens[self.at]
        if kind != "end":
            raise self._error(f"{token!r} was not expected here", at)
        return Formula(self.text, root, left, self._ordered(definitions))

    def _definitions(self) -> dict[str, Node]:
        definitions: dict[str, Node] = {}
        if self.tokens[self.at][:2] != ("name", "where"):
            return definitions
        while not definitions or self._peek() == ",":
            self.at += 1
            kind, name, at = self.tokens[self.at]
            if kind != "name" or name in FUNCTIONS or name in definitions:
                raise self._error('a definition after "where" is: new name = expression', at)
            self.at += 1
            if not self._take("="):
                raise self._error(f'"=" is missing after {name!r}', self.tokens[self.at][2])
            definitions[name] = self._expression()
        return definitions

    def _ordered(self, definitions: Mapping[str, Node]) -> tuple[tuple[str, Node], ...]:
        """Definitions so that each uses only earlier ones."""
        ordered: dict[str, Node] = {}
        size: dict[str, int] = {}
        while len(ordered) < len(definitions):
            ready = {
                name: node
                for name, node in definitions.items()
                if name not in ordered and all(used in ordered or used not in definitions for used in names_in(node))
            }
            if not ready:
                circle = [name for name in definitions if name not in ordered]
                raise self._error(f"{', '.join(circle)} defined in terms of each other", 0)
            for name, node in ready.items():
                size[name] = sum(size.get(part.name, 1) if isinstance(part, Name) else 1 for part in walk(node))
                if size[name] > MAX_NODES:
                    raise self._error(f"{name!r} grows beyond {MAX_NODES} parts when its definitions are put in", 0)
            ordered |= ready
        return tuple(ordered.items())

    def _expression(self) -> Node:
        self._deeper(1)
        node = self._product()
        while op := self._take("+", "-"):
            node = Binary(op, node, self._product())
        self._deeper(-1)
        return node

    def _product(self) -> Node:
        node = self._signed()
        while op := self._take("*", "/"):
            node = Binary(op, node, self._signed())
        return node

    def _signed(self) -> Node:
        op = self._take("-", "+")
        if op is None:
            return self._power()
        self._deeper(1)
        inner = self._signed()
        self._deeper(-1)
        return inner if op == "+" else Negative(inner)

    def _power(self) -> Node:
        base = self._atom()
        if not self._take("^", "**"):
            return base
        self._deeper(1)
        exponent = self._signed()
        self._deeper(-1)
        return Binary("^", base, exponent)

    def _atom(self) -> Node:
        kind, token, at = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return self._number(token, at)
        if kind == "name" and token != "where":
            return self._call(token, at) if self._peek() == "(" else self._name(token, at)
        if token == "(":
            node = self._expression()
            self._close()
            return node
        self.at -= 1
        raise self._error("it ends too early" if kind == "end" else f"{token!r} was not expected here", at)

    def _number(self, token: str, at: int) -> Node:
        if float(token) == float("inf"):
            raise self._error(f"{token} is too large for a number", at)
        return Number(float(token))

    def _name(self, token: str, at: int) -> Node:
        if token in FUNCTIONS:
            raise self._error(f"the function {token} needs its argument in brackets", at)
        return Name(token)

    def _call(self, function: str, at: int) -> Node:
        if function not in self.functions:
            raise self._error(f"{function!r} is not a function of this grammar", at, near(function, FUNCTIONS))
        self.at += 1
        arguments = [self._expression()]
        while self._take(","):
            arguments.append(self._expression())
        self._close()
        wanted = self.functions[function][0]
        if len(arguments) != wanted:
            raise self._error(f"{function} takes {wanted} argument(s), got {len(arguments)}", at)
        if function == "sum" and not isinstance(arguments[0], Name):
            raise self._error("the first argument of sum is the name of its index", at, "Write sum(k, n, k^2).")
        return Call(function, tuple(arguments))

    def _close(self) -> None:
        if not self._take(")"):
            raise self._error("a closing bracket is missing", self.tokens[self.at][2])
