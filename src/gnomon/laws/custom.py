"""A formula typed by a user becomes the same kind of object as a law of the catalogue.

"E + A/N^alpha + B/D^beta"                   N, D, C, L, U stand for params, tokens, flops, loss, unique_tokens
"err_avg = e - k*exp(-g*loss)"               another response than the loss
"E + A/N^a; a in [0.1, 1]; E = 1.7"          bounds and fixed values, in the user's units
"E + A/width^a; given width"                 says which names are columns, where no table does
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from gnomon.errors import ColumnError, FormulaError, InputError, near
from gnomon.laws.columns import LETTERS, RANGES
from gnomon.laws.formula import Formula, parse
from gnomon.laws.guess import declare, shared_units
from gnomon.laws.law import RESERVED, Law
from gnomon.laws.tree import FUNCTIONS, Name, Number, evaluate, names_in, substitute, walk

MOST_PARAMETERS = 12  # more cannot be told apart by any table of runs in print; the largest law of the catalogue has 9
CLOSE = 0.8  # likeness to a column's name from which on a parameter is taken for a slip of the pen

REAL = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
LIMITS = re.compile(rf"(?P<name>[A-Za-z_]\w*)\s+in\s*\[\s*(?P<low>{REAL})\s*,\s*(?P<high>{REAL})\s*\]", re.ASCII)
PIN = re.compile(rf"(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>{REAL})", re.ASCII)
GIVEN = re.compile(r"given\s+(?P<names>[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)", re.ASCII)


class FormulaLaw(Law):
    """A law whose formula was typed. It has no id; from its `spec()`, `law()` makes the same class again."""

    source = "typed formula"
    words: ClassVar[str] = ""

    def formula(self, *inputs: Any) -> Any:
        """The tree at these inputs."""
        return self.parsed()(dict(zip(self.inputs, inputs, strict=True)) | self.values)

    @classmethod
    def spec(cls) -> str:
        """The formula with its clauses."""
        return cls.words

    @classmethod
    def of(cls, *columns: str, output: str | None = None, **renamed: str) -> type[Self]:
        """The same formula in other columns."""
        if unknown := [c for c in renamed if c not in cls.inputs]:
            raise InputError(f"The formula has no input {unknown[0]!r}.", hint=near(unknown[0], cls.inputs))
        if columns and (renamed or len(columns) != len(cls.inputs)):
            raise InputError(f"The formula reads {', '.join(cls.inputs)}: give as many columns, by place or by name.")
        names = dict(zip(cls.inputs, columns, strict=True)) if columns else dict(renamed)
        names[cls.output] = cls.output if output is None else output
        formula, *clauses = cls.words.split(";")
        words = [c.strip() for c in clauses if not c.strip().startswith("given ")]
        given = f"given {', '.join(names.get(c, c) for c in cls.inputs)}"
        found: type[Self] = formula_law("; ".join([str(parse(formula).renamed(names)), *words, given]))  # type: ignore[assignment]
        return found


_made: dict[str, type[FormulaLaw]] = {}


def formula_law(text: str, columns: Collection[str] | None = None, response: str | None = None) -> type[FormulaLaw]:
    """The law that a typed formula describes; equal formulas give the same class.

    Args:
        text: the formula, with clauses after ";" as in the module's text.
        columns: the columns at hand. Without them the canonical ones and those after "given" are columns, every other
            name a parameter.
        response: the column it gives, where the formula does not say ("loss" then).

    Raises:
        FormulaError: it does not parse, or is no law (no parameters, no inputs, a name too close to a column's ...).
        ColumnError: it needs a column that is not there.
    """
    body, *clauses = text.split(";")
    formula = parse(body)
    limits, pins, given = _clauses(text, clauses)
    if columns is not None and (absent := [c for c in given if c not in columns]):
        raise ColumnError(
            f"The formula says that {absent[0]!r} is given, but no column has that name.", hint=near(absent[0], columns)
        )
    known = None if columns is None else {*columns}
    output = _output(formula, text, known, response)
    meanings = {name: _column(name, text, known, given) for name in formula.names()}
    renamed = formula.renamed({name: column for name, column in meanings.items() if column is not None})
    inputs = tuple(dict.fromkeys(c for c in meanings.values() if c is not None))
    names = [name for name, column in meanings.items() if column is None]
    for name in (*limits, *pins):
        if name not in names:
            raise FormulaError(f"{name!r} after ';' is not a parameter of {body.strip()!r}.", hint=near(name, names))
    nodes = {name: Number(value) for name, value in pins.items()}
    made = Formula(
        "",
        substitute(renamed.root, nodes),
        Name(output),
        tuple((name, substitute(node, nodes)) for name, node in renamed.where),
    )
    _check(made, text, inputs, [n for n in names if n not in pins], output)
    return _law(made, inputs, output, [n for n in names if n not in pins], limits)


def _law(
    formula: Formula, inputs: tuple[str, ...], output: str, names: list[str], limits: Mapping[str, tuple[float, float]]
) -> type[FormulaLaw]:
    words = [str(formula), *(f"{n} in [{limits[n][0]!r}, {limits[n][1]!r}]" for n in names if n in limits)]
    if unusual := [c for c in inputs if c not in RANGES]:
        words.append(f"given {', '.join(unusual)}")
    spec = "; ".join(words)
    if spec not in _made:
        parameters, fixed = declare(formula.expanded, names, inputs, output, limits)
        body = {
            "__doc__": f"The typed formula {spec}.",
            "__module__": __name__,
            "words": spec,
            "text": str(formula),
            "inputs": inputs,
            "output": output,
            "parameters": parameters,
            "shared_units": shared_units(inputs),
            "fixed_units": dict.fromkeys(sorted(fixed), "the formula holds a number or a function that depends on it"),
        }
        _made[spec] = type("FormulaLaw", (FormulaLaw,), body)
    return _made[spec]


def _clauses(text: str, clauses: list[str]) -> tuple[dict[str, tuple[float, float]], dict[str, float], tuple[str, ...]]:
    limits: dict[str, tuple[float, float]] = {}
    pins: dict[str, float] = {}
    given: tuple[str, ...] = ()
    for clause in (c.strip() for c in clauses):
        if found := LIMITS.fullmatch(clause):
            name, low, high = found["name"], float(found["low"]), float(found["high"])
            if not (np.isfinite([low, high]).all() and low < high):
                raise FormulaError(f"The bounds in {clause!r} must be two numbers, the smaller one first.")
            repeated = name in limits or name in pins
            limits[name] = (low, high)
        elif found := PIN.fullmatch(clause):
            name = found["name"]
            repeated = name in limits or name in pins
            pins[name] = float(found["value"])
            if not np.isfinite(pins[name]):
                raise FormulaError(f"{found['value']} is too large for a number in {text!r}.")
        elif found := GIVEN.fullmatch(clause):
            repeated, name = False, ""
            given += tuple(word.strip() for word in found["names"].split(","))
        else:
            raise FormulaError(
                f"Cannot read {clause!r} after ';' in {text!r}.",
                hint='Write bounds as "a in [0.1, 1]", a fixed value as "E = 1.7", columns as "given width, depth".',
            )
        if repeated:
            raise FormulaError(f"{name!r} is set twice after ';' in {text!r}.")
    return limits, pins, given


def _output(formula: Formula, text: str, columns: Collection[str] | None, response: str | None) -> str:
    if formula.left is None:
        return response or "loss"
    if not isinstance(formula.left, Name):
        raise FormulaError(f"The left side of {text!r} must be the name of a column.", hint='Write it as "loss = ...".')
    name = formula.left.name
    output = name if columns is not None and name in columns else LETTERS.get(name, name)
    if columns is not None and output not in columns:
        raise ColumnError(f"The formula gives {output!r}, which is not a column.", hint=near(output, columns))
    if response not in (None, output):
        raise InputError(
            f"The formula gives {output!r}, but the response asked for is {response!r}.", hint="Leave one of them out."
        )
    return output


def _column(name: str, text: str, columns: Collection[str] | None, given: Collection[str]) -> str | None:
    """The column that a name stands for, or None for a parameter."""
    if name in given or (columns is not None and name in columns):
        return name
    column = LETTERS.get(name, name)
    if column in RANGES:
        if columns is None or column in columns:
            return column
        letter = f"{name} stands for {column} and " if name != column else f"{column} is a column of runs and "
        hint = f"Name it with --column {column}=THEIRS, or use another letter for a parameter."
        raise ColumnError(
            f"In {text!r} {letter}the table has no such column.", hint=f"{near(column, columns)} {hint}".strip()
        )
    known = {*RANGES, *(columns or ())}
    if len(name) >= 4 and (like := near_match(name, known)):
        raise FormulaError(
            f"In {text!r} {name!r} is not a column, but close to {like!r}.",
            hint="Correct it, or give the parameter a name that cannot be mistaken for a column.",
        )
    if name in RESERVED or name.startswith("_"):
        raise FormulaError(f"In {text!r} the name {name!r} cannot be a parameter: it is a word of gnomon itself.")
    return None


def near_match(name: str, known: Collection[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    import difflib

    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=CLOSE)
    return found[0] if found else None


def _check(formula: Formula, text: str, inputs: tuple[str, ...], names: list[str], output: str) -> None:
    if output in inputs:
        raise FormulaError(
            f"In {text!r} the response {output!r} is also an input.", hint="Name another response, as in err = ..."
        )
    if not inputs:
        raise FormulaError(
            f"The formula {text!r} has no input: none of its names is a column.",
            hint="Use N, D, C, U or the name of a column; after ';' say \"given NAME\" where no table is at hand.",
        )
    if not names:
        raise FormulaError(f"The formula {text!r} has no parameter left to fit.")
    if len(names) > MOST_PARAMETERS:
        raise FormulaError(f"The formula {text!r} has {len(names)} parameters; at most {MOST_PARAMETERS} are fitted.")
    for node in walk(formula.expanded):
        if not isinstance(node, Name | Number) and not names_in(node):
            with np.errstate(all="ignore"):
                value = evaluate(node, {})
            if not np.isfinite(value):
                raise FormulaError(f"A part of {text!r} that has only numbers is not finite.")


assert not RESERVED & FUNCTIONS.keys()
