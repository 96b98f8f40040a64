"""A model that has to put a whole sequence into one vector, and to say it again from there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.lab.backend import load
from gnomon.lab.models.decoder import Decoder, rms_norm
from gnomon.lab.seeds import normal

BASE = 10_000.0  # of the wavelengths of positions, as in Vaswani et al. 2017, section 3.5


@dataclass(frozen=True)
class AutoEncoder:
    """The layers of a decoder read the sequence; their last vector and a position's sine-cosine code give its symbol.

    z = hidden at the last position; x = z + code(t); twice x <- gelu(W norm(x)); logits = read-out of norm(x).

    Args:
        encoder: the layers that read; its own norm and read-out serve the result.

    Reference: mad-lab, auto_encoder.py (Poli et al. 2024, arXiv 2403.17844); here without biases.
    """

    encoder: Decoder

    def mixing_flops(self, length: int) -> int:
        """Forward FLOPs a position, beside those of the weights: those of the encoder."""
        return self.encoder.mixing_flops(length)

    def state_size(self, length: int) -> int:
        """Numbers the encoder has to remember of a sequence."""
        return self.encoder.state_size(length)

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights of the encoder, and two matrices ~ N(0, 1/d) with the gains of their norms."""
        d = self.encoder.width
        more = [{"gain": np.ones(d, np.float32), "matrix": normal(rng, (d, d), d**-0.5)} for _ in range(2)]
        return self.encoder.init(rng) | {"again": more}

    def __call__(self, weights: dict[str, Any], inputs: Any) -> Any:
        """Logits (sequences, length, V) of symbols (sequences, length)."""
        jax = load()
        sequences, length = inputs.shape
        width = self.encoder.width
        last = self.encoder.hidden(weights, inputs).reshape(sequences, length, width)[:, -1]
        x = (last[:, None] + position_codes(length, width)).reshape(-1, width)
        for part in weights["again"]:
            x = jax.nn.gelu(rms_norm(x, part["gain"]) @ part["matrix"].T)
        logits = rms_norm(x, weights["gain"]) @ weights["readout"].T
        return logits.reshape(sequences, length, self.encoder.symbols)


def position_codes(length: int, width: int) -> NDArray[np.float32]:
    """sin(t w_i), then cos(t w_i), (length, width): w_i = 10,000^(-i/(width/2 - 1)), worked out in float64."""
    half = width // 2
    angles = np.arange(length)[:, None] * np.exp(-math.log(BASE) / max(half - 1, 1) * np.arange(half))
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
