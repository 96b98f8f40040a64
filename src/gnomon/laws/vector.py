"""Laws whose input is a vector: a mixture (a point of the simplex) or a list of pools, one column a component.

`MixingExp.of("mix_web", "mix_code", "mix_books")` is the law of three domains; its parameters carry their names. On a
table with columns mix_... the plain name stands for the law of all of them: `gnomon fit runs.csv --law mixing_exp`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from gnomon.errors import InputError, near
from gnomon.laws.binding import usable
from gnomon.laws.law import Law, Parameter

NOT_NEGATIVE = (-1e-9, np.inf)  # zero itself is a value: a domain or pool that was left out


class VectorLaw(Law):
    """Base of laws with as many inputs as there are components; subclasses say what depends on the components.

    Class attributes:
        leading: how many inputs come before the components.
        prefix: what the columns of components are called by, "mix_" or "pool_".
        fewest: components without which the law makes no sense.
    """

    leading: ClassVar[int] = 0
    prefix: ClassVar[str] = "mix_"
    fewest: ClassVar[int] = 2

    def __init_subclass__(cls, **keywords: Any) -> None:
        if "inputs" in vars(cls) and "parameters" not in vars(cls):  # as it stands in the catalogue
            for name, value in _named(cls.body(cls.inputs, cls.output)).items():
                setattr(cls, name, value)
        super().__init_subclass__(**keywords)

    @classmethod
    def body(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """Class attributes of the law on these columns: text, parameters, domain, units, typical, ranges."""
        raise NotImplementedError(f"{cls.__name__} must define body()")

    @classmethod
    def names(cls, inputs: Sequence[str]) -> tuple[str, ...]:
        """What parameters of the components are called after: their columns without the prefix."""
        components = inputs[cls.leading :]
        short = tuple(c.removeprefix(cls.prefix) or c for c in components)
        return short if len(set(short)) == len(short) else tuple(components)

    @classmethod
    def of(cls, *columns: str, output: str | None = None, **renamed: str) -> type[Self]:
        """The same law on other columns, of as many components as there are columns.

        Args:
            columns: the leading inputs, then one column a component.
            output: the column it gives.
            renamed: input to column, instead of `columns`.

        Raises:
            InputError: too few columns, or one that cannot be used.
        """
        base: type[Any] = cls.unbound or cls
        for name in renamed:
            if name not in cls.inputs:
                raise InputError(f"{cls.id} has no input {name!r}.", hint=near(name, cls.inputs))
        if columns and renamed:
            raise InputError(f"Give the columns of {cls.id} by place or by name, not both.")
        inputs = columns or tuple(renamed.get(name, name) for name in cls.inputs)
        output = output or cls.output
        if (inputs, output) == (base.inputs, base.output):
            return base
        if len(inputs) < cls.leading + cls.fewest:
            before = f"{', '.join(base.inputs[: cls.leading])} and " if cls.leading else ""
            raise InputError(f"{cls.id} reads {before}at least {cls.fewest} columns; got {', '.join(inputs)}.")
        key = (base, tuple(inputs), output)
        if key not in _made:
            for column in (*inputs, output):
                usable(base, column)
            if len({*inputs, output}) <= len(inputs):
                raise InputError(f"{cls.id} needs different columns; got {', '.join(inputs)} giving {output}.")
            _made[key] = type(base.__name__, (base,), _attributes(base, tuple(inputs), output))
        made: type[Self] = _made[key]
        return made

    @classmethod
    def over(cls, columns: Collection[str]) -> type[Law]:
        """The law of all components that a table has, where it was asked for by its plain name."""
        found = tuple(c for c in columns if c.startswith(cls.prefix) and c != cls.output)
        asked = cls.unbound is not None and cls.inputs != cls.unbound.inputs
        if asked or len(found) < cls.fewest or set(cls.inputs[cls.leading :]) <= set(columns):
            return cls
        return cls.of(*cls.inputs[: cls.leading], *found, output=cls.output)


_made: dict[tuple[type[Any], tuple[str, ...], str], type[Any]] = {}


def _attributes(base: type[VectorLaw], inputs: tuple[str, ...], output: str) -> dict[str, Any]:
    return _named(base.body(inputs, output)) | {
        "__doc__": base.__doc__,
        "__module__": base.__module__,
        "unbound": base,
        "inputs": inputs,
        "output": output,
        "published": {},
    }


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    named: dict[str, Parameter] = {name: replace(p, name=name) for name, p in body["parameters"].items()}
    return dict(body) | {"parameters": named}
