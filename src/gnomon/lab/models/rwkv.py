"""RWKV-6: a memory of outer products whose decays follow the input, fed by mixtures with the position before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.heads import head_width, join, split
from gnomon.lab.models.outer_products import FASTEST, read_flops, read_past, write_and_read
from gnomon.lab.seeds import normal

STREAMS = 5  # of decay, key, value, receptance, gate, in this order
EPS = 1e-5 * 8**2  # of the norm of each head (rwkv6.py: head_dim_divisor 8)
TINY = 1e-4  # half width of the even draws of the small maps at the start (same file)


@dataclass(frozen=True)
class RWKV:
    """S_t = diag(w_t) S_{t-1} + k_t v_t^T,  y_t = (S_{t-1} + diag(u) k_t v_t^T)^T r_t,  w = exp(-exp(d + low-rank map)).

    Each of w, k, v, r and the gate is a map of x_t + (x_{t-1} - x_t) (m + low-rank map of a first such mixture). What is
    read is normalised in each head, multiplied by silu(gate), and put out through a matrix. Decays below e^-5 a position
    are taken for e^-5.

    Args:
        heads: must divide the width (default 2).
        mix_rank: of the map to the mixtures (default 8).
        decay_rank: of the map to the decays (default 16).

    Reference: Peng et al. 2024, arXiv 2404.05892, section 4 (Finch); starts and norms as for the first of many layers in
    mad-lab's rwkv6.py, whose ranks are 32 and 64 at width 128.
    """

    heads: int = 2
    mix_rank: int = 8
    decay_rank: int = 16
    name: str = "rwkv-6"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`; the rest as in rwkv6.py."""
        head_width(width, self.heads)
        share = (np.arange(width) / width).astype(np.float32)
        early, late = 1 - share, 1 - share**0.5  # decay, key and value see more of the position before
        climb = np.linspace(0, 1, width) ** 0.7
        return {
            "first": early,
            "mixtures": np.stack([early, early, early, late, late]),
            "mix_in": tiny(rng, (STREAMS * self.mix_rank, width)),
            "mix_out": tiny(rng, (STREAMS, width, self.mix_rank)),
            "decay": (-6 + 5 * climb).astype(np.float32),
            "decay_in": tiny(rng, (self.decay_rank, width)),
            "decay_out": tiny(rng, (width, self.decay_rank)),
            "own": (((np.arange(width) + 1) % 3 - 1) * 0.1).astype(np.float32),
            "kvrg": normal(rng, (4, width, width), width**-0.5),
            "gain": np.ones(width, np.float32),
            "bias": np.zeros(width, np.float32),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape."""
        *streams, gate = self._streams(weights, x, token_shift(x, length))
        r, k, v, decay = (split(part, length, self.heads) for part in streams)
        read = read_past(r, k, v, decay, own=weights["own"].reshape(self.heads, -1))
        return (head_norm(join(read), weights, self.heads) * gate) @ weights["out"].T

    def start(self, sequences: int, width: int) -> Any:
        """S = 0, (sequences, heads, width/heads, width/heads), and the position before, (sequences, width)."""
        head = head_width(width, self.heads)
        return np.zeros((sequences, self.heads, head, head), np.float32), np.zeros((sequences, width), np.float32)

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """One position: (sequences, width) to the same shape."""
        products, before = memory
        *streams, gate = self._streams(weights, x, before)
        r, k, v, decay = (part.reshape(*products.shape[:3]) for part in streams)
        products, read = write_and_read(products, r, k, v, decay, own=weights["own"].reshape(self.heads, -1))
        return (products, x), (head_norm(read.reshape(x.shape), weights, self.heads) * gate) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """d^2/H, and the position before, whatever the length."""
        return self.heads * head_width(width, self.heads) ** 2 + width

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: the products of `read_past`, rounded up."""
        head = head_width(width, self.heads)
        return -(-self.heads * read_flops(head, head, length) // length)

    def _streams(self, weights: dict[str, Any], x: Any, before: Any) -> tuple[Any, ...]:
        """r, k, v, log decay and gate, each (positions, width), from each position and the one before it."""
        jax = load()
        jnp = jax.numpy
        change = before - x
        small = jnp.tanh((x + change * weights["first"]) @ weights["mix_in"].T)
        moved = jnp.einsum("nsr,sdr->nsd", small.reshape(-1, STREAMS, self.mix_rank), weights["mix_out"])
        mixed = x[:, None] + change[:, None] * (weights["mixtures"] + moved)  # (positions, streams, width)
        k, v, r, gate = jnp.moveaxis(jnp.einsum("nsd,sed->nse", mixed[:, 1:], weights["kvrg"]), 1, 0)
        speed = weights["decay"] + jnp.tanh(mixed[:, 0] @ weights["decay_in"].T) @ weights["decay_out"].T
        return r, k, v, jnp.maximum(-jnp.exp(speed), FASTEST), jax.nn.silu(gate)


def tiny(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Even draws between -1e-4 and 1e-4, float32."""
    return rng.uniform(-TINY, TINY, shape).astype(np.float32)


def token_shift(x: Any, length: int) -> Any:
    """The position before each, zeros before the first: (sequences * length, width) to the same shape."""
    jnp = load().numpy
    sequences = x.reshape(-1, length, x.shape[-1])
    return jnp.pad(sequences, ((0, 0), (1, 0), (0, 0)))[:, :-1].reshape(x.shape)


def head_norm(x: Any, weights: dict[str, Any], heads: int) -> Any:
    """Mean 0 and variance 1 in each head, then the `gain` and `bias` of each channel."""
    jax = load()
    jnp = jax.numpy
    parts = x.reshape(x.shape[0], heads, -1)
    centred = parts - jnp.mean(parts, axis=-1, keepdims=True)
    scaled = centred * jax.lax.rsqrt(jnp.mean(centred * centred, axis=-1, keepdims=True) + EPS)
    return scaled.reshape(x.shape) * weights["gain"] + weights["bias"]
