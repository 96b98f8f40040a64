"""Layers of a chart as plain Vega-Lite dictionaries: a row carries x and y (x2, y2 for ranges), d says the sentence.

The frame gives x and y their scale and axis once; a layer adds what it draws. Observations carry `d`, which becomes the
text read aloud and shown on hover; bands, rules and words are silent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.report.palette import LIGHT
from gnomon.report.words import rounded

Layer = dict[str, Any]
Rows = list[dict[str, Any]]


def rows(**columns: Any) -> Rows:
    """Rows from columns: arrays and lists are zipped, single values repeated, numbers cut to seven figures."""
    listed = {name: list(column) for name, column in columns.items() if _many(column)}
    length = len(next(iter(listed.values()))) if listed else 1
    every = {name: listed.get(name, [column] * length) for name, column in columns.items()}
    return [{n: _short(v) for n, v in zip(every, each, strict=True)} for each in zip(*every.values(), strict=True)]


def zone(data: Rows) -> Layer:
    """Grey ground from (x, y) to (x2, y2)."""
    return _layer("rect", data, {"color": LIGHT["zone"], "clip": True}, ranged="xy")


def cells(data: Rows, roles: Sequence[str]) -> Layer:
    """Cells from (x, y) to (x2, y2), coloured by the ordered field k, which counts into `roles`."""
    return _layer("rect", data, {"clip": True}, ranged="xy", color=ordered("k", roles))


def band(data: Rows, role: str, *, opacity: float = 1.0) -> Layer:
    """Area between y and y2 along x."""
    return _layer("area", data, {"color": LIGHT[role], "opacity": opacity, "clip": True}, ranged="y")


def steps(data: Rows, role: str) -> Layer:
    """Area between y and y2, flat from each x to the next."""
    return _layer("area", data, {"color": LIGHT[role], "interpolate": "step", "clip": True}, ranged="y")


def polygon(data: Rows, role: str) -> Layer:
    """Closed shape through the rows in their order."""
    look = {"fill": LIGHT[role], "stroke": LIGHT[role], "strokeWidth": 0, "order": False, "clip": True}
    return _layer("line", data, look)


def line(
    data: Rows,
    role: str,
    *,
    width: float = 2.0,
    dash: Sequence[float] | None = None,
    series: bool = False,
    scale: Sequence[str] | None = None,
    clip: bool = True,
) -> Layer:
    """Line through the rows in their order; with `series` one line for each s; with `scale` s picks the colour."""
    look: Layer = {"strokeWidth": width, "strokeCap": "round", "strokeJoin": "round", "order": False, "clip": clip}
    if scale is None:
        look["color"] = LIGHT[role]
    if dash:
        look["strokeDash"] = list(dash)
        look["strokeCap"] = "butt"
    layer = _layer("line", data, look)
    if scale is not None:
        layer["encoding"]["color"] = ordered("s", scale)
    elif series:
        layer["encoding"]["detail"] = {"field": "s", "type": "nominal"}
    return layer


def bar(data: Rows, role: str, *, width: float, along: str = "y", cap: str = "butt", clip: bool = True) -> Layer:
    """Thick rule between y and y2 (or x and x2) of each row."""
    look = {"color": LIGHT[role], "strokeWidth": width, "strokeCap": cap, "clip": clip}
    return _layer("rule", data, look, ranged=along)


def rule(data: Rows, role: str, *, width: float = 1.0, dash: Sequence[float] | None = None, clip: bool = True) -> Layer:
    """Thin straight rule from (x, y) to (x2, y2)."""
    look: Layer = {"color": LIGHT[role], "strokeWidth": width, "clip": clip}
    return _layer("rule", data, look | ({"strokeDash": list(dash)} if dash else {}), ranged="xy")


def dots(
    data: Rows,
    role: str,
    *,
    radius: float = 2.6,
    shape: str = "circle",
    hollow: bool = False,
    rim: float = 0.6,
    opacity: float = 1.0,
    scale: Sequence[str] | None = None,
) -> Layer:
    """Observations. Filled with a rim of paper, so that neighbours stay apart; or hollow, paper inside a coloured rim.

    With `scale`, the ordered field s of a row picks its colour.
    """
    look: Layer = {"shape": shape, "size": round(math.pi * radius**2, 2), "opacity": opacity}
    if hollow:
        look |= {"fill": LIGHT["paper"], "strokeWidth": max(rim, 1.4)}
        painted = "stroke"
    else:
        look |= {"stroke": LIGHT["paper"], "strokeWidth": rim}
        painted = "fill"
    if scale is None:
        look[painted] = LIGHT[role]
        return _layer("point", data, look)
    layer = _layer("point", data, look)
    layer["encoding"][painted] = ordered("s", scale)
    return layer


def words(
    data: Rows,
    role: str = "muted",
    *,
    size: float = 11.5,
    align: str = "left",
    baseline: str = "middle",
    bold: bool = False,
    halo: bool = False,
    scale: Sequence[str] | None = None,
) -> list[Layer]:
    """Text t at (x, y); with a halo of paper underneath where it crosses lines."""
    look: Layer = {"fontSize": size, "align": align, "baseline": baseline}
    if bold:
        look["fontWeight"] = 600
    text = {"field": "t", "type": "nominal"}
    layers = []
    if halo:
        ground = look | {"color": LIGHT["paper"], "stroke": LIGHT["paper"], "strokeWidth": 3.5, "strokeJoin": "round"}
        layers.append(_layer("text", data, ground, text=text))
    if scale is not None:
        return [*layers, _layer("text", data, look, text=text, color=ordered("s", scale))]
    return [*layers, _layer("text", data, look | {"color": LIGHT[role]}, text=text)]


def ordered(field: str, roles: Sequence[str]) -> dict[str, Any]:
    """Colour channel: the integer field 0, 1, ... picks the role."""
    scale = {"domain": list(range(len(roles))), "range": [LIGHT[role] for role in roles]}
    return {"field": field, "type": "ordinal", "scale": scale, "legend": None}


def _layer(kind: str, data: Rows, look: Mapping[str, Any], *, ranged: str = "", **encoding: Any) -> Layer:
    encoding |= {f"{axis}2": {"field": f"{axis}2"} for axis in ranged}
    said = bool(data) and "d" in data[0]
    if said:
        spoken = {"field": "d", "type": "nominal"}
        encoding |= {"description": spoken, "tooltip": spoken}
    mark: dict[str, Any] = {"type": kind, "aria": said} | dict(look)
    return {"data": {"values": data}, "mark": mark, "encoding": encoding}


def _many(column: Any) -> bool:
    return isinstance(column, (list, tuple, np.ndarray))


def _short(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return rounded(float(value), 7)
    return int(value) if isinstance(value, np.integer) else value
