"""The runs: a small decoder trained under a width rule, for its singular values, its loss or its activations."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.lab import (
    AdamW,
    Attention,
    Decoder,
    NextSymbol,
    Recipe,
    Ruled,
    WidthRule,
    constant,
    coordinates,
    count,
    mup,
    standard,
    stdlib_prose,
    train,
    wsd,
)
from gnomon.lab.spectrum import shape_distance, singular_values
from gnomon.studies.entries.width_transfer.design import BASE, CHECK_LR, DECAY, LAYERS, MATRICES, PAPER_P

LENGTH, BATCH, EVALUATED = 64, 8, 256
WARMUP = 0.02
COOLDOWN = 0.1  # share of a sweep's run; the rest is as steady as the runs for singular values
EPS = 1e-12  # far below any gradient here, so that its share does not change with width
SUBLAYER = {"mixer.out": "mixer", "down": "mlp"}
"""The matrix that ends a sublayer -> the sublayer."""


def spectra(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """A row for each hidden matrix at the end of a run of constant learning rate, before any decay of it.

    Args:
        spec: p of the decay rule, width, lr and decay at the base width, steps, seed.
        tell: hears how far training is.
    """
    width, rule = int(spec["width"]), mup(float(spec["p"]))
    ratio = width / BASE
    optimiser = _adamw(rule, ratio, decay=float(spec["decay"]))
    recipe = Recipe(int(spec["steps"]), BATCH, float(spec["lr"]), warmup=WARMUP, optimiser=optimiser, schedule=constant)
    model, task = Ruled(_decoder(width), rule, ratio), _task()
    trained = train(model, task, recipe, seed=int(spec["seed"]), run=f"width-{width}", tell=tell)
    lr, decay = float(spec["lr"]) * rule.rates(ratio).hidden, float(spec["decay"]) * rule.decays(ratio).hidden
    outputs = coordinates.sizes(model, trained.weights, task.held_out().inputs[0])
    rows: list[dict[str, Any]] = []
    for k in range(LAYERS):
        for name in MATRICES:
            values = singular_values(_matrix(trained.weights, k, name))
            noise = np.random.default_rng(0).standard_normal(_matrix(trained.weights, k, name).shape)
            rows.append(
                {
                    "run": f"spectra-{rule.name}-d{width}-lr{spec['lr']:.5f}-wd{spec['decay']:g}-s{spec['seed']}",
                    "part": "spectra", "p": float(spec["p"]), "width": width, "seed": int(spec["seed"]),
                    "layer": k, "matrix": name, "lr": lr, "weight_decay": decay, "step": trained.steps,
                    "base_lr": float(spec["lr"]), "base_decay": float(spec["decay"]),
                    "exposure": float(recipe.rates().sum()) * rule.rates(ratio).hidden * decay,
                    "sigma_max": float(values[0]),
                    "fro": float(np.sqrt((values**2).sum())),
                    "noise_distance": shape_distance(values, singular_values(noise)),
                    "output_size": outputs.get(f"{k}.{SUBLAYER.get(name)}"),
                    "params": count.params(trained.weights), "loss": trained.loss, "status": trained.status,
                    "seconds": round(trained.seconds / (LAYERS * len(MATRICES)), 4),
                }
            )  # fmt: skip
    return rows


def sweep(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The row of a run whose learning rate cools down at the end: its loss.

    Runs of a width and seed share start and data, whatever their rate and rule.

    Args:
        spec: rule, width, lr at the base width, steps, seed.
        tell: hears how far training is.
    """
    width, rule = int(spec["width"]), _rule(spec["rule"])
    ratio = width / BASE
    recipe = Recipe(
        int(spec["steps"]), BATCH, float(spec["lr"]), warmup=WARMUP, optimiser=_adamw(rule, ratio), schedule=_cooled
    )
    model = Ruled(_decoder(width), rule, ratio)
    trained = train(model, _task(), recipe, seed=int(spec["seed"]), run=f"width-{width}", tell=tell)
    return [
        {
            "run": f"sweep-{spec['rule']}-d{width}-lr{spec['lr']:.5f}-s{spec['seed']}",
            "part": "sweep", "rule": spec["rule"], "width": width, "seed": int(spec["seed"]), "lr": float(spec["lr"]),
            "weight_decay": DECAY * rule.decays(ratio).hidden, "step": trained.steps,
            "params": count.params(trained.weights), "loss": trained.loss, "status": trained.status,
            "seconds": round(trained.seconds, 3),
        }
    ]  # fmt: skip


def activations(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """A row for each activation and start: mean |x| after five large steps.

    Args:
        spec: rule, width, base width, starts, seed.
        tell: hears nothing: it is over at once.
    """
    width, rule = int(spec["width"]), _rule(spec["rule"])
    ratio = width / int(spec["base"])
    model, task = Ruled(_decoder(width), rule, ratio), _task()
    recipe = Recipe(5, BATCH, CHECK_LR, warmup=0.0, optimiser=_adamw(rule, ratio, decay=0.0), schedule=constant)
    inputs = task.held_out().inputs[0]
    first, rows = int(spec["seed"]), []
    for seed in range(first, first + int(spec["starts"])):
        trained = train(model, task, recipe, seed=seed, run="check")
        for name, size in coordinates.sizes(model, trained.weights, inputs).items():
            rows.append(
                {
                    "run": f"activations-{spec['rule']}-d{width}-s{seed}", "part": "activations", "rule": spec["rule"],
                    "width": width, "seed": seed, "activation": name, "mean_abs": size,
                }
            )  # fmt: skip
    return rows


def _decoder(width: int) -> Decoder:
    return Decoder(width, stdlib_prose().symbols, layers=LAYERS, mixer=Attention(head=8))


@functools.cache
def _task() -> NextSymbol:
    """One object a process: tasks are compared by identity, and equal ones share their programs."""
    return NextSymbol(stdlib_prose(), length=LENGTH, evaluated=EVALUATED)


def _adamw(rule: WidthRule, ratio: float, *, decay: float = DECAY) -> AdamW:
    return AdamW(decay=decay, rates=rule.rates(ratio), decays=rule.decays(ratio), eps=EPS, clip=np.inf)


def _rule(name: str) -> WidthRule:
    return standard() if name == "standard" else mup(PAPER_P)


def _cooled(peak: float, steps: int, *, share: float) -> Any:
    """Constant, then linear to 0 over the last tenth."""
    return wsd(peak, steps, share=share, cooldown=COOLDOWN, end=0.0)


def _matrix(weights: Any, layer: int, name: str) -> Any:
    found = weights["layers"][layer]
    for step in name.split("."):
        found = found[step]
    return found
