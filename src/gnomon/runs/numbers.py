"""Numbers as people write them: read `7B` and `5.76·10²³`, write them the same way everywhere."""

from __future__ import annotations

import math
import re
from typing import Literal

from gnomon.errors import InputError

Kind = Literal["count", "flops", "loss", "plain"]

#: What a letter or word after a number multiplies by. Counts are never milli: `70m` is seventy million.
SUFFIXES: dict[str, float] = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "g": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "tn": 1e12,
    "trillion": 1e12,
}

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(rf"([+-]?)({_DIGITS})(?:[eE]([+-]?\d+))?\s*([A-Za-z]*)", re.ASCII)
_POWER = re.compile(r"([+-]?)(?:(\d+(?:\.\d+)?)\s*[·×x*]\s*)?10(?:\^|\*\*)?([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|(?<=[\^*])-?\d+)")


def parse_number(text: str | float) -> float:
    """The number a person meant: `7B`, `350M`, `2T`, `3.2k`, `1e24`, `1_000`, `1,234,567`, `5.76·10²³`.

    Suffixes are k, M, B (or G) and T in either case, and the words thousand to trillion.

    Args:
        text: what was written; a number is passed through.

    Returns:
        A finite float.

    Raises:
        InputError: it is not a number, or not a finite one.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        value = float(text)
    else:
        value = _read(text) if isinstance(text, str) else math.nan
    if not math.isfinite(value):
        raise InputError(
            f"got {text!r}, expected a number", hint="Write it as 7e9, 7B, 350M, 2T or 3.2k.", code="bad-number"
        )
    return value


def _read(text: str) -> float:
    """The value of a written number, or NaN when it is none."""
    text = text.strip()
    if match := _NUMBER.fullmatch(text):
        sign, digits, exponent, suffix = match.groups()
        if "," in digits and digits.startswith("0"):
            return math.nan  # 0,500 is a decimal comma, not half a thousand
        if suffix and suffix.lower() not in SUFFIXES:
            return math.nan
        value = float(f"{sign}{digits.replace(',', '').replace('_', '')}e{exponent or 0}")
        return value * SUFFIXES[suffix.lower()] if suffix else value
    if match := _POWER.fullmatch(text):
        sign, mantissa, exponent = match.groups()
        return float(f"{sign}{mantissa or 1}e{exponent.translate(_PLAIN)}")
    return math.nan


def format_number(
    x: float, kind: Kind = "count", *, digits: int | None = None, strip: bool = True, unicode: bool = False
) -> str:
    """A number as every part of gnomon prints it; :func:`parse_number` reads it back.

    Args:
        x: the number; NaN is printed as `–`.
        kind: `count` 73.2B 1.31T 950; `flops` 5.76e23; `loss` 2.153; `plain` 2,143 and 0.3473.
        digits: significant digits; default 3 for counts and FLOP, 4 for the others.
        strip: leave out trailing zeros, as labels of an axis do.
        unicode: FLOP as `5.76·10²³` and `10²¹`.
    """
    x = float(x)
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    if x == 0:
        return "0"
    if kind not in ("count", "flops", "loss", "plain"):
        raise InputError(f"got kind {kind!r}, expected count, flops, loss or plain", code="unknown-name")
    digits = digits or (3 if kind in ("count", "flops") else 4)
    mantissa, exponent = _rounded(x, digits)
    if kind == "flops" and abs(exponent) >= 3:
        return _scientific(mantissa, exponent, digits, strip, unicode)
    if kind == "count":
        for scale, letter in ((12, "T"), (9, "B"), (6, "M"), (3, "k")):
            if scale <= exponent < scale + 3:
                return _fixed(mantissa * 10 ** (exponent - scale), digits - 1 - exponent + scale, strip) + letter
    if exponent >= 6 or exponent < -4:
        return _scientific(mantissa, exponent, digits, strip, unicode)
    return _fixed(mantissa * 10.0**exponent, digits - 1 - exponent, strip, group=kind == "plain")


def _rounded(x: float, digits: int) -> tuple[float, int]:
    """Mantissa in [1, 10) and exponent after rounding, so that 999.9M becomes 1B."""
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    return float(mantissa), int(exponent)


def _fixed(x: float, decimals: int, strip: bool, group: bool = False) -> str:
    text = f"{x:{',' if group else ''}.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


def _scientific(mantissa: float, exponent: int, digits: int, strip: bool, unicode: bool) -> str:
    front = _fixed(mantissa, digits - 1, strip)
    if not unicode:
        return f"{front}e{exponent}"
    power = f"10{str(exponent).translate(_SUPERSCRIPT)}"
    if mantissa in (1.0, -1.0):
        return power if mantissa > 0 else f"-{power}"
    return f"{front}·{power}"
