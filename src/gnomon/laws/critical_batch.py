"""Batch size: the hyperbola between steps and tokens, and the loss of size, steps and batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gnomon.laws.arrays import namespace, softplus
from gnomon.laws.jet import plain
from gnomon.laws.law import Law, Published, coefficient, exponent, number
from gnomon.laws.parameter import FLOOR_BOUNDS
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

SOLVE = 90  # Newton steps inside a shrinking bracket at most; it usually takes five or six
TRACED = 24  # the same where values cannot be looked at (JAX)


class NoiseScale(Law):
    """Steps to a given loss by the batch size: twice the least number at the critical batch, ever more below it.

    (S / S_min - 1) (E / E_min - 1) = 1 with E = B S, so that S = S_min + E_min / B; the critical batch is E_min / S_min.

    Source: McCandlish et al. 2018, equation 2.11.
    """

    id = "noise_scale"
    question = "How many steps does a loss take at a given batch, and beyond which batch do more tokens buy nothing?"
    inputs = ("batch_tokens",)
    output = "step"
    text = "step = S_min + E_min / batch_tokens"
    source = "McCandlish et al. 2018, An Empirical Model of Large-Batch Training, equation 2.11"
    bibtex = BIBTEX["mccandlish2018"]
    holds = "Steps to one loss at one size, the learning rate tuned for every batch."
    misleads = (
        "With an untuned learning rate it measures the rule that set the rate; at another loss it is another law."
    )
    ranges = {"batch_tokens": (1e4, 1e7)}
    typical = {"S_min": 2000.0, "E_min": 1e9}

    S_min: float = coefficient("steps with an unlimited batch", output="step", typical=0.3)
    E_min: float = coefficient("tokens with the smallest batch", output="step", batch_tokens=1, typical=0.7)

    def formula(self, batch_tokens: Any) -> Any:
        """S_min + E_min / batch_tokens."""
        return self.S_min + self.E_min / batch_tokens

    @property
    def critical_batch(self) -> Any:
        """E_min / S_min: twice the least steps and twice the least tokens."""
        return self.E_min / self.S_min


class Steps(Law):
    """Loss while training by size, steps and batch: a power of each, steps counted at an unlimited batch.

    L = (N_c / N)^alpha_N + (S_c / S_min)^alpha_S, S_min = S / (1 + B_crit / B), B_crit = B_1 / L^(1 / alpha_B): the
    critical batch grows as the loss falls, so the loss stands on both sides.

    Source: Kaplan et al. 2020, equations 1.4 and 5.6; Su et al. 2024.
    """

    id = "steps"
    question = "What loss does a model of N parameters have after S steps of batch B?"
    inputs = ("params", "step", "batch_tokens")
    text = "loss - (N_c / params)^alpha_N = (S_c * (1 + B_1 / (batch_tokens * loss^(1 / alpha_B))) / step)^alpha_S"
    source = "Kaplan et al. 2020, Scaling Laws for Neural Language Models, equations 1.4, 5.4 and 5.6"
    bibtex = BIBTEX["kaplan2020"]
    holds = "Fresh data, a constant learning rate tuned for each batch, after the warm-up."
    misleads = "No floor; a decaying schedule bends the tail, and runs at one batch do not determine B_1 and alpha_B."
    ranges = {"params": (1e6, 1e9), "step": (1e3, 1e6), "batch_tokens": (1e4, 1e7)}

    N_c: float = number("size scale", bounds=(1e-15, 1e6), log=True, units={"params": 1, "loss": "1 / alpha_N"})
    alpha_N: float = exponent("size exponent", typical=0.077)
    S_c: float = number("step scale", bounds=(1e-15, 1e6), log=True, units={"step": 1, "loss": "1 / alpha_S"})
    alpha_S: float = exponent("step exponent", typical=0.76)
    B_1: float = number(
        "critical batch at a loss of 1",
        bounds=(1e-6, 1e12),
        log=True,
        units={"batch_tokens": 1, "loss": "1 / alpha_B"},
    )
    alpha_B: float = exponent("exponent of the critical batch", bounds=(0.02, 3.0), typical=0.21)

    published = {
        "kaplan2020": Published(
            {"N_c": 6.5e13, "alpha_N": 0.077, "S_c": 2.1e3, "alpha_S": 0.76, "B_1": 2.1e8, "alpha_B": 0.21},
            "Kaplan et al. 2020, table 3 and equation 5.3",
            checks=(({"params": 1e9, "step": 1e5, "batch_tokens": 1e6}, 2.4914451682005599, 1e-12),),
            note="Rounded, for parameters without embeddings; quoted here from secondary sources. Equation 1.4 of the "
            "paper rounds B_1 to 2e8.",
        )
    }

    def formula(self, params: Any, step: Any, batch_tokens: Any) -> Any:
        """The loss that solves the equation of `text`.

        With f = (N_c / N)^alpha_N and v = ln(L - f) it reads g(v) = v - alpha_S (ln(S_c / S) + ln(1 + B_crit(L) / B)) = 0;
        g rises with a slope of at least 1. It is solved on plain numbers; two Newton steps in the arithmetic of the
        arguments then carry first and second derivatives exactly.
        """
        xp = self.xp(params, step, batch_tokens)
        floor = self.converged(params)
        alone = self.alpha_S * (xp.log(self.S_c) - xp.log(step))
        crowd = xp.log(self.B_1) - xp.log(batch_tokens)
        power = 1.0 / self.alpha_B
        v = _root(*(_number(x) for x in (floor, alone, crowd, self.alpha_S, power)))
        for _ in range(2):
            value, slope = _gap(v, floor, alone, crowd, self.alpha_S, power, xp)
            v = v - value / slope
        return floor + xp.exp(v)

    def converged(self, params: Any) -> Any:
        """(N_c / params)^alpha_N: the loss of unlimited steps."""
        return (self.N_c / params) ** self.alpha_N

    def critical_batch(self, loss: Any) -> Any:
        """B_1 / loss^(1 / alpha_B), in tokens."""
        return self.B_1 / loss ** (1.0 / self.alpha_B)

    def efficient_params(self, loss: Any) -> Any:
        """Size that reaches a loss with the fewest FLOP at batches far below the critical one.

        Least N E_min(N, L): training ends at L = (1 + alpha_N / alpha_S) (N_c / N)^alpha_N, a fixed share above the loss
        of the converged model.
        """
        converged = loss / (1.0 + self.alpha_N / self.alpha_S)
        return self.N_c / converged ** (1.0 / self.alpha_N)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """The losses say what the critical batch is; the rest is two powers of size and of least steps."""
        params, step, batch = inputs
        v = cells(
            B_1=(0.01, 0.3, 3.0, 30.0),
            alpha_B=(0.12, 0.25, 0.6),
            alpha_N=np.geomspace(0.04, 0.6, 6),
            alpha_S=np.geomspace(0.15, 1.3, 6),
        )
        least = step / (1.0 + v["B_1"] / (batch * output ** (1.0 / v["alpha_B"])))
        columns = [params ** -v["alpha_N"] + 0.0 * least, least ** -v["alpha_S"]]
        if "E" in cls.parameters:
            columns.append(1.0 + 0.0 * least)
        found, misfit = amplitudes(columns, output, weights=1.0 / output)
        values = v | {"N_c": found[:, :1] ** (1.0 / v["alpha_N"]), "S_c": found[:, 1:2] ** (1.0 / v["alpha_S"])}
        if "E" in cls.parameters:
            values["E"] = found[:, 2:]
        return best_of(values, misfit, apart="B_1", most=24)


class StepsFloor(Steps):
    """Loss while training by size, steps and batch, with a floor that no size undercuts.

    L = E + (N_c / N)^alpha_N + (S_c / S_min)^alpha_S, S_min = S / (1 + B_crit / B), B_crit = B_1 / L^(1 / alpha_B).

    Source: gnomon, the form of Kaplan et al. 2020 with the floor of Hoffmann et al. 2022.
    """

    id = "steps_floor"
    question = "What loss does a model of N parameters have after S steps of batch B, where text has entropy?"
    text = "loss - E - (N_c / params)^alpha_N = (S_c * (1 + B_1 / (batch_tokens * loss^(1 / alpha_B))) / step)^alpha_S"
    source = "gnomon: steps (Kaplan et al. 2020) with the floor of Hoffmann et al. 2022"
    misleads = (
        "Floor and size exponent trade against each other: with less than two decades of sizes E is mostly a guess."
    )
    typical = {"E": 1.7, "N_c": 5e8, "alpha_N": 0.34, "S_c": 2.1e3, "alpha_S": 0.76, "B_1": 2.1e8, "alpha_B": 0.21}
    published: ClassVar[dict[str, Published]] = {}

    E: float = number("floor of the loss", bounds=FLOOR_BOUNDS, log=True, units={"loss": 1})

    def converged(self, params: Any) -> Any:
        """E + (N_c / params)^alpha_N: the loss of unlimited steps."""
        return self.E + (self.N_c / params) ** self.alpha_N

    def efficient_params(self, loss: Any) -> Any:
        """Size that reaches a loss with the fewest FLOP at batches far below the critical one.

        Training ends at L = E + (1 + alpha_N / alpha_S) (N_c / N)^alpha_N: of what can be lost, the same share as
        without a floor. Above E only.
        """
        converged = (loss - self.E) / (1.0 + self.alpha_N / self.alpha_S)
        return self.N_c / converged ** (1.0 / self.alpha_N)


def _gap(v: Any, floor: Any, alone: Any, crowd: Any, power_s: Any, power: Any, xp: Any) -> tuple[Any, Any]:
    """The function whose root is ln(L - floor), and its slope."""
    left = xp.exp(v)
    loss = floor + left
    excess = crowd - power * xp.log(loss)  # ln(B_crit / B)
    share = xp.exp(-softplus(-excess, xp))
    return v - alone - power_s * softplus(excess, xp), 1.0 + power_s * power * share * left / loss


def _root(floor: Any, alone: Any, crowd: Any, power_s: Any, power: Any) -> Any:
    """Newton steps kept inside a bracket: the root lies between the value without a batch term and what that gives back."""
    xp = namespace(floor, alone, crowd, power_s, power)
    low = alone + 0.0 * (floor + crowd + power_s * power)
    high = low - _gap(low, floor, alone, crowd, power_s, power, xp)[0]
    v = 0.5 * (low + high)
    for _ in range(SOLVE if xp is np else TRACED):
        value, slope = _gap(v, floor, alone, crowd, power_s, power, xp)
        low, high = xp.where(value < 0, v, low), xp.where(value < 0, high, v)
        trial = v - value / slope
        inside = (trial >= low) & (trial <= high)
        following = xp.where(inside, trial, 0.5 * (low + high))
        moved = xp.abs(following - v)
        v = following
        if xp is np and not np.any(moved > 1e-13 * (1.0 + np.abs(v))):
            break
    return v


def _number(value: Any) -> Any:
    """Numbers without the derivatives they carry."""
    value = plain(value)
    if isinstance(value, np.ndarray | np.generic | float):
        return np.real(value)
    import jax

    return jax.lax.stop_gradient(value)
