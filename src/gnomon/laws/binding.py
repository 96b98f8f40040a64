"""The same law on other columns: a class whose inputs and output carry other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gnomon.errors import InputError, near
from gnomon.laws.formula import FUNCTIONS

if TYPE_CHECKING:
    from gnomon.laws.law import Law

L = TypeVar("L", bound="Law")

_made: dict[tuple[type[Any], tuple[str, ...], str], type[Any]] = {}


def bound(law: type[L], columns: Sequence[str], renamed: Mapping[str, str], output: str | None) -> type[L]:
    """The class of `law` for these columns; the same object for the same columns. See Law.of."""
    base: type[L] = law.unbound or law  # type: ignore[assignment]
    inputs = _inputs(law, columns, renamed)
    output = law.output if output is None else output
    if inputs == base.inputs and output == base.output:
        return base
    if (base, inputs, output) not in _made:
        for column in (*inputs, output):
            usable(base, column)
        if len({*inputs, output}) <= len(inputs):
            raise InputError(f"{base.id} needs different columns; got {', '.join(inputs)} giving {output}.")
        _made[base, inputs, output] = _make(base, inputs, output)
    return _made[base, inputs, output]


def _inputs(law: type[L], columns: Sequence[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    for name in renamed:
        if name not in law.inputs:
            raise InputError(f"{law.id} has no input {name!r}.", hint=near(name, law.inputs))
    if columns and renamed:
        raise InputError(f"Give the columns of {law.id} by place or by name, not both.")
    if columns and len(columns) != len(law.inputs):
        raise InputError(f"{law.id} reads {len(law.inputs)} column(s) ({', '.join(law.inputs)}); got {len(columns)}.")
    return tuple(columns) if columns else tuple(renamed.get(name, name) for name in law.inputs)


def usable(law: type[L], column: str) -> None:
    """Refuse a column that a formula could not name.

    Raises:
        InputError: it is no plain name, or one of the law's parameters.
    """
    if not column.isidentifier() or not column.isascii() or column in FUNCTIONS or column == "where":
        raise InputError(
            f"A law cannot read a column called {column!r}.",
            hint=f"Rename it on reading: --column plain_name={column!r}",
        )
    if column in law.parameters:
        raise InputError(
            f"{column!r} is both a column and a parameter of {law.id}.",
            hint=f"Rename the column on reading: --column x_{column}={column}",
        )


def _make(base: type[L], inputs: tuple[str, ...], output: str) -> type[L]:
    names = dict(zip((*base.inputs, base.output), (*inputs, output), strict=True))
    elsewhere = inputs != base.inputs and bool(base.free_inputs)  # another scale: nothing usual to carry over

    def rename(mapping: Mapping[str, Any]) -> dict[str, Any]:
        return {names.get(key, key): value for key, value in mapping.items()}

    body = {
        "__doc__": base.__doc__,
        "__module__": base.__module__,
        "unbound": base,
        "inputs": inputs,
        "output": output,
        "text": str(base.parsed().renamed(names)),
        "parameters": {k: replace(p, units=rename(p.units or {})) for k, p in base.parameters.items()},
        "domain": rename(base.domain),
        "shared_units": {names.get(k, k): names.get(v, v) for k, v in base.shared_units.items()},
        "fixed_units": rename(base.fixed_units),
        "free_inputs": tuple(names.get(c, c) for c in base.free_inputs),
        "still_inputs": tuple(names.get(c, c) for c in base.still_inputs),
        "made_inputs": tuple(names.get(c, c) for c in base.made_inputs),
        "published": {},
        "typical": {} if elsewhere else base.example().values,
        "ranges": {} if elsewhere else {names[c]: base.range_of(c) for c in base.inputs},
    }
    made: type[L] = type(base.__name__, (base,), body)
    return made
