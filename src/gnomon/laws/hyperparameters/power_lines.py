"""Power Lines: weight decay from the best time scale of AdamW, and the best and the critical batch by tokens."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.hyperparameters.step_law import signed
from gnomon.laws.law import Law, Published, coefficient, number
from gnomon.laws.references import BIBTEX

QUOTED = "Bergsma et al. 2025; quoted here from a secondary source"


class PowerLinesDecay(Law):
    """Weight decay that gives AdamW the best time scale for the ratio of tokens to parameters.

    tau = B / (lr wd D), the share of training over which AdamW averages its updates, is best at c (D / N)^m; hence
    wd = B / (lr D c (D / N)^m).

    Source: Bergsma et al. 2025.
    """

    id = "power_lines_wd"
    question = "Which weight decay goes with a given batch, learning rate, size and number of tokens?"
    inputs = ("params", "tokens", "batch_tokens", "lr")
    output = "weight_decay"
    text = "weight_decay = batch_tokens / (lr * tokens * c * (tokens / params)^m)"
    source = "Bergsma et al. 2025, Power Lines: Scaling Laws for Weight Decay and Batch Size in LLM Pre-training"
    bibtex = BIBTEX["bergsma2025"]
    holds = "AdamW whose decay is multiplied by the learning rate (PyTorch, optax), at a batch below the critical one."
    misleads = "With decay independent of the learning rate the formula gives lr times too much."
    ranges = {"params": (1e8, 3e9), "tokens": (2e9, 1e12), "batch_tokens": (6e4, 4e6), "lr": (1e-4, 2e-2)}
    fixed_units = {
        "params": "tau is a share of training, by the number of tokens to a parameter",
        "tokens": "tau is a share of training, by the number of tokens to a parameter",
        "batch_tokens": "it is compared with tokens",
        "lr": "lr times weight decay is a pure number",
        "weight_decay": "lr times weight decay is a pure number",
    }

    c: float = number("best tau at one token to a parameter", bounds=(1e-4, 1e4), grid=(0.1, 1.0, 10.0), log=True)
    m: float = signed("exponent of tokens per parameter", -0.5)

    published = {
        "bergsma2025": Published(
            {"c": 1.084, "m": -0.527},
            QUOTED,
            checks=(({"params": 1e9, "tokens": 2e10, "batch_tokens": 1e6, "lr": 0.001}, 0.223657532814, 1e-10),),
        )
    }

    def formula(self, params: Any, tokens: Any, batch_tokens: Any, lr: Any) -> Any:
        """Batch / (lr tokens tau), tau = c (tokens / params)^m."""
        return batch_tokens / (lr * tokens * self.c * (tokens / params) ** self.m)


class PowerLinesBatch(Anchored):
    """Best or critical batch by tokens, of which the exponents are published.

    B = c D^b: b = 0.38 for the best batch, 0.47 for the critical one.

    Source: Bergsma et al. 2025.
    """

    id = "power_lines_batch"
    question = "How does the best batch grow with the tokens, from one that was tuned?"
    inputs = ("tokens",)
    output = "batch_tokens"
    text = "batch_tokens = c * tokens^b"
    source = "Bergsma et al. 2025, Power Lines: Scaling Laws for Weight Decay and Batch Size in LLM Pre-training"
    bibtex = BIBTEX["bergsma2025"]
    holds = "To move a batch tuned on few tokens to more, at one size or several."
    misleads = "The step law has the exponent 0.57 for the same thing: the two do not agree within their errors."
    ranges = {"tokens": (2e9, 1e12)}
    amplitude = "c"

    c: float = coefficient("coefficient", output="batch_tokens", tokens="-b")
    b: float = signed("data exponent", 0.38)

    shapes = {
        "best": Published({"b": 0.38}, QUOTED, note="0.367 to 0.391 over their settings."),
        "critical": Published({"b": 0.47}, QUOTED),
        "nanochat": Published({"b": 0.383}, "Karpathy 2026, nanochat, base_train.py"),
    }

    def formula(self, tokens: Any) -> Any:
        """C tokens^b."""
        return self.c * tokens**self.b
