"""Architectures side by side, each a power of compute: softmax attention and mixers linear in the context."""

from __future__ import annotations

from typing import Any

from gnomon.laws.law import Law, Published, coefficient, exponent
from gnomon.laws.references import BIBTEX

UNIT = "flops is in the unit of the paper, which was not at hand: compare exponents, do not put FLOP in."


class LinearAttention(Law):
    """Loss on the compute-optimal frontier of one architecture.

    L = k / C^a, one pair of constants an architecture.

    Source: Shen et al. 2024.
    """

    id = "linear_attn"
    question = "Do mixers linear in the context scale like softmax attention?"
    inputs = ("flops",)
    text = "loss = k / flops^a"
    source = "Shen et al. 2024, Scaling Laws for Linear Complexity Language Models"
    bibtex = BIBTEX["shen2024"]
    holds = "To compare the slopes of architectures trained on the same data with the same recipe."
    misleads = "No floor, and equal losses hide unequal retrieval; the published constants carry an unknown unit."
    ranges = {"flops": (0.1, 1e3)}

    k: float = coefficient("loss at one unit of compute", flops="a")
    a: float = exponent("compute exponent", typical=0.077)

    published = {
        name: Published(
            {"k": k, "a": a},
            f"Shen et al. 2024, {what}; quoted here from a secondary source",
            checks=(({"flops": 1.0}, k, 1e-12),),
            note=UNIT,
        )
        for name, what, k, a in (
            ("llama", "LLaMA (softmax attention)", 3.7087, 0.0798),
            ("tnl", "TNL", 3.5391, 0.0768),
            ("hgrn2", "HGRN2", 3.4788, 0.0753),
            ("cosformer2", "cosFormer2", 3.5877, 0.0756),
        )
    }

    def formula(self, flops: Any) -> Any:
        """K / flops^a."""
        return self.k / flops**self.a
