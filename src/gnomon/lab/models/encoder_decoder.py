"""Encoder and decoder: one stack reads a source both ways, the other says a target and looks at what was read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.lab.backend import load
from gnomon.lab.models.attention import Attention, angles, rotate
from gnomon.lab.models.decoder import Decoder, rms_norm
from gnomon.lab.seeds import normal


@dataclass(frozen=True)
class CrossAttention:
    """y[t] = W_out concat_h sum_s softmax_s(head^-1/2 R_t q_h[t] . R_s k_h[s]) v_h[s] over all positions s of the source.

    Queries come from the target, keys and values from the source, each turned by its own position (as in `Attention`).

    Args:
        head: size of a head, even (default 8).

    Reference: Vaswani et al. 2017, section 3.2.3; rotary positions instead of added codes.
    """

    head: int = 8

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: `query`, `key_value` (keys above values) and `out`, (out, in) ~ N(0, 1/in): 4 d^2 in all."""
        return {
            "query": normal(rng, (width, width), width**-0.5),
            "key_value": normal(rng, (2 * width, width), width**-0.5),
            "out": normal(rng, (width, width), width**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, source: Any, *, length: int, read: int) -> Any:
        """(sequences * length, width) to the same shape, looking at `source` (sequences * read, width)."""
        jax = load()
        jnp = jax.numpy
        heads = x.shape[-1] // self.head
        queries = (x @ weights["query"].T).reshape(-1, length, heads, self.head)
        keys, values = jnp.split((source @ weights["key_value"].T).reshape(-1, read, 2 * heads, self.head), 2, axis=2)
        queries = rotate(queries, *angles(length, self.head, 10_000.0)) * np.float32(self.head**-0.5)
        scores = jnp.einsum("bthd,bshd->bhts", queries, rotate(keys, *angles(read, self.head, 10_000.0)))
        mixed = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores, axis=-1), values)
        return mixed.reshape(x.shape) @ weights["out"].T


@dataclass(frozen=True)
class EncoderDecoder:
    """Source (sequences, S) and target (sequences, T) to logits (sequences, T, V): each symbol of the target from those before it.

    The encoder is a `Decoder` whose attention is not causal, without read-out. A layer of the decoder is x + attention(norm x),
    x + cross(norm x, norm of the source), x + SwiGLU(norm x). Both have their own embedding.

    Args:
        width: d, a multiple of 8.
        symbols: V, of source and target.
        layers: of each stack (default 2).
        head: size of a head (default 8).
    """

    width: int
    symbols: int
    layers: int = 2
    head: int = 8

    @cached_property
    def encoder(self) -> Decoder:
        """The stack that reads."""
        return Decoder(self.width, self.symbols, self.layers, mixer=Attention(head=self.head, causal=False))

    @cached_property
    def decoder(self) -> Decoder:
        """The stack that says; its layers look at the source between their two sublayers."""
        return Decoder(self.width, self.symbols, self.layers, mixer=Attention(head=self.head))

    @cached_property
    def cross(self) -> CrossAttention:
        """What looks at the source."""
        return CrossAttention(self.head)

    def mixing_flops(self, read: int, length: int) -> int:
        """Forward FLOPs of one pair of sequences, beside those of the weights: 4 d for each pair of positions and layer."""
        crossed = 4 * self.width * self.layers * read * length
        return read * self.encoder.mixing_flops(read) + length * self.decoder.mixing_flops(length) + crossed

    def init(self, rng: np.random.Generator) -> dict[str, Any]:
        """Weights of both stacks; the encoder has no read-out."""
        reads, says = self.encoder.init(rng), self.decoder.init(rng)
        del reads["readout"]
        scale = (3 * self.layers) ** -0.5  # three sublayers add to the decoder's stream instead of two
        for layer in says["layers"]:
            layer["cross_gain"] = np.ones(self.width, np.float32)
            layer["cross"] = self.cross.init(rng, self.width, scale)
        return {"encoder": reads, "decoder": says}

    def __call__(self, weights: dict[str, Any], inputs: tuple[Any, Any]) -> Any:
        """Logits of a pair (source, target); the logits at position t are of the symbol after target[t]."""
        jax = load()
        jnp = jax.numpy
        source, target = inputs
        read, length = source.shape[1], target.shape[1]
        memory = rms_norm(self.encoder.hidden(weights["encoder"], source), weights["encoder"]["gain"])
        mine = weights["decoder"]
        x = mine["embedding"][target.reshape(-1)]
        for mixer, layer in zip(self.decoder.mixers, mine["layers"], strict=True):
            assert mixer is not None
            x = x + mixer(layer["mixer"], rms_norm(x, layer["mixer_gain"]), length=length)
            x = x + self.cross(layer["cross"], rms_norm(x, layer["cross_gain"]), memory, length=length, read=read)
            gate, value = jnp.split(rms_norm(x, layer["mlp_gain"]) @ layer["up"].T, 2, axis=-1)
            x = x + (jax.nn.silu(gate) * value) @ layer["down"].T
        return (rms_norm(x, mine["gain"]) @ mine["readout"].T).reshape(*target.shape, self.symbols)
