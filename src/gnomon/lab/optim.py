"""Optimisers on one flat vector of parameters, and learning rates as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load

Array = Any


@dataclass(frozen=True)
class Adam:
    """Adam with bias correction after clipping the gradient's norm; no weight decay.

        g <- g min(1, clip/|g|),  m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
        x <- x - rate m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps),  t = 1, 2, ...

    Args:
        beta1: memory of the mean (default .9).
        beta2: memory of the square (default .95).
        eps: default 1e-8.
        clip: largest norm of the whole gradient (default 1).

    Reference: Kingma and Ba 2015, Algorithm 1.
    """

    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-8
    clip: float = 1.0

    def start(self, parameters: Array) -> tuple[Array, Array]:
        """Both moments at 0, in the shape of the parameters."""
        jnp = load().numpy
        return jnp.zeros_like(parameters), jnp.zeros_like(parameters)

    def step(
        self, parameters: Array, moments: tuple[Array, Array], gradient: Array, *, rate: Array, count: Array
    ) -> tuple[Array, tuple[Array, Array]]:
        """New parameters and moments.

        Args:
            parameters: flat vector (n,).
            moments: of the step before, each (n,).
            gradient: (n,).
            rate: learning rate of this step.
            count: t, the number of this step, from 1; a float.
        """
        jax = load()
        jnp = jax.numpy
        squared = jnp.sum(gradient * gradient)
        gradient = gradient * jnp.minimum(1.0, self.clip * jax.lax.rsqrt(squared + 1e-12))  # 1e-12: a zero gradient
        mean = self.beta1 * moments[0] + (1 - self.beta1) * gradient
        square = self.beta2 * moments[1] + (1 - self.beta2) * gradient * gradient
        pace = rate / (1 - self.beta1**count)
        spread = jnp.sqrt(square * (1 / (1 - self.beta2**count))) + self.eps
        return parameters - pace * mean / spread, (mean, square)


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with heavy-ball momentum, not Nesterov's; no clipping, no weight decay.

        u <- momentum u + g,  x <- x - rate u

    Args:
        momentum: default .9.
    """

    momentum: float = 0.9

    def start(self, parameters: Array) -> Array:
        """No velocity."""
        return load().numpy.zeros_like(parameters)

    def step(
        self, parameters: Array, moments: Array, gradient: Array, *, rate: Array, count: Array
    ) -> tuple[Array, Array]:
        """New parameters and velocity; `count` plays no part."""
        velocity = self.momentum * moments + gradient
        return parameters - rate * velocity, velocity


class Optimiser(Protocol):
    """What turns a gradient into a step. Hashable: equal optimisers share a program."""

    def start(self, parameters: Array) -> Any:
        """What it remembers before the first step."""

    def step(self, parameters: Array, moments: Any, gradient: Array, *, rate: Array, count: Array) -> tuple[Array, Any]:
        """New parameters and memory; `rate` is that of this step, `count` its number from 1."""

    def __hash__(self) -> int: ...


def constant(rate: float, steps: int, *, share: float = 0.0, least: int = 0) -> NDArray[np.float32]:
    """Learning rates of a run, float32 (steps,): the same after a linear warm-up over max(least, share steps) steps."""
    warm = max(least, round(share * steps))
    up = (np.arange(steps) + 1) / warm if warm else np.ones(steps)
    return (rate * np.minimum(up, 1.0)).astype(np.float32)


def warmup_linear(peak: float, steps: int, *, share: float = 0.05, least: int = 10) -> NDArray[np.float32]:
    """Learning rates of a run, float32 (steps,): linear warm-up to `peak`, then linear to 0 at the last step.

        rate[t] = peak (t + 1)/W for t < W,  peak (1 - (t - W + 1)/(steps - W)) after,  W = max(least, share steps)

    Args:
        peak: highest rate, reached at step W - 1.
        steps: length of the run; must leave room for the decay.
        share: share of the run that warms up (default .05).
        least: fewest warm-up steps (default 10).

    Raises:
        InputError: the run is not longer than its warm-up.
    """
    warm = max(least, round(share * steps))
    if steps <= warm:
        raise InputError(f"The run has {steps} steps, expected more than the {warm} of its warm-up.")
    step = np.arange(steps)
    up = (step + 1) / warm
    down = 1 - (step - warm + 1) / (steps - warm)
    return (peak * np.where(step < warm, up, down)).astype(np.float32)
