"""One run: a small classifier on the first so many digits, stopped at the smallest validation error."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.lab import CNN, MLP, Adam, Model, Momentum, Recipe, Watch, constant, train
from gnomon.lab.classify import Classify, Labelled, scores
from gnomon.lab.digits import CLASSES, digits

STEPS, BATCH, LOOK = (
    1500,
    20,
    25,
)  # the validation error of every shard has turned by then; a batch is the smallest shard
RATES = {"adam": 1e-3, "momentum": 0.05}


def train_digits(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The row of a run: error and loss of the test part, at the step with the smallest validation error.

    Args:
        spec: model, optimiser, width, samples, seed, shuffled.
        tell: hears how far training is.
    """
    parts = _parts(int(spec["seed"]) if spec["shuffled"] else None)
    width = int(spec["width"])
    model: Model = MLP(64, (width,), CLASSES) if spec["model"] == "mlp" else CNN(8, max(width // 4, 2), CLASSES)
    task = Classify(parts["pool"], parts["valid"], int(spec["samples"]))
    optimiser = Adam(clip=np.inf, beta2=0.999) if spec["optimiser"] == "adam" else Momentum()
    recipe = Recipe(STEPS, BATCH, RATES[spec["optimiser"]], warmup=0.0, optimiser=optimiser, schedule=constant)
    name = "-".join(str(spec[key]) for key in ("model", "optimiser", "width", "samples"))
    watch = Watch(LOOK, scores, {part: parts[part].whole() for part in ("valid", "test")})
    trained = train(model, task, recipe, seed=int(spec["seed"]), run=name, tell=tell, watch=watch)
    looks = [look for look in trained.looks if np.isfinite(look.scores["valid"]["loss"])]
    best = min(looks, key=lambda look: (look.scores["valid"]["error"], look.scores["valid"]["loss"]), default=None)
    row: dict[str, Any] = {
        "run": f"{name}-s{spec['seed']}" + ("-shuffled" if spec["shuffled"] else ""),
        "family": f"{spec['model']}-{spec['optimiser']}",
        **{key: spec[key] for key in ("model", "optimiser", "width", "samples", "seed")},
        "shuffled": int(spec["shuffled"]),
        "params": int(sum(leaf.size for leaf in _leaves(trained.weights))),
        "status": "done" if best is not None else "diverged",
        "tested": len(parts["test"].classes),
        "seconds": round(trained.seconds, 3),
    }
    if best is not None:
        row |= {"step": best.step, "error": best.scores["test"]["error"], "loss": best.scores["test"]["loss"]}
    return [row]


@functools.cache
def _parts(shuffle: int | None) -> dict[str, Labelled]:
    """The digits by part; with a seed their classes are shuffled within each part."""
    found = {}
    for name in ("pool", "valid", "test"):
        images, classes = getattr(digits(), name)
        if shuffle is not None:
            classes = np.random.default_rng([shuffle, len(classes)]).permutation(classes)
        found[name] = Labelled(images, classes)
    return found


def _leaves(tree: Any) -> Any:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _leaves(part)
    else:
        yield tree
