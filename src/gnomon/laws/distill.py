"""Loss of a student that learns from a teacher, by the teacher's loss, the student's size and its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.arrays import softplus
from gnomon.laws.law import Law, exponent, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells


class Distill(Law):
    """Cross-entropy of a student trained on a teacher's outputs.

    L_S = L_T + L_T^-c0 (1 + (L_T / (L_alone d1))^(1/f1))^(-c1 f1) (A / N^alpha + B / D^beta)^gamma: L_T the teacher's
    loss, L_alone what the student would reach by ordinary training on its tokens, N and D its size and tokens. The bend at
    L_T = d1 L_alone is where a better teacher stops helping.

    The order of the brackets is quoted at second hand and was not checked against the paper: doubtful.

    Source: Busbridge et al. 2025, equation 8.
    """

    id = "distill"
    question = "What loss does a student of N parameters reach on D tokens of a given teacher?"
    inputs = ("teacher_loss", "alone_loss", "params", "tokens")
    text = (
        "loss = teacher_loss + teacher_loss^-c0 * (1 + (teacher_loss / (alone_loss * d1))^(1 / f1))^(-c1 * f1) * "
        "(A / params^alpha + B / tokens^beta)^gamma"
    )
    source = "Busbridge et al. 2025, Distillation Scaling Laws, equation 8 (brackets quoted at second hand, doubtful)"
    bibtex = BIBTEX["busbridge2025"]
    holds = "Students and teachers of one family and one corpus, teachers both weaker and stronger than the students."
    misleads = "Nine constants: with one teacher, or none beyond the bend, most of them are not determined."
    shared_units = {"teacher_loss": "loss", "alone_loss": "loss"}
    ranges = {"teacher_loss": (1.9, 3.2), "alone_loss": (2.0, 3.4), "params": (1e8, 1e10), "tokens": (1e9, 1e12)}
    typical = {
        "c0": 2.0, "c1": 0.8, "d1": 1.1, "f1": 0.2, "A": 2000.0, "alpha": 0.4, "B": 60000.0, "beta": 0.45, "gamma": 0.7,
    }  # fmt: skip

    c0: float = number("power of the teacher's loss", bounds=(-20.0, 20.0), typical=1.0)
    c1: float = number("change of that power beyond the bend", bounds=(-20.0, 20.0), typical=0.5)
    d1: float = number("teacher's loss over the student's own at the bend", bounds=(0.05, 20.0), log=True)
    f1: float = number("width of the bend", bounds=(0.01, 10.0), log=True, typical=0.3)
    A: float = number(
        "size coefficient",
        bounds=(1e-9, 1e6),
        log=True,
        units={"params": "alpha", "loss": "(1 + c0) / gamma"},
        typical=0.1,
    )
    alpha: float = exponent("size exponent", typical=0.4)
    B: float = number(
        "data coefficient",
        bounds=(1e-9, 1e6),
        log=True,
        units={"tokens": "beta", "loss": "(1 + c0) / gamma"},
        typical=0.1,
    )
    beta: float = exponent("data exponent", typical=0.4)
    gamma: float = number("power of the student's term", bounds=(0.05, 10.0), log=True, typical=0.7)

    def formula(self, teacher_loss: Any, alone_loss: Any, params: Any, tokens: Any) -> Any:
        """L_T plus what the student cannot follow, in logarithms: a sharp bend must not overflow."""
        xp = self.xp(teacher_loss, alone_loss, params, tokens)
        log_teacher = xp.log(teacher_loss)
        bend = softplus((log_teacher - xp.log(alone_loss) - xp.log(self.d1)) / self.f1, xp)
        short = self.gamma * xp.log(self.A / params**self.alpha + self.B / tokens**self.beta)
        return teacher_loss + xp.exp(short - self.c0 * log_teacher - self.c1 * self.f1 * bend)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given bend, exponents and ratio of the two terms the logarithm of the gap is linear in the rest."""
        teacher, alone, params, tokens = inputs
        log_ratio, log_teacher = np.log(teacher / alone), np.log(teacher)
        middle = float(np.mean(log_ratio))
        v = cells(
            d1=np.exp(middle + np.array([-0.25, 0.0, 0.25])),
            f1=(0.1, 0.4),
            alpha=(0.15, 0.35, 0.7),
            beta=(0.15, 0.35, 0.7),
            ratio=(0.1, 1.0, 10.0),
        )
        ratio = v.pop("ratio")
        gap = np.maximum(output - teacher, 1e-6 * output)
        bend = v["f1"] * softplus((log_ratio - np.log(v["d1"])) / v["f1"])
        short = np.log(params ** -v["alpha"] + ratio * tokens ** -v["beta"])
        columns = [np.ones_like(short), -log_teacher + 0.0 * short, -bend + 0.0 * short, short]
        found, misfit = amplitudes(columns, np.log(gap), weights=gap / output, signed=True)
        gamma = np.clip(found[:, 3:], 0.1, 5.0)
        A = np.exp(np.clip(found[:, :1] / gamma, -18.0, 12.0))
        values = v | {
            "c0": np.clip(found[:, 1:2], -15.0, 15.0),
            "c1": np.clip(found[:, 2:3], -15.0, 15.0),
            "gamma": gamma,
            "A": A,
            "B": np.clip(A * ratio, 1e-8, 1e5),
        }
        return best_of(values, misfit, apart="d1", most=36)
