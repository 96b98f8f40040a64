"""The compiled part of training: one program for each shape, for runs of any length, rate, seed and data order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gnomon.lab.backend import load
from gnomon.lab.kinds import parts
from gnomon.lab.optim import Optimiser
from gnomon.lab.task import Array, Batch, Task, Tree

WORSE = 1.5  # a step counts as bad when the running mean of the loss exceeds its best so far by this factor
RISE = 0.5  # nats it must exceed it by as well: where a task is all but solved, half as much again is nothing
PATIENCE = 50  # that many bad steps in a row are a divergence, and the memory of the running mean in steps


class Model(Protocol):
    """A model: weights at the start, and outputs of inputs. Hashable, so that equal models share a program."""

    def init(self, rng: np.random.Generator) -> Tree:
        """A tree of float32 numpy arrays."""

    def __call__(self, weights: Tree, inputs: Array) -> Array:
        """Outputs in the form the task's loss takes."""

    def __hash__(self) -> int: ...


class State(NamedTuple):
    """What a step hands to the next."""

    parameters: Array  # flat vector
    moments: Any  # of the optimiser
    mean: Array  # running mean of the loss: one batch of easy text is no standard for all that follow
    best: Array  # lowest running mean so far
    bad: Array  # bad steps in a row; once at PATIENCE it stays there


Scores = Callable[[Array, Batch], dict[str, Any]]
"""Means over one set from a model's outputs; a function of a module, so that programs find it again."""


class Run(NamedTuple):
    """A run on the device: its state and the plan it follows."""

    state: State
    order: Array  # (capacity, batch): items of each step
    rates: Array  # (capacity,)


