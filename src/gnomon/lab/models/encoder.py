"""An encoder: layers in which every position sees all others, and one answer for the whole sequence."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.attention import Attention
from gnomon.lab.models.decoder import Decoder, Mixer, rms_norm


@dataclass(frozen=True)
class Encoder:
    """The layers of `Decoder` with attention both ways; the mean over positions is read out once a sequence.

    logits = W norm(mean_t h_t). The read-out starts at 0, so the first loss is ln classes exactly.

    Args:
        width: d, a multiple of 8.
        symbols: V, different symbols of a sequence.
        classes: numbers read out.
        layers: default 2.
        mixer: what looks around (default: attention that is not causal).
    """

    width: int
    symbols: int
    classes: int
    layers: int = 2
    mixer: Mixer = field(default_factory=lambda: Attention(causal=False))

    @cached_property
    def body(self) -> Decoder:
        """The layers."""
        return Decoder(self.width, self.symbols, self.layers, mixer=self.mixer)

    def mixing_flops(self, length: int) -> int:
        """Forward FLOPs a position, beside those of the weights."""
        return self.body.mixing_flops(length)

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights of the layers, and a read-out (classes, width) of 0."""
        return self.body.init(rng) | {"readout": np.zeros((self.classes, self.width), np.float32)}

    def __call__(self, weights: dict[str, Any], inputs: Any) -> Any:
        """Logits (sequences, classes) of symbols (sequences, length)."""
        hidden = self.body.hidden(weights, inputs).reshape(*inputs.shape, self.width)
        return rms_norm(load().numpy.mean(hidden, axis=1), weights["gain"]) @ weights["readout"].T
