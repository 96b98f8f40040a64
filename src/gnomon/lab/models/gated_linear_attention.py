"""Gated linear attention: linear attention whose memory forgets, each row at a rate that the input sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.decoder import rms_norm
from gnomon.lab.models.heads import head_width, join, split
from gnomon.lab.models.outer_products import read_flops, read_past, write_and_read
from gnomon.lab.seeds import normal

CHUNK = 32  # positions whose decays are multiplied out: 32 of e^-2.5 stay within float32 (e^80 = 6e34)
FASTEST = -2.5  # smallest log decay a position; only logits below -40 meet it
SLOWNESS = (
    16.0  # the gate's logarithm is divided by this, so that memory starts long (mad-lab, attention_gated_linear.py)
)


@dataclass(frozen=True)
class GatedLinearAttention:
    """S_t = diag(g_t) S_{t-1} + k_t v_t^T,  y_t = S_t^T q_t,  g_t = sigmoid(W2 W1 x_t + b)^(1/16).

    What is read is normalised in each head, multiplied by silu(x W_gate), and put out through a matrix. q is divided
    by the root of the head's width.

    Args:
        heads: H, must divide the width (default 2).
        rank: r of the map to the gates (default 16).

    Reference: Yang et al. 2023, arXiv 2312.06635, section 4. Here keys and values are as wide
    as the model, as in the study's table of states; mad-lab's values are twice as wide.
    """

    heads: int = 2
    rank: int = 16
    name: str = "gated-linear-attention"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`, gain 1, bias 0."""
        return {
            "qkvg": normal(rng, (4 * width, width), width**-0.5),
            "decay_in": normal(rng, (self.rank, width), width**-0.5),
            "decay_out": normal(rng, (width, self.rank), self.rank**-0.5),
            "decay_bias": np.zeros(width, np.float32),
            "gain": np.ones(head_width(width, self.heads), np.float32),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape."""
        *streams, gate = self._streams(weights, x)
        q, k, v, decay = (split(part, length, self.heads) for part in streams)
        read = rms_norm(read_past(q, k, v, decay, chunk=CHUNK), weights["gain"])
        return (join(read) * gate) @ weights["out"].T

    def start(self, sequences: int, width: int) -> Any:
        """S = 0, (sequences, heads, width/heads, width/heads)."""
        head = head_width(width, self.heads)
        return np.zeros((sequences, self.heads, head, head), np.float32)

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """One position: (sequences, width) to the same shape."""
        *streams, gate = self._streams(weights, x)
        q, k, v, decay = (part.reshape(*memory.shape[:3]) for part in streams)
        memory, read = write_and_read(memory, q, k, v, decay)
        return memory, (rms_norm(read, weights["gain"]).reshape(x.shape) * gate) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """d^2/H, whatever the length."""
        return self.heads * head_width(width, self.heads) ** 2

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: the products of `read_past`, rounded up."""
        head = head_width(width, self.heads)
        return -(-self.heads * read_flops(head, head, length, chunk=CHUNK) // length)

    def _streams(self, weights: dict[str, Any], x: Any) -> tuple[Any, ...]:
        """q, k, v, log decay and gate, each (positions, width)."""
        jax = load()
        jnp = jax.numpy
        q, k, v, gate = jnp.split(x @ weights["qkvg"].T, 4, axis=-1)
        logit = (x @ weights["decay_in"].T) @ weights["decay_out"].T + weights["decay_bias"]
        decay = jnp.maximum(jax.nn.log_sigmoid(logit) / SLOWNESS, FASTEST)
        return q * (x.shape[-1] // self.heads) ** -0.5, k, v, decay, jax.nn.silu(gate)
