"""Epistemic uncertainty by data: exponents of several approximate-Bayes methods."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.law import Published, coefficient, exponent
from gnomon.laws.references import BIBTEX

REVIEWS = "Rosso et al. 2025, as quoted by public written reviews"
FOUR = "Fitted to four subsets over a factor of four."


class Uncertainty(Anchored):
    """Epistemic uncertainty (mutual information, nats) by training examples.

    EU = a N^-g. Exact for Bayesian linear regression: g = 1, and a = p / 2 for p weights.

    Source: Rosso et al. 2025.
    """

    id = "uncertainty"
    question = "How much epistemic uncertainty remains with ten times the data?"
    inputs = ("examples",)
    output = "epistemic"
    text = "epistemic = a / examples^g"
    source = "Rosso et al. 2025, Scaling Laws for Uncertainty in Deep Learning"
    bibtex = BIBTEX["rosso2025"]
    holds = "In distribution, one method and architecture, at least five subsets over more than a decade."
    misleads = "Off distribution it can be flat; few members cap it at ln M; aleatoric parts fall with data too."
    ranges = {"examples": (1e2, 1e6)}
    amplitude = "a"

    a: float = coefficient("coefficient", output="epistemic", examples="g")
    g: float = exponent("exponent", typical=0.5)

    published = {
        "linear_gaussian_8": Published(
            {"a": 4.0, "g": 1.0},
            "exact to first order in 1 / N: Bayesian linear regression with 8 weights, p / (2 N)",
            checks=(({"examples": 1000.0}, 0.004, 1e-12),),
            note="For p weights a = p / 2; inputs and noise of any scale.",
        )
    }
    shapes = {
        "linear_gaussian": Published({"g": 1.0}, "exact to first order in 1 / N: Bayesian linear regression"),
        "cifar10_mcmc": Published({"g": 0.44}, f"{REVIEWS}, ResNet-18 on CIFAR-10, MCMC", note=FOUR),
        "cifar10_dropout": Published({"g": 0.36}, f"{REVIEWS}, ResNet-18 on CIFAR-10, MC dropout", note=FOUR),
        "cifar10_ensemble": Published(
            {"g": 0.80}, f"{REVIEWS}, ResNet-18, deep ensemble", note=FOUR + " One review places it on ImageNet32."
        ),
        "sam_dropout": Published({"g": 0.14}, f"{REVIEWS}, ResNet-18 trained with SAM, MC dropout", note=FOUR),
        "gpt2_algorithmic": Published({"g": 2.95}, f"{REVIEWS}, GPT-2 on an algorithmic task", note=FOUR),
    }

    def formula(self, examples: Any) -> Any:
        """A / examples^g."""
        return self.a / examples**self.g
