"""Settings of a trial: constants, values to be tried, formulas, and laws of the catalogue, each rounded as it is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.errors import GnomonError, InputError, Notice, Where
from gnomon.laws import catalogue
from gnomon.laws.anchored import Anchored
from gnomon.laws.formula import parse
from gnomon.laws.law import Law
from gnomon.runs.numbers import format_number
from gnomon.sweep.keys import Table

DIGITS = 4  # significant digits of a computed setting: what is printed in the command is what is kept
RULES = 'a value, a list of values, { law = "..." } or { formula = "..." }'

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """How one placeholder of the command gets its value.

    Args:
        name: the placeholder.
        where: its key in the file.
        tried: constants; where there are several, each is tried at every size and length, and the best counts.
        rule: a law with values, or a function of `inputs`; None for constants.
        inputs: names the rule reads.
        multiple_of, power_of: whole values are rounded to a multiple or to a power of this.
        least, most: limits.
        words: the rule as a person reads it.
    """

    name: str
    where: Where
    tried: tuple[Any, ...] = ()
    rule: Callable[..., Any] | None = None
    inputs: tuple[str, ...] = ()
    multiple_of: float | None = None
    power_of: float | None = None
    least: float | None = None
    most: float | None = None
    words: str = ""

    def at(self, known: Values) -> Any:
        """The value where these values are known, rounded.

        Raises:
            InputError: the rule gives no positive number there.
        """
        return self.tried[0] if self.rule is None else self.rounded(self.exact(known))

    def exact(self, known: Values) -> float:
        """What the rule gives.

        Raises:
            InputError: it gives no positive number.
        """
        assert self.rule is not None
        try:
            value = float(self.rule(**{name: float(known[name]) for name in self.inputs}))
        except (GnomonError, TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"cannot be computed from {_told(known, self.inputs)}: {error}", where=self.where
            ) from None
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"is {value:g} for {_told(known, self.inputs)}, expected above zero", where=self.where)
        return value

    def rounded(self, value: float) -> Any:
        """The value within the limits, and as round as it is asked to be."""
        if self.power_of is not None:
            value = self.power_of ** round(math.log(value) / math.log(self.power_of))
        elif self.multiple_of is not None:
            value = max(round(value / self.multiple_of), 1) * self.multiple_of
        value = value if self.least is None else max(value, self.least)
        value = value if self.most is None else min(value, self.most)
        value = float(f"{value:.{DIGITS}g}") if self.multiple_of is None and self.power_of is None else value
        return int(value) if value == int(value) and value < 1e15 else value

    def notice(self, places: Sequence[Values]) -> Notice | None:
        """Says where a published law is asked beyond what it was measured on."""
        if not isinstance(self.rule, Law):
            return None
        told = []
        for name in self.inputs:
            low, high = self.rule.ranges.get(name, (0.0, math.inf))
            asked = [float(place[name]) for place in places]
            if min(asked) < low or max(asked) > high:
                told.append(
                    f"{name} {format_number(min(asked))} to {format_number(max(asked))} "
                    f"(measured: {format_number(low)} to {format_number(high)})"
                )
        if not told:
            return None
        message = f"{self.name} by {self.rule.id} is asked beyond what was measured: {'; '.join(told)}"
        return Notice("setting-extrapolated", message, {"setting": self.name})


def read_setting(table: Table, name: str) -> Setting:
    """The setting at a key.

    Raises:
        InputError, UnknownNameError: it is none.
    """
    found, where = table.value(name), table.where(name)
    if isinstance(found, list):
        if not found or any(isinstance(entry, dict | list) for entry in found):
            table.refuse(name, repr(found), RULES)
        return Setting(name, where, tried=tuple(dict.fromkeys(found)))
    if not isinstance(found, dict):
        return Setting(name, where, tried=(found,))
    inner = table.table(name)
    rounding: dict[str, Any] = {
        key: inner.number(key, None) for key in ("multiple_of", "power_of", "least", "most")
    }  # each None where it is not given
    if rounding["power_of"] is not None and (rounding["power_of"] <= 1 or rounding["multiple_of"] is not None):
        inner.refuse("power_of", repr(inner.values["power_of"]), "a number above 1, without multiple_of")
    if ("law" in inner) == ("formula" in inner):
        table.refuse(name, repr(found), RULES)
    rule = _formula(inner) if "formula" in inner else _law(inner)
    inner.end()
    return Setting(name, where, rule=rule[0], inputs=rule[1], words=rule[2], **rounding)


@dataclass(frozen=True)
class Written:
    """A formula of a file as a function of its names."""

    text: str
    where: Where
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "names", tuple(parse(self.text).names()))
        except GnomonError as error:
            error.where = self.where
            raise

    def __call__(self, **values: float) -> float:
        """Its value."""
        return float(parse(self.text)(values))


def _formula(table: Table) -> tuple[Callable[..., Any], tuple[str, ...], str]:
    written = Written(table.text("formula"), table.where("formula"))
    return written, written.names, written.text


def _law(table: Table) -> tuple[Law, tuple[str, ...], str]:
    """A law of the catalogue with published values, or of a published shape through a point of the user's own."""
    known = catalogue()
    name = table.text("law", choices=tuple(known), expected="the id of a law")
    cls = known[name]
    inputs = tuple(cls.inputs)
    if issubclass(cls, Anchored):
        shape = table.text("shape", next(iter(cls.shapes)), choices=tuple(cls.shapes))
        point = table.table(
            "through", needed=True, expected=f"a measured point with {', '.join((*inputs, cls.output))}"
        )
        values = {key: point.number(key) for key in (*inputs, cls.output)}
        point.end()
        try:
            return cls.through(shape, **values), inputs, f"{name} ({shape}) through your point"
        except InputError as error:
            error.where = table.where("through")
            raise
    constants = cls.constants()
    if not constants:
        table.refuse("law", repr(name), "a law with published constants", hint=f"See gnomon laws {name}.")
    chosen = table.text("constants", next(iter(constants)), choices=tuple(constants))
    return constants[chosen], inputs, f"{name} ({chosen})"


def settle(known: Values, settings: Sequence[Setting]) -> dict[str, Any]:
    """The values, and all settings that follow from them, directly or one through the other."""
    found = dict(known)
    waiting = [setting for setting in settings if setting.name not in found]
    while ready := [setting for setting in waiting if all(name in found for name in setting.inputs)]:
        found |= {setting.name: setting.at(found) for setting in ready}
        waiting = [setting for setting in waiting if setting not in ready]
    return found


def _told(known: Values, names: Sequence[str]) -> str:
    return ", ".join(f"{name} = {known[name]}" for name in names)
