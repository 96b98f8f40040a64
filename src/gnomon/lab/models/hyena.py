"""Hyena: long convolutions whose filters are functions of the lag, between products of streams."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.models.short_conv import short_conv
from gnomon.lab.seeds import normal

LAYERS = 3  # sine layers of the filter's network (mad-lab hyena_filter.py: one in, two inside)
FEATURES = 3  # t, cos 2 pi t, sin 2 pi t
SMALL, SLOW, FAST = 1e-2, 1.5, 0.3  # the slowest channel falls to .01 at t = 1.5, the fastest at .3 (same file)


@dataclass(frozen=True)
class Hyena:
    """y = x0 * (h conv (x1 * v) + b * x1 * v), put out through a matrix: the operator of order 2.

    One matrix makes e d/g channels for each of three streams, repeated g times to e d; each goes through a causal
    convolution of 3 taps. The long filter of channel c at lag l, t = l/(longest - 1), is

        h_c(l) = exp(-r_c t) w_c . sine network(t, cos 2 pi t, sin 2 pi t)

    with r_c evenly spaced from ln(100)/1.5 to ln(100)/.3. The convolution is done by Fourier transforms of 2 T.

    Args:
        longest: positions a filter spans; sequences may be shorter.
        expand: e, width of a stream over that of the model (default 1; mad-lab 4).
        groups: g, channels that share a projection (default 1; mad-lab 4).
        order: width of the filter's network (default 4, as in mad-lab).
        taps: of the short convolution (default 3).

    Reference: Poli et al. 2023, arXiv 2302.10866, definition 3.1 and section 3.3; sizes as in mad-lab (Poli et al.
    2024, arXiv 2403.17844). There the features of the lag turn with 1e-4 instead of 1, that is hardly.
    """

    longest: int
    expand: int = 1
    groups: int = 1
    order: int = 4
    taps: int = 3
    name: str = "hyena"

    def init(self, rng: np.random.Generator, width: int, output_scale: float) -> dict[str, Any]:
        """Weights: matrices (out, in) ~ N(0, 1/in), the output matrix times `output_scale`, b ~ N(0, 1)."""
        inner = self._inner(width)
        return {
            "into": normal(rng, (3 * inner // self.groups, width), width**-0.5),
            "taps": normal(rng, (self.taps, 3 * inner), self.taps**-0.5),
            "filter": filter_init(rng, self.order, inner),
            "skip": normal(rng, (inner,), 1.0),
            "out": normal(rng, (width, inner), inner**-0.5 * output_scale),
        }

    def __call__(self, weights: dict[str, Any], x: Any, *, length: int) -> Any:
        """(sequences * length, width) to the same shape.

        Raises:
            InputError: the sequences are longer than the filters.
        """
        jnp = load().numpy
        check_span(length, self.longest)
        streams = jnp.tile((x @ weights["into"].T).reshape(-1, length, weights["into"].shape[0]), self.groups)
        first, second, value = jnp.split(short_conv(streams, weights["taps"]), 3, axis=-1)
        product = second * value
        mixed = long_conv(product, filters(weights["filter"], length, self.longest)) + weights["skip"] * product
        return (first * mixed).reshape(-1, product.shape[-1]) @ weights["out"].T

    def state_size(self, width: int, length: int) -> int:
        """2 e d T, as for attention, since no finite state stands for such a filter; and the short taps."""
        inner = self.expand * width
        return 2 * inner * length + (self.taps - 1) * 3 * inner

    def mixing_flops(self, width: int, length: int) -> int:
        """Forward FLOPs a position beside those of the weights: three Fourier transforms a channel, rounded up.

        Those of a sequence by itself; sequences of a batch share the filters and the third transform.
        """
        return -(-self._inner(width) * 3 * transform_flops(2 * length) // length)

    def _inner(self, width: int) -> int:
        if (self.expand * width) % self.groups:
            raise InputError(
                f"{self.groups} groups share {self.expand * width} channels, expected a number that divides."
            )
        return self.expand * width


def filter_init(rng: np.random.Generator, order: int, channels: int) -> dict[str, Any]:
    """Weights of filters: a network of sines with one frequency for each of its units, and an output matrix."""
    sizes = [FEATURES] + [order] * LAYERS
    return {
        "matrices": [normal(rng, (b, a), a**-0.5) for a, b in itertools.pairwise(sizes)],
        "biases": [
            normal(rng, (order,), a**-0.5) for a in sizes[:-1]
        ],  # as wide as their matrices, as torch draws them
        "frequency": np.ones(order, np.float32),
        "out": normal(rng, (channels, order), order**-0.5),
    }


def filters(weights: dict[str, Any], length: int, longest: int) -> Any:
    """h, (length, channels): the first `length` lags of filters that span `longest`."""
    jnp = load().numpy
    t = jnp.arange(length, dtype=jnp.float32) / max(longest - 1, 1)
    z = jnp.stack([t, jnp.cos(2 * math.pi * t), jnp.sin(2 * math.pi * t)], axis=-1)
    for matrix, bias in zip(weights["matrices"], weights["biases"], strict=True):
        z = jnp.sin(weights["frequency"] * (z @ matrix.T + bias))
    rates = jnp.linspace(-math.log(SMALL) / SLOW, -math.log(SMALL) / FAST, weights["out"].shape[0])
    return jnp.exp(-t[:, None] * rates) * (z @ weights["out"].T)


def long_conv(signal: Any, filters: Any) -> Any:
    """Causal convolution y_t = sum over l up to t of h(l) signal(t - l), by Fourier transforms of twice the length.

    Args:
        signal: (..., length, channels).
        filters: h, (length, channels).
    """
    fft = load().numpy.fft
    length = signal.shape[-2]
    product = fft.rfft(signal, 2 * length, axis=-2) * fft.rfft(filters, 2 * length, axis=-2)
    return fft.irfft(product, 2 * length, axis=-2)[..., :length, :]


def transform_flops(points: int) -> int:
    """FLOPs of a Fourier transform of real numbers: 2.5 n log2 n, half of the usual count of a complex one."""
    return round(2.5 * points * math.log2(points))


def check_span(length: int, longest: int) -> None:
    """Refuse sequences that are longer than the filters."""
    if length > longest:
        raise InputError(f"A sequence has {length} positions, expected at most the {longest} the filters span.")
