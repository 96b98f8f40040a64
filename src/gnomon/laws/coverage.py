"""Repeated sampling: the share of problems solved by at least one of k attempts, and pass rates by scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, exponent, number
from gnomon.laws.references import BIBTEX

SHARE = "a coverage is a share between 0 and 1, which the exponential ties to its unit"


class PassKExpPow(Law):
    """Share of problems that at least one of k samples solves.

    coverage(k) = exp(-c k^-b), c > 0 (the paper writes exp(a k^-b) with a = -c < 0). Read along model size instead of
    samples it is the task law PU(N) = exp(-c N^-b) of pass-until scores: `passk_exp_pow(params)`.

    Source: Brown et al. 2024, section on scaling laws for repeated sampling.
    """

    id = "passk_exp_pow"
    question = "What share of problems do k attempts solve, if one right answer is enough?"
    inputs = ("samples",)
    output = "coverage"
    free_inputs = ("samples",)
    text = "coverage = exp(-c * samples^-b)"
    source = "Brown et al. 2024, Large Language Monkeys: Scaling Inference Compute with Repeated Sampling"
    bibtex = BIBTEX["brown2024"]
    holds = "Unbiased pass@k, averaged over many problems of unequal difficulty, over two decades of k."
    misleads = "On a single problem coverage is 1 - (1 - p)^k; and unsolvable problems set a ceiling that it lacks."
    fixed_units = {"coverage": SHARE}
    ranges = {"samples": (1.0, 1e4)}
    typical = {"c": 1.6, "b": 0.3}

    c: float = number(
        "minus the logarithm of the coverage of one sample",
        bounds=(1e-6, 1e3),
        log=True,
        units={"samples": "b"},
        typical=0.5,
    )
    b: float = exponent("exponent")

    def formula(self, samples: Any) -> Any:
        """exp(-c / samples^b)."""
        return self.xp(samples).exp(-self.c / samples**self.b)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """ln(-ln coverage) is a straight line in ln k; its slope is tried flatter and steeper too."""
        x = np.log(inputs[0])
        y = np.log(-np.log(np.clip(output, 1e-300, 1.0 - 1e-9)))
        slope, height = np.polyfit(x, y, 1)
        middle = float(np.mean(x))
        found = []
        for turn in (1.0, 0.5, 2.0):
            b = float(np.clip(-slope * turn, 0.01, 2.5))
            level = float(height + slope * middle)
            found.append({"c": float(np.exp(np.clip(level + b * middle, -13.0, 6.5))), "b": b})
        return found


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Unbiased estimate of the chance that at least one of k samples is right, from n samples of which c are.

    pass@k = 1 - C(n - c, k) / C(n, k), as the product 1 - prod_(i = n - c + 1 .. n) (1 - k / i).

    Args:
        samples: n, the samples drawn.
        correct: c, those that are right.
        k: the attempts; at most n.

    Raises:
        InputError: not 0 <= c <= n or not 1 <= k <= n.

    Source: Chen et al. 2021, Evaluating Large Language Models Trained on Code, equation 1.
    """
    from gnomon.errors import InputError

    if not (0 <= correct <= samples and 1 <= k <= samples):
        raise InputError(f"pass@k needs 0 <= correct <= samples and 1 <= k <= samples; got {correct}, {samples}, {k}.")
    if samples - correct < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(samples - correct + 1, samples + 1)))
