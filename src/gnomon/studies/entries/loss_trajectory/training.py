"""One run: a small byte model at a constant rate, its loss on a fixed text after steps evenly spread in the logarithm."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.lab import (
    AdamW,
    Attention,
    Decoder,
    NextSymbol,
    Recipe,
    Watch,
    constant,
    count,
    linear,
    stdlib_bytes,
    train,
)
from gnomon.lab.task import Batch, mean_loss
from gnomon.studies.entries.loss_trajectory.design import (
    ENDS,
    FACTORS,
    LENGTH,
    LOOKS,
    MICRO,
    RATE,
    REFERENCE,
    TOGETHER,
    TRIED,
    WARMUP,
)

TESTED = 128  # fixed sequences of the test files behind every point of a curve
CHOSEN_BY = 128  # of the validation files, behind the choice of a rate
EMBEDDING_SD = 0.02


def train_curve(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The rows of a curve: test loss and, where asked for, squared norms of gradients.

    Args:
        spec: width, batch_tokens, schedule (of the rate), tokens (of the run), noise (whether gradients are measured), seed.
        tell: hears how far training is.
    """
    task, test = _task()
    batch, width = int(spec["batch_tokens"]), int(spec["width"])
    steps = int(spec["tokens"]) // batch
    model = Decoder(width, task.text.symbols, mixer=Attention(), embedding_sd=EMBEDDING_SD)
    name, seed = f"d{width}-b{batch}", int(spec["seed"])
    make = partial(Recipe, batch=batch // LENGTH, warmup=WARMUP, optimiser=AdamW())
    seconds, tried = 0.0, {}
    trial = max(round(TRIED * steps), 1)
    whole = len(FACTORS) * trial + steps

    def tell_from(before: int) -> Tell:
        """What a training says of itself, as a part of all of them."""
        return lambda told: tell({**told, "step": before + told["step"], "steps": whole})

    for place, factor in enumerate(FACTORS):
        rate = factor * RATE * (batch / REFERENCE) ** 0.5
        short = make(steps=trial, lr_peak=rate, schedule=constant)
        found = train(model, task, short, seed=seed, run=name, tell=tell_from(place * trial))
        tried[rate] = math.inf if found.loss is None else found.loss
        seconds += found.seconds
    best = min(tried, key=lambda rate: tried[rate])
    schedule = constant if spec["schedule"] == "constant" else partial(linear, least=0, end=ENDS)
    noise = (TOGETHER, MICRO // LENGTH) if spec["noise"] else None
    watch = Watch(looks(steps), mean_loss, {"test": test}, noise=noise)
    recipe = make(steps=steps, lr_peak=best, schedule=schedule)
    trained = train(model, task, recipe, seed=seed, run=name, tell=tell_from(len(FACTORS) * trial), watch=watch)
    seconds += trained.seconds
    weights = trained.weights
    shared = {
        "run": name if spec["schedule"] == "constant" else f"{name}-{spec['schedule']}",
        "family": str(spec["schedule"]),
        "width": width,
        "params": count.params(weights),
        "batch_tokens": batch,
        "lr_peak": best,
        "rate_at_edge": int(len(tried) > 1 and best in (min(tried), max(tried))),
        "unique_tokens": len(task.text.train),
        "text_sha256": task.text.sha256,
        "seed": seed,
        "status": trained.status,
        "b_small": MICRO,
        "b_big": MICRO * TOGETHER,
    }
    rates, per_token = recipe.rates(), count.flops(weights, 1, mixing=model.mixing_flops(LENGTH))
    rows = []
    for look in trained.looks:
        tokens = look.step * batch
        small, big = look.gradient_sq or (None, None)
        rows.append(
            shared
            | {"step": look.step, "tokens": tokens, "flops": per_token * tokens, "lr": float(rates[look.step - 1])}
            | {"loss": look.scores["test"]["loss"], "grad_sq_small": small, "grad_sq_big": big, "seconds": None}
        )
    if not rows:
        rows = [shared | {"step": trained.steps, "tokens": trained.steps * batch, "loss": None}]
    rows[-1]["seconds"] = round(seconds, 3)
    return rows


def looks(steps: int) -> tuple[int, ...]:
    """Steps after which the loss is measured: evenly spread in their logarithm, from the end of the warm-up on."""
    first = max(round(WARMUP * steps), 1)
    return tuple(np.unique(np.geomspace(first, steps, LOOKS).round().astype(int)).tolist())


@functools.cache
def _task() -> tuple[NextSymbol, Batch]:
    """The task, evaluated on validation files, and the test sequences."""
    text = stdlib_bytes()
    task = NextSymbol(text, length=LENGTH, evaluated=CHOSEN_BY)
    assert text.test is not None
    return task, task.windows(text.test, TESTED)
