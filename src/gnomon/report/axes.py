"""Ticks and their labels, chosen once for charts, tables and the terminal; an axis that knows its pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.report.words import compute, minus, number, rounded

Array = npt.NDArray[np.float64]

# Mantissas of log ticks, from fine to coarse; the first set that gives few enough ticks wins.
MANTISSAS: tuple[tuple[float, ...], ...] = (
    (1, 1.2, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9),
    (1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 8),
    (1, 1.5, 2, 3, 4, 6, 8),
    (1, 1.5, 2, 3, 5, 7),
    (1, 2, 5),
    (1, 3),
    (1,),
)


@dataclass(frozen=True)
class Ticks:
    """Positions on an axis, in data units, and what is written at each."""

    values: tuple[float, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)


def tick_label(value: float, kind: str) -> str:
    """One tick as its kind is spelt: `300M`, `3·10²¹`, `2.25`, `+1`."""
    if kind == "flops":
        return compute(value)
    if kind == "count":
        return number(value, "count")
    text = f"{value:+.10g}" if kind == "signed" and value else f"{value:.10g}"
    if "e" in text:
        return compute(value) if value > 0 else minus(text)
    return minus(text)


def log_ticks(low: float, high: float, kind: str = "plain", *, most: int = 6) -> Ticks:
    """Ticks of a logarithmic axis from low to high, at most `most` of them, at least two where that is possible.

    Sets of mantissas are tried from fine to coarse, then every k-th decade. A span under a factor of two gets evenly
    spaced ticks.

    Raises:
        ValueError: unless 0 < low < high.
    """
    if not 0 < low < high:
        raise ValueError(f"a log axis needs 0 < low < high, not {low!r} and {high!r}")
    if high / low < 2:
        return linear_ticks(low, high, kind, most=most)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for mantissas in MANTISSAS:
        values = [float(f"{m}e{d}") for d in range(first, last + 1) for m in mantissas]
        inside = tuple(v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9))
        if 2 <= len(inside) <= most:
            return Ticks(inside, tuple(tick_label(v, kind) for v in inside))
    decades = [d for d in range(first, last + 1) if low * (1 - 1e-9) <= 10.0**d <= high * (1 + 1e-9)]
    if len(decades) < 2:
        return linear_ticks(low, high, kind, most=most)
    stride = next(k for k in range(1, len(decades) + 1) if math.ceil(len(decades) / k) <= most)
    kept = tuple(float(f"1e{d}") for d in decades[::stride])
    return Ticks(kept, tuple(tick_label(v, kind) for v in kept))


def linear_ticks(low: float, high: float, kind: str = "plain", *, most: int = 6) -> Ticks:
    """Evenly spaced ticks at 1, 2, 2.5 or 5 times a power of ten, at most `most`, with equal decimals.

    Raises:
        ValueError: unless low < high, both finite.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"an axis needs finite low < high, not {low!r} and {high!r}")
    power = math.floor(math.log10((high - low) / most))
    steps = (m * 10.0**p for p in (power, power + 1) for m in (1, 2, 2.5, 5))
    for step in steps:
        start, stop = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if stop - start + 1 <= most:
            break
    digits = max(0, 1 - math.floor(math.log10(step)))
    values = tuple(round(i * step, digits) for i in range(start, stop + 1))
    if kind in ("count", "flops"):
        return Ticks(values, tuple(tick_label(v, kind) for v in values))
    places = max((len(f"{v:.{digits}f}".rstrip("0").partition(".")[2]) for v in values if digits), default=0)
    sign = "+" if kind == "signed" else ""
    return Ticks(values, tuple(minus(f"{v:{sign if v else ''}.{places}f}") for v in values))


@dataclass(frozen=True)
class Axis:
    """One axis of a chart: its window, ticks and title. `at` and `pixel` invert each other."""

    low: float
    high: float
    title: str
    ticks: Ticks
    log: bool = False

    def pixel(self, value: npt.ArrayLike, length: float) -> Array:
        """Distance from the low end, in pixels of an axis of this length."""
        return np.asarray((self._scaled(value) - self._low) / (self._high - self._low) * length, dtype=np.float64)

    def at(self, pixel: npt.ArrayLike, length: float) -> Array:
        """The value at a distance from the low end; beyond the ends it goes on."""
        scaled = self._low + np.asarray(pixel, dtype=np.float64) / length * (self._high - self._low)
        return np.asarray(10**scaled if self.log else scaled, dtype=np.float64)

    def inside(self, value: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each value lies in the window."""
        value = np.asarray(value, dtype=np.float64)
        return np.asarray((value >= self.low) & (value <= self.high))

    def _scaled(self, value: npt.ArrayLike) -> Array:
        value = np.asarray(value, dtype=np.float64)
        return np.asarray(np.log10(value) if self.log else value, dtype=np.float64)

    @property
    def _low(self) -> float:
        return math.log10(self.low) if self.log else self.low

    @property
    def _high(self) -> float:
        return math.log10(self.high) if self.log else self.high

    def channel(self, field: str, **settings: Any) -> dict[str, Any]:
        """The Vega-Lite position channel: window, ticks with their labels, title.

        `tickCount` accompanies `values`: without it Vega thins the ticks it was given. A label is looked up by the
        position of its value, so that no number is formatted twice.
        """
        scale: dict[str, Any] = {
            "type": "log" if self.log else "linear",
            "domain": [self.low, self.high],
            "nice": False,
        }
        if not self.log:
            scale["zero"] = False
        values = [float(value) for value in self.ticks.values]
        names = json.dumps(list(self.ticks.labels), ensure_ascii=False)
        look_up = f"{names}[indexof({json.dumps(values)},datum.value)]"
        shown = {"values": values, "tickCount": len(values), "labelExpr": look_up}
        return {
            "field": field,
            "type": "quantitative",
            "scale": scale,
            "axis": shown | {"title": self.title} | settings,
            "sort": None,
        }


def log_axis(
    values: Iterable[npt.ArrayLike], title: str, kind: str = "plain", *, most: int = 6, pad: float = 0.03
) -> Axis:
    """A log axis around positive values with a margin of `pad` of the span; equal values get a factor of two."""
    low, high = _span(values, positive=True)
    if low == high:
        low, high = low / 2, high * 2
    margin = (high / low) ** pad
    low, high = low / margin, high * margin
    return Axis(
        rounded(low, 6),
        rounded(high, 6),
        title,
        log_ticks(rounded(low, 6), rounded(high, 6), kind, most=most),
        log=True,
    )


def linear_axis(
    values: Iterable[npt.ArrayLike], title: str, kind: str = "plain", *, most: int = 6, pad: float = 0.05
) -> Axis:
    """A linear axis around values with a margin of `pad` of the span; equal values get a margin of one tenth."""
    low, high = _span(values, positive=False)
    if low == high:
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    margin = (high - low) * pad
    low, high = rounded(low - margin, 6), rounded(high + margin, 6)
    return Axis(low, high, title, linear_ticks(low, high, kind, most=most))


def _span(values: Iterable[npt.ArrayLike], *, positive: bool) -> tuple[float, float]:
    """Smallest and largest usable value."""
    flat: Sequence[Array] = [np.ravel(np.asarray(v, dtype=np.float64)) for v in values]
    every = np.concatenate(flat) if flat else np.empty(0)
    every = every[np.isfinite(every) & ((every > 0) | (not positive))]
    if not len(every):
        raise ValueError("an axis needs at least one finite value" + (" above zero" if positive else ""))
    return float(every.min()), float(every.max())
