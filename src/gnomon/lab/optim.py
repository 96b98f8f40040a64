"""Optimisers on one flat vector of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.kinds import EVEN, HIDDEN_ONLY, ByKind, Kind, Part

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

    def start(self, parameters: Array, parts: Sequence[Part] = ()) -> tuple[Array, Array]:
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
        gradient = _clipped(jax, gradient, self.clip)
        mean = self.beta1 * moments[0] + (1 - self.beta1) * gradient
        square = self.beta2 * moments[1] + (1 - self.beta2) * gradient * gradient
        pace = rate / (1 - self.beta1**count)
        spread = jnp.sqrt(square * (1 / (1 - self.beta2**count))) + self.eps
        return parameters - pace * mean / spread, (mean, square)


class AdamWMemory(NamedTuple):
    """Both moments, and the fixed factors of each parameter, all of the shape of the parameters."""

    mean: Array
    square: Array
    pace: Array  # learning rate over the rate of the step
    shrink: Array  # decay over the rate of the step


@dataclass(frozen=True)
class AdamW:
    """Adam whose weights also shrink, with a rate and a decay for each kind of parameter.

        u = m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps),  m and v as in `Adam`, after clipping
        convention "rate":         x <- x - rate r_k (u + decay d_k x)
        convention "independent":  x <- x - rate r_k u - (rate/peak) decay d_k x

    "rate" is what PyTorch and optax do: decay is multiplied by the scheduled learning rate and by the kind's factor
    r_k, so a wider model with a smaller rate also shrinks less. "independent" is the algorithm as printed: the share
    lost in a step follows the schedule, but neither the peak nor r_k moves it. `shrinkage` gives that share.

    Args:
        decay: strength of the decay (default .1).
        convention: what the decay is multiplied by (default "rate").
        peak: highest rate of the schedule; needed by "independent", and by it only.
        rates: r_k, learning-rate multiplier of each kind (default 1).
        decays: d_k, decay multiplier of each kind (default: hidden matrices 1, all else 0).
        beta1: memory of the mean (default .9).
        beta2: memory of the square (default .95).
        eps: default 1e-8.
        clip: largest norm of the whole gradient (default 1; infinity for none).

    Raises:
        InputError: "independent" without a peak, or a peak without it.

    References: Loshchilov and Hutter 2019, Algorithm 2 ("independent"); Yang et al. 2022, Tensor Programs V (rates by kind).
    """

    decay: float = 0.1
    convention: Literal["rate", "independent"] = "rate"
    peak: float | None = None
    rates: ByKind = EVEN
    decays: ByKind = HIDDEN_ONLY
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-8
    clip: float = 1.0

    def __post_init__(self) -> None:
        if (self.convention == "independent") != (self.peak is not None):
            raise InputError(
                f"AdamW with convention {self.convention!r} got peak = {self.peak}.",
                hint='Give the schedule\'s highest rate with "independent", and only then.',
            )

    def shrinkage(self, kind: Kind, rate: float) -> float:
        """Share of a parameter of a kind that decay takes in a step of this rate."""
        return rate * self._shrink(kind)

    def start(self, parameters: Array, parts: Sequence[Part] = ()) -> AdamWMemory:
        """Both moments at 0, and the factors of each parameter.

        Raises:
            InputError: the parts are not those of the vector.
        """
        jnp = load().numpy
        sizes = [part.size for part in parts]
        if sum(sizes) != parameters.size:
            raise InputError(f"The parts hold {sum(sizes)} parameters, the vector {parameters.size}: AdamW needs both.")
        pace = np.repeat(np.array([self.rates[part.kind] for part in parts], np.float32), sizes)
        shrink = np.repeat(np.array([self._shrink(part.kind) for part in parts], np.float32), sizes)
        return AdamWMemory(
            jnp.zeros_like(parameters), jnp.zeros_like(parameters), jnp.asarray(pace), jnp.asarray(shrink)
        )

    def step(
        self, parameters: Array, moments: AdamWMemory, gradient: Array, *, rate: Array, count: Array
    ) -> tuple[Array, AdamWMemory]:
        """New parameters and memory; arguments as in `Adam.step`."""
        jax = load()
        gradient = _clipped(jax, gradient, self.clip)
        mean = self.beta1 * moments.mean + (1 - self.beta1) * gradient
        square = self.beta2 * moments.square + (1 - self.beta2) * gradient * gradient
        spread = jax.numpy.sqrt(square * (1 / (1 - self.beta2**count))) + self.eps
        move = moments.pace * (mean / (1 - self.beta1**count) / spread) + moments.shrink * parameters
        return parameters - rate * move, moments._replace(mean=mean, square=square)

    def _shrink(self, kind: Kind) -> float:
        """Decay of a kind over the rate of the step."""
        return self.decay * self.decays[kind] * (self.rates[kind] if self.peak is None else 1 / self.peak)


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with heavy-ball momentum, not Nesterov's; no clipping, no weight decay.

        u <- momentum u + g,  x <- x - rate u

    Args:
        momentum: default .9.
    """

    momentum: float = 0.9

    def start(self, parameters: Array, parts: Sequence[Part] = ()) -> Array:
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

    def start(self, parameters: Array, parts: Sequence[Part] = ()) -> Any:
        """What it remembers before the first step; `parts` are the kinds along the vector."""

    def step(self, parameters: Array, moments: Any, gradient: Array, *, rate: Array, count: Array) -> tuple[Array, Any]:
        """New parameters and memory; `rate` is that of this step, `count` its number from 1."""

    def __hash__(self) -> int: ...


def _clipped(jax: Any, gradient: Array, clip: float) -> Array:
    """The gradient with a norm of at most `clip`."""
    squared = jax.numpy.sum(gradient * gradient)
    return gradient * jax.numpy.minimum(1.0, clip * jax.lax.rsqrt(squared + 1e-12))  # 1e-12: a zero gradient
