"""From loss to what people measure: error and accuracy on benchmarks as functions of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.arrays import logistic, softplus
from gnomon.laws.law import Law, Published, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

SIX_RUNS = (
    "Gadre et al. 2024, public runs: their protocol (least squares on six runs of at most 1.4B parameters) run again"
)


class ExpLossErr(Law):
    """Average error on downstream tasks by the loss.

    Err = e - k exp(-g L): a power law in perplexity, e - k perplexity^-g.

    Source: Gadre et al. 2024, equation 5.
    """

    id = "exp_loss_err"
    question = "What average benchmark error follows from a given loss?"
    inputs = ("loss",)
    output = "error"
    text = "error = e - k * exp(-g * loss)"
    source = "Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks, equation 5"
    bibtex = BIBTEX["gadre2024"]
    holds = "For an average over many tasks which the smallest fitted model already does better than chance."
    misleads = "On single tasks, near chance, and for losses measured on another text than the one it was fitted with."
    ranges = {"loss": (2.0, 5.5)}

    e: float = floor("error of a model without any skill", output="error", typical=1.6)
    k: float = number("depth of the fall", bounds=(1e-9, 1e9), linear=True, log=True, units={"error": 1}, typical=4.0)
    g: float = number(
        "rate: the exponent in perplexity",
        bounds=(0.01, 50.0),
        grid=np.geomspace(0.1, 30.0, 25),
        log=True,
        units={"loss": -1},
        typical=2.0,
    )

    published = {
        "gadre2024_redpajama": Published(
            {"e": 0.85699191, "k": 2.20649064, "g": 0.7145906629},
            SIX_RUNS,
            checks=(({"loss": 2.519826523}, 0.492496463, 1e-7), ({"loss": 2.442745153}, 0.4718562325, 1e-7)),
            note="Mean top-1 error of their 17 tasks by C4 loss, trained on RedPajama. e lies above chance (0.809).",
        ),
        "gadre2024_c4": Published(
            {"e": 0.84974229, "k": 2.07889928, "g": 0.7561191627},
            SIX_RUNS,
            checks=(({"loss": 2.509448051}, 0.5380076087, 1e-6), ({"loss": 2.279898143}, 0.4789211714, 1e-6)),
            note="Mean top-1 error of their 17 tasks by C4 loss, trained on C4. e lies above chance (0.809).",
        ),
    }

    def formula(self, loss: Any) -> Any:
        """Err = e - k exp(-g loss)."""
        return self.e - self.k * self.xp(loss).exp(-self.g * loss)


class Sigmoid4(Law):
    """Accuracy by the loss on the right answers: an S between two levels.

    acc = b + a / (1 + exp(-k (L - x0))), L the task loss (usually bits per byte of the right answer).
    With a < 0 accuracy falls as the loss grows, from b at small losses to b + a at large ones.

    Source: Bhagia et al. 2024, step 2.
    """

    id = "sigmoid4"
    question = "What accuracy on one task follows from the loss on its right answers?"
    inputs = ("loss",)
    output = "accuracy"
    free_inputs = ("loss",)
    text = "accuracy = b + a * sigmoid(k * (loss - x0))"
    source = "Bhagia et al. 2024, Establishing Task Scaling Laws via Compute-Efficient Model Ladders, step 2"
    bibtex = BIBTEX["bhagia2024"]
    holds = "One task, one model family, with runs on both sides of the bend or the upper level pinned at 1 for loss 0."
    misleads = "With runs on one side of the bend only: the other level is then an assumption, not a measurement."
    domain = {"loss": (-np.inf, np.inf)}  # log probabilities serve as the input too
    ranges = {"loss": (0.3, 1.8)}
    typical = {"a": -0.75, "b": 1.0, "k": 4.0, "x0": 0.9}

    a: float = number(
        "level at large input minus level at small",
        bounds=(-100.0, 100.0),
        linear=True,
        units={"accuracy": 1},
        typical=-0.8,
    )
    b: float = number("level at small input", bounds=(-100.0, 100.0), linear=True, units={"accuracy": 1}, typical=1.4)
    k: float = number(
        "steepness", bounds=(0.01, 1000.0), grid=np.geomspace(0.5, 50, 10), log=True, units={"loss": -1}, typical=4.0
    )
    x0: float = number(
        "input at the bend", bounds=(-100.0, 100.0), grid=np.linspace(0.2, 2.0, 10), units={"loss": 1}, typical=1.0
    )

    def formula(self, x: Any) -> Any:
        """Acc = b + a sigmoid(k (x - x0))."""
        return self.b + self.a * logistic(self.k * (x - self.x0), self.xp(x))

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """Bends in and around the data, from gentle to sharp; levels by least squares."""
        (x,) = inputs
        width = max(float(np.ptp(x)), 1e-3)
        v = cells(k=np.geomspace(1.0, 40.0, 9) / width, x0=x.min() + width * np.linspace(-0.5, 1.5, 13))
        curve = logistic(v["k"] * (x - v["x0"]))
        weights = 1.0 / np.maximum(np.abs(output), 1e-3 * np.abs(output).max())
        found, misfit = amplitudes([curve, np.ones_like(curve)], output, weights=weights, signed=True)
        return best_of(v | {"a": found[:, :1], "b": found[:, 1:]}, misfit, apart="k", most=27)


class LogSigmoid(Law):
    """Accuracy by the loss on the right answers, tied to 1 at small losses, with a straight line at large ones.

    acc = 1 - a ln(1 - sigmoid(k (L - x0))) = 1 + a ln(1 + exp(k (L - x0))), a in [-1, 0].

    Source: Bhagia et al. 2024, the alternative form of step 2 in their code.
    """

    id = "log_sigmoid"
    question = "What accuracy follows from the loss on the right answers, if no loss means no error?"
    inputs = ("loss",)
    output = "accuracy"
    free_inputs = ("loss",)
    text = "accuracy = 1 + a * log(1 + exp(k * (loss - x0)))"
    source = (
        "Bhagia et al. 2024, code of Establishing Task Scaling Laws via Compute-Efficient Model Ladders, log_sigmoid"
    )
    bibtex = BIBTEX["bhagia2024"]
    holds = "One task, one model family, between the bend and full marks."
    misleads = "At large losses it falls below chance and below zero: it knows no level of guessing."
    domain = {"loss": (-np.inf, np.inf)}
    fixed_units = {"accuracy": "full marks are 1"}
    ranges = {"loss": (0.2, 1.3)}
    typical = {"a": -0.2, "k": 3.0, "x0": 0.8}

    a: float = number("minus the fall per unit of k (L - x0)", bounds=(-10.0, -1e-6), linear=True, typical=-0.2)
    k: float = number("steepness", bounds=(0.01, 1000.0), log=True, units={"loss": -1}, typical=3.0)
    x0: float = number("input at the bend", bounds=(-100.0, 100.0), units={"loss": 1}, typical=1.0)

    def formula(self, x: Any) -> Any:
        """Acc = 1 + a softplus(k (x - x0))."""
        return 1.0 + self.a * softplus(self.k * (x - self.x0), self.xp(x))

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """Bends in and around the data, from gentle to sharp; a by least squares."""
        (x,) = inputs
        width = max(float(np.ptp(x)), 1e-3)
        v = cells(k=np.geomspace(0.3, 40.0, 10) / width, x0=x.min() + width * np.linspace(-1.0, 1.5, 16))
        curve = softplus(v["k"] * (x - v["x0"]))
        fall = np.clip(amplitudes([curve], output - 1.0, signed=True)[0], -9.0, -1e-5)
        misfit = ((output - 1.0 - fall * curve) ** 2).sum(1)
        return best_of(v | {"a": fall}, misfit, apart="k", most=30)
