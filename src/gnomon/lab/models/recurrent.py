"""Mixers as recurrences: one position at a time, with what is carried from one to the next."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.decoder import Mixer


class Recurrent(Mixer, Protocol):
    """A mixer that can also go position by position, with a memory of fixed size."""

    def start(self, sequences: int, width: int) -> Any:
        """What is carried into the first position: a tree of float32 arrays with `sequences` in front."""

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """The memory after a position, and its output, (sequences, width), from its input of the same shape."""


def one_by_one(mixer: Recurrent, weights: dict[str, Any], x: Any, *, length: int) -> Any:
    """The same as `mixer(weights, x, length=length)`, one position after another.

    Args:
        mixer: what is run.
        weights: of its `init`.
        x: (sequences * length, width), sequences one after another.
        length: positions of a sequence.
    """
    jax = load()
    jnp = jax.numpy
    width = x.shape[-1]
    positions = jnp.moveaxis(x.reshape(-1, length, width), 1, 0)
    start = jax.tree_util.tree_map(jnp.asarray, mixer.start(positions.shape[1], width))
    _, read = jax.lax.scan(lambda memory, now: mixer.step(weights, memory, now), start, positions)
    return jnp.moveaxis(read, 0, 1).reshape(-1, width)


def carried(mixer: Recurrent, width: int) -> int:
    """Numbers a layer carries from one position to the next, for one sequence."""
    jax = load()
    return int(sum(np.size(leaf) for leaf in jax.tree_util.tree_leaves(mixer.start(1, width))))
