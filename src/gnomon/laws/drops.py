"""The sum over the drops of a learning rate, sum_k (lr_{k-1} - lr_k) g(k, t), with a hundred terms a step instead of all.

Far from t the summand changes slowly with k. The steps before t are covered by blocks that grow with their distance from
t, and each block is summed by quadratic interpolation between its first, middle and last drop: weights are those of the
drops themselves, so that jumps and constant stretches are exact. Blocks across which the rate changes much are divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray

APART = 2  # a block of s steps ends at least APART * s steps before t: departures from the full sum are then below 1e-6 nats
STEEP = 1.25  # largest ratio of rates inside a block
BENT = 1e-3  # largest departure of ln(rate) from a parabola inside a block: a kink is no place to interpolate across
EXACT_BLOCK = 4  # blocks of so few steps are divided into steps
LEAST_RATE = 1e-10  # rates below it count as it where their negative power is taken, as in the authors' program


@dataclass(frozen=True)
class Drops:
    """Terms of the sum for n steps of one schedule, flat; those of step i are `first[i]` to `first[i + 1]`.

    Args:
        weight: (M,) the drop lr_{k-1} - lr_k that the term stands for; negative where the rate rises.
        log_rate: (M,) ln lr_k.
        area: (M,) S_k(t) = lr_k + ... + lr_t.
        row: (M,) which step the term belongs to.
        first: (n,) index of the first term of each step; every step has at least one.
        total: (n,) S(t) = lr_0 + ... + lr_t.
    """

    weight: Array
    log_rate: Array
    area: Array
    row: Array
    first: Array
    total: Array

    def per_step(self, terms: Array, xp: Any = np) -> Any:
        """Sums (..., n) of terms (..., M)."""
        if xp is np:
            return np.add.reduceat(terms, self.first, axis=-1)
        return xp.zeros((*terms.shape[:-1], len(self.first))).at[..., self.row].add(terms)

    @classmethod
    def joined(cls, parts: Sequence[Drops], order: Array) -> Drops:
        """Those of several schedules one after the other, with their steps put into `order` (n,)."""
        starts = np.cumsum([0, *(len(part.total) for part in parts)])
        row = np.concatenate([part.row + start for part, start in zip(parts, starts, strict=False)])
        place = np.argsort(order)[row]
        sorting = np.argsort(place, kind="stable")
        weight, rate, area = (
            np.concatenate([getattr(part, name) for part in parts])[sorting] for name in ("weight", "log_rate", "area")
        )
        total = np.concatenate([part.total for part in parts])[order]
        return cls(weight, rate, area, place[sorting], np.searchsorted(place[sorting], np.arange(len(order))), total)


def all_drops(rates: Array, steps: Array) -> Drops:
    """Every term of the sum, without blocks: for checks and for few steps."""
    steps = np.asarray(steps, int)
    counts = np.maximum(steps, 1)
    row = np.repeat(np.arange(len(steps)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    k = np.minimum(np.arange(len(row)) - first[row] + 1, len(rates) - 1)
    drop = np.concatenate([[0.0], rates[:-1] - rates[1:]])
    return _terms(rates, steps, row, k, np.where(k <= steps[row], drop[k], 0.0))


def drops(rates: Array, steps: Array) -> Drops:
    """The terms of the sum for `steps` (n,) of a schedule with `rates` (T,), T > max(steps)."""
    steps = np.asarray(steps, int)
    tree = _tree(rates[: int(steps.max()) + 1].tobytes())
    row = np.arange(len(steps))
    block = np.zeros(len(steps), int)
    rows, places, weights = [row], [np.minimum(1, steps)], [np.zeros(len(steps))]  # one empty term for every step
    for level in range(len(tree) - 1, -1, -1):
        size, node, weight, empty, steep = tree[level]
        start = block * size
        alive = (start <= steps[row]) & ~empty[block]
        row, block, start = row[alive], block[alive], start[alive]
        if size > 1:
            done = (start + size - 1 + APART * size <= steps[row]) & ~steep[block]
        else:
            done = np.ones(len(row), bool)
        chosen, owner = block[done], row[done]
        rows.append(np.repeat(owner, node.shape[1]))
        places.append(node[chosen].ravel())
        weights.append(weight[chosen].ravel())
        row, block = np.repeat(row[~done], 2), np.repeat(2 * block[~done], 2)
        block[1::2] += 1
    row, place, load = np.concatenate(rows), np.concatenate(places), np.concatenate(weights)
    keep = (load != 0) | (np.arange(len(row)) < len(steps))
    row, place, load = row[keep], place[keep], load[keep]
    order = np.argsort(row, kind="stable")
    return _terms(rates, steps, row[order], place[order], load[order])


def _terms(rates: Array, steps: Array, row: Array, k: Array, weight: Array) -> Drops:
    total = np.cumsum(rates)
    before = np.concatenate([[0.0], total])
    area = np.maximum(total[steps[row]] - before[k], 0.0)
    first = np.searchsorted(row, np.arange(len(steps)))
    return Drops(weight, np.log(np.maximum(rates[k], LEAST_RATE)), area, row, first, total[steps])


Level = tuple[int, Array, Array, Array, Array]  # size, nodes (b, 1 or 3), weights (b, 1 or 3), empty (b,), steep (b,)


@lru_cache(maxsize=32)
def _tree(raw: bytes) -> tuple[Level, ...]:
    """Blocks of 1, 2, 4, ... steps of a schedule: where each is sampled, with which weights, and whether it may be."""
    rates = np.frombuffer(raw)
    drop = np.concatenate([[0.0], rates[:-1] - rates[1:]])
    span = 1 << int(np.ceil(np.log2(max(len(rates), 2))))
    drop = np.pad(drop, (0, span - len(drop)))
    floor = np.maximum(np.pad(rates, (0, span - len(rates)), mode="edge"), LEAST_RATE)
    levels: list[Level] = []
    size = 1
    while size <= span:
        piece, rate = drop.reshape(-1, size), floor.reshape(-1, size)
        moving = piece != 0
        empty = ~moving.any(1)
        start = np.arange(len(piece)) * size
        if size == 1:
            levels.append((1, start[:, None], piece.copy(), empty, np.zeros(len(piece), bool)))
        else:
            first = np.argmax(moving, 1)
            last = size - 1 - np.argmax(moving[:, ::-1], 1)
            moving_rate = np.where(moving, rate, np.nan_to_num(rate[np.arange(len(piece)), first])[:, None])
            steep = moving_rate.max(1) > STEEP * moving_rate.min(1)
            steep |= (size <= EXACT_BLOCK) & (moving.sum(1) > 1)
            middle = (first + last) // 2
            k = np.arange(size)
            a, b, c = (x[:, None].astype(float) for x in (first, middle, last))
            with np.errstate(divide="ignore", invalid="ignore"):
                curves = (
                    (k - b) * (k - c) / ((a - b) * (a - c)),
                    (k - a) * (k - c) / ((b - a) * (b - c)),
                    (k - a) * (k - b) / ((c - a) * (c - b)),
                )
                log = np.log(rate)
                rows = np.arange(len(piece))
                fitted = sum(w * log[rows, at][:, None] for w, at in zip(curves, (first, middle, last), strict=True))
                steep |= (moving & (np.abs(fitted - log) > BENT)).any(1)
                shares = np.stack([(piece * w).sum(1) for w in curves], 1)
            single = first == last
            steep |= (last - first == 1) | ((last - first > 1) & (moving.sum(1) == 2))
            shares[single] = np.stack([piece.sum(1), 0.0 * start, 0.0 * start], 1)[single]
            nodes = start[:, None] + np.stack([first, middle, last], 1)
            levels.append((size, nodes, np.where(np.isfinite(shares), shares, 0.0), empty, steep))
        size *= 2
    return tuple(levels)
