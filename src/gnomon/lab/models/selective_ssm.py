"""Selective state space: a few states a channel, whose step, input and output the input itself sets (Mamba)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.short_conv import short_conv, short_conv_step
from gnomon.lab.seeds import normal

SHORTEST, LONGEST = 1e-3, 0.1  # range of the step at the start (Gu and Dao 2023, section 3.6)
PER_RANK = 16  # rank of the step's map is the width over this (same place)


@dataclass(frozen=True)
class SelectiveSSM:
    """h_t = exp(Delta_t A) h_{t-1} + Delta_t B_t u_t,  y_t = C_t h_t + D u_t, gated by silu(z).

    [u, z] = x W_in with e d channels each; u passes a causal convolution of 4 taps and silu. Delta = softplus(low-rank
    map of u + b) a channel, B and C (n numbers each) from u for all channels, A = -exp(a) a channel and state.

    Args:
        expand: e (default 2).
        states: n a channel (default 4, as in mad-lab).
        taps: of the short convolution (default 4).

    Reference: Gu and Dao 2023, arXiv 2312.00752, algorithm 2 and equation 4 (B discretised as Delta B, as its code does).
    """

    expand: int = 2
    states: int = 4
    taps: int = 4
    name: str = "selective-ssm"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`; A = -1 to -n.

        The bias of Delta makes steps from .001 to .1 at the start, evenly in the logarithm.
        """
        inner, rank = self.expand * width, self._rank(width)
        step = np.exp(rng.uniform(math.log(SHORTEST), math.log(LONGEST), inner))
        return {
            "into": normal(rng, (2 * inner, width), width**-0.5),
            "taps": normal(rng, (self.taps, inner), self.taps**-0.5),
            "taps_bias": np.zeros(inner, np.float32),
            "select": normal(rng, (rank + 2 * self.states, inner), inner**-0.5),
            "step": normal(rng, (inner, rank), rank**-0.5),
            "step_bias": (step + np.log(-np.expm1(-step))).astype(np.float32),  # inverse of softplus
            "log_rate": np.tile(np.log(np.arange(1, self.states + 1)), (inner, 1)).astype(np.float32),
            "skip": np.ones(inner, np.float32),
            "out": normal(rng, (width, inner), inner**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape; the scan is associative, in about log2(length) rounds."""
        jax = load()
        jnp = jax.numpy
        u, gate = jnp.split(x @ weights["into"].T, 2, axis=-1)
        u = short_conv(u.reshape(-1, length, u.shape[-1]), weights["taps"]).reshape(u.shape)
        u = jax.nn.silu(u + weights["taps_bias"])
        decay, entering, out = (part.reshape(-1, length, *part.shape[1:]) for part in self._selected(weights, u))

        def both(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
            return first[0] * second[0], second[0] * first[1] + second[1]

        states = jax.lax.associative_scan(both, (decay, entering), axis=1)[1]
        read = jnp.einsum("btcn,btn->btc", states, out).reshape(u.shape)
        return ((read + weights["skip"] * u) * jax.nn.silu(gate)) @ weights["out"].T

    def start(self, sequences: int, width: int) -> Any:
        """h = 0, (sequences, e d, n), and the positions the short convolution looks back on."""
        inner = self.expand * width
        return (
            np.zeros((sequences, inner, self.states), np.float32),
            np.zeros((sequences, self.taps - 1, inner), np.float32),
        )

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """One position: (sequences, width) to the same shape."""
        jax = load()
        jnp = jax.numpy
        states, past = memory
        u, gate = jnp.split(x @ weights["into"].T, 2, axis=-1)
        past, u = short_conv_step(past, u, weights["taps"])
        u = jax.nn.silu(u + weights["taps_bias"])
        decay, entering, out = self._selected(weights, u)
        states = decay * states + entering
        read = jnp.einsum("bcn,bn->bc", states, out)
        return (states, past), ((read + weights["skip"] * u) * jax.nn.silu(gate)) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """e d n, and (taps - 1) e d for the short convolution, whatever the length."""
        return self.expand * width * (self.states + self.taps - 1)

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: reading the states, 2 e d n; scanning them, 2 e d n.

        That is the recurrence; the associative scan takes up to twice its share for working on all positions at once.
        """
        return 4 * self.expand * width * self.states

    def _rank(self, width: int) -> int:
        return math.ceil(width / PER_RANK)

    def _selected(self, weights: dict[str, Any], u: Any) -> tuple[Any, Any, Any]:
        """exp(Delta A) and Delta B u, (positions, e d, n), and C, (positions, n)."""
        jax = load()
        jnp = jax.numpy
        rank = weights["step"].shape[1]
        found = u @ weights["select"].T
        step = jax.nn.softplus(found[:, :rank] @ weights["step"].T + weights["step_bias"])
        write, read = jnp.split(found[:, rank:], 2, axis=-1)
        decay = jnp.exp(-step[..., None] * jnp.exp(weights["log_rate"]))
        return decay, (step * u)[..., None] * write[:, None, :], read
