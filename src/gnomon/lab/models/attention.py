"""Softmax attention with rotary positions: causal or both ways, heads that share keys and values, a sliding window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.seeds import normal

MASKED = -1e30  # a score whose softmax is 0 in float32, and finite, so that no gradient is NaN


@dataclass(frozen=True)
class Attention:
    """y[t] = W_out concat_h sum_s softmax_s(scale R_t q_h[t] . R_s k_h[s]) v_h[s] over max(0, t - window + 1) <= s <= t.

    R_t turns the pair (x_i, x_{i + head/2}) by t base^(-2 i/head): rotary positions over the whole head, so a score
    depends on positions by their distance alone. With fewer heads of keys and values than of queries, neighbouring
    query heads share one (grouped-query attention; 1 is multi-query). No biases.

    A window is a mask: scores of all pairs are computed and those outside dropped. `mixing_flops` counts the pairs that
    a program which leaves them out needs, min(length, window) a position (2 window - 1 both ways).

    Args:
        head: size of a head, even (default 8).
        heads: query heads (default: width / head, so that width and heads fill one another).
        kv_heads: heads of keys and values, a divisor of the query heads (default: as many).
        window: positions seen, the current one included (default: all).
        scale: of the scores (default head^-1/2; 1/head is the rule of maximal update parametrisation).
        base: of the rotary angles (default 10,000).
        causal: whether a position sees only those before it (default); else all s with |t - s| < window.

    References: Vaswani et al. 2017, eq. 1; Su et al. 2021, RoFormer, section 3.2.2; Ainslie et al. 2023 (grouped queries).
    """

    head: int = 8
    heads: int | None = None
    kv_heads: int | None = None
    window: int | None = None
    scale: float | None = None
    base: float = 10_000.0
    causal: bool = True
    name: str = "attention"

    def __post_init__(self) -> None:
        if self.head < 2 or self.head % 2:
            raise InputError(f"A head has size {self.head}, expected an even number for rotary positions.")
        if self.window is not None and self.window < 1:
            raise InputError(f"The window is {self.window} positions, expected at least 1.")

    def layout(self, width: int) -> tuple[int, int]:
        """Heads of queries, and of keys and values, at a width.

        Raises:
            InputError: heads do not fill the width, or cannot share keys evenly.
        """
        if self.heads is None and width % self.head:
            raise InputError(f"Heads of {self.head} do not fill a width of {width}.", hint="Give `heads`.")
        heads = self.heads or width // self.head
        shared = self.kv_heads or heads
        if heads % shared:
            raise InputError(f"{heads} query heads cannot share {shared} heads of keys, expected a divisor.")
        return heads, shared

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: `qkv` (queries, keys, values one under the other) and `out`, (out, in) ~ N(0, 1/in)."""
        heads, shared = self.layout(width)
        inner = heads * self.head
        return {
            "qkv": normal(rng, ((heads + 2 * shared) * self.head, width), width**-0.5),
            "out": normal(rng, (width, inner), inner**-0.5 * output_scale),
        }

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: scores and means, 4 heads head min(length, window).

        A causal program that skips the future needs about half; like most counts, this one does not.
        """
        heads, _ = self.layout(width)
        return 4 * heads * self.head * self._in_sight(length)

    def state_size(self, width: int, length: int) -> int:
        """Keys and values of the positions in sight: 2 kv_heads head min(length, window)."""
        return 2 * self.layout(width)[1] * self.head * self._in_sight(length)

    def _in_sight(self, length: int) -> int:
        window = self.window or length
        return min(length, window if self.causal else 2 * window - 1)

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """Mix along the sequence.

        Args:
            weights: of `init`.
            x: (sequences * length, width), sequences one after another.
            length: positions of a sequence.
        """
        jax = load()
        jnp = jax.numpy
        heads, shared = self.layout(x.shape[-1])
        qkv = (x @ weights["qkv"].T).reshape(-1, length, heads + 2 * shared, self.head)
        queries, keys, values = jnp.split(qkv, [heads, heads + shared], axis=2)
        cosine, sine = angles(length, self.head, self.base)
        scale = np.float32(self.head**-0.5 if self.scale is None else self.scale)
        queries = rotate(queries, cosine, sine) * scale  # scaling queries touches fewer numbers than scaling scores
        queries = queries.reshape(-1, length, shared, heads // shared, self.head)
        scores = jnp.einsum("btgrd,bsgd->bgrts", queries, rotate(keys, cosine, sine))
        scores = jnp.where(visible(length, self.window, self.causal), scores, np.float32(MASKED))
        mixed = jnp.einsum("bgrts,bsgd->btgrd", jax.nn.softmax(scores, axis=-1), values)
        return mixed.reshape(x.shape[0], heads * self.head) @ weights["out"].T


def angles(length: int, head: int, base: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine and sine of t base^(-2 i/head), each (length, 1, head/2), worked out in float64."""
    turns = np.arange(length)[:, None, None] * base ** (-2 * np.arange(head // 2) / head)
    return np.cos(turns).astype(np.float32), np.sin(turns).astype(np.float32)


def rotate(x: Any, cosine: Any, sine: Any) -> Any:
    """Turn the pairs (x_i, x_{i + head/2}) of (sequences, length, heads, head) by the angle of their position."""
    jnp = load().numpy
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def visible(length: int, window: int | None, causal: bool = True) -> NDArray[np.bool_]:
    """Which positions s (columns) each position t (rows) sees: itself and those before it, at most `window` in all.

    Where attention is not causal, as many on the other side.
    """
    distance = np.arange(length)[:, None] - np.arange(length)
    return ((distance >= 0) | (not causal)) & (np.abs(distance) < (window or length))
