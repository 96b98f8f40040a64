"""Numbers as a reader meets them in a sentence: one spelling for findings, pages, axes and captions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gnomon.runs.numbers import format_number

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

MEANING = {
    "params": "parameters",
    "tokens": "tokens",
    "flops": "training compute (FLOP)",
    "loss": "loss (nats per token)",
    "unique_tokens": "unique tokens",
    "step": "step",
    "lr": "learning rate",
    "batch_tokens": "tokens per batch",
}
"""Axis titles of canonical columns; other columns are shown under their own name."""

KINDS = {"params": "count", "tokens": "count", "unique_tokens": "count", "batch_tokens": "count", "flops": "flops"}
"""How the numbers of a canonical column are spelt; other columns are `plain`."""


def minus(text: str) -> str:
    """The same number with a true minus sign."""
    return text.replace("-", "−")


def compute(flops: float) -> str:
    """FLOP as `5.76·10²³`, or `10²¹` where the mantissa is one."""
    return minus(format_number(flops, "flops", unicode=True))


def number(value: float | None, kind: str = "plain", *, half: float | None = None) -> str:
    """One number as its kind is spelt.

    Args:
        value: the number; `None` or NaN is `unknown`.
        kind: `count` (73.2B), `flops` (5.76·10²³), `loss`, `percent` (the value is a fraction), `plain`.
        half: half width of the interval it travels with, which decides the decimals of a loss.
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if kind == "flops":
        return compute(value)
    if kind == "percent":
        return percent(value)
    if kind == "loss":
        return loss(value, half)
    return minus(format_number(value, "count" if kind == "count" else "plain"))


def decimals(half: float | None, value: float = 1.0) -> int:
    """Decimals worth showing: up to the first digit of the half width, at least two where that is below one.

    Without a half width, four significant figures of the value.
    """
    if half is None or not math.isfinite(half) or half <= 0:
        return max(0, 3 - math.floor(math.log10(abs(value)))) if value else 3
    return min(6, max(2 if half < 1 else 0, -math.floor(math.log10(half))))


def loss(value: float, half: float | None = None, *, more: int = 0) -> str:
    """A loss with the decimals its half width deserves (`more` adds some, for tables)."""
    return minus(f"{value:.{decimals(half, value) + more}f}")


def interval(low: float, high: float, kind: str = "loss", *, more: int = 0) -> str:
    """`1.94 to 2.02`, in the spelling of the kind."""
    if kind == "loss":
        half = (high - low) / 2
        return f"{loss(low, half, more=more)} to {loss(high, half, more=more)}"
    return f"{number(low, kind)} to {number(high, kind)}"


def percent(fraction: float, *, signed: bool = False, digits: int = 2) -> str:
    """A fraction as percent with two significant figures: .0095 is `0.95%`, .472 is `47%`."""
    value = 100 * fraction
    if not math.isfinite(value):
        return "unknown"
    size = abs(value)
    places = 0 if size >= 9.95 else max(0, digits - 1 - math.floor(math.log10(size))) if size > 0 else 0
    text = f"{value:+.{min(places, 4)}f}" if signed and size else f"{value:.{min(places, 4)}f}"
    return minus(text) + "%"


def times(ratio: float) -> str:
    """A ratio: `44×`, `1.4×`."""
    return f"{minus(_figures(ratio, 2))}×"


def rounded(value: float, figures: int = 2) -> float:
    """The value with so many significant figures."""
    return float(f"{value:.{figures}g}")


def quantity(value: float, column: str) -> str:
    """A value of a column with its noun: `5.76·10²³ FLOP`, `7B parameters`, `lr 0.002`."""
    spelt = number(value, KINDS.get(column, "plain"))
    noun = {"flops": "FLOP"}.get(column) or (MEANING[column] if column in KINDS else "")
    return f"{spelt} {noun}" if noun else f"{column.replace('_', ' ')} {spelt}"


def kind_of(column: str) -> str:
    """How the numbers of a column are spelt."""
    return KINDS.get(column, "plain")


def meaning(column: str) -> str:
    """The axis title of a column."""
    return MEANING.get(column, column.replace("_", " "))


def several(count: int) -> str:
    """A count in words up to twelve, in digits above."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """`1 run`, `240 runs`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def capital(sentence: str) -> str:
    """The sentence with its first letter raised."""
    return sentence[:1].upper() + sentence[1:]


def in_ten(level: float) -> str:
    """A level as a person says it: .9 is `nine runs in ten`, .95 is `95% of runs`."""
    tenths = round(level * 10)
    return (
        f"{_SMALL[tenths]} runs in ten"
        if abs(level * 10 - tenths) < 1e-9 and 0 < tenths < 10
        else f"{percent(level)} of runs"
    )


def _figures(value: float, figures: int) -> str:
    if value == 0:
        return "0"
    places = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}"
