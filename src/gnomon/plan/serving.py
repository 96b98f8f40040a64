"""What generating tokens costs: arithmetic, and reading the key-value cache from memory.

C_lin  = 2 P L_out n                                linear layers
C_attn = 4 h d_h l n sum_t (L_in + t)               attention: QK and AV over the cache
C_mem  = 2 b g d_h l (...)                          bytes of keys and values read; the prompt's once for all n trials
eFLOP  = C_lin + C_attn + I C_mem                   I = peak FLOP/s over bytes/s of the hardware

P active parameters, L_in prompt and L_out generated tokens, n trials, h query heads, g key-value heads, d_h head size, l
layers, b bytes an element. Sadhukhan et al. 2025, Kinetics, and the cost model of their repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from gnomon.errors import InputError
from gnomon.plan.decoder import ASPECT, BLOCK

INTENSITY = (
    562.5  # FLOP per byte: 4.5e15 FLOP/s (FP8, dense) over 8e12 bytes/s of an NVIDIA B200; the value of the paper
)
SIXTEEN_BITS = 2.0  # bytes of an element of the cache


@dataclass(frozen=True)
class Architecture:
    """What of a decoder the cost of generating depends on.

    Args:
        params: active parameters.
        layers, heads, kv_heads, head_size: its shape; kv_heads divides heads.

    Raises:
        InputError: kv_heads does not divide heads, or a number is not positive.
    """

    params: float
    layers: int
    heads: int
    kv_heads: int
    head_size: int

    def __post_init__(self) -> None:
        if min(self.params, self.layers, self.heads, self.kv_heads, self.head_size) <= 0 or self.heads % self.kv_heads:
            raise InputError(f"Every number must be positive and kv_heads must divide heads; got {self}.")


# Qwen3 as in the cost model's repository (params) and its model cards (shapes, quoted from memory).
QWEN3: Mapping[str, Architecture] = MappingProxyType(
    {
        "0.6B": Architecture(0.752e9, 28, 16, 8, 128),
        "1.7B": Architecture(2.03e9, 28, 16, 8, 128),
        "4B": Architecture(4.02e9, 36, 32, 8, 128),
        "8B": Architecture(8.19e9, 36, 32, 8, 128),
        "14B": Architecture(14.77e9, 40, 40, 8, 128),
        "32B": Architecture(32.76e9, 64, 64, 8, 128),
    }
)


@dataclass(frozen=True)
class Generation:
    """What generating costs, over all trials.

    Args:
        linear: FLOP of the linear layers.
        attention: FLOP of attention, and of the search for blocks.
        memory: bytes of keys and values read.
    """

    linear: float
    attention: float
    memory: float

    @property
    def flops(self) -> float:
        """Arithmetic alone."""
        return self.linear + self.attention

    def equivalents(self, intensity: float = INTENSITY) -> float:
        """Arithmetic plus memory reads at `intensity` FLOP a byte."""
        return self.flops + intensity * self.memory


def attended(prompt: int, generated: int, budget: int) -> int:
    """Cache positions read by `generated` tokens of which each reads at most `budget`: sum_t min(budget, prompt + t).

    The published top-k function has + (budget - prompt)^2 / 2 where this sum gives a minus.
    """
    short = min(max(budget - prompt, 0), generated)  # tokens that still read everything
    return short * prompt + short * (short - 1) // 2 + (generated - short) * budget


def generation(
    model: Architecture,
    *,
    prompt: int,
    generated: int,
    trials: int = 1,
    budget: int | None = None,
    block: int | None = None,
    cache_bytes: float = SIXTEEN_BITS,
    prefill: bool = False,
    weights_batch: float | None = None,
    published_top_k: bool = False,
) -> Generation:
    """Cost of generating answers to one prompt.

    Args:
        model: the architecture.
        prompt, generated: tokens of the prompt and of one answer.
        trials: answers drawn from one prompt. Dense attention reads the prompt's cache once for all of them, sparse
            attention for each, as published.
        budget: cache positions a token may read (sparse attention); None for all.
        block: size of the blocks among which the positions are searched; adds the cost of the search.
        cache_bytes: bytes an element of the cache.
        prefill: count reading the prompt (2 P L_in and its attention).
        weights_batch: sequences over which reading the weights (16 bit) is shared; None leaves weight reads out.
        published_top_k: the sign of the published top-k function, to reproduce its figures.

    Raises:
        InputError: a number of tokens or trials is out of range, or blocks without a budget.
    """
    if prompt < 0 or min(generated, trials) < 1 or (budget is not None and budget < 1) or (block or 1) < 1:
        raise InputError("prompt is at least 0; generated, trials, budget and block are at least 1.")
    if budget is None and (block is not None or published_top_k):
        raise InputError("Blocks and the published top-k sum belong to sparse attention.", hint="Give a budget.")
    query, cache = model.heads * model.head_size * model.layers, model.kv_heads * model.head_size * model.layers
    linear = 2.0 * model.params * generated * trials
    if budget is None:
        attention = 2.0 * (2 * prompt + generated) * generated * query * trials
        memory = cache_bytes * (2 * prompt + trials * generated) * generated * cache
    else:
        read = float(attended(prompt, generated, budget))
        if published_top_k:
            read = budget * generated + 0.5 * max(0, budget - prompt) ** 2
        attention = 4.0 * read * query * trials
        memory = 2.0 * cache_bytes * read * cache * trials
        if block is not None:
            attention += (2 * prompt + generated) // block * generated * query
            memory += 0.5 * cache_bytes * ((2 * prompt + trials * generated) // block) * generated * cache
    if prefill:
        linear += 2.0 * model.params * prompt
        attention += 2.0 * prompt * prompt * query
    if weights_batch is not None:
        memory += SIXTEEN_BITS * model.params * generated * trials / weights_batch
    return Generation(linear, attention, memory)


def crossover_length(model: Architecture, intensity: float = INTENSITY) -> float:
    """Generated tokens at which attention and cache reads cost as much as the linear layers, without a prompt.

    L* = 2 P / ((r + I) D), r = heads / kv_heads, D = 2 g d_h l elements a token; derived from the formulas above.
    """
    elements = 2.0 * model.kv_heads * model.head_size * model.layers
    return 2.0 * model.params / ((model.heads / model.kv_heads + intensity) * elements)


@dataclass(frozen=True)
class Kinetics:
    """A plan's cost model with serving in FLOP-equivalents: training 6 N D, serving with cache reads.

    The shape follows from N by a rule, as in the counted decoders: width = aspect times depth, N = 12 L d^2, all heads
    together as wide as the model.

    Args:
        prompt, generated: tokens of a request.
        trials: answers to a prompt.
        group: query heads that share a key-value head.
        intensity: FLOP a byte.
        aspect: width over depth.
    """

    options: ClassVar[tuple[str, ...]] = ("prompt", "generated", "trials", "group", "intensity", "aspect")

    prompt: float = 200.0  # the prompt of the published test vectors
    generated: float = 8192.0  # a chain of thought of middle length there
    trials: float = 1.0
    group: float = 8.0  # of Qwen3 32B and Llama 3 70B
    intensity: float = INTENSITY
    aspect: float = ASPECT

    @property
    def name(self) -> str:
        """Name with the options that are not the usual ones."""
        usual = {k: Kinetics.__dataclass_fields__[k].default for k in self.options}
        words = ", ".join(f"{k}={getattr(self, k):g}" for k in self.options if getattr(self, k) != usual[k])
        return f"kinetics({words})" if words else "kinetics"

    @property
    def assumption(self) -> str:
        """What is counted."""
        return (
            f"training costs 6 FLOP per parameter and token; a served token is one of {self.generated:g} generated after a "
            f"prompt of {self.prompt:g} (trials to a prompt: {self.trials:g}) and costs 2 FLOP per parameter, attention, and "
            f"{self.intensity:g} FLOP for each byte of cache read ({self.group:g} query heads share one key-value head); "
            "reading weights and prompts is not counted"
        )

    def flops(self, params: Any, tokens: Any) -> Any:
        """6 N D."""
        return 6.0 * params * tokens

    def tokens(self, flops: Any, params: Any) -> Any:
        """Flops / (6 params)."""
        return flops / (6.0 * params)

    def params(self, flops: Any, tokens: Any) -> Any:
        """Flops / (6 tokens)."""
        return flops / (6.0 * tokens)

    def serving(self, params: Any) -> Any:
        """FLOP-equivalents per generated token.

        2 N + d L [2 (2 L_in + L_out) + I b (2 L_in / n + L_out) / r], d L the width times the depth.
        """
        if min(self.generated, self.trials, self.group, self.aspect) <= 0 or min(self.prompt, self.intensity) < 0:
            raise InputError(f"The options of kinetics must be positive; got {self!r}.")
        width = (self.aspect * params / BLOCK) ** (1.0 / 3.0)
        elements = width * width / self.aspect
        attention = 2.0 * (2.0 * self.prompt + self.generated)
        memory = SIXTEEN_BITS * (2.0 * self.prompt / self.trials + self.generated) / self.group
        return 2.0 * params + elements * (attention + self.intensity * memory)


kinetics = Kinetics()
