"""Hyena experts: several narrow long convolutions, of which each position listens to the few its router likes best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.experts import check_active, shares
from gnomon.lab.models.hyena import check_span, filter_init, filters, long_conv, transform_flops
from gnomon.lab.models.short_conv import short_conv
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class HyenaExperts:
    """y = W_out sum_e p_e y_e: y_e is the operator of `Hyena` on a slice of its own, p the shares of the best k experts.

    All experts are computed, since what a position leaves out another may listen to; only the sum is sparse.

    Args:
        longest: positions a filter spans; sequences may be shorter.
        experts: E (default 8).
        active: k (default 2).
        inside: channels of an expert (default 16).
        order: width of the filters' network (default 4).
        taps: of the short convolution (default 3).
        leaky: experts that rest keep the weight exp(0)/sum, as in mad-lab's code (default False).

    Reference: mad-lab, hyena.py (Poli et al. 2024, arXiv 2403.17844).
    """

    longest: int
    experts: int = 8
    active: int = 2
    inside: int = 16
    order: int = 4
    taps: int = 3
    leaky: bool = False
    name: str = "hyena-experts"

    def __post_init__(self) -> None:
        check_active(self.experts, self.active)

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`, b ~ N(0, 1)."""
        total = self.experts * self.inside
        return {
            "router": normal(rng, (self.experts, width), width**-0.5),
            "into": normal(rng, (3 * total, width), width**-0.5),
            "taps": normal(rng, (self.taps, 3 * total), self.taps**-0.5),
            "filter": filter_init(rng, self.order, total),
            "skip": normal(rng, (total,), 1.0),
            "out": normal(rng, (width, self.inside), self.inside**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape.

        Raises:
            InputError: the sequences are longer than the filters.
        """
        jnp = load().numpy
        check_span(length, self.longest)
        share = shares(x @ weights["router"].T, self.active, leaky=self.leaky)
        streams = short_conv((x @ weights["into"].T).reshape(-1, length, weights["into"].shape[0]), weights["taps"])
        first, second, value = jnp.split(streams, 3, axis=-1)
        product = second * value
        mixed = long_conv(product, filters(weights["filter"], length, self.longest)) + weights["skip"] * product
        said = (first * mixed).reshape(-1, self.experts, self.inside)
        return jnp.einsum("nei,ne->ni", said, share) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """2 E i T, as for attention, since no finite state stands for such filters; and the short taps."""
        total = self.experts * self.inside
        return 2 * total * length + (self.taps - 1) * 3 * total

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: three Fourier transforms a channel, and the sum of experts."""
        total = self.experts * self.inside
        return -(-total * 3 * transform_flops(2 * length) // length) + 2 * total
