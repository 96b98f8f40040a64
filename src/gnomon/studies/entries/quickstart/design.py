"""The design: which models are trained on how many tokens, and which one is forecast."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.engines import content_hash
from gnomon.errors import UnknownNameError, near
from gnomon.lab import Decoder, GatedConv, Recipe, count
from gnomon.lab.text import SYMBOLS

VERSION = 2  # raised when anything changes that moves a loss: kept runs of another version are not used
LENGTH, BATCH = 32, 8  # symbols of a sequence, sequences of a step
TOKENS_PER_STEP = LENGTH * BATCH


@dataclass(frozen=True)
class Design:
    """A ladder and a target, as (width, tokens); tokens are rounded to whole steps of 256.

    Args:
        name: of the scale.
        ladder: what is trained first.
        target: what is forecast from the ladder, and trained after.
        target_threads: XLA threads of the target, which has the machine for itself. Two pay from width 96 on (measured:
            1.1 to 1.4 times as fast as one, at 64 no faster), and the number is part of the run, on any machine.
    """

    name: str
    ladder: tuple[tuple[int, float], ...]
    target: tuple[int, float]
    target_threads: int = 1

    def trials(self, *, seed: int, text_sha256: str) -> Iterator[Trial]:
        """The trials of the ladder, then the target."""
        for width, tokens in self.ladder:
            yield Trial(width, _steps(tokens), seed, text_sha256)
        width, tokens = self.target
        yield Trial(width, _steps(tokens), seed, text_sha256, role="target", threads=self.target_threads)


@dataclass(frozen=True)
class Trial:
    """One model to train: everything its loss depends on.

    Args:
        width: d of the decoder.
        steps: optimiser steps of 256 tokens.
        seed: of start and data order, together with the run's name.
        text_sha256: the text.
        role: "ladder" or "target"; says what the run is for and changes nothing in it.
        threads: XLA threads of one computation.
    """

    width: int
    steps: int
    seed: int
    text_sha256: str
    role: str = "ladder"
    threads: int = 1

    @property
    def tokens(self) -> int:
        """Predicted positions seen in training."""
        return self.steps * TOKENS_PER_STEP

    @property
    def stream(self) -> str:
        """The name its random numbers are drawn under."""
        return f"d{self.width}-D{self.tokens}"

    @property
    def run(self) -> str:
        """The run's name in the table."""
        return f"{self.stream}-s{self.seed}"

    @property
    def model(self) -> Decoder:
        """Two layers of gated convolution of 8 taps and SwiGLU."""
        return Decoder(self.width, SYMBOLS, layers=2, mixer=GatedConv(taps=8), embedding_sd=0.3)

    @property
    def recipe(self) -> Recipe:
        """256 tokens a step; peak rate .018 sqrt(16/d), flat within 2 % over a factor of 4 at d 16 and d 64."""
        return Recipe(self.steps, BATCH, lr_peak=0.018 * (16 / self.width) ** 0.5)

    @property
    def params(self) -> int:
        """N, counted from the weights."""
        return _counts(self.model)[0]

    @property
    def flops(self) -> int:
        """Training FLOPs 6 (N + d V) D."""
        return _counts(self.model)[1] * self.tokens

    @property
    def key(self) -> str:
        """Content hash: equal for trials that must give the same loss."""
        spec: dict[str, Any] = {
            "study": "quickstart",
            "version": VERSION,
            "width": self.width,
            "steps": self.steps,
            "seed": self.seed,
            "text_sha256": self.text_sha256,
            "threads": self.threads,
        }
        return content_hash(spec)


def design(scale: str = "full") -> Design:
    """The design of a scale.

    "full" (about two minutes on two cores): 23 runs, d 16 to 64 on 100k to 1.6M tokens; target d 96 on 2.0M, 5.4 times
    the FLOPs of the largest. "smoke" (under 45 s): 9 runs, d 16 to 32 on 100k to 400k; target d 64 on 800k, 7.6 times.

    Raises:
        UnknownNameError: no such scale.
    """
    if scale not in _DESIGNS:
        raise UnknownNameError(f"{scale!r} is not a scale of the quickstart.", hint=near(scale, _DESIGNS))
    return _DESIGNS[scale]


def _steps(tokens: float) -> int:
    return round(tokens / TOKENS_PER_STEP)


@functools.cache
def _counts(model: Decoder) -> tuple[int, int]:
    weights = model.init(np.random.default_rng(0))
    return count.params(weights), count.flops(weights, 1)


_DESIGNS = {
    "smoke": Design("smoke", tuple((d, D) for d in (16, 24, 32) for D in (1e5, 2e5, 4e5)), (64, 8e5)),
    "full": Design(
        "full",
        tuple((d, D) for d in (16, 24, 32, 48, 64) for D in (1e5, 2e5, 4e5, 8e5, 1.6e6) if D < 1.6e6 or d <= 32),
        (96, 2e6),
        target_threads=2,
    ),
}
