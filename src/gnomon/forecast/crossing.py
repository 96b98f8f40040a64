"""Where two families of curves cross: draws of two laws along one axis, who is better, from where on, and by what factor in compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray

ENOUGH = (
    0.9  # a crossing is reported when at least this share of the draws has one (model comparison, section 10: design)
)


@dataclass(frozen=True)
class Crossing:
    """From where on the challenger is better.

    Args:
        winner: the family that is better beyond the crossing.
        loser: the family that is better before it.
        value: on the axis, of the laws as fitted; None when they do not cross in the range looked at.
        low: lower end of the interval; None when the winner may be better everywhere.
        high: upper end; None when the winner may never be better.
        share: of the draws that cross in this direction.
        once: of the draws that cross exactly once.
        reported: whether enough draws cross once for the crossing to be stated.
        inside: whether the value lies inside the runs of both families; None without a value.
        searched: ends of the range looked at.
    """

    winner: str
    loser: str
    value: float | None
    low: float | None
    high: float | None
    share: float
    once: float
    reported: bool
    inside: bool | None
    searched: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = vars(self) | {"searched": list(self.searched), "exists": self.reported}
        none = "the laws do not cross in the range looked at"
        if self.value is None:
            document |= {"value_reason": none, "inside_reason": none}
        if self.low is None:
            document["low_reason"] = f"in so many draws {self.winner} is better from the start of the range"
        if self.high is None:
            document["high_reason"] = (
                f"in so many draws {self.winner} is not better anywhere up to the end of the range"
            )
        return document


def last_root(x: Array, gap: Array) -> tuple[Array, Array]:
    """The last place at which each row of gap (B, m) turns from positive to not positive, and its number of sign changes.

    x is a logarithm. -inf where the gap is never positive, +inf where it ends positive: the interval's ends are then open.
    """
    positive = gap > 0
    turns = positive[:, 1:] != positive[:, :-1]
    down = positive[:, :-1] & ~positive[:, 1:]
    place = np.where(down.any(1), down.shape[1] - 1 - np.argmax(down[:, ::-1], axis=1), 0)
    rows = np.arange(len(gap))
    before, after = gap[rows, place], gap[rows, place + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        root = x[place] + (x[place + 1] - x[place]) * before / (before - after)
    root = np.where(positive[:, -1], np.inf, np.where(down.any(1), root, -np.inf))
    return root, turns.sum(1)


def find_crossing(
    names: tuple[str, str],
    grid: Array,
    best: tuple[Array, Array],
    draws: tuple[Array, Array],
    level: float,
    ranges: tuple[tuple[float, float], tuple[float, float]],
) -> Crossing:
    """The crossing of two families.

    Args:
        names: of the families.
        grid: the axis (m,), increasing.
        best: ln response of the laws as fitted, or its negative where more is better, (m,) each.
        draws: the same of every draw, (B, m) each; row b of both belongs together.
        level: of the interval.
        ranges: of the runs of each family on the axis.
    """
    x = np.log(grid)
    gap = best[1] - best[0]
    one, _ = last_root(x, gap[None])  # family 1 overtakes
    two, _ = last_root(x, -gap[None])  # family 0 overtakes
    finite = [k for k, root in ((1, one[0]), (0, two[0])) if np.isfinite(root)]
    winner = finite[0] if finite else int(gap[-1] < 0)
    sign = 1.0 if winner == 1 else -1.0
    root, turns = last_root(x, sign * (draws[1] - draws[0]))
    value = float(np.exp((one if winner == 1 else two)[0])) if finite else None
    tail = (1 - level) / 2
    low, high = np.quantile(root, [tail, 1 - tail], method="inverted_cdf")  # ends may be infinite: no interpolation
    crosses = np.isfinite(root)
    once = float((crosses & (turns == 1)).mean())
    start, end = max(r[0] for r in ranges), min(r[1] for r in ranges)
    return Crossing(
        names[winner],
        names[1 - winner],
        value,
        float(np.exp(low)) if np.isfinite(low) else None,
        float(np.exp(high)) if np.isfinite(high) else None,
        float(crosses.mean()),
        once,
        bool(finite) and once >= ENOUGH,
        None if value is None else bool(start <= value <= end),
        (float(grid[0]), float(grid[-1])),
    )


def equal_response(grid: Array, curves: Array, wanted: Array) -> Array:
    """ln of the axis at which each curve (B, m) first gets down to `wanted` (B,); inf where it does not on the grid."""
    x = np.log(grid)
    under = curves <= wanted[:, None]
    place = np.argmax(under, axis=1)
    rows = np.arange(len(curves))
    before = np.maximum(place - 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (curves[rows, before] - wanted) / (curves[rows, before] - curves[rows, place])
    found = x[before] + (x[place] - x[before]) * np.where(np.isfinite(share), share, 0.0)
    return np.where(under.any(1), np.where(place == 0, x[0], found), np.inf)
