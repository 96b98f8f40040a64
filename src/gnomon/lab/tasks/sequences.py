"""Sequences of symbols with a target at some positions: what all synthetic tasks have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.seeds import passes, stream
from gnomon.lab.task import Array, Batch, Tree, cross_entropy

SEED = 12345  # of the generators in mad-lab's instances.py
PIECE = 64  # sequences evaluated at a time, where that many divide the set

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Sizes:
    """Sequences of each part; fewer are the first of more.

    Args:
        train: default 12,800.
        valid: to choose among settings (default 1,280).
        test: to report (default 1,280).
    """

    train: int = 12_800  # mad-lab configs/tasks
    valid: int = 1_280  # as many as for the test; mad-lab chooses by the test set itself
    test: int = 1_280

    def __post_init__(self) -> None:
        for part in PARTS:
            if getattr(self, part) < 1:
                raise InputError(f"{part} has {getattr(self, part)} sequences, expected at least 1.")


@dataclass(frozen=True, eq=False)
class Sequences:
    """A task whose parts are fixed tables of sequences.

    Args:
        name: of the task.
        symbols: V, different symbols.
        parts: "train", "valid" and "test": inputs and targets (n, T) int32, weights (n, T) float32 or None for all.
        chance: expected share right of guesses drawn evenly from the symbols that can stand at a test target.
    """

    name: str
    symbols: int
    parts: dict[str, Batch]
    chance: float

    @property
    def length(self) -> int:
        """Positions of a sequence of inputs."""
        return int(self.parts["train"].inputs.shape[1])

    @property
    def tokens_per_item(self) -> int:
        """Training targets of one sequence."""
        weights = self.parts["train"].weights
        return self.length if weights is None else int(weights[0].sum())

    def resident(self) -> Tree:
        """The training part."""
        return self.parts["train"]

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> NDArray[np.int32]:
        """Passes over the training part in a fresh order each."""
        return passes(rng, len(self.parts["train"].inputs), steps, batch)

    def gather(self, resident: Tree, items: Array) -> Batch:
        """Sequences by number."""
        return Batch(*(None if part is None else part[items] for part in resident))

    def loss(self, outputs: Array, batch: Batch) -> tuple[Array, Array]:
        """Cross-entropy of logits (batch, T, V) over the targets, and their number."""
        return cross_entropy(outputs, batch)

    def held_out(self) -> Batch:
        """The validation part, in pieces of up to 64."""
        size = np.gcd(len(self.parts["valid"].inputs), PIECE)
        return Batch(
            *(None if part is None else part.reshape(-1, size, part.shape[-1]) for part in self.parts["valid"])
        )


def generate(name: str, symbols: int, sizes: Sizes, draw: Callable[[str, int], Batch], chance: float) -> Sequences:
    """A task whose parts are drawn one by one.

    Args:
        name: of the task.
        symbols: V.
        sizes: of the parts.
        draw: from a part's name and size to its sequences.
        chance: of the test targets.
    """
    parts = {part: draw(part, getattr(sizes, part)) for part in PARTS}
    return Sequences(name, symbols, parts, chance)


def streams(seed: int, name: str, part: str) -> Callable[[str], np.random.Generator]:
    """A generator for each thing that is drawn, so that the first sequences do not depend on how many follow."""
    return lambda purpose: stream(seed, name, f"{part}:{purpose}")


def next_symbols(whole: NDArray[Any], counts: NDArray[Any] | None) -> Batch:
    """Predict each symbol from those before it.

    Args:
        whole: (n, T) symbols; all but the last are inputs.
        counts: (n, T), where a symbol counts as a target; None for everywhere.
    """
    whole = whole.astype(np.int32)
    weights = None if counts is None else counts[:, 1:].astype(np.float32)
    return Batch(whole[:, :-1], whole[:, 1:], weights)


def accuracies(outputs: Any, batch: Batch) -> dict[str, Any]:
    """Loss in nats and shares of right targets, of one set.

    `accuracy` is the share of targets whose largest logit is the right one; `balanced` the mean of that share over the
    symbols that occur as targets (what a macro average reports).
    """
    jax = load()
    jnp = jax.numpy
    total, weight = cross_entropy(outputs, batch)
    right = (jnp.argmax(outputs, axis=-1) == batch.targets).astype(jnp.float32)
    weights = jnp.ones_like(right) if batch.weights is None else batch.weights
    kinds = jax.nn.one_hot(batch.targets, outputs.shape[-1]) * weights[..., None]
    of_kind = kinds.sum((0, 1))
    shares = (kinds * right[..., None]).sum((0, 1)) / jnp.maximum(of_kind, 1.0)
    occurs = (of_kind > 0).astype(jnp.float32)
    return {
        "loss": total / weight,
        "accuracy": (right * weights).sum() / weight,
        "balanced": (shares * occurs).sum() / occurs.sum(),
    }


def check_length(length: int, *, least: int, even: bool = False, why: str) -> None:
    """Refuse lengths a task cannot have.

    Raises:
        InputError: too short, or odd where it must be even.
    """
    if length < least or (even and length % 2):
        kind = "an even number of" if even else "a number of"
        raise InputError(f"A sequence has {length} symbols, expected {kind} at least {least}: {why}.")
