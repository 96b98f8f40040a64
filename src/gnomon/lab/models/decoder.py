"""The decoder that all mixers share: embedding, layers of [norm, mixer] and [norm, SwiGLU], norm, read-out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.gated_conv import GatedConv
from gnomon.lab.seeds import normal


class Mixer(Protocol):
    """What exchanges information between positions; everything else of a layer acts on one position alone."""

    @property
    def name(self) -> str:
        """The mixer's name in tables."""

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights of one layer's mixer; the output matrix is scaled by `output_scale`."""

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position, two a multiply-add, beside those of its weights (2 a weight)."""

    def state_size(self, width: int, length: int) -> int:
        """Numbers one layer has to remember of a sequence of `length` positions to go on with it."""

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape."""


class Channel(Protocol):
    """What works on each position alone, in the place of the SwiGLU."""

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights of one layer; the output matrices are scaled by `output_scale`."""

    def mixing_flops(self, width: int) -> int:
        """Forward FLOPs a position beside 2 a weight; negative where weights rest."""

    def __call__(self, weights: dict[str, Any], x: Any) -> Any:
        """(positions, width) to the same shape."""


@dataclass(frozen=True)
class Decoder:
    """Pre-norm residual decoder: in each layer x + mixer(norm(x)), then x + SwiGLU(norm(x)); no biases.

    RMSNorm with gain 1 and eps 1e-6; matrices are stored (out, in) and drawn from N(0, 1/in), the two output matrices
    of a layer also times 1/sqrt(2 layers); the read-out is untied and starts at 0, so the first loss is ln V exactly.
    Activations stay two-dimensional, which lets XLA run the weight gradients as plain matrix products (measured: 15 to
    35 % faster).

    Args:
        width: d, a multiple of 8.
        symbols: V, different symbols of the text.
        layers: default 2.
        mixer: what looks back (default: gated convolution of 8 taps); several take the layers in turn (stripes), None
            is a layer in which nothing does.
        embedding_sd: standard deviation of the embedding at the start (default .3, for texts of few symbols).
        inside: f, width inside the SwiGLU (default 8 ceil(int(8 d/3)/8)).
        channel: what stands in the place of the SwiGLU (default: nothing, the SwiGLU stays).
    """

    width: int
    symbols: int
    layers: int = 2
    mixer: Mixer | tuple[Mixer | None, ...] | None = field(default_factory=GatedConv)
    embedding_sd: float = 0.3
    inside: int | None = None
    channel: Channel | None = None

    @property
    def inner(self) -> int:
        """Width inside the SwiGLU."""
        return self.inside or 8 * math.ceil(int(8 * self.width / 3) / 8)

    @property
    def mixers(self) -> tuple[Mixer | None, ...]:
        """The mixer of each layer."""
        turns = self.mixer if isinstance(self.mixer, tuple) else (self.mixer,)
        return tuple(turns[layer % len(turns)] for layer in range(self.layers))

    def mixing_flops(self, length: int) -> int:
        """Forward FLOPs a position, beside those of the weights, in sequences of a length: of all layers together."""
        beside = sum(mixer.mixing_flops(self.width, length) for mixer in self.mixers if mixer is not None)
        return beside + (self.layers * self.channel.mixing_flops(self.width) if self.channel is not None else 0)

    def state_size(self, length: int) -> int:
        """Numbers to remember of a sequence of `length` positions to go on with it: of all layers together."""
        return sum(mixer.state_size(self.width, length) for mixer in self.mixers if mixer is not None)

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights at the start, as a tree of float32 numpy arrays (drawn outside any compiled program)."""
        d, f, scale = self.width, self.inner, (2 * self.layers) ** -0.5
        layers = []
        for mixer in self.mixers:
            layer: dict[str, Any] = {}
            if mixer is not None:
                layer |= {"mixer_gain": np.ones(d, np.float32), "mixer": mixer.init(rng, d, scale)}
            layer["mlp_gain"] = np.ones(d, np.float32)
            if self.channel is None:
                layer |= {"up": normal(rng, (2 * f, d), d**-0.5), "down": normal(rng, (d, f), f**-0.5 * scale)}
            else:
                layer["channel"] = self.channel.init(rng, d, scale)
            layers.append(layer)
        return {
            "embedding": normal(rng, (self.symbols, d), self.embedding_sd),
            "layers": layers,
            "gain": np.ones(d, np.float32),
            "readout": np.zeros((self.symbols, d), np.float32),
        }

    def __call__(self, weights: dict[str, Any], inputs: Any) -> Any:
        """Logits (sequences, length, V) of symbols (sequences, length)."""
        return self.activations(weights, inputs)["outputs"]

    def hidden(self, weights: dict[str, Any], inputs: Any) -> Any:
        """What the layers leave at each position, (sequences * length, width), from symbols (sequences, length)."""
        return self._stack(weights, inputs)["stream"]

    def activations(self, weights: dict[str, Any], inputs: Any) -> dict[str, Any]:
        """What is computed on the way, (sequences * length, width) each; the logits last, as "outputs".

        "embedding"; of each layer k "k.mixer" and "k.mlp", what its two sublayers add; "stream", their sum.
        """
        found = self._stack(weights, inputs)
        logits = rms_norm(found["stream"], weights["gain"]) @ weights["readout"].T
        return found | {"outputs": logits.reshape(*inputs.shape, self.symbols)}

    def _stack(self, weights: dict[str, Any], inputs: Any) -> dict[str, Any]:
        """The activations up to the last layer's."""
        jax = load()
        jnp = jax.numpy
        x = weights["embedding"][inputs.reshape(-1)]
        found = {"embedding": x}
        for k, (mixer, layer) in enumerate(zip(self.mixers, weights["layers"], strict=True)):
            if mixer is not None:
                found[f"{k}.mixer"] = mixer(layer["mixer"], rms_norm(x, layer["mixer_gain"]), length=inputs.shape[1])
                x = x + found[f"{k}.mixer"]
            normed = rms_norm(x, layer["mlp_gain"])
            if self.channel is not None:
                found[f"{k}.mlp"] = self.channel(layer["channel"], normed)
            else:
                gate, value = jnp.split(normed @ layer["up"].T, 2, axis=-1)
                found[f"{k}.mlp"] = (jax.nn.silu(gate) * value) @ layer["down"].T
            x = x + found[f"{k}.mlp"]
        return found | {"stream": x}


def rms_norm(x: Any, gain: Any) -> Any:
    """Root-mean-square norm: x / sqrt(mean x^2 + 1e-6) * gain, over the last axis."""
    jax = load()
    return x * jax.lax.rsqrt(jax.numpy.mean(x * x, axis=-1, keepdims=True) + 1e-6) * gain
