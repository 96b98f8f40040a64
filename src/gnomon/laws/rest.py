"""The part of a law above its floor, with derivatives in closed form: what a solver can use in place of dual numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Rest(Protocol):
    """u = ln(law - floor) as a function of the other parameters; all arrays (B, n) or what broadcasts to that.

    Derivatives are by a parameter's logarithm where it is declared on a log scale, else by itself. Values have shape (B, 1),
    inputs (n,) or (B, n).
    """

    floor: str
    kept: int  # arrays that `value` hands on to `slopes`, besides u

    def value(self, values: Mapping[str, Any], *inputs: Any) -> tuple[Any, ...]:
        """U and the arrays to keep."""

    def slopes(self, values: Mapping[str, Any], kept: tuple[Any, ...], *inputs: Any) -> Slopes:
        """Derivatives of u at the same values."""


@dataclass(frozen=True)
class Slopes:
    """First derivatives by name, and the second ones that are not zero by pairs of names, each pair once."""

    first: Mapping[str, Any]
    second: Mapping[tuple[str, str], Any]
