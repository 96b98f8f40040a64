"""Language models of one budget: what the scores of the tasks are to foretell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.lab import NextSymbol, Recipe, count, stdlib_bytes, train
from gnomon.studies.entries.mad.architectures import decoder
from gnomon.studies.entries.mad.training import OPTIMISER, to_zero

LENGTH, BATCH = 128, 32
LR, AT = 5e-3, 32  # the rate of the tasks at their width, and less in proportion for wider models


def train_language(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The row of a language model on the bytes of the standard library, trained on a budget of FLOPs.

    Args:
        spec: architecture, width, flops, seed.
        tell: hears how far training is.
    """
    architecture, width, seed = str(spec["architecture"]), int(spec["width"]), int(spec["seed"])
    text = stdlib_bytes()
    model = decoder(architecture, text.symbols, LENGTH, width)
    weights = model.init(np.random.default_rng(0))
    each = count.flops(weights, LENGTH * BATCH, mixing=model.mixing_flops(LENGTH))
    steps = max(round(float(spec["flops"]) / each), 1)
    recipe = Recipe(steps, BATCH, LR * AT / width, warmup=0.02, optimiser=OPTIMISER, schedule=to_zero)
    trained = train(model, NextSymbol(text, LENGTH), recipe, seed=seed, run=f"ladder-{width}", tell=tell)
    row: dict[str, Any] = {
        "run": f"ladder-{architecture}-{width}-s{seed}",
        "family": architecture,
        "task": "ladder",
        "seed": seed,
        "params": count.params(weights),
        "tokens": steps * BATCH * LENGTH,
        "flops": steps * each,
        "state": model.state_size(LENGTH),
        "lr_peak": recipe.lr_peak,
        "steps": steps,
        "step": steps,
        "text_sha256": text.sha256,
        "status": trained.status,
        "seconds": round(trained.seconds, 3),
    }
    return [row | ({} if trained.loss is None else {"loss": trained.loss})]
