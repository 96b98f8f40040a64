"""RWKV-7: a memory that takes out what it said of a key before it writes the new value (a generalised delta rule)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.heads import head_width
from gnomon.lab.models.rwkv import head_norm, tiny, token_shift
from gnomon.lab.seeds import normal

STREAMS = 6  # of receptance, key, value, decay, rate, gate, in this order
SLOWEST = math.exp(-0.5)  # decays lie between exp(-e^-0.5) = .545 and 1 (rwkv_v7_numpy.py)
FLOOR = 1e-12  # of the length of a key (same file)


@dataclass(frozen=True)
class RWKV7:
    """S_t = S_{t-1} diag(w_t) - (S_{t-1} q_t)(q_t * a_t)^T + v_t c_t^T,  y_t = S_t r_t.

    Each of r, k, v, w, a and the gate is a map of x_t + mu (x_{t-1} - x_t), those of w, a and the gate of low rank:
    w = exp(-e^-.5 sigmoid(b_w + tanh map)), a = sigmoid(b_a + map), gate = map of sigmoid. q is k * xi made of length 1
    in each head, c = k * (1 + (a - 1) alpha). What is read is normalised in each head; the own value, weighted by
    sum(r * c * rho), is added; the gate multiplies both, and a matrix puts them out.

    Layers do not see each other's values here: each is what the published model's first layer is. The starts are this
    laboratory's own (rates of .5, decays as in `RWKV`).

    Args:
        heads: must divide the width (default 2).
        rank: of the maps to decay, rate and gate (default 16).

    Reference: Peng et al. 2025, arXiv 2503.14456; formula as in rwkv_v7_numpy.py of BlinkDL/RWKV-LM.
    """

    heads: int = 2
    rank: int = 16
    name: str = "rwkv-7"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), those of low rank tiny, the output matrix times `output_scale`."""
        head_width(width, self.heads)
        early = (1 - np.arange(width) / width).astype(np.float32)
        climb = np.linspace(0, 1, width) ** 0.7
        return {
            "mixtures": np.tile(early, (STREAMS, 1)),
            "rkv": normal(rng, (3, width, width), width**-0.5),
            "low_in": tiny(rng, (3, self.rank, width)),
            "low_out": normal(rng, (3, width, self.rank), self.rank**-0.5),
            "decay": (-6 + 5 * climb).astype(np.float32),
            "rate": np.zeros(width, np.float32),
            "removal": np.ones(width, np.float32),
            "strength": np.ones(width, np.float32),
            "own": np.zeros(width, np.float32),
            "gain": np.ones(width, np.float32),
            "bias": np.zeros(width, np.float32),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape; the memory goes from position to position."""
        jax = load()
        jnp = jax.numpy
        width = x.shape[-1]
        *streams, own, gate = self._streams(weights, x, token_shift(x, length))
        head = head_width(width, self.heads)
        turned = tuple(jnp.moveaxis(part.reshape(-1, length, self.heads, head), 1, 0) for part in streams)
        memory = jnp.zeros((x.shape[0] // length, self.heads, head, head), x.dtype)
        read = jax.lax.scan(lambda memory, now: advance(memory, *now), memory, turned)[1]
        return self._put_out(weights, jnp.moveaxis(read, 0, 1).reshape(x.shape), own, gate)

    def start(self, sequences: int, width: int) -> Any:
        """S = 0, (sequences, heads, width/heads, width/heads), and the position before, (sequences, width)."""
        head = head_width(width, self.heads)
        return np.zeros((sequences, self.heads, head, head), np.float32), np.zeros((sequences, width), np.float32)

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """One position: (sequences, width) to the same shape."""
        products, before = memory
        *streams, own, gate = self._streams(weights, x, before)
        products, read = advance(products, *(part.reshape(*products.shape[:3]) for part in streams))
        return (products, x), self._put_out(weights, read.reshape(x.shape), own, gate)

    def state_size(self, width: int, length: int) -> int:
        """d^2/H, and the position before, whatever the length."""
        return self.heads * head_width(width, self.heads) ** 2 + width

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: what the memory says of q and of r, 4 d^2/H."""
        return 4 * width * head_width(width, self.heads)

    def _streams(self, weights: dict[str, Any], x: Any, before: Any) -> tuple[Any, ...]:
        """r, w, c, v, q, q * a, the weighted own value and the gate, each (positions, width)."""
        jax = load()
        jnp = jax.numpy
        mixed = jnp.moveaxis(x[:, None] + (before - x)[:, None] * weights["mixtures"], 1, 0)
        r, k, v = jnp.einsum("snd,sed->sne", mixed[:3], weights["rkv"])
        low = jnp.einsum("snd,srd->snr", mixed[3:], weights["low_in"])
        low = jnp.stack([jnp.tanh(low[0]), low[1], jax.nn.sigmoid(low[2])])
        speed, rate, gate = jnp.einsum("snr,sdr->snd", low, weights["low_out"])
        decay = jnp.exp(-SLOWEST * jax.nn.sigmoid(weights["decay"] + speed))
        rate = jax.nn.sigmoid(weights["rate"] + rate)
        parts = (k * weights["removal"]).reshape(x.shape[0], self.heads, -1)
        length = jnp.sqrt(jnp.maximum(jnp.sum(parts * parts, axis=-1, keepdims=True), FLOOR**2))
        removed = (parts / length).reshape(x.shape)
        written = k * (1 + (rate - 1) * weights["strength"])
        weight = jnp.sum((r * written * weights["own"]).reshape(parts.shape), axis=-1, keepdims=True)
        own = (weight * v.reshape(parts.shape)).reshape(x.shape)
        return r, decay, written, v, removed, removed * rate, own, gate

    def _put_out(self, weights: dict[str, Any], read: Any, own: Any, gate: Any) -> Any:
        return ((head_norm(read, weights, self.heads) + own) * gate) @ weights["out"].T


def advance(memory: Any, r: Any, decay: Any, written: Any, v: Any, removed: Any, rated: Any) -> tuple[Any, Any]:
    """One position: S, (sequences, heads, values, keys), after it, and y = S r; all else (sequences, heads, n)."""
    jnp = load().numpy
    said = jnp.einsum("bhvk,bhk->bhv", memory, removed)
    memory = memory * decay[..., None, :] - said[..., None] * rated[..., None, :] + v[..., None] * written[..., None, :]
    return memory, jnp.einsum("bhvk,bhk->bhv", memory, r)
