"""One run: an architecture on a task, looked at on the way; and models before any training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.engines import Tell
from gnomon.lab import AdamW, Recipe, Watch, count, train
from gnomon.lab.backend import load
from gnomon.lab.models import AutoEncoder
from gnomon.lab.schedules import cosine
from gnomon.lab.seeds import normal, stream
from gnomon.lab.tasks import Sequences, accuracies
from gnomon.studies.entries.mad.architectures import decoder
from gnomon.studies.entries.mad.settings import task

BATCH = 32
LOOKS = 8  # of a run: the rise of attention comes late and at once
OPTIMISER = AdamW(decay=0.0, beta2=0.999, clip=math.inf)
OTHER_MAP = 54321  # seed of a map that was never trained on


def train_task(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The rows of a run, one a look: accuracy on the test part, and loss and accuracy on the validation part.

    Runs of a task and seed see the same data in the same order, whatever the architecture.

    Args:
        spec: task, harder, architecture, lr, steps, seed.
        tell: hears how far training is.
    """
    name, harder, architecture = str(spec["task"]), bool(spec["harder"]), str(spec["architecture"])
    here = task(name, harder)
    model = model_of(architecture, name, here)
    steps, seed = int(spec["steps"]), int(spec["seed"])
    recipe = Recipe(steps, BATCH, float(spec["lr"]), warmup=0.02, optimiser=OPTIMISER, schedule=to_zero)
    sets = {part: here.parts[part] for part in ("valid", "test")}
    if name == "memorization":
        sets["other"] = task(name, harder, OTHER_MAP).parts["test"]
    watch = Watch(max(steps // LOOKS, 1), accuracies, sets)
    trained = train(model, here, recipe, seed=seed, run=f"{name}-{int(harder)}", tell=tell, watch=watch)
    weights = trained.weights
    row: dict[str, Any] = {
        "run": f"{name}{'-harder' if harder else ''}-{architecture}-lr{spec['lr']:g}-s{seed}",
        "family": architecture,
        "task": name,
        "harder": int(harder),
        "lr_peak": float(spec["lr"]),
        "seed": seed,
        "steps": steps,
        "params": count.params(weights),
        "state": model.state_size(here.length),
        "chance": here.chance,
        "status": trained.status,
        "seconds": round(trained.seconds, 3),
    }
    each = count.flops(weights, 1, mixing=model.mixing_flops(here.length))
    rows = []
    for look in trained.looks:
        tokens = look.step * BATCH * here.tokens_per_item
        read = look.step * BATCH * here.length  # positions that are worked on, whether they have a target or not
        found = look.scores["test"]
        rows.append(
            row
            | {"step": look.step, "tokens": tokens, "flops": each * read, "loss": found["loss"]}
            | {"accuracy": found["accuracy"], "balanced": found["balanced"]}
            | {"valid_accuracy": look.scores["valid"]["accuracy"]}
            | ({"other_accuracy": look.scores["other"]["accuracy"]} if "other" in look.scores else {})
        )
    return rows or [row]


def untrained(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """Accuracy of an architecture before training, with a read-out that is not 0; a row a task.

    Args:
        spec: architecture, tasks, seed.
        tell: not called.
    """
    jax = load()
    rows = []
    for name in spec["tasks"]:
        here = task(name)
        model = model_of(str(spec["architecture"]), name, here)
        rng = stream(int(spec["seed"]), name, "untrained")
        weights = model.init(rng)
        weights["readout"] = normal(rng, weights["readout"].shape, weights["readout"].shape[1] ** -0.5)
        outputs = jax.jit(model)(weights, here.parts["test"].inputs)
        found = accuracies(outputs, here.parts["test"])
        rows.append(
            {
                "run": f"untrained-{name}-{spec['architecture']}-s{spec['seed']}",
                "family": str(spec["architecture"]),
                "task": name,
                "step": 0,
                "seed": int(spec["seed"]),
                "status": "untrained",
                "accuracy": float(found["accuracy"]),
                "chance": here.chance,
            }
        )
    return rows


def same_as_window(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """Largest difference between attention and a window as long as the sequence, with the same weights.

    Args:
        spec: seed.
        tell: not called.
    """
    jax = load()
    here = task("copying")
    models = [model_of(name, "copying", here) for name in ("attention", "window-whole")]
    rng = stream(int(spec["seed"]), "copying", "window")
    weights = models[0].init(rng)
    weights["readout"] = normal(rng, weights["readout"].shape, 1.0)
    one, other = (np.asarray(jax.jit(model)(weights, here.parts["test"].inputs[:32])) for model in models)
    return [{"run": f"window-s{spec['seed']}", "status": "window", "difference": float(np.abs(one - other).max())}]


def model_of(architecture: str, name: str, here: Sequences) -> Any:
    """The model for a task: the decoder, or the one-vector model for compression."""
    found = decoder(architecture, here.symbols, here.length)
    return AutoEncoder(found) if name == "compression" else found


def to_zero(peak: float, steps: int, *, share: float) -> NDArray[np.float32]:
    """Rates of a run: warm-up over a share of it, then half a cosine to 0."""
    return cosine(peak, steps, share=share, end=0.0)
