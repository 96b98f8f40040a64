"""Linear attention: attention without the softmax, so that the past fits into one matrix a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.heads import head_width, join, split
from gnomon.lab.models.outer_products import read_flops, read_past, write_and_read
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class LinearAttention:
    """S_t = S_{t-1} + phi(k_t) v_t^T,  y_t = S_t^T phi(q_t),  phi(z) = (A z) * (B z), without a normaliser.

    q, k, v = x W_qkv, cut into heads; the maps A and B of a head's width are shared by the heads, one pair for q and
    one for k; phi(q) is divided by the head's width, which keeps y of order 1 at the start.

    Args:
        heads: H, must divide the width (default 2).

    Reference: Katharopoulos et al. 2020, arXiv 2006.16236, section 3.3 without the denominator; features as the
    elementwise product of mad-lab (Poli et al. 2024, arXiv 2403.17844), whose code divides by phi(q) . sum phi(k) all
    the same, a sum that can pass through zero with these features.
    """

    heads: int = 2
    name: str = "linear-attention"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`."""
        head = head_width(width, self.heads)
        return {
            "qkv": normal(rng, (3 * width, width), width**-0.5),
            "features_q": normal(rng, (2 * head, head), head**-0.5),
            "features_k": normal(rng, (2 * head, head), head**-0.5),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape."""
        q, k, v = (split(part, length, self.heads) for part in self._streams(weights, x))
        return join(read_past(q, k, v)) @ weights["out"].T

    def start(self, sequences: int, width: int) -> Any:
        """S = 0, (sequences, heads, width/heads, width/heads)."""
        head = head_width(width, self.heads)
        return np.zeros((sequences, self.heads, head, head), np.float32)

    def step(self, weights: dict[str, Any], memory: Any, x: Any) -> tuple[Any, Any]:
        """One position: (sequences, width) to the same shape."""
        q, k, v = (part.reshape(*memory.shape[:3]) for part in self._streams(weights, x))
        memory, read = write_and_read(memory, q, k, v)
        return memory, read.reshape(x.shape) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """d^2/H, whatever the length."""
        return self.heads * head_width(width, self.heads) ** 2

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: products of `read_past`, and the maps' further heads."""
        head = head_width(width, self.heads)
        again = 2 * 4 * head**2 * (self.heads - 1)
        return again + self.heads * read_flops(head, head, length, decays=False) // length

    def _streams(self, weights: dict[str, Any], x: Any) -> tuple[Any, Any, Any]:
        """phi(q) over the head's width, phi(k) and v, each (positions, width)."""
        q, k, v = load().numpy.split(x @ weights["qkv"].T, 3, axis=-1)
        head = x.shape[-1] // self.heads
        return _features(q, weights["features_q"]) / head, _features(k, weights["features_k"]), v


def _features(z: Any, maps: Any) -> Any:
    """(A z) * (B z) in each head, with [A; B] = maps, (2 n, n)."""
    jnp = load().numpy
    a, b = jnp.split(z.reshape(-1, maps.shape[1]) @ maps.T, 2, axis=-1)
    return (a * b).reshape(z.shape)
