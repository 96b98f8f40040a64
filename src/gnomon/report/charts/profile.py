"""How far the runs let one parameter move: the profile of the objective, and the interval it gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnomon.report.axes import Array, Axis, linear_axis, linear_ticks, log_axis
from gnomon.report.figure import Figure, Numbers
from gnomon.report.frame import HALF, frame
from gnomon.report.marks import Layer, dots, line, rows, rule, words, zone
from gnomon.report.words import number, percent, rounded

TALL = 2.5  # of the rise that ends the interval: the curve beyond it decides nothing
LEANING = 1.5  # ratio of the two sides from which an interval is called lopsided


@dataclass(frozen=True)
class ProfileNumbers:
    """The profile of one parameter.

    Attributes:
        name: of the parameter.
        at: shape (m,), increasing, its values in the user's units.
        rise: shape (m,), rise of the best objective with the parameter held there, in units of the rise that ends the interval.
        value: the best one.
        low: lower end of the interval; where open, the parameter's bound.
        high: upper end.
        open_low: whether the rise ends the interval nowhere below.
        open_high: nor above.
        level: of the interval.
        log: whether the parameter is an amplitude, shown on a log axis.
    """

    name: str
    at: Array
    rise: Array
    value: float
    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    level: float = 0.9
    log: bool = False


def draw_profile(numbers: ProfileNumbers, *, width: float = HALF, height: float = 215) -> Figure:
    """Finding: the interval, and whether it leans or is open."""
    shown = _shown(numbers)
    at, rise = numbers.at[shown], numbers.rise[shown]
    if numbers.log:
        x = log_axis([at], numbers.name, "plain", most=5, pad=0.02)
    else:
        x = linear_axis([at], numbers.name, "plain", most=5, pad=0.02)
    y = Axis(-0.06 * TALL, TALL, "rise of the objective", linear_ticks(0, TALL, most=4))
    plot = frame(x, y, width=width, height=height)
    low, high = max(numbers.low, plot.x.low), min(numbers.high, plot.x.high)
    layers: list[Layer] = [zone(rows(x=[low], x2=[high], y=[plot.y.low], y2=[plot.y.high]))]
    layers.append(rule(rows(x=[plot.x.low], x2=[plot.x.high], y=[1.0], y2=[1.0]), "faint", dash=(4, 3)))
    layers += words(
        rows(x=plot.at_x([plot.across]), y=plot.at_y([float(plot.py(1.0)) - 8]), t=[percent(numbers.level)]),
        align="right",
    )
    layers.append(line(rows(x=at, y=np.minimum(rise, 2 * TALL)), "law"))
    says = [f"{numbers.name} {_spelt(numbers)}"]
    layers.append(dots(rows(x=[numbers.value], y=[0.0], d=says), "ink", radius=4.2, hollow=True, rim=2.0))
    note = (
        f"Rise of the best objective with {numbers.name} held, all others fitted anew; 1 ends the {percent(numbers.level)} "
        "interval (grey). Ring: the fit."
    )
    columns = ((numbers.name, "plain"), ("rise", "plain"))
    table = tuple(zip(numbers.at.tolist(), numbers.rise.tolist(), strict=True))
    return Figure("profile", plot.spec(layers), profile_finding(numbers), note, Numbers(columns, table))


def profile_finding(numbers: ProfileNumbers) -> str:
    """The sentence above the profile."""
    name, level = numbers.name, percent(numbers.level)
    if numbers.open_low and numbers.open_high:
        return f"The runs set {name} no limit on either side ({level})."
    if numbers.open_low:
        return f"The runs keep {name} below {_figures(numbers.high)} and set it no lower limit ({level})."
    if numbers.open_high:
        return f"The runs keep {name} above {_figures(numbers.low)} and set it no upper limit ({level})."
    lean = leaning(numbers)
    if 1 / LEANING < lean < LEANING:
        side = "about as far up as down"
    else:
        far, side_of = (lean, "up") if lean > 1 else (1 / lean, "down")
        side = f"{rounded(far, 2):g} times as far {side_of} as {'down' if lean > 1 else 'up'}"
    return f"The runs put {name} at {_spelt(numbers)}: {side}."


def leaning(numbers: ProfileNumbers) -> float:
    """Upper side of the interval over the lower one, for an amplitude in its logarithm."""
    low, value, high = (np.log(v) if numbers.log else v for v in (numbers.low, numbers.value, numbers.high))
    return float((high - value) / max(value - low, 1e-300))


def _spelt(numbers: ProfileNumbers) -> str:
    """`0.347 (0.321 to 0.369, 90%)`; an open end is called so."""
    low = "open" if numbers.open_low else _figures(numbers.low)
    high = "open" if numbers.open_high else _figures(numbers.high)
    return f"{_figures(numbers.value)} ({low} to {high}, {percent(numbers.level)})"


def _figures(value: float) -> str:
    return number(rounded(value, 3))


def _shown(numbers: ProfileNumbers) -> slice:
    """The curve up to TALL, with one point beyond on each side, so that the line leaves the picture."""
    inside = np.flatnonzero(numbers.rise <= TALL)
    first, last = max(int(inside.min()) - 1, 0), min(int(inside.max()) + 1, len(numbers.rise) - 1)
    return slice(first, last + 1)
