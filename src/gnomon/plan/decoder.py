"""Cost models that count a decoder: attention over the context, the read-out, and which parameters the law counts.

A law knows only N. The shape behind it follows from a rule: width d = aspect times depth, N = 12 L d^2 for the matrices of
the blocks (4 d^2 attention, 8 d^2 MLP). Everything is then a polynomial in d, and sizes come from budgets by Newton steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.jet import plain

BLOCK = 12.0  # matrix parameters of a block over d^2: 4 of attention, 8 of the MLP (also of a gated one of inner width 8 d / 3)
ASPECT = 128.0  # width over depth of Llama 7B (4096 / 32) and, within a fifth, of most decoders in print
CONTEXT = 2048.0  # tokens; of GPT-3 and of Chinchilla
VOCABULARY = 50_257.0  # words of GPT-2's and GPT-3's tokenizer
STEPS = 60  # Newton steps: a third off each while the cubic rules, then quadratic convergence
COUNTED = ("non-embedding", "total")


@dataclass(frozen=True)
class DecoderCost:
    """FLOP of a decoder whose shape follows from its size.

    Training, per token: 6 (12 L d^2) + 6 d V (read-out) + 12 L d T (attention over a context of T; QK and AV, not halved
    for the causal mask). Forward is a third of it. N is 12 L d^2, or with counted = "total" that and 2 d V of embeddings.

    Args:
        label: what a user types.
        attention: count attention over the context.
        readout: count the matrix that maps to the vocabulary.
        context: T, tokens.
        vocabulary: V, words.
        aspect: width over depth.
        counted: which parameters the law's N holds, "non-embedding" or "total" (embedding and read-out untied).
    """

    options: ClassVar[tuple[str, ...]] = ("context", "vocabulary", "aspect", "counted")

    label: str
    attention: bool
    readout: bool
    context: float = CONTEXT
    vocabulary: float = VOCABULARY
    aspect: float = ASPECT
    counted: str = "non-embedding"

    @property
    def name(self) -> str:
        """Name with the options that are not the usual ones."""
        usual = {"context": CONTEXT, "vocabulary": VOCABULARY, "aspect": ASPECT, "counted": "non-embedding"}
        given = {k: getattr(self, k) for k in usual if getattr(self, k) != usual[k]}
        words = ", ".join(f"{k}={v if isinstance(v, str) else format(v, 'g')}" for k, v in given.items())
        return f"{self.label}({words})" if words else self.label

    @property
    def assumption(self) -> str:
        """What is counted."""
        counts = ["6 FLOP per parameter of the blocks and token"]
        if self.readout:
            counts.append(f"the read-out of {self.vocabulary:g} words")
        if self.attention:
            counts.append(f"attention over {self.context:g} tokens")
        without = [] if self.attention else ["attention over long contexts"]
        without += [] if self.readout else ["embedding and read-out"]
        left = f"; {' and '.join(without)} not counted" if without else ""
        return (
            f"training costs {', '.join(counts)}{left}; serving a third of it; width is {self.aspect:g} times depth, and "
            f"the law counts {self.counted} parameters"
        )

    def per_token(self, params: Any) -> Any:
        """Training FLOP per token of a model of `params` parameters."""
        cubic, square, linear = self._flops()
        width = self.width(params)
        return ((cubic * width + square) * width + linear) * width

    def width(self, params: Any) -> Any:
        """Width of a model of `params` parameters."""
        return _root(self._params(), params)

    def flops(self, params: Any, tokens: Any) -> Any:
        """FLOP per token times tokens."""
        return self.per_token(params) * tokens

    def tokens(self, flops: Any, params: Any) -> Any:
        """Flops / FLOP per token."""
        return flops / self.per_token(params)

    def params(self, flops: Any, tokens: Any) -> Any:
        """Size whose FLOP per token are flops / tokens."""
        cubic, square, linear = self._params()
        width = _root(self._flops(), flops / tokens)
        return ((cubic * width + square) * width + linear) * width

    def serving(self, params: Any) -> Any:
        """A third of the training FLOP per token: one forward pass."""
        return self.per_token(params) / 3.0

    def _params(self) -> tuple[float, float, float]:
        """Parameters as cubic, square and linear coefficients of the width."""
        self._check()
        return BLOCK / self.aspect, 0.0, 2.0 * self.vocabulary if self.counted == "total" else 0.0

    def _flops(self) -> tuple[float, float, float]:
        """Training FLOP per token likewise."""
        self._check()
        attended = 12.0 * self.context / self.aspect if self.attention else 0.0
        return 6.0 * BLOCK / self.aspect, attended, 6.0 * self.vocabulary if self.readout else 0.0

    def _check(self) -> None:
        for name in ("context", "vocabulary", "aspect"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} of the cost model {self.label} must be above 0; got {getattr(self, name):g}.")
        if self.counted not in COUNTED:
            raise InputError(f"counted is {' or '.join(COUNTED)}; got {self.counted!r}.")


def _root(polynomial: tuple[float, float, float], value: Any) -> Any:
    """x > 0 with c3 x^3 + c2 x^2 + c1 x = value, for arrays and for jets.

    The polynomial is convex and rises: from above, Newton's steps fall to the root. They are taken on plain numbers; two
    more in the arithmetic of the argument then carry its first and second derivatives exactly.
    """
    cubic, square, linear = polynomial
    target: Any = plain(value)
    x: Any = (target / cubic) ** (1.0 / 3.0)
    for _ in range(STEPS if square or linear else 0):
        x = x - (((cubic * x + square) * x + linear) * x - target) / ((3.0 * cubic * x + 2.0 * square) * x + linear)
    if isinstance(value, float | int | np.ndarray | np.generic):
        return x
    for _ in range(2):
        x = x - (((cubic * x + square) * x + linear) * x - value) / ((3.0 * cubic * x + 2.0 * square) * x + linear)
    return x


# Kaplan et al. 2020, section 2.1: 6 N per token, N without embeddings; with counted = "total" the law's N is converted.
kaplan = DecoderCost("kaplan", attention=False, readout=False)
# DeepSeek-AI 2024, section 3.2: M = 72 L d^2 + 12 L d T FLOP per token, attention counted, vocabulary not.
deepseek_m = DecoderCost("deepseek-M", attention=True, readout=False)
# Hoffmann et al. 2022, appendix F, counts the same products (and a few small terms besides).
exact = DecoderCost("exact", attention=True, readout=True)
