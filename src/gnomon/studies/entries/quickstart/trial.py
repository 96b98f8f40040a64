"""What a worker does: train the model of one trial and return its record."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gnomon.errors import InputError
from gnomon.lab import NextSymbol, stdlib_prose, train
from gnomon.studies.entries.quickstart.design import LENGTH, TOKENS_PER_STEP, Trial

Row = dict[str, Any]


def train_trial(trial: Trial, tell: Callable[[Mapping[str, Any]], None]) -> Row:
    """Train a trial: a row with canonical columns, units as in the run schema (loss in nats per symbol).

    A diverged run has no loss and the status "diverged". `seconds` is the time of training, without compilation.

    Raises:
        InputError: this process finds another text than the trial is for.
    """
    task = _task()
    if task.text.sha256 != trial.text_sha256:
        raise InputError(
            f"The text has the hash {task.text.sha256}, expected {trial.text_sha256}.",
            hint="The standard library changed while the ladder was trained; start again.",
        )
    trained = train(trial.model, task, trial.recipe, seed=trial.seed, run=trial.stream, tell=tell)
    return {
        "run": trial.run,
        "family": task.text.name,
        "params": trial.params,
        "tokens": trial.tokens,
        "flops": trial.flops,
        "loss": trained.loss,
        "step": trained.steps,
        "lr_peak": trial.recipe.lr_peak,
        "batch_tokens": TOKENS_PER_STEP,
        "seed": trial.seed,
        "width": trial.width,
        "role": trial.role,
        "text_sha256": trial.text_sha256,
        "seconds": round(trained.seconds, 3),
        "status": trained.status,
    }


@functools.cache
def _task() -> NextSymbol:
    """Read once a process: the same object for all its trials, so that they share compiled programs."""
    return NextSymbol(stdlib_prose(), length=LENGTH)
