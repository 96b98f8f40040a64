"""Loss by the mixture of domains trained on: an exponential of the shares, and the plain line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells
from gnomon.laws.vector import NOT_NEGATIVE, VectorLaw

PURE = "a share is a pure number"
SHARE = (NOT_NEGATIVE[0], 1.0 + 1e-9)  # 0 and 1 are shares
TWO = ("mix_a", "mix_b")  # the law as it stands in the catalogue; `of` takes as many as there are


class Mixture(VectorLaw):
    """A law of the shares of two or more domains, which are not negative and sum to 1 within rounding."""

    @classmethod
    def body(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """Everything that depends on the domains."""
        units = {"fixed_units": dict.fromkeys(inputs, PURE), "domain": dict.fromkeys(inputs, SHARE)}
        return units | {"shares": tuple(inputs)} | cls.shape(inputs, output)

    @classmethod
    def shape(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """Text, parameters and typical values."""
        raise NotImplementedError(f"{cls.__name__} must define shape()")


def _weights(inputs: Sequence[np.ndarray]) -> list[Any]:
    """Shares that sum to 1 exactly, whatever rounding left."""
    total = sum(inputs[1:], inputs[0])
    return [share / total for share in inputs]


class MixingExp(Mixture):
    """Loss on one validation set by the shares of the domains trained on.

    L = c + prod_j k_j^(r_j), r_j = mix_j / sum mix: c + k_j is the loss of training on domain j alone, so that
    k_j = k exp(t_j) of the form c + k exp(sum_j t_j r_j) in print, which has one parameter more than the data can tell
    (a constant added to every t_j goes into k). The loss on a blend of validation sets is the blend of such laws.

    Source: Ye et al. 2024, equation 6.
    """

    id = "mixing_exp"
    question = "What loss follows from the mixture of domains (web, code, books ...) a model is trained on?"
    inputs = TWO
    source = "Ye et al. 2024, Data Mixing Laws, equation 6 (two-domain form in their notebook)"
    bibtex = BIBTEX["ye2024"]
    holds = "One size, one number of tokens, mixtures spread over the simplex, one validation set a law."
    misleads = "Repeated data of a small domain, and corners of the simplex without runs near them."

    c: float

    @classmethod
    def shape(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """One k a domain."""
        names = [f"k_{name}" for name in cls.names(inputs)]
        powers = " * ".join(f"{k}^{column}" for k, column in zip(names, inputs, strict=True))
        alone = {
            k: number(
                f"excess loss when trained on {column} alone",
                bounds=(1e-9, 1e6),
                log=True,
                units={output: 1},
                typical=float(0.4 + 0.3 * (place % 3)),
            )
            for place, (k, column) in enumerate(zip(names, inputs, strict=True))
        }
        return {
            "text": f"{output} = c + ({powers})^(1 / ({' + '.join(inputs)}))",
            "parameters": {"c": floor("loss that no mixture goes below", output=output, typical=0.6)} | alone,
            "typical": {"c": 2.1} | {k: 0.8 * 1.7 ** (place % 4) for place, k in enumerate(names)},
        }

    def formula(self, *shares: Any) -> Any:
        """C + exp(sum_j r_j ln k_j)."""
        xp = self.xp(*shares)
        _, *alone = self.parameters
        total: Any = 0.0
        for name, share in zip(alone, _weights(shares), strict=True):
            total = total + share * xp.log(getattr(self, name))
        return self.c + xp.exp(total)

    @classmethod
    def exponential_terms(cls, inputs: Sequence[np.ndarray]) -> list[dict[str, np.ndarray | None]]:
        """c, and the product of all k to the powers of their shares."""
        floor_name, *alone = cls.parameters
        return [{floor_name: None}, dict(zip(alone, _weights(inputs), strict=True))]

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given floor the logarithm of the rest is linear in the logarithms of k."""
        v = cells(c=float(output.min()) * np.array([0.02, 0.3, 0.55, 0.75, 0.88, 0.95, 0.985]))
        above = output - v["c"]
        columns = [share + 0.0 * above for share in _weights(inputs)]
        found, misfit = amplitudes(columns, np.log(above), weights=above / output, signed=True)
        _, *alone = cls.parameters
        values = v | {name: np.exp(np.clip(found[:, j], -20.0, 13.0)) for j, name in enumerate(alone)}
        return best_of(values, misfit)


class RegMix(Mixture):
    """Loss on one validation set as a weighted mean of the losses of the domains: linear regression on the shares.

    L = sum_j b_j r_j, r_j = mix_j / sum mix. There is no constant, because the shares sum to 1. RegMix then draws 1e5
    mixtures, predicts each, and takes the mean of the best 100.

    Source: Liu et al. 2024.
    """

    id = "regmix"
    question = "Which mixture of domains is best, if the loss were a weighted mean over domains?"
    inputs = TWO
    source = "Liu et al. 2024, RegMix: Data Mixture as Regression (the linear model; theirs in use are boosted trees)"
    bibtex = BIBTEX["liu2024"]
    holds = "To rank mixtures from hundreds of tiny runs, far from the corners."
    misleads = "Its best mixture is always one pure domain: the line knows no diminishing returns."

    @classmethod
    def shape(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """One b a domain."""
        names = [f"b_{name}" for name in cls.names(inputs)]
        terms = " + ".join(f"{b} * {column}" for b, column in zip(names, inputs, strict=True))
        parameters = {
            b: number(
                f"loss of {column} alone, by the line",
                bounds=(-1e3, 1e3),
                linear=True,
                units={output: 1},
                typical=float(0.9 + 0.15 * (place % 3)),
            )
            for place, (b, column) in enumerate(zip(names, inputs, strict=True))
        }
        return {
            "text": f"{output} = ({terms}) / ({' + '.join(inputs)})",
            "parameters": parameters,
            "typical": {b: 2.8 + 0.6 * (place % 4) for place, b in enumerate(names)},
        }

    def formula(self, *shares: Any) -> Any:
        """sum_j b_j r_j."""
        total: Any = 0.0
        for name, share in zip(self.parameters, _weights(shares), strict=True):
            total = total + share * getattr(self, name)
        return total
