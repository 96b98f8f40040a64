"""A mixture of experts: several small networks, of which each position uses the few its router likes best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class Experts:
    """y = sum_e p_e W_e (U_e x * gelu(G_e x)),  p = softmax of the router's k highest scores, 0 for all others.

    All experts are computed and those that rest multiplied by 0; `mixing_flops` counts what a program needs that leaves
    them out.

    Args:
        experts: E (default 8).
        active: k (default 2).
        inside: width inside an expert (default 16).
        leaky: scores of the experts that rest are set to 0 instead of minus infinity, so that they keep the weight
            exp(0)/sum, as in mad-lab's code; then none rests (default False).

    Reference: Shazeer et al. 2017, arXiv 1701.06538, equations 3 to 5 without noise; sizes as in mad-lab (Poli et al.
    2024, arXiv 2403.17844), whose output matrix mixes the experts with each other before they are weighted.
    """

    experts: int = 8
    active: int = 2
    inside: int = 16
    leaky: bool = False
    name: str = "experts"

    def __post_init__(self) -> None:
        check_active(self.experts, self.active)

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrices times `output_scale`."""
        total = self.experts * self.inside
        return {
            "router": normal(rng, (self.experts, width), width**-0.5),
            "up": normal(rng, (2 * total, width), width**-0.5),
            "down": normal(rng, (self.experts, width, self.inside), self.inside**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any) -> Any:
        """(positions, width) to the same shape."""
        jax = load()
        jnp = jax.numpy
        share = shares(x @ weights["router"].T, self.active, leaky=self.leaky)
        value, gate = jnp.split(x @ weights["up"].T, 2, axis=-1)
        inner = (value * jax.nn.gelu(gate)).reshape(-1, self.experts, self.inside)
        return jnp.einsum("nei,edi->nd", inner * share[..., None], weights["down"])

    def mixing_flops(self, width: int) -> int:
        """Forward FLOPs a position beside 2 a weight: minus those of the experts that rest."""
        resting = 0 if self.leaky else self.experts - self.active
        return -2 * resting * 3 * width * self.inside


def shares(scores: Any, active: int, *, leaky: bool = False) -> Any:
    """Softmax over the highest `active` scores of each position, 0 for the others.

    Args:
        scores: (positions, experts).
        active: k.
        leaky: the others count with a score of 0 instead.
    """
    jax = load()
    lowest = jax.lax.top_k(scores, active)[0][:, -1:]
    rest = np.float32(0.0 if leaky else -np.inf)
    return jax.nn.softmax(jax.numpy.where(scores < lowest, rest, scores), axis=-1)


def check_active(experts: int, active: int) -> None:
    """Refuse more active experts than there are, or none.

    Raises:
        InputError: so it is.
    """
    if not 1 <= active <= experts:
        raise InputError(f"{active} of {experts} experts are active, expected 1 to all.")
