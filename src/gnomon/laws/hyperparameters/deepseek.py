"""DeepSeek's rules: the best learning rate and batch by compute alone."""

from __future__ import annotations

from typing import Any

from gnomon.laws.hyperparameters.step_law import signed
from gnomon.laws.law import Law, Published, coefficient
from gnomon.laws.references import BIBTEX

COMPUTE = "flops is M D with M the non-embedding FLOP per token including attention (cost model deepseek-M), not 6ND."


class DeepSeekLR(Law):
    """Best learning rate of a compute-optimal run.

    lr = c C^a.

    Source: DeepSeek-AI 2024.
    """

    id = "deepseek_lr"
    question = "With which learning rate should a compute-optimal run of C FLOP be trained?"
    inputs = ("flops",)
    output = "lr"
    text = "lr = c * flops^a"
    source = "DeepSeek-AI 2024, DeepSeek LLM: Scaling Open-Source Language Models with Longtermism, equation 1"
    bibtex = BIBTEX["deepseek2024"]
    holds = "Runs near the compute-optimal ratio with a multi-step schedule and the batch of deepseek_batch."
    misleads = "Compute stands for size and tokens at one ratio: far from it use step_law_lr."
    ranges = {"flops": (1e17, 1e24)}

    c: float = coefficient("coefficient", output="lr", flops="-a")
    a: float = signed("compute exponent", -0.125)

    published = {
        "deepseek2024": Published(
            {"c": 0.3118, "a": -0.1250},
            "DeepSeek-AI 2024, equation 1",
            checks=(({"flops": 1e20}, 0.3118 * 10**-2.5, 1e-12),),
            note=COMPUTE,
        )
    }

    def formula(self, flops: Any) -> Any:
        """C flops^a."""
        return self.c * flops**self.a


class DeepSeekBatch(Law):
    """Best batch, in tokens, of a compute-optimal run.

    B = c C^a.

    Source: DeepSeek-AI 2024.
    """

    id = "deepseek_batch"
    question = "How many tokens should the batch of a compute-optimal run of C FLOP have?"
    inputs = ("flops",)
    output = "batch_tokens"
    text = "batch_tokens = c * flops^a"
    source = "DeepSeek-AI 2024, DeepSeek LLM: Scaling Open-Source Language Models with Longtermism, equation 1"
    bibtex = BIBTEX["deepseek2024"]
    holds = "Runs near the compute-optimal ratio with a multi-step schedule and the learning rate of deepseek_lr."
    misleads = "Compute stands for size and tokens at one ratio: far from it use step_law_batch."
    ranges = {"flops": (1e17, 1e24)}

    c: float = coefficient("coefficient", output="batch_tokens", flops="-a")
    a: float = signed("compute exponent", 0.33)

    published = {
        "deepseek2024": Published(
            {"c": 0.2920, "a": 0.3271},
            "DeepSeek-AI 2024, equation 1",
            checks=(({"flops": 1e20}, 0.2920 * 10**6.542, 1e-12),),
            note=COMPUTE,
        )
    }

    def formula(self, flops: Any) -> Any:
        """C flops^a."""
        return self.c * flops**self.a
