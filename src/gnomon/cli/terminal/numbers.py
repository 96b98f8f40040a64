"""Numbers with as many digits as their interval supports."""

from __future__ import annotations

import math
from typing import Literal

MOST_DECIMALS = 6
MOST_DIGITS = 6  # significant ones of a value, however narrow its interval
UNKNOWN = "–"


def decimals_for(half: float | None) -> int | None:
    """Decimals that show two digits of a half width; None where there is none."""
    if half is None or not math.isfinite(half) or half <= 0:
        return None
    return min(max(1 - math.floor(math.log10(half)), 0), MOST_DECIMALS)


def number(value: float | None, decimals: int | None = None) -> str:
    """A number with so many decimals, thousands apart; four digits without; scientific where very large or small."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    false_zero = 0 < size < 0.5 * 10.0 ** -(decimals or 0)  # a learning rate of 4e-5 is not 0.0000
    if decimals is None or size >= 1e6 or false_zero or (0 < size < 1e-3 and decimals >= MOST_DECIMALS):
        return quantity(value, "plain")
    return f"{value:,.{decimals}f}"


def quantity(
    value: float, kind: Literal["count", "flops", "loss", "plain"] = "count", *, digits: int | None = None
) -> str:
    """A number as all parts of gnomon spell it: 73.2B, 5.76e23, 2.153, 2,143."""
    from gnomon.runs.numbers import format_number

    return format_number(value, kind, digits=digits)


def column_value(name: str, value: float | str) -> str:
    """A value of an input column: counts as 7B, FLOP as 6e18, names as they are, anything else plain."""
    if isinstance(value, str):
        return value
    if name == "flops" or name.endswith("_flops"):
        return quantity(value, "flops")
    if abs(value) >= 1e3 and value == round(value):
        return quantity(value, "count")
    return quantity(value, "plain")


def estimate(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    """A value and its interval, spelt with the same decimals: ("1.817", "1.779 to 1.859"); ("1.8", "") without one."""
    if low is None or high is None:
        return number(value), ""
    decimals = decimals_for(0.5 * (high - low))
    if decimals and value:
        decimals = max(min(decimals, MOST_DIGITS - 1 - math.floor(math.log10(abs(value)))), 0)
    return number(value, decimals), between(number(low, decimals), number(high, decimals))


def between(low: str, high: str) -> str:
    """An interval."""
    return f"{low} to {high}"


def percent(share: float | None) -> str:
    """A share: two digits below 2 %, whole numbers from 10 % on."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    x = 100.0 * share
    if 0 < abs(x) < 0.005:
        return "<0.01%" if x > 0 else ">-0.01%"
    return f"{x:.{0 if abs(x) >= 10 else 1 if abs(x) >= 2 else 2}f}%"


def beyond(horizon: float) -> str:
    """How far a point lies beyond the runs: inside, or a factor."""
    if horizon <= 0:
        return "inside"
    times = 10**horizon
    return f"{times:.2f}x" if times < 2 else f"{times:.1f}x" if times < 10 else f"{quantity(times, 'plain', digits=2)}x"


def counted(n: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def seconds(x: float) -> str:
    """A duration: 0.4 s, 12 s, 2 min 5 s."""
    if x < 9.95:
        return f"{x:.1f} s"
    if x < 99.5:
        return f"{x:.0f} s"
    return f"{round(x) // 60} min {round(x) % 60} s"
