"""Learning curves of several sizes at equal tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.report.axes import Array, log_axis
from gnomon.report.ends import names_at_ends, shades
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, frame
from gnomon.report.labels import text_width
from gnomon.report.marks import Layer, Rows, dots, line, rows
from gnomon.report.words import capital, loss, meaning, number, quantity, rounded, several

POINTS = 120
"""A curve is drawn through at most this many of its checkpoints, evenly spaced in ln(tokens)."""


@dataclass(frozen=True)
class Rung:
    """One run of a ladder: its size and its curve; `annealed` when its end is a final loss, not a passing one."""

    params: float
    tokens: Array
    loss: Array
    annealed: bool = True
    name: str = ""


@dataclass(frozen=True)
class LadderNumbers:
    """Runs of several sizes."""

    rungs: Sequence[Rung]
    response: str = "loss"


def draw_ladder(numbers: LadderNumbers, *, width: float = HALF, height: float = 240) -> Figure:
    """Finding: at equal tokens, whether the larger run is lower, and from where on."""
    rungs = sorted(numbers.rungs, key=lambda r: r.params)
    x = log_axis([r.tokens for r in rungs], "tokens seen", "count", most=5 if width < 500 else 8)
    y = log_axis([_usual(r) for r in rungs], meaning(numbers.response), "plain", most=6)
    labels = [number(r.params, "count") for r in rungs]
    right = max(text_width(label, TEXT) for label in labels) + 10
    plot = frame(x, y, width=width, height=height, right=right)
    roles, step = shades(len(rungs))
    drawn: Rows = []
    ends: list[tuple[float, float]] = []
    shown = 0
    tips: dict[bool, Rows] = {True: [], False: []}
    for index, (rung, s) in enumerate(zip(rungs, step, strict=True)):
        keep = _thin(rung.tokens)
        shown += len(keep)
        drawn += [row | {"g": index} for row in rows(x=rung.tokens[keep], y=rung.loss[keep], s=s)]
        last = int(np.argmax(rung.tokens))
        ends.append((float(rung.tokens[last]), float(rung.loss[last])))
        said = f"{quantity(rung.params, 'params')}: {loss(ends[-1][1])} after {quantity(ends[-1][0], 'tokens')}"
        said = f"{rung.name}, {said}" if rung.name else said
        tips[rung.annealed] += rows(x=[ends[-1][0]], y=[ends[-1][1]], s=[s], d=[said])
    curves = line(drawn, "law", width=1.7, scale=roles)
    curves["encoding"]["detail"] = {"field": "g", "type": "ordinal"}
    layers: list[Layer] = [curves]
    for annealed, place in tips.items():
        if place:
            layers.append(dots(place, "law", radius=3.2, hollow=not annealed, scale=roles))
    layers += names_at_ends(plot, ends, labels)
    given = sum(len(r.tokens) for r in rungs)
    open_ = " Open dot: stopped before the end of its schedule." if any(not r.annealed for r in rungs) else ""
    some = f" Curves pass through {shown:,} of {given:,} checkpoints." if shown < given else ""
    above = sum(int((r.loss > y.high).sum()) for r in rungs)
    gone = f" {above:,} early checkpoints lie above the window." if above else ""
    note = f"{capital(numbers.response)} against tokens, one run a size. Dot: the end of the run.{open_}{some}{gone}"
    return Figure("ladder", plot.spec(layers), ladder_finding(numbers), note, _table(rungs))


def ladder_finding(numbers: LadderNumbers) -> str:
    """The sentence above the ladder chart."""
    rungs = sorted(numbers.rungs, key=lambda r: r.params)
    sizes = sorted({r.params for r in rungs})
    if len(sizes) < 2:
        return f"All runs have one size, {quantity(sizes[0], 'params')}: the ladder cannot show what size does."
    span = f"{number(sizes[0], 'count')} to {number(sizes[-1], 'count')} parameters"
    head = f"{capital(several(len(sizes)))} sizes from {span}"
    start = ordered_from(rungs)
    if start is None:
        return f"{head}: at equal tokens the larger run is not always lower, not even at the end."
    if start == 0.0:
        return f"{head}: at equal tokens the larger run is always lower."
    return f"{head}: from {quantity(rounded(start), 'tokens')} on, the larger run is always lower."


def ordered_from(rungs: Sequence[Rung]) -> float | None:
    """Tokens from which on every larger run lies below every smaller one where both were measured.

    Returns:
        0 when that holds everywhere, `None` when it fails up to the last common token count.
    """
    first = min(float(r.tokens.min()) for r in rungs)
    last = max(float(r.tokens.max()) for r in rungs)
    grid = np.geomspace(first, last, 400)
    curves = [_at(r, grid) for r in rungs]
    wrong = np.zeros(len(grid), dtype=bool)
    known = np.zeros(len(grid), dtype=bool)
    for i, small in enumerate(curves):
        for j in range(i + 1, len(curves)):
            if rungs[j].params > rungs[i].params:
                both = np.isfinite(small) & np.isfinite(curves[j])
                known |= both
                wrong |= both & (curves[j] > small)
    if not known.any() or not wrong.any():
        return 0.0 if known.any() else None
    after = int(np.flatnonzero(wrong)[-1]) + 1
    return float(grid[after]) if after < len(grid) and known[after:].any() else None


def _at(rung: Rung, grid: Array) -> Array:
    order = np.argsort(rung.tokens)
    tokens, value = rung.tokens[order], rung.loss[order]
    inside = (grid >= tokens[0]) & (grid <= tokens[-1])
    return np.asarray(np.where(inside, np.interp(np.log(grid), np.log(tokens), value), np.nan), dtype=np.float64)


def _usual(rung: Rung) -> Array:
    """The losses that set the window: without the first moments of training, which would flatten the rest."""
    return np.asarray(rung.loss[rung.tokens >= rung.tokens.max() / 100], dtype=np.float64)


def _thin(tokens: Array) -> npt.NDArray[np.intp]:
    order = np.asarray(np.argsort(tokens), dtype=np.intp)
    if len(tokens) <= POINTS:
        return order
    wanted = np.geomspace(tokens[order[0]], tokens[order[-1]], POINTS)
    nearest = np.searchsorted(tokens[order], wanted * (1 - 1e-12)).clip(0, len(tokens) - 1)
    return np.asarray(order[np.unique(nearest)], dtype=np.intp)


def _table(rungs: Sequence[Rung]) -> Numbers:
    columns = (("parameters", "count"), ("tokens", "count"), ("last loss", "loss"), ("checkpoints", "plain"))
    last = [int(np.argmax(r.tokens)) for r in rungs]
    cells = (
        (r.params, float(r.tokens[i]), float(r.loss[i]), float(len(r.tokens))) for r, i in zip(rungs, last, strict=True)
    )
    return Numbers(columns, tuple(cells))
