"""Multi-layer perceptron for vectors."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class MLP:
    """x -> relu(x W1 + b1) -> ... -> read-out; matrices (in, out) ~ N(0, 2/in), the read-out ~ N(0, 1/in), biases 0.

    Args:
        inputs: size of a vector.
        widths: hidden sizes, first to last.
        outputs: size of the result.
    """

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    name: str = "mlp"

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights at the start (He et al. 2015 for the rectified layers)."""
        sizes = (self.inputs, *self.widths, self.outputs)
        last = len(self.widths)
        return {
            "matrices": [
                normal(rng, (a, b), ((1.0 if i == last else 2.0) / a) ** 0.5)
                for i, (a, b) in enumerate(itertools.pairwise(sizes))
            ],
            "biases": [np.zeros(b, np.float32) for b in sizes[1:]],
        }

    def __call__(self, weights: dict[str, Any], inputs: Any) -> Any:
        """(batch, inputs) to (batch, outputs)."""
        return self.activations(weights, inputs)["outputs"]

    def activations(self, weights: dict[str, Any], inputs: Any) -> dict[str, Any]:
        """What is computed on the way: "hidden.k" (batch, widths[k]) after the rectifier, then "outputs"."""
        jax = load()
        x, found = inputs, {}
        *hidden, readout = zip(weights["matrices"], weights["biases"], strict=True)
        for k, (matrix, bias) in enumerate(hidden):
            x = jax.nn.relu(x @ matrix + bias)
            found[f"hidden.{k}"] = x
        return found | {"outputs": x @ readout[0] + readout[1]}
