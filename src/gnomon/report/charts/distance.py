"""How the error grows with the distance of the forecast: each law against the baselines it must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gnomon.report.axes import Array, linear_axis, log_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, TEXT, frame
from gnomon.report.labels import keep_apart, text_width
from gnomon.report.marks import Layer, dots, line, rows, words
from gnomon.report.words import number, percent, times

_ROLES = ("third", "fourth", "held", "data")


@dataclass(frozen=True)
class DistanceNumbers:
    """Mean absolute error of forecasts by how much compute was hidden.

    Attributes:
        decades: shape (m,), decades of compute between the cut and the largest run, increasing.
        error: mean absolute relative error of each law, shape (m,) each; NaN where a law could not be fitted.
        used: the law in use, a key of `error`.
        baselines: the same for rules without a law.
        runs: shape (m,), runs hidden at each cut.
    """

    decades: Array
    error: Mapping[str, Array]
    used: str
    baselines: Mapping[str, Array] = field(default_factory=dict)
    runs: Array | None = None


def draw_distance(numbers: DistanceNumbers, *, width: float = HALF, height: float = 240) -> Figure:
    """Finding: how many times smaller the law's error is than the best baseline's."""
    every = dict(numbers.error) | dict(numbers.baselines)
    x = linear_axis([numbers.decades], "decades of compute held out", most=6, pad=0.04)
    y = log_axis([100 * e for e in every.values()], "mean error (%)", "plain", most=6, pad=0.06)
    right = max(text_width(name, TEXT, bold=True) for name in every) + 10
    plot = frame(x, y, width=width, height=height, right=right)
    layers: list[Layer] = []
    ends: list[tuple[str, str, float, float]] = []
    others = [name for name in numbers.error if name != numbers.used]
    roles = dict(zip(others, _ROLES, strict=False)) | {numbers.used: "law"}
    for name in [*numbers.baselines, *others, numbers.used]:
        known = np.isfinite(every[name]) & (every[name] > 0)
        if not known.any():
            continue
        base = name in numbers.baselines
        role = "faint" if base else roles.get(name, "data")
        place = rows(x=numbers.decades[known], y=100 * every[name][known])
        layers.append(line(place, role, width=2.6 if name == numbers.used else 1.7, dash=(4, 3) if base else None))
        said = [
            f"{name}, {d:.1f} decades: {percent(float(e))} off"
            for d, e in zip(numbers.decades[known], every[name][known], strict=True)
        ]
        layers.append(dots([row | {"d": d} for row, d in zip(place, said, strict=True)], role, radius=2.6))
        ends.append(
            (
                name,
                "muted" if base else role,
                float(plot.px(numbers.decades[known][-1])),
                float(plot.py(100 * every[name][known][-1])),
            )
        )
    ends.reverse()
    heights = keep_apart([e[3] for e in ends], 4, plot.down - 4, reach=30)
    for (name, role, at, _), spot_y in zip(ends, heights, strict=True):
        if spot_y is not None:
            spot = rows(x=plot.at_x([at + 7]), y=plot.at_y([spot_y]), t=[name])
            layers += words(spot, role, bold=name == numbers.used, halo=True)
    dashed = " Dashed: baselines that every law must beat." if numbers.baselines else ""
    note = f"Mean absolute error on the runs hidden above each cut. Bold: the law in use.{dashed}"
    return Figure("distance", plot.spec(layers), distance_finding(numbers), note, _table(numbers, every))


def distance_finding(numbers: DistanceNumbers) -> str:
    """The sentence above the chart of error by distance."""
    mine = numbers.error[numbers.used]
    known = np.isfinite(mine)
    far = numbers.decades[known][-1]
    worst = float(np.nanmax(mine))
    text = f"Out to {number(round(float(far), 1))} decades {numbers.used} errs by at most {percent(worst)}"
    if not numbers.baselines:
        return f"{text}."
    rivals = {name: float(e[known][-1]) for name, e in numbers.baselines.items() if np.isfinite(e[known][-1])}
    if not rivals:
        return f"{text}."
    name, best = min(rivals.items(), key=lambda pair: pair[1])
    ratio = best / float(mine[known][-1])
    if ratio < 1:
        return f"{text}; at the far end the baseline {name} does better ({percent(best)})."
    return f"{text}; at the far end that is {times(ratio)} better than the baseline {name}."


def _table(numbers: DistanceNumbers, every: Mapping[str, Array]) -> Numbers:
    columns = [("decades held out", "plain"), *((name, "percent") for name in every)]
    values = [numbers.decades.tolist(), *(e.tolist() for e in every.values())]
    if numbers.runs is not None:
        columns.insert(1, ("runs hidden", "plain"))
        values.insert(1, numbers.runs.tolist())
    return Numbers(tuple(columns), tuple(zip(*values, strict=True)))
