"""Other shapes of a loss of parameters and tokens: they bend differently outside the data, as honest intervals need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, exponent, floor, number
from gnomon.laws.optimum import Split, split_of_two_powers
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

COARSE = np.geomspace(0.08, 1.2, 7)  # exponents tried for a start; 57 % steps


class SumNoFloor(Law):
    """Two power laws without a floor.

    L = A / N^alpha + B / D^beta.
    """

    id = "sum_no_floor"
    question = "What would the runs say if the loss had no floor?"
    inputs = ("params", "tokens")
    text = "loss = A / params^alpha + B / tokens^beta"
    source = "Hoffmann et al. 2022, equation 2, without its floor"
    bibtex = BIBTEX["hoffmann2022"]
    holds = "As the optimistic end of the spread between laws."
    misleads = "As a forecast of its own: extrapolated losses come out too low."

    A: float = coefficient("size coefficient", params="alpha")
    alpha: float = exponent("size exponent", typical=0.1)
    B: float = coefficient("data coefficient", tokens="beta")
    beta: float = exponent("data exponent", typical=0.1)

    def formula(self, params: Any, tokens: Any) -> Any:
        """A / params^alpha + B / tokens^beta."""
        return self.A / params**self.alpha + self.B / tokens**self.beta

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product, in closed form."""
        return split_of_two_powers(self.A, self.alpha, self.B, self.beta, product)


class ProductFloor(Law):
    """A product of two powers above a floor: more data help a larger model more.

    L = E + A / (N^alpha D^beta).
    """

    id = "product_floor"
    question = "Do parameters and tokens multiply rather than add?"
    inputs = ("params", "tokens")
    text = "loss = E + A / (params^alpha * tokens^beta)"
    source = "a product in place of the sum of Hoffmann et al. 2022, equation 2"
    bibtex = BIBTEX["hoffmann2022"]
    holds = "Close to one ratio of tokens to parameters, where it cannot be told from a sum."
    misleads = "It lets tokens alone, or parameters alone, reach the floor."

    E: float = floor("floor of the loss")
    A: float = coefficient("coefficient", params="alpha", tokens="beta")
    alpha: float = exponent("size exponent", typical=0.15)
    beta: float = exponent("data exponent", typical=0.15)

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + A / (params^alpha tokens^beta)."""
        return self.E + self.A / (params**self.alpha * tokens**self.beta)


class SumPowerNoFloor(Law):
    """A power of two power laws, without a floor: Kaplan's form with the sharpness of the corner free.

    L = (A / N^alpha + B / D^beta)^s; s alpha and s beta are the exponents along either axis. Kaplan's law is beta = 1.
    """

    id = "sum_power_no_floor"
    question = "How sharp is the corner between too few parameters and too few tokens, without a floor?"
    inputs = ("params", "tokens")
    text = "loss = (A / params^alpha + B / tokens^beta)^s"
    source = "Kaplan et al. 2020, equation 1.5, with the exponent inside the bracket free"
    bibtex = BIBTEX["kaplan2020"]
    holds = "As one of several laws behind an interval."
    misleads = "Sharpness and exponents trade against each other; only their products are well measured."

    A: float = number(
        "size coefficient", bounds=(1e-12, 1e6), log=True, units={"params": "alpha", "loss": "1 / s"}, typical=0.5
    )
    alpha: float = exponent("size exponent inside the bracket", bounds=(0.005, 30.0), typical=0.3)
    B: float = number(
        "data coefficient", bounds=(1e-12, 1e6), log=True, units={"tokens": "beta", "loss": "1 / s"}, typical=0.5
    )
    beta: float = exponent("data exponent inside the bracket", bounds=(0.005, 30.0), typical=0.4)
    s: float = number("power of the bracket", bounds=(0.02, 10.0), log=True, typical=0.3)

    def formula(self, params: Any, tokens: Any) -> Any:
        """(A / params^alpha + B / tokens^beta)^s."""
        return (self.A / params**self.alpha + self.B / tokens**self.beta) ** self.s

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product, in closed form."""
        return split_of_two_powers(self.A, self.alpha, self.B, self.beta, product)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For given exponents output^(1 / s) is linear in A and B."""
        params, tokens = inputs
        v = cells(s=np.geomspace(0.05, 3.0, 6), along_n=COARSE / 2, along_d=COARSE / 2)
        alpha, beta = v.pop("along_n") / v["s"], v.pop("along_d") / v["s"]
        aim = output ** (1.0 / v["s"])
        found, misfit = amplitudes([params**-alpha, tokens**-beta], aim, weights=v["s"] / aim)
        return best_of(
            v | {"alpha": alpha, "beta": beta, "A": found[:, :1], "B": found[:, 1:]}, misfit, apart="s", most=24
        )


class SumPowerFloor(Law):
    """A floor and a power of two power laws: between Chinchilla's sum and Kaplan's corner.

    L = E + (A / N^alpha + B / D^beta)^gamma; gamma = 1 is Chinchilla's law.
    """

    id = "sum_power_floor"
    question = "Is the corner between too few parameters and too few tokens as Chinchilla's sum has it?"
    inputs = ("params", "tokens")
    text = "loss = E + (A / params^alpha + B / tokens^beta)^gamma"
    source = "Hoffmann et al. 2022, equation 2, with Kaplan's power around the sum"
    bibtex = BIBTEX["hoffmann2022"]
    holds = "With dozens of runs over a wide grid of sizes and tokens; there the best single law on public runs."
    misleads = "Six parameters: with few runs gamma is not identified and the exponents wander with it."

    E: float = floor("floor of the loss")
    A: float = number(
        "size coefficient", bounds=(1e-9, 1e4), log=True, units={"params": "alpha", "loss": "1 / gamma"}, typical=0.5
    )
    alpha: float = exponent("size exponent inside the bracket", bounds=(0.005, 6.0))
    B: float = number(
        "data coefficient", bounds=(1e-9, 1e4), log=True, units={"tokens": "beta", "loss": "1 / gamma"}, typical=0.5
    )
    beta: float = exponent("data exponent inside the bracket", bounds=(0.005, 6.0), typical=0.4)
    gamma: float = number("power of the bracket", bounds=(0.1, 5.0), log=True, typical=0.8)

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + (A / params^alpha + B / tokens^beta)^gamma."""
        return self.E + (self.A / params**self.alpha + self.B / tokens**self.beta) ** self.gamma

    def optimum(self, product: Any) -> Split:
        """The best split with params * tokens = product, in closed form."""
        return split_of_two_powers(self.A, self.alpha, self.B, self.beta, product)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For given exponents and floor (output - E)^(1 / gamma) is linear in A and B."""
        params, tokens = inputs
        shares = np.array([0.05, 0.35, 0.65, 0.9])
        v = cells(gamma=(0.5, 0.8, 1.0, 1.4), E=shares * float(output.min()), along_n=COARSE, along_d=COARSE)
        alpha, beta = v.pop("along_n") / v["gamma"], v.pop("along_d") / v["gamma"]
        above = output - v["E"]
        aim = above ** (1.0 / v["gamma"])
        found, misfit = amplitudes([params**-alpha, tokens**-beta], aim, weights=v["gamma"] * above / (aim * output))
        return best_of(
            v | {"alpha": alpha, "beta": beta, "A": found[:, :1], "B": found[:, 1:]}, misfit, apart="gamma", most=24
        )
