"""A noisy teacher: numbers or classes that a fixed random network gives, with noise of a known size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.classify import Labelled
from gnomon.lab.seeds import normal, passes, stream
from gnomon.lab.task import Array, Batch, Tree

GAIN = 1.6  # sd of a weight times the root of its inputs: tanh is then well bent, and classes are about even


@dataclass(frozen=True)
class Teacher:
    """t(x) = tanh(x W1) W2 with x ~ N(0, I_inputs), W1 ~ N(0, 1.6^2/inputs), W2 ~ N(0, 1.6^2/hidden), drawn once a seed.

    Args:
        outputs: numbers it gives: 1 for regression, the number of classes to choose among (default 1).
        inputs: default 16.
        hidden: default 24.
        seed: of its weights.
    """

    outputs: int = 1
    inputs: int = 16
    hidden: int = 24
    seed: int = 0

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """What it says (n, outputs) of x (n, inputs)."""
        rng = stream(self.seed, f"teacher-{self.inputs}-{self.hidden}-{self.outputs}", "weights")
        first = normal(rng, (self.inputs, self.hidden), GAIN * self.inputs**-0.5)
        second = normal(rng, (self.hidden, self.outputs), GAIN * self.hidden**-0.5)
        return np.tanh(x @ first) @ second  # type: ignore[no-any-return]

    def asked(self, items: int, part: str) -> NDArray[np.float32]:
        """Inputs (items, inputs) of a part of the data ("train", "valid", ...); fewer are the first of more."""
        return normal(stream(self.seed, "teacher", part), (items, self.inputs), 1.0)

    def classes(self, items: int, part: str, *, noise: float = 0.0) -> Labelled:
        """Items with the class of the largest output, replaced by an even draw over all classes with probability `noise`.

        With noise q and k classes a label is right with probability 1 - q + q/k; see `label_entropy`.
        """
        if self.outputs < 2 or not 0 <= noise <= 1:
            raise InputError(f"Classes need 2 outputs or more and noise from 0 to 1; got {self.outputs} and {noise:g}.")
        x = self.asked(items, part)
        rng = stream(self.seed, "teacher", f"{part}-labels")
        right = np.argmax(self(x), axis=1)
        drawn = rng.integers(self.outputs, size=items)
        return Labelled(x, np.where(rng.random(items) < noise, drawn, right).astype(np.int32))

    def numbers(self, items: int, part: str, *, noise: float = 0.0) -> Batch:
        """Items with t(x) + noise N(0, 1): inputs (n, inputs), targets (n, outputs)."""
        if noise < 0:
            raise InputError(f"The noise is {noise:g}, expected 0 or more.")
        x = self.asked(items, part)
        rng = stream(self.seed, "teacher", f"{part}-noise")
        return Batch(x, self(x) + normal(rng, (items, self.outputs), noise))


def label_entropy(classes: int, noise: float) -> float:
    """Entropy of a label of `Teacher.classes` given its input, nats: the lowest cross-entropy there is.

    -r ln r - (1 - r) ln(q/k), r = 1 - q + q/k.
    """
    other = noise / classes
    right = 1 - noise + other
    rest = (1 - right) * np.log(other) if noise > 0 else 0.0
    return float(-right * np.log(right) - rest)


@dataclass(frozen=True, eq=False)
class Regress:
    """Predict numbers, trained on the items of a pool in passes; the loss is the mean squared error of an item.

    No model gets below the noise variance on data it has not seen.

    Args:
        pool: what is trained on.
        valid: the evaluation set of the training loop.
    """

    pool: Batch
    valid: Batch
    name: str = "regress"

    @property
    def tokens_per_item(self) -> int:
        """One prediction an item."""
        return 1

    def resident(self) -> Tree:
        """The whole pool."""
        return (self.pool.inputs, self.pool.targets)

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> NDArray[np.int32]:
        """Passes over the pool in a fresh order each, cut into batches."""
        return passes(rng, len(self.pool.targets), steps, batch)

    def gather(self, resident: Tree, items: Array) -> Batch:
        """Rows of the pool."""
        return Batch(resident[0][items], resident[1][items])

    def loss(self, outputs: Array, batch: Batch) -> tuple[Array, Array]:
        """Sum over items of the mean squared difference, and the number of items."""
        jnp = load().numpy
        return jnp.sum(jnp.mean((outputs - batch.targets) ** 2, axis=-1)), jnp.float32(len(batch.targets))

    def held_out(self) -> Batch:
        """The evaluation set in one piece."""
        return Batch(self.valid.inputs[None], self.valid.targets[None])
