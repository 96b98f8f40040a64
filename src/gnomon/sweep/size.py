"""Sizes a trainer can be asked for: a table of configurations, or a knob whose parameters follow from a formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.runs.numbers import format_number
from gnomon.sweep.keys import Table
from gnomon.sweep.setting import Setting, Written, settle

MOST = (
    400  # sizes looked at: a knob of a wide range is thinned to neighbours within some 2 %, closer than a ladder needs
)
LEAST = 3  # sizes of a ladder: with fewer no curvature in the size is seen, and no forecast is made


@dataclass(frozen=True)
class Size:
    """One size.

    Args:
        values: placeholders it sets.
        params: its parameters.
    """

    values: dict[str, Any]
    params: float

    @property
    def label(self) -> str:
        """`width32`, or `params1.2M` where the size sets no placeholder."""
        values = self.values or {"params": format_number(self.params)}
        return "-".join(f"{name}{value}" for name, value in values.items())


@dataclass(frozen=True)
class Sizes:
    """All sizes of a trainer, by rising parameters.

    Args:
        names: placeholders a size sets.
        found: the sizes.
        convention: which parameters are counted, in the user's words.
        formula: parameters of any value of the knob; None for a table.
    """

    names: tuple[str, ...]
    found: tuple[Size, ...]
    convention: str | None = None
    formula: Setting | None = None

    def nearest(self, params: float, among: Sequence[Size] | None = None) -> Size:
        """The size whose parameters are nearest in ratio."""
        return min(among or self.found, key=lambda size: abs(math.log(size.params / params)))

    def spread(self, low: float, high: float, count: int) -> tuple[Size, ...]:
        """Sizes between two parameter counts, as evenly in the logarithm as there are any; fewer than `count` where
        neighbours coincide."""
        inside = [size for size in self.found if low <= size.params <= high]
        if not inside:
            return ()
        goals = np.geomspace(inside[0].params, inside[-1].params, count)
        chosen = {id(size): size for size in (self.nearest(float(goal), inside) for goal in goals)}
        return tuple(chosen.values())


def read_sizes(top: Table, settings: Sequence[Setting]) -> Sizes:
    """[size], a knob with its formula, or [[size]], a table of configurations.

    Args:
        top: the file's top table.
        settings: of the file: the formula may use those of one value that follow from the knob.

    Raises:
        InputError: there are fewer than three sizes, or one cannot be computed.
    """
    found = top.value("size", expected="[size] with a knob, or [[size]] for each configuration")
    single = [setting for setting in settings if len(setting.tried) < 2]
    if isinstance(found, list):
        return _listed(top, top.tables("size"))
    table = top.table("size", needed=True)
    knob = table.text("knob", expected='the placeholder that sets the size, such as "width"')
    values = _values(table)
    text = table.text("params", expected=f'a formula of {knob}, such as "12 * {knob}^2"')
    rule = Setting(
        "params", table.where("params"), rule=(made := Written(text, table.where("params"))), inputs=made.names
    )
    convention = table.text("convention", None)
    table.end()
    sizes = []
    for value in values:
        known = settle({knob: value}, single)
        if missing := [name for name in rule.inputs if name not in known]:
            given = ", ".join(known)
            table.refuse("params", repr(text), f"a formula of {given}", hint=f"Nothing gives {missing[0]} its value.")
        sizes.append(Size({knob: value}, rule.exact(known)))
    sizes.sort(key=lambda size: size.params)
    _enough(top, sizes)
    return Sizes((knob,), tuple(sizes), convention, rule)


def _values(table: Table) -> list[Any]:
    """The values of the knob: those listed, or all multiples within limits."""
    if "values" in table:
        return [int(v) if v == int(v) else v for v in table.numbers("values")]
    low, high = table.number("from"), table.number("to")
    step = table.number("multiple_of", 1)
    if not high > low:
        table.refuse("to", f"{high:g}", f"more than from = {low:g}")
    first, last = math.ceil(low / step), math.floor(high / step)
    if last < first:
        table.refuse("multiple_of", f"{step:g}", f"a step with a multiple between {low:g} and {high:g}")
    whole = last - first + 1
    counts = range(first, last + 1) if whole <= MOST else np.geomspace(first, last, MOST).round().astype(int).tolist()
    found = sorted({int(k) * step for k in counts})
    return [int(v) if v == int(v) else v for v in found]


def _listed(top: Table, tables: Sequence[Table]) -> Sizes:
    names = tuple(name for name in tables[0].values if name != "params") if tables else ()
    sizes = []
    for table in tables:
        params = table.number("params", expected="the number of parameters")
        for name in names:
            if isinstance(value := table.value(name), dict | list):
                table.refuse(name, repr(value), "a number or a text")
        table.end()
        sizes.append(Size({name: table.values[name] for name in names}, params))
    sizes.sort(key=lambda size: size.params)
    _enough(top, sizes)
    return Sizes(names, tuple(sizes))


def _enough(top: Table, sizes: Sequence[Size]) -> None:
    distinct = len({size.params for size in sizes})
    if distinct < LEAST:
        top.refuse(
            "size",
            f"{distinct} sizes",
            f"at least {LEAST} with different params",
            hint="A law in the size needs as many.",
        )
