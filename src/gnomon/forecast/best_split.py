"""A family's law along one scale: its own column, or compute at the best split of params and tokens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.fit.design import Design
from gnomon.runs.derive import TRAIN_FLOPS

Array = np.ndarray

SPLITS = 81  # sizes among which the best split of a budget is sought, over SPLIT_SPAN decades: loss to 1e-5
SPLIT_SPAN = 3.0  # decades either side of the middle of the sizes measured


def place_of(design: Design, two: bool) -> Array:
    """Each row on the axis: its input, or with `two` the compute 6 params tokens."""
    if not two:
        return design.inputs[0]
    return np.asarray(TRAIN_FLOPS * design.inputs[0] * design.inputs[1])


def curves(design: Design, best: Array, draws: Array, grid: Array, two: bool, sign: float) -> tuple[Array, Array]:
    """sign ln response along the axis, of the law (m,) and of its draws (B, m)."""
    theta = np.concatenate([best, draws])
    found = _along(design, theta, grid, sign) if two else _ln(design, theta, {design.law.inputs[0]: grid}, sign)
    return found[0], found[1:]


def response_at(design: Design, theta: Array, point: Mapping[str, float], axis: str, two: bool, sign: float) -> Array:
    """sign ln response at the point, (B,)."""
    if two and axis in point:
        return _along(design, theta, np.array([point[axis]]), sign)[:, 0]
    return _ln(design, theta, {k: np.array([v]) for k, v in point.items()}, sign)[:, 0]


def _ln(design: Design, theta: Array, points: Mapping[str, Array], sign: float) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sign * np.log(design.at(points).predict(theta)))


def _along(design: Design, theta: Array, flops: Array, sign: float) -> Array:
    """sign ln response at the best split of each budget, (B, m): the smallest over sizes around those measured."""
    sizes = dict(zip(design.law.inputs, design.inputs, strict=True))
    ratio = float(np.exp(np.mean(np.log(sizes["params"] / np.sqrt(TRAIN_FLOPS * sizes["params"] * sizes["tokens"])))))
    offset = np.logspace(-SPLIT_SPAN / 2, SPLIT_SPAN / 2, SPLITS)
    best = np.full((len(theta), len(flops)), np.inf)
    for k in offset:
        params = ratio * k * np.sqrt(flops)
        best = np.fmin(best, _ln(design, theta, {"params": params, "tokens": flops / (TRAIN_FLOPS * params)}, sign))
    return best
