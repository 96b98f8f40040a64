"""Sizes of runs as a few named steps of one colour scale, and the line of the picture that says which is which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gnomon.report.frame import TEXT, Frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, dots, rows, words
from gnomon.report.palette import SCALE
from gnomon.report.words import number

_STEPS = {1: (9,), 2: (4, 9), 3: (4, 6, 9), 4: (3, 5, 7, 9), 5: (3, 4, 6, 7, 9), 6: (3, 4, 5, 6, 7, 9)}


@dataclass(frozen=True)
class Bins:
    """Which step each run belongs to, the roles of the steps and their names, from small to large."""

    index: npt.NDArray[np.int64]
    roles: tuple[str, ...]
    names: tuple[str, ...]


def size_bins(size: npt.ArrayLike, kind: str = "count") -> Bins:
    """At most six steps at 1, 3, 10, 30 ...; only steps that hold a run; sizes unknown or equal are one step."""
    size = np.asarray(size, dtype=np.float64)
    known = size[np.isfinite(size) & (size > 0)]
    if not len(known) or known.min() == known.max():
        name = number(float(known[0]), kind) if len(known) else "unknown"
        return Bins(np.zeros(len(size), dtype=np.int64), (SCALE[6],), (name,))
    first, last = math.floor(math.log10(known.min())), math.ceil(math.log10(known.max()))
    for mantissas, stride in (((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 6)):
        edges = [m * 10.0**d for d in range(first, last + 1, stride) for m in mantissas]
        inner = [e for e in edges if known.min() < e <= known.max()]
        if len(inner) <= 5:
            break
    if not inner:
        inner = [float(np.sqrt(known.min() * known.max()))]
    index = np.searchsorted(inner, np.where(np.isfinite(size), size, inner[0]), side="right")
    spelt = [number(e, kind) for e in inner]
    names = [f"< {spelt[0]}", *(f"{a}–{b}" for a, b in pairwise(spelt)), f"≥ {spelt[-1]}"]
    held = np.unique(index)
    roles = tuple(SCALE[step - 1] for step in _STEPS[len(held)])
    return Bins(np.searchsorted(held, index).astype(np.int64), roles, tuple(names[i] for i in held))


def legend_lines(bins: Bins, title: str, width: float) -> list[list[int]]:
    """How the names break into lines of at most `width` pixels; the title stands first."""
    lines: list[list[int]] = [[]]
    used = text_width(title, TEXT) + 12
    for index, name in enumerate(bins.names):
        need = text_width(name, TEXT) + 24
        if used + need > width and lines[-1]:
            lines.append([])
            used = 0.0
        lines[-1].append(index)
        used += need
    return lines


def legend(frame: Frame, bins: Bins, title: str, lines: list[list[int]], top: float) -> list[Layer]:
    """The legend above the plot, right-aligned; `top` is the pixel of its first line, negative above the plot."""
    marks, names = [], []
    for row, line in enumerate(lines):
        y = top + 16 * row
        wide = sum(text_width(bins.names[i], TEXT) + 24 for i in line) - 12
        at = frame.across + frame.right - wide - 2
        if row == 0:
            names += rows(x=frame.at_x([at - 10]), y=frame.at_y([y]), t=[title], a=[1])
        for i in line:
            marks += rows(x=frame.at_x([at + 4]), y=frame.at_y([y]), s=[i])
            names += rows(x=frame.at_x([at + 12]), y=frame.at_y([y]), t=[bins.names[i]], a=[0])
            at += text_width(bins.names[i], TEXT) + 24
    head = [{k: v for k, v in r.items() if k != "a"} for r in names if r["a"]]
    tail = [{k: v for k, v in r.items() if k != "a"} for r in names if not r["a"]]
    return [
        dots(marks, "data", radius=3.6, scale=bins.roles),
        *words(head, "ink", align="right"),
        *words(tail, "muted"),
    ]
