"""The coordinate check: whether the activations of a model keep their size as it widens."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.task import Array, Tree

WIDTHS = 3  # two widths give a ratio, no exponent


class Observable(Protocol):
    """A model that shows what it computes on the way."""

    def activations(self, weights: Tree, inputs: Array) -> Mapping[str, Array]:
        """Activations by name, the outputs last, as "outputs"."""

    def __hash__(self) -> int: ...


def sizes(model: Observable, weights: Tree, inputs: Array) -> dict[str, float]:
    """Mean |x| of every activation over one batch.

    Args:
        model: whose activations.
        weights: at the start, or after some steps.
        inputs: one batch.
    """
    return {name: float(value) for name, value in _means(model)(weights, inputs).items()}


@functools.lru_cache(maxsize=32)
def _means(model: Observable) -> Callable[[Tree, Array], dict[str, Array]]:
    """Mean |x| of every activation, compiled once for each model."""
    jax = load()

    def means(weights: Tree, inputs: Array) -> dict[str, Array]:
        return {name: jax.numpy.abs(x).mean() for name, x in model.activations(weights, inputs).items()}

    return jax.jit(means)  # type: ignore[no-any-return]


def slopes(by_width: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """Slope of ln mean |x| against ln width for every activation: 0 where its size does not depend on width.

    An activation of size 0 at all widths (outputs of a read-out that starts at 0) has slope 0.

    Args:
        by_width: width -> `sizes`.

    Raises:
        InputError: fewer than three widths, or an activation is 0 at some widths only or not finite.

    Reference: Yang et al. 2022 (Tensor Programs V), appendix on checking an implementation.
    """
    if len(by_width) < WIDTHS:
        raise InputError(f"The check has {len(by_width)} widths, expected at least {WIDTHS}.")
    x = np.log([float(width) for width in by_width])
    found = {}
    for name in next(iter(by_width.values())):
        y = np.array([row[name] for row in by_width.values()])
        if not np.isfinite(y).all() or ((y == 0).any() and (y != 0).any()):
            raise InputError(
                f"Activation {name} has sizes {', '.join(f'{v:g}' for v in y)}, expected positive numbers.",
                hint="A lower learning rate, or fewer steps.",
            )
        found[name] = 0.0 if (y == 0).all() else float(np.polyfit(x, np.log(y), 1)[0])
    return found
