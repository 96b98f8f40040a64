"""Runs in a frame: each as a dot, those outside the window as triangles at its edge, very many as a density.

Whatever is not drawn as a dot is counted, so that points given = dots + triangles + points counted in cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.report.axes import Array
from gnomon.report.frame import Frame
from gnomon.report.marks import Layer, cells, dots, rows
from gnomon.report.palette import SCALE
from gnomon.report.words import listed, plural

MOST = 2000
"""Above this many runs the crowd is drawn as a density and only runs that stand alone as dots."""

ALONE = 1200
"""Cells grow until at most this many runs stand alone."""

_EDGES = (
    ("above", "triangle-up"),
    ("below", "triangle-down"),
    ("left of", "triangle-left"),
    ("right of", "triangle-right"),
)


@dataclass(frozen=True)
class Scatter:
    """Layers that show the runs, and the sentences that count what is not a dot (empty when every run is one)."""

    layers: tuple[Layer, ...]
    note: str
    dots: int
    triangles: int
    celled: int


def scatter(
    frame: Frame,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    says: Iterable[str],
    *,
    role: str = "data",
    bins: npt.ArrayLike | None = None,
    roles: Sequence[str] = (),
    radius: float = 2.6,
    shape: str = "circle",
    hollow: bool = False,
    rim: float = 0.6,
    noun: str = "run",
) -> Scatter:
    """The runs of a chart.

    Args:
        frame: where they are drawn.
        x: shape (n,), finite.
        y: shape (n,), finite.
        says: one sentence a run.
        role: colour of all runs, unless `bins` is given.
        bins: shape (n,), integers that pick the colour of each run from `roles`.
        roles: roles that `bins` counts into.
        radius: of a dot, in pixels.
        shape: `circle`, `diamond`, `triangle-up` ...
        hollow: rim only.
        rim: width of the rim, in pixels.
        noun: what a point is called in the note.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    said = np.array(list(says), dtype=object)
    group = np.zeros(len(x), dtype=np.int64) if bins is None else np.asarray(bins, dtype=np.int64)
    scale = tuple(roles) if bins is not None else None
    outside = (y > frame.y.high, y < frame.y.low, x < frame.x.low, x > frame.x.high)
    side = np.select(outside, [0, 1, 2, 3], default=-1)
    inside = np.flatnonzero(side < 0)
    layers: list[Layer] = []
    note: list[str] = []
    crowd = np.empty(0, dtype=np.int64)
    if len(inside) > MOST:
        crowd, ground = _density(frame, x[inside], y[inside], noun)
        layers += ground
        alone = np.setdiff1d(np.arange(len(inside)), crowd)
        inside = inside[alone]
        note.append(f"Cells: {len(crowd):,} {noun}s, the darker the more; dots: {len(alone):,} that stand alone.")
    look = {"radius": radius, "shape": shape, "hollow": hollow, "rim": rim, "scale": scale}
    if len(inside):
        drawn = rows(x=x[inside], y=y[inside], s=group[inside], d=list(said[inside]))
        layers.append(dots(drawn, role, **look))  # type: ignore[arg-type]
    beyond = []
    for code, (where, pointing) in enumerate(_EDGES):
        there = np.flatnonzero(side == code)
        if not len(there):
            continue
        beyond.append(f"{plural(len(there), noun)} {where} the window")
        edge = rows(
            x=np.clip(x[there], float(frame.at_x(4)), float(frame.at_x(frame.across - 4))),
            y=np.clip(y[there], float(frame.at_y(frame.down - 5)), float(frame.at_y(5))),
            s=group[there],
            d=list(said[there]),
        )
        layers.append(dots(edge, role, radius=3.4, shape=pointing, scale=scale))
    if beyond:
        note.append(f"Triangles at the edge: {listed(beyond)}.")
    return Scatter(tuple(layers), " ".join(note), len(inside), int((side >= 0).sum()), len(crowd))


def _density(frame: Frame, x: Array, y: Array, noun: str) -> tuple[npt.NDArray[np.int64], list[Layer]]:
    """Indices of runs that share a cell with at least two others, and the cells that stand for them."""
    for size in (5.0, 7.0, 10.0, 14.0, 20.0):
        column = np.floor(frame.px(x) / size).astype(np.int64)
        line = np.floor(frame.py(y) / size).astype(np.int64)
        _, cell, count = np.unique(column * 10_000 + line, return_inverse=True, return_counts=True)
        crowded = count[cell] >= 3
        if (~crowded).sum() <= ALONE:
            break
    crowd = np.flatnonzero(crowded)
    if not len(crowd):
        return crowd, []
    _, first = np.unique(cell[crowd], return_index=True)
    left, top, many = column[crowd][first] * size, line[crowd][first] * size, count[cell[crowd][first]]
    levels = SCALE[2:8]
    level = np.minimum(np.log(many / 3) / np.log(max(float(many.max()) / 3, 1.001)) * len(levels), len(levels) - 1)
    drawn = rows(
        x=frame.at_x(left),
        x2=frame.at_x(np.minimum(left + size, frame.across)),
        y=frame.at_y(top),
        y2=frame.at_y(np.minimum(top + size, frame.down)),
        k=level.astype(np.int64),
        d=[f"{n} {noun}s here" for n in many],
    )
    return crowd, [cells(drawn, levels)]
