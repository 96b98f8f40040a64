"""Two limits in which singular values are known: gradients of pure noise, and the same update at every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.engines import Tell
from gnomon.lab import AdamW
from gnomon.lab.backend import load
from gnomon.lab.kinds import Part
from gnomon.lab.seeds import stream
from gnomon.lab.spectrum import largest

LONG = 5.0  # steps in units of 1/(lr decay): e^-5 of the way is left


def limit(spec: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """The row of a width x width matrix moved by AdamW from 0, with gradients that no model gave.

    "noise": independent N(0, 1) entries at every step; "persistent": the signs of a fixed a b^T.

    Args:
        spec: updates, width, lr, decay, seed.
        tell: hears nothing: it takes a second.
    """
    width, lr, decay = int(spec["width"]), float(spec["lr"]), float(spec["decay"])
    steps = round(LONG / (lr * decay))
    rng = stream(int(spec["seed"]), f"limit-{width}", spec["updates"])
    a, b = rng.standard_normal((2, width))
    key = int(rng.integers(2**31))
    signs = np.sign(np.outer(a, b)).astype(np.float32) if spec["updates"] == "persistent" else None
    matrix = moved(width, lr, decay, steps, key, signs)
    return [
        {
            "run": f"limit-{spec['updates']}-d{width}-lr{lr:g}-s{spec['seed']}",
            "part": "limit", "updates": spec["updates"], "width": width, "seed": int(spec["seed"]), "lr": lr,
            "weight_decay": decay, "step": steps, "exposure": lr * decay * steps,
            "sigma_max": largest(matrix), "entry": float(np.sqrt((matrix**2).mean())),
        }
    ]  # fmt: skip


def moved(width: int, lr: float, decay: float, steps: int, key: int, signs: Any | None) -> Any:
    """The matrix after so many steps.

    Args:
        width: of the square matrix.
        lr, decay: constant.
        steps: of AdamW.
        key: of the noise.
        signs: the gradient of every step; None for noise.
    """
    jax = load()
    jnp = jax.numpy
    optimiser = AdamW(decay=decay, clip=float("inf"))
    start = jnp.zeros(width * width, jnp.float32)
    root = jax.random.key(key)

    def step(i: Any, carry: Any) -> Any:
        noise = jax.random.normal(jax.random.fold_in(root, i), start.shape, jnp.float32)
        gradient = noise if signs is None else jnp.ravel(signs)
        matrix, memory = carry
        count = (i + 1).astype(jnp.float32)
        return optimiser.step(matrix, memory, gradient, rate=jnp.float32(lr), count=count)

    state = (start, optimiser.start(start, (Part("hidden", width * width),)))
    run = jax.jit(lambda state: jax.lax.fori_loop(jnp.int32(0), jnp.int32(steps), step, state)[0])
    return np.asarray(run(state)).reshape(width, width)
