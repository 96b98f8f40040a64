"""Multi-head Hyena: what is convolved are outer products, so that a head can compare before it adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.heads import head_width, join, split
from gnomon.lab.models.hyena import check_span, filter_init, filters
from gnomon.lab.models.short_conv import short_conv
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class MultiHeadHyena:
    """y_t = (sum over s up to t of (h(t - s) + b [s = t]) x1_s v_s^T)^T x0_t in each head, put out through a matrix.

    x0, x1 and v are maps of x, each through a causal convolution of 3 taps; a head has one filter h, a function of the
    lag as in `Hyena`, and one b. Written with the sums over s outside it is attention whose weights h(t - s) x1_s . x0_t
    depend on the lag and are not normalised, and so it is computed here: for sequences of a few hundred positions that
    is less work than the Fourier transforms of all products.

    Args:
        longest: positions a filter spans; sequences may be shorter.
        heads: must divide the width (default 2).
        order: width of the filter's network (default 4).
        taps: of the short convolution (default 3).

    Reference: Massaroli et al. 2023, arXiv 2310.18780, section 4; mad-lab, hyena.py, whose "num_heads" is the size of a
    head: 16 at width 128 makes 8 filters.
    """

    longest: int
    heads: int = 2
    order: int = 4
    taps: int = 3
    name: str = "multihead-hyena"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`, b ~ N(0, 1)."""
        head_width(width, self.heads)
        return {
            "into": normal(rng, (3 * width, width), width**-0.5),
            "taps": normal(rng, (self.taps, 3 * width), self.taps**-0.5),
            "filter": filter_init(rng, self.order, self.heads),
            "skip": normal(rng, (self.heads,), 1.0),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape.

        Raises:
            InputError: the sequences are longer than the filters.
        """
        jnp = load().numpy
        check_span(length, self.longest)
        streams = short_conv((x @ weights["into"].T).reshape(-1, length, weights["into"].shape[0]), weights["taps"])
        flat = streams.reshape(x.shape[0], -1)
        query, key, value = (split(part, length, self.heads) for part in jnp.split(flat, 3, axis=-1))
        lag_filter = filters(weights["filter"], length, self.longest).at[0].add(weights["skip"])  # (length, heads)
        lags = np.arange(length)[:, None] - np.arange(length)
        weight = jnp.where(lags[..., None] >= 0, lag_filter[np.maximum(lags, 0)], 0.0)  # (length, length, heads)
        scores = jnp.einsum("bhtn,bhsn->bhts", query, key) * jnp.moveaxis(weight, -1, 0)
        return join(jnp.einsum("bhts,bhsn->bhtn", scores, value)) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """2 d T, as for attention, since no finite state stands for such a filter; and the short taps."""
        return 2 * width * length + (self.taps - 1) * 3 * width

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: 4 d T for comparisons and sums."""
        return 4 * width * length
