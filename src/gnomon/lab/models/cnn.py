"""Small convolutional network for square images."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.seeds import normal

TAPS = 3  # filters are 3 x 3


@dataclass(frozen=True)
class CNN:
    """Two 3 x 3 convolutions with rectifiers, each followed by 2 x 2 means, then a read-out.

    Channels: width, then 2 width. Filters ~ N(0, 2/in), read-out ~ N(0, 1/in), biases 0.

    Args:
        side: of the image, a multiple of 4; it arrives as a vector of side^2 pixels.
        width: channels of the first layer.
        outputs: size of the result.
    """

    side: int
    width: int
    outputs: int
    name: str = "cnn"

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights at the start; filters have the shape (3, 3, in, out)."""
        channels = (1, self.width, 2 * self.width)
        features = (self.side // 4) ** 2 * channels[-1]
        return {
            "filters": [
                normal(rng, (TAPS, TAPS, a, b), (2.0 / (TAPS * TAPS * a)) ** 0.5)
                for a, b in itertools.pairwise(channels)
            ],
            "biases": [np.zeros(b, np.float32) for b in channels[1:]],
            "matrix": normal(rng, (features, self.outputs), features**-0.5),
            "bias": np.zeros(self.outputs, np.float32),
        }

    def __call__(self, weights: dict[str, Any], inputs: Any) -> Any:
        """(batch, side^2) to (batch, outputs)."""
        jax = load()
        x = inputs.reshape(-1, self.side, self.side, 1)
        for filters, bias in zip(weights["filters"], weights["biases"], strict=True):
            # as a matrix product of patches: on a CPU several times faster to train than XLA's convolution of few channels
            x = jax.nn.relu(_patches(jax, x) @ filters.reshape(-1, filters.shape[-1]) + bias)
            batch, side, _, channels = x.shape
            x = x.reshape(batch, side // 2, 2, side // 2, 2, channels).mean(axis=(2, 4))
        return x.reshape(x.shape[0], -1) @ weights["matrix"] + weights["bias"]


def _patches(jax: Any, x: Any) -> Any:
    """(batch, side, side, channels) to (batch, side, side, 9 channels): each pixel with its neighbours, zero outside."""
    side = x.shape[1]
    padded = jax.numpy.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jax.numpy.concatenate(
        [padded[:, i : i + side, j : j + side] for i in range(TAPS) for j in range(TAPS)], axis=-1
    )
