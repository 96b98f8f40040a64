"""The Step Law: the best peak learning rate and batch of a run by its size and tokens."""

from __future__ import annotations

import math
from typing import Any

from gnomon.laws.law import Law, Published, coefficient, number
from gnomon.laws.references import BIBTEX

SIGNED = tuple(sign * size for sign in (-1.0, 1.0) for size in (0.08, 0.2, 0.4, 0.7, 1.1))  # exponents of either sign
MEANS = "Li et al. 2025, means of the 1000 published bootstrap fits (natural logarithms), the point their tool uses"
ROUNDED = "Li et al. 2025, as printed, rounded"
CONVENTION = (
    "params without embeddings (of a mixture: the total), batch in tokens, AdamW, final learning rate fixed at 1e-5."
)


def signed(meaning: str, typical: float) -> Any:
    """An exponent of either sign."""
    return number(meaning, bounds=(-3.0, 3.0), grid=SIGNED, typical=typical)


class StepLawLR(Law):
    """Peak learning rate at which a run of N parameters on D tokens ends with the least loss.

    lr = c N^a D^b.

    Source: Li et al. 2025.
    """

    id = "step_law_lr"
    question = "With which peak learning rate should a model of N parameters be trained on D tokens?"
    inputs = ("params", "tokens")
    output = "lr"
    text = "lr = c * params^a * tokens^b"
    source = "Li et al. 2025, Predictable Scale: Part I, Optimal Hyperparameter Scaling Law"
    bibtex = BIBTEX["li2025_steplaw"]
    holds = "Dense models of 0.06B to 1B and mixtures of 2B parameters, 2B to 100B tokens, with the batch of step_law_batch."
    misleads = (
        "c alone means nothing (it spans decades with the exponents); another final learning rate is another law."
    )
    ranges = {"params": (6e7, 1e9), "tokens": (2e9, 1e11)}

    c: float = coefficient("coefficient", output="lr", params="-a", tokens="-b")
    a: float = signed("size exponent", -0.7)
    b: float = signed("data exponent", 0.3)

    published = {
        "li2025": Published(
            {"c": math.exp(0.58631), "a": -0.71292, "b": 0.30749},
            MEANS,
            checks=(({"params": 7e9, "tokens": 1.4e12}, 9.347e-4, 2e-4),),
            note=CONVENTION,
        ),
        "li2025_rounded": Published(
            {"c": 1.79, "a": -0.713, "b": 0.307},
            ROUNDED,
            checks=(({"params": 7e9, "tokens": 1.4e12}, 9.16556908857e-4, 1e-10),),
            note="Rounding alone moves the learning rate of 7B on 1.4T by 2 %. " + CONVENTION,
        ),
    }

    def formula(self, params: Any, tokens: Any) -> Any:
        """C params^a tokens^b."""
        return self.c * params**self.a * tokens**self.b


class StepLawBatch(Law):
    """Batch, in tokens, at which a run on D tokens ends with the least loss.

    B = c D^b, without a term in the size.

    Source: Li et al. 2025.
    """

    id = "step_law_batch"
    question = "How many tokens should a batch have when D tokens are trained on?"
    inputs = ("tokens",)
    output = "batch_tokens"
    text = "batch_tokens = c * tokens^b"
    source = "Li et al. 2025, Predictable Scale: Part I, Optimal Hyperparameter Scaling Law"
    bibtex = BIBTEX["li2025_steplaw"]
    holds = "2B to 100B tokens; being off by a factor two costs about 0.3 % of the loss."
    misleads = "A batch in sequences is another number; hardware often wants a larger batch than the best one."
    ranges = {"tokens": (2e9, 1e11)}

    c: float = coefficient("coefficient", output="batch_tokens", tokens="-b")
    b: float = signed("data exponent", 0.57)

    published = {
        "li2025": Published(
            {"c": math.exp(-0.54354), "b": 0.57094},
            MEANS,
            checks=(({"tokens": 1.4e12}, 4.997e6, 3e-4),),
            note=CONVENTION,
        ),
        "li2025_rounded": Published(
            {"c": 0.58, "b": 0.571},
            ROUNDED,
            checks=(({"tokens": 1.4e12}, 4.99881543267e6, 1e-10),),
            note=CONVENTION,
        ),
    }

    def formula(self, tokens: Any) -> Any:
        """C tokens^b."""
        return self.c * tokens**self.b
