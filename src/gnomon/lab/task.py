"""What the training loop knows of a problem: the items a step sees, how they are laid out, and what an error costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.text import Text

Array = Any  # a numpy or JAX array
Tree = Any  # nested dicts and lists of arrays

_PIECE = 16  # sequences evaluated at a time: the working set stays in the cache


class Batch(NamedTuple):
    """Inputs and targets of one batch; weights 0 mark positions that do not count, None means that all count alike."""

    inputs: Array
    targets: Array
    weights: Array | None = None


class Task(Protocol):
    """A problem to train on. The loop knows nothing else of it.

    `resident` lies on the device for the whole run; `order` is drawn outside the compiled program, `gather` and `loss`
    are traced into it.
    """

    @property
    def name(self) -> str:
        """The task's name."""

    @property
    def tokens_per_item(self) -> int:
        """Predicted positions of one item."""

    def resident(self) -> Tree:
        """Arrays kept on the device."""

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> NDArray[np.int32]:
        """Items of each step, shape (steps, batch): row k depends on the generator and k only."""

    def gather(self, resident: Tree, items: Array) -> Batch:
        """The batch of some items, shape (batch,)."""

    def loss(self, outputs: Array, batch: Batch) -> tuple[Array, Array]:
        """Sum of weighted losses in nats, and sum of weights."""

    def held_out(self) -> Batch:
        """The fixed evaluation set, cut into equal pieces along a new first axis."""

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class NextSymbol:
    """Predict each symbol of a text from those before it.

    Args:
        text: where sequences are cut from: uniformly random starts inside train, no document borders.
        length: predicted positions of a sequence (default 32).
        evaluated: fixed sequences of the held-out text, evenly spread (default 512, so 16,384 positions).
    """

    text: Text
    length: int = 32
    evaluated: int = 512
    name: str = "next-symbol"

    def __post_init__(self) -> None:
        if self.evaluated % _PIECE:
            raise InputError(f"evaluated is {self.evaluated}, expected a multiple of {_PIECE}.")
        for part, symbols in (("train", self.text.train), ("valid", self.text.valid)):
            if len(symbols) < self.length + 2:
                raise InputError(
                    f"The {part} text has {len(symbols)} symbols, expected at least {self.length + 2} "
                    f"for sequences of {self.length}."
                )

    @property
    def tokens_per_item(self) -> int:
        """Predicted positions of one sequence."""
        return self.length

    def resident(self) -> Tree:
        """The training text, one byte a symbol."""
        return self.text.train

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> NDArray[np.int32]:
        """First symbols of the sequences of each step, (steps, batch)."""
        return rng.integers(0, len(self.text.train) - self.length, (steps, batch), dtype=np.int32)

    def gather(self, resident: Tree, items: Array) -> Batch:
        """Sequences that start at `items`: inputs and targets, (batch, length), int32."""
        jnp = load().numpy
        symbols = resident[items[:, None] + jnp.arange(self.length + 1, dtype=jnp.int32)].astype(jnp.int32)
        return Batch(symbols[:, :-1], symbols[:, 1:])

    def loss(self, outputs: Array, batch: Batch) -> tuple[Array, Array]:
        """Cross-entropy of logits (batch, length, V), summed over positions, and the number of positions."""
        return cross_entropy(outputs, batch)

    def held_out(self) -> Batch:
        """Evenly spread sequences of the held-out text: inputs and targets, (pieces, 16, length)."""
        inputs, targets, _ = self.windows(self.text.valid, self.evaluated)
        shape = (-1, _PIECE, self.length)
        return Batch(inputs.reshape(shape), targets.reshape(shape))

    def windows(self, part: NDArray[np.uint8], sequences: int) -> Batch:
        """Evenly spread sequences of a part of the text: inputs and targets, (sequences, length)."""
        last = len(part) - self.length - 2  # the windows the design was measured on
        starts = np.linspace(0, last, sequences).astype(np.int64)
        symbols = part[starts[:, None] + np.arange(self.length + 1)].astype(np.int32)
        return Batch(symbols[:, :-1], symbols[:, 1:])


def cross_entropy(logits: Array, batch: Batch) -> tuple[Array, Array]:
    """Sum over positions of w (ln sum exp z - z[target]) in nats, and sum of w (w = 1 without weights)."""
    jax = load()
    jnp = jax.numpy
    chosen = jnp.take_along_axis(logits, batch.targets[..., None], axis=-1)[..., 0]
    losses = jax.nn.logsumexp(logits, axis=-1) - chosen
    if batch.weights is None:
        return jnp.sum(losses), jnp.float32(losses.size)
    return jnp.sum(losses * batch.weights), jnp.sum(batch.weights)


def mean_loss(outputs: Array, batch: Batch) -> dict[str, Array]:
    """Cross-entropy in nats a position, as a score to watch."""
    total, weight = cross_entropy(outputs, batch)
    return {"loss": total / weight}