class Program:
    """Advance a run by any number of steps, and evaluate it.

    Steps, rates, data order and start are arguments of the compiled functions; the loop over steps runs inside them,
    and nothing is read back before the last step asked for.

    Args:
        model: gives the outputs.
        task: gives the batches and the loss.
        optimiser: works on the flat vector of all parameters.
        batch: items of a step.
        capacity: longest run this program can hold.
    """

    def __init__(self, model: Model, task: Task, optimiser: Optimiser, batch: int, capacity: int) -> None:
        self._jax = jax = load()
        self._optimiser, self.capacity, self._model = optimiser, capacity, model
        self._scorers: dict[Scores, Any] = {}
        self._norms: Any = None
        example = model.init(np.random.default_rng(0))
        leaves, self._structure = jax.tree_util.tree_flatten(example)
        self._shapes = [leaf.shape for leaf in leaves]
        self._kinds = parts(example)
        self._resident = jax.device_put(task.resident())
        self._held_out = jax.device_put(task.held_out())

        def loss(parameters: Array, batch: Any) -> tuple[Array, Array]:
            total, weight = task.loss(model(self._unravel(parameters), batch.inputs), batch)
            return total / weight, weight

        def step(i: Array, state: State, resident: Tree, order: Array, rates: Array) -> tuple[State, Array]:
            batch = task.gather(resident, order[i])
            (value, _), gradient = jax.value_and_grad(loss, has_aux=True)(state.parameters, batch)
            count = (i + 1).astype(jax.numpy.float32)
            parameters, moments = optimiser.step(state.parameters, state.moments, gradient, rate=rates[i], count=count)
            return State(parameters, moments, *_judge(jax, state, value)), value

        def advance(run: Run, resident: Tree, first: Array, last: Array) -> tuple[State, Array]:
            def body(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
                state, value = step(i, carry[0], resident, run.order, run.rates)
                return state, carry[1] + value

            return jax.lax.fori_loop(first, last, body, (run.state, jax.numpy.float32(0)))  # type: ignore[no-any-return]

        def evaluate(parameters: Array, pieces: Any) -> Array:
            means, weights = jax.lax.map(lambda piece: loss(parameters, piece), pieces)
            return (means * weights).sum() / weights.sum()

        run = self.start(example, task.order(np.random.default_rng(0), 1, batch), np.zeros(1, np.float32))
        zero = np.int32(0)
        self._loss, self._task = loss, task
        self._advance = jax.jit(advance).lower(run, self._resident, zero, zero).compile()
        self._evaluate = jax.jit(evaluate).lower(run.state.parameters, self._held_out).compile()

    def start(self, weights: Tree, order: NDArray[np.int32], rates: NDArray[np.float32]) -> Run:
        """A run before its first step; order and rates are padded to the capacity."""
        jax = self._jax
        parameters = np.concatenate([leaf.ravel() for leaf in jax.tree_util.tree_leaves(weights)])
        memory = self._optimiser.start(parameters, self._kinds)
        state = State(parameters, memory, np.float32(np.inf), np.float32(np.inf), np.int32(0))
        room = self.capacity - len(rates)
        order = np.pad(order, ((0, room),) + ((0, 0),) * (order.ndim - 1))
        return jax.device_put(Run(state, order, np.pad(rates, (0, room))))  # type: ignore[no-any-return]

    def advance(self, run: Run, first: int, last: int) -> tuple[Run, float, bool]:
        """The run after steps first to last - 1, the sum of their losses, and whether it has diverged."""
        state, total = self._advance(run, self._resident, np.int32(first), np.int32(last))
        return run._replace(state=state), float(total), int(state.bad) >= PATIENCE

    def evaluate(self, run: Run) -> float:
        """Mean loss over the task's held-out set, nats per position."""
        return float(self._evaluate(run.state.parameters, self._held_out))

    def score(self, run: Run, scores: Scores, batch: Batch) -> dict[str, float]:
        """Means over a set of one piece; compiled on the first call for each function and shape."""
        if scores not in self._scorers:

            def means(parameters: Array, batch: Batch) -> dict[str, Any]:
                return scores(self._model(self._unravel(parameters), batch.inputs), batch)

            self._scorers[scores] = self._jax.jit(means)
        found = self._scorers[scores](run.state.parameters, batch)
        return {name: float(value) for name, value in found.items()}

    def gradient_norms(self, run: Run, items: NDArray[np.int32]) -> tuple[float, float]:
        """|g|^2 of a small batch, averaged over several, and of all of them together, before any clipping.

        Args:
            run: where.
            items: (batches, items of a small batch); compiled on the first call for each shape.
        """
        jax = self._jax
        if self._norms is None:

            def norms(parameters: Array, resident: Tree, items: Array) -> tuple[Array, Array]:
                def one(carry: tuple[Array, Array], few: Array) -> tuple[tuple[Array, Array], None]:
                    batch = self._task.gather(resident, few)
                    gradient = jax.grad(lambda p: self._loss(p, batch)[0])(parameters)
                    return (carry[0] + gradient, carry[1] + gradient @ gradient), None

                start = (jax.numpy.zeros_like(parameters), jax.numpy.float32(0))
                (total, squares), _ = jax.lax.scan(one, start, items)
                return squares / items.shape[0], total @ total / items.shape[0] ** 2

            self._norms = jax.jit(norms)
        small, big = self._norms(run.state.parameters, self._resident, items)
        return float(small), float(big)

    def weights(self, run: Run) -> Tree:
        """The weights as a tree of numpy arrays."""
        return self._unravel(np.asarray(run.state.parameters))

    def _unravel(self, flat: Array) -> Tree:
        """The tree of a flat vector: views, so the optimiser sees one array and the model its matrices."""
        sizes = [math.prod(shape) for shape in self._shapes]
        ends = np.cumsum(sizes).tolist()
        leaves = [
            flat[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, self._shapes, strict=True)
        ]
        return self._jax.tree_util.tree_unflatten(self._structure, leaves)


@functools.lru_cache(maxsize=32)
def program(model: Model, task: Task, optimiser: Optimiser, batch: int, capacity: int) -> Program:
    """The program of a shape: compiled on the first call, then the same object."""
    return Program(model, task, optimiser, batch, capacity)


def _judge(jax: Any, state: State, loss: Array) -> tuple[Array, Array, Array]:
    """Running mean, its best so far and bad steps in a row; a loss that is not finite settles it at once."""
    jnp = jax.numpy
    mean = jnp.where(jnp.isinf(state.mean), loss, state.mean + (loss - state.mean) / PATIENCE)
    limit = jnp.maximum(WORSE * state.best, state.best + RISE)  # the first alone for losses of a nat and more
    bad = jnp.where(mean > limit, state.bad + 1, 0)
    settled = ~jnp.isfinite(loss) | (state.bad >= PATIENCE)
    return mean, jnp.fmin(state.best, mean), jnp.where(settled, PATIENCE, bad).astype(jnp.int32)
