"""The one training loop of the house: it knows a task, a model and an optimiser, and nothing of what they are for."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.optim import Adam, Optimiser
from gnomon.lab.program import Model, Scores, program
from gnomon.lab.schedules import linear
from gnomon.lab.seeds import stream
from gnomon.lab.task import Batch, Task, Tree

EVERY = 250  # steps between two looks at the loss: .1 s at width 16, 1.5 s at width 96
ROOM = 8192  # smallest capacity of a program: a longer array of rates and data order costs nothing, a new shape seconds

Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Recipe:
    """How a run is trained.

    Args:
        steps: optimiser steps.
        batch: items of a step; the tokens of a step are batch * task.tokens_per_item.
        lr_peak: highest learning rate.
        warmup: share of the run that warms up, at least 10 steps (default .05); then linear to 0.
        optimiser: default Adam .9/.95, clip 1.
        schedule: rates of all steps from (lr_peak, steps, share=warmup); default linear warm-up, then linear to 0.
    """

    steps: int
    batch: int
    lr_peak: float
    warmup: float = 0.05
    optimiser: Optimiser = field(default_factory=Adam)
    schedule: Callable[..., NDArray[np.float32]] = linear

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise InputError(f"A run has {self.steps} steps of {self.batch} items, expected at least 1 of each.")

    def rates(self) -> NDArray[np.float32]:
        """The learning rate of each step."""
        return self.schedule(self.lr_peak, self.steps, share=self.warmup)


@dataclass(frozen=True)
class Watch:
    """What is measured on the way.

    Args:
        every: steps between two looks, or the steps to look after, in rising order; the last step is always looked at.
        scores: means over one set, by name; a function of a module.
        sets: the sets, by name, each of one piece.
        noise: gradients of (n small batches, items of each) are compared with that of all of them together, on data of
            their own; None: they are not.
    """

    every: int | tuple[int, ...]
    scores: Scores
    sets: Mapping[str, Batch]
    noise: tuple[int, int] | None = None

    def stops(self, steps: int) -> list[int]:
        """The steps to look after, in a run of so many."""
        asked = range(self.every, steps, self.every) if isinstance(self.every, int) else self.every
        if any(b <= a for a, b in itertools.pairwise((0, *asked))):
            raise InputError(f"Looks were asked for after steps {tuple(asked)}, expected rising numbers from 1.")
        return [*(step for step in asked if step < steps), steps]


@dataclass(frozen=True)
class Look:
    """What was measured after some steps.

    Args:
        step: so many.
        scores: set -> score -> value.
        gradient_sq: |g|^2 of the small batches, averaged, and of all together, where noise was watched.
    """

    step: int
    scores: Mapping[str, Mapping[str, float]]
    gradient_sq: tuple[float, float] | None = None


@dataclass(frozen=True)
class Trained:
    """What a run leaves.

    Args:
        loss: mean loss on the task's held-out set after the last step, nats per position; None for a diverged run.
        status: "done", or "diverged": a loss was not finite, or its running mean was 1.5 times the lowest
            so far, and half a nat above it, for 50 steps in a row.
        steps: steps made.
        curve: (steps so far, mean training loss since the point before), one point every 250 steps, or at every look.
        looks: what was watched, in the order of steps.
        weights: the tree of weights at the end, numpy.
        seconds: time of training and evaluation, without compilation.
        compile_seconds: time until the program was ready; about 0 when this process had it already.
    """

    loss: float | None
    status: Literal["done", "diverged"]
    steps: int
    curve: tuple[tuple[int, float], ...]
    weights: Tree
    seconds: float
    compile_seconds: float
    looks: tuple[Look, ...] = ()


def train(
    model: Model,
    task: Task,
    recipe: Recipe,
    *,
    seed: int = 0,
    run: str = "",
    tell: Tell | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train one model from its own random start and evaluate it once, at the end.

    The result is a function of (model, task, recipe, seed, run) and of the number of XLA threads: start and data order
    are drawn by numpy from streams of the run's name, outside the compiled program.

    Args:
        model: what is trained.
        task: what it is trained on.
        recipe: how.
        seed: at least 0 (default 0).
        run: the run's name; runs of different names start differently and see different data.
        tell: called every 250 steps, or at every look, with {"step", "steps", "loss"}: the mean training loss since the last call.
        watch: what is measured on the way; the steps are the same with it and without.

    Raises:
        MissingExtraError: JAX is not installed.
        InputError: the run is not longer than its warm-up.
    """
    rates = recipe.rates()
    began = time.perf_counter()
    capacity = max(ROOM, 1 << (recipe.steps - 1).bit_length())
    compiled = program(model, task, recipe.optimiser, recipe.batch, capacity)
    ready = time.perf_counter()

    order = task.order(stream(seed, run, "order"), recipe.steps, recipe.batch)
    state = compiled.start(model.init(stream(seed, run, "init")), order, rates)
    curve: list[tuple[int, float]] = []
    looks: list[Look] = []
    probe = stream(seed, run, "noise")
    done, diverged = 0, False
    for until in [*range(EVERY, recipe.steps, EVERY), recipe.steps] if watch is None else watch.stops(recipe.steps):
        if diverged:
            break
        state, total, diverged = compiled.advance(state, done, until)
        curve.append((until, total / (until - done)))
        done = until
        if watch is not None and not diverged:
            found = {name: compiled.score(state, watch.scores, batch) for name, batch in watch.sets.items()}
            norms = watch.noise and compiled.gradient_norms(state, task.order(probe, *watch.noise))
            looks.append(Look(done, found, norms))
        if tell is not None:
            tell({"step": done, "steps": recipe.steps, "loss": curve[-1][1]})
    loss = math.nan if diverged else compiled.evaluate(state)
    finite = math.isfinite(loss)
    return Trained(
        loss=loss if finite else None,
        status="done" if finite else "diverged",
        steps=done,
        curve=tuple(curve),
        weights=compiled.weights(state),
        seconds=time.perf_counter() - ready,
        compile_seconds=ready - began,
        looks=tuple(looks),
    )
