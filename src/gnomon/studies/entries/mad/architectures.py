"""What is compared: blocks of equal size that differ in what looks back."""

from __future__ import annotations

import functools

import numpy as np

from gnomon.errors import UnknownNameError, near
from gnomon.lab import count
from gnomon.lab.models import (
    Attention,
    Decoder,
    GatedLinearAttention,
    Hyena,
    LinearAttention,
    Mixer,
    SelectiveSSM,
)
from gnomon.studies.entries.mad.design import ZOO

LAYERS, HEADS, WINDOW = 2, 2, 8
EMBEDDING_SD = 0.02  # mad-lab, language_model.py

Stack = Mixer | tuple[Mixer | None, ...] | None


def mixer(name: str, width: int, length: int) -> Stack:
    """What looks back in an architecture.

    Args:
        name: one of `ZOO`, "swiglu" (nothing looks back), "gated-wide" (one head, so twice the state of two),
            "window-whole" (a window as long as the sequence), or two names of `ZOO` with a plus, which take turns.
        width: of the model.
        length: longest sequence.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if "+" in name:
        one, other = (mixer(part, width, length) for part in name.split("+"))
        assert not isinstance(one, tuple)
        assert not isinstance(other, tuple)
        return one, other
    head = width // HEADS
    found: dict[str, Stack] = {
        "attention": Attention(head=head),
        "window": Attention(head=head, window=WINDOW, name="window"),
        "window-whole": Attention(head=head, window=length, name="window"),
        "linear": LinearAttention(HEADS),
        "gated": GatedLinearAttention(HEADS),
        "gated-wide": GatedLinearAttention(1),
        "hyena": Hyena(length),
        "ssm": SelectiveSSM(),
        "swiglu": None,
    }
    if name not in found:
        raise UnknownNameError(f"there is no architecture {name!r}", hint=near(name, [*ZOO, *found]))
    return found[name]


@functools.cache
def decoder(name: str, symbols: int, length: int, width: int = 32) -> Decoder:
    """The architecture at a width, as large as attention with the usual SwiGLU.

    The SwiGLU is made wider or narrower in steps of one, so that the parameters agree to a hundredth.

    Args:
        name: as for `mixer`.
        symbols: V.
        length: longest sequence.
        width: d (default 32).
    """
    usual = Decoder(width, symbols, LAYERS, mixer("attention", width, length), EMBEDDING_SD)
    free = Decoder(width, symbols, LAYERS, mixer(name, width, length), EMBEDDING_SD, inside=1)
    missing = _params(usual) - _params(free)
    inside = 1 + round(missing / (3 * width * LAYERS))
    return Decoder(width, symbols, LAYERS, free.mixer, EMBEDDING_SD, inside=inside)


def _params(model: Decoder) -> int:
    return count.params(model.init(np.random.default_rng(0)))
