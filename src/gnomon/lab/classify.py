"""Classification of vectors: items are rows of a fixed table, a run sees the first so many of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.seeds import passes
from gnomon.lab.task import Array, Batch, Tree, cross_entropy


@dataclass(frozen=True, eq=False)
class Labelled:
    """Inputs (n, d) float32 and classes (n,) int32."""

    inputs: NDArray[np.float32]
    classes: NDArray[np.int32]

    def whole(self) -> Batch:
        """All items."""
        return Batch(self.inputs, self.classes)


@dataclass(frozen=True)
class Classify:
    """Predict the class of an item, trained on the first `samples` of a pool.

    Tasks on the same pool share a compiled program whatever their number of samples.

    Args:
        pool: what may be trained on.
        valid: the evaluation set of the training loop.
        samples: how many of the pool are used.
    """

    pool: Labelled
    valid: Labelled
    samples: int = field(compare=False)
    name: str = "classify"

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= len(self.pool.classes):
            raise InputError(f"{self.samples} samples were asked for, expected 1 to {len(self.pool.classes)}.")

    @property
    def tokens_per_item(self) -> int:
        """One prediction an item."""
        return 1

    def resident(self) -> Tree:
        """The whole pool."""
        return (self.pool.inputs, self.pool.classes)

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> NDArray[np.int32]:
        """Passes over the samples in a fresh order each, cut into batches."""
        return passes(rng, self.samples, steps, batch)

    def gather(self, resident: Tree, items: Array) -> Batch:
        """Items by number."""
        return Batch(resident[0][items], resident[1][items])

    def loss(self, outputs: Array, batch: Batch) -> tuple[Array, Array]:
        """Cross-entropy of logits (batch, classes), summed, and the number of items."""
        return cross_entropy(outputs, batch)

    def held_out(self) -> Batch:
        """The validation items, as one piece."""
        return Batch(self.valid.inputs[None], self.valid.classes[None])


def scores(outputs: Any, batch: Batch) -> dict[str, Any]:
    """Cross-entropy in nats and share of wrong classes of one set, as means."""
    jnp = load().numpy
    total, weight = cross_entropy(outputs, batch)
    wrong = jnp.mean((jnp.argmax(outputs, axis=-1) != batch.targets).astype(jnp.float32))
    return {"loss": total / weight, "error": wrong}
