"""The OLMo ladder's settings by model size: batch, learning rate, warm-up."""

from __future__ import annotations

from typing import Any

from gnomon.laws.hyperparameters.step_law import signed
from gnomon.laws.law import Law, Published, coefficient
from gnomon.laws.references import BIBTEX

SOURCE = "Bhagia et al. 2024, ladder.py of their repository (sequences of 2048 tokens)"
PIVOT = 1.08e8  # parameters without embeddings at which their settings are anchored
LONGER = "At sequences of 4096 they halve the batch in sequences and divide the learning rate by 4."


class LadderBatch(Law):
    """Batch, in tokens, by model size.

    B = c N^a: 160 sequences of 2048 tokens at 108M parameters, growing as N^(2/3).

    Source: OLMo ladder.
    """

    id = "olmo_batch"
    question = "Which batch does the OLMo ladder give a model of N parameters?"
    inputs = ("params",)
    output = "batch_tokens"
    text = "batch_tokens = c * params^a"
    source = SOURCE
    bibtex = BIBTEX["bhagia2024"]
    holds = "Ladders of 100M to a few billion parameters near the compute-optimal ratio."
    misleads = "It knows nothing of the tokens: long runs of small models want larger batches."
    ranges = {"params": (1e8, 4e9)}

    c: float = coefficient("coefficient", output="batch_tokens", params="-a")
    a: float = signed("size exponent", 0.67)

    published = {
        "bhagia2024": Published(
            {"c": 160 * 2048 * PIVOT ** (-2 / 3), "a": 2 / 3},
            SOURCE,
            checks=(({"params": PIVOT}, 327680.0, 1e-12), ({"params": 8 * PIVOT}, 4 * 327680.0, 1e-12)),
            note=LONGER,
        )
    }

    def formula(self, params: Any) -> Any:
        """C params^a."""
        return self.c * params**self.a


class LadderLR(Law):
    """Peak learning rate by model size.

    lr = c N^a: 0.0047 at 108M parameters, falling as N^(-1/3).

    Source: OLMo ladder.
    """

    id = "olmo_lr"
    question = "Which learning rate does the OLMo ladder give a model of N parameters?"
    inputs = ("params",)
    output = "lr"
    text = "lr = c * params^a"
    source = SOURCE
    bibtex = BIBTEX["bhagia2024"]
    holds = "Ladders of 100M to a few billion parameters with the batch of olmo_batch."
    misleads = "It knows nothing of the tokens: step_law_lr has them."
    ranges = {"params": (1e8, 4e9)}

    c: float = coefficient("coefficient", output="lr", params="-a")
    a: float = signed("size exponent", -0.33)

    published = {
        "bhagia2024": Published(
            {"c": 0.0047 * PIVOT ** (1 / 3), "a": -1 / 3},
            SOURCE,
            checks=(({"params": PIVOT}, 0.0047, 1e-12), ({"params": 8 * PIVOT}, 0.00235, 1e-12)),
            note=LONGER,
        )
    }

    def formula(self, params: Any) -> Any:
        """C params^a."""
        return self.c * params**self.a


class LadderWarmup(Law):
    """Tokens of the warm-up by model size: one for each parameter.

    W = c N, c = 1.

    Source: OLMo ladder.
    """

    id = "olmo_warmup"
    question = "How many tokens of warm-up does the OLMo ladder give a model of N parameters?"
    inputs = ("params",)
    output = "warmup_tokens"
    text = "warmup_tokens = c * params"
    source = SOURCE
    bibtex = BIBTEX["bhagia2024"]
    holds = "Runs of twenty and more tokens per parameter, where it is a few per cent of training."
    misleads = "A fixed number of warm-up steps costs small runs much of their training: it bent Kaplan's exponent."
    ranges = {"params": (1e8, 4e9)}

    c: float = coefficient("warm-up tokens per parameter", output="warmup_tokens", params=-1)

    published = {
        "bhagia2024": Published({"c": 1.0}, SOURCE, checks=(({"params": PIVOT}, PIVOT, 1e-12),)),
    }

    def formula(self, params: Any) -> Any:
        """C params."""
        return self.c * params
