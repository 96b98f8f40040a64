"""Performance of a mixture of sources from its distance to the target: a quadratic in the shares, and a line in ln N."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.law import number
from gnomon.laws.mixture import PURE, SHARE
from gnomon.laws.references import BIBTEX
from gnomon.laws.vector import VectorLaw

FREE = (-1e6, 1e6)  # coefficients of either sign


class Projektor(VectorLaw):
    """Error of a model trained on a mixture of sources at one size, from the mixture and its distance to the target.

    error = (b0 + sum_i (b1_i p_i + b2_i p_i^2)) OT + c0 + sum_i (c1_i p_i + c2_i p_i^2), p the shares, OT the
    optimal-transport distance of the training set to the validation set. The last source has no coefficients of its own,
    because shares sum to 1 (the authors' code leaves out another one and one square).

    Fit it at two sizes; `projected` then carries both to any size.

    Source: Kang et al. 2023, first stage.
    """

    id = "projektor"
    question = "What error does a mixture of sources reach, from how far it lies from the target?"
    inputs = ("ot_distance", "mix_a", "mix_b")
    output = "error"
    source = "Kang et al. 2023, Performance Scaling via Optimal Transport, first stage (from the authors' code)"
    bibtex = BIBTEX["kang2023"]
    holds = "Mixtures spread over the simplex at one size, more of them than coefficients by a factor of two."
    misleads = "With few mixtures it over-fits: compare with OT and a constant alone; OT itself falls with size."
    leading = 1

    @classmethod
    def body(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """Four coefficients a source but the last, and two."""
        distance, *shares = inputs
        free = list(zip(cls.names(inputs), shares, strict=True))[:-1]
        per = {output: 1, distance: -1}

        def coefficient(meaning: str, units: Mapping[str, str | float], typical: float) -> Any:
            return number(meaning, bounds=FREE, linear=True, units=units, typical=typical)

        parameters = {
            "b0": coefficient("slope in the distance", per, 0.4),
            "c0": coefficient("level", {output: 1}, 0.6),
        }
        for name, share in free:
            parameters |= {
                f"b1_{name}": coefficient(f"change of the slope with {share}", per, 0.2),
                f"b2_{name}": coefficient(f"change of the slope with its square, {share}", per, -0.1),
                f"c1_{name}": coefficient(f"change of the level with {share}", {output: 1}, 0.15),
                f"c2_{name}": coefficient(f"change of the level with its square, {share}", {output: 1}, -0.1),
            }
        slope = " + ".join(["b0", *(f"b1_{n} * p_{n} + b2_{n} * p_{n}^2" for n, _ in free)])
        level = " + ".join(["c0", *(f"c1_{n} * p_{n} + c2_{n} * p_{n}^2" for n, _ in free)])
        where = ", ".join([*(f"p_{n} = {s} / total" for n, s in free), f"total = {' + '.join(shares)}"])
        return {
            "text": f"{output} = ({slope}) * {distance} + {level} where {where}",
            "parameters": parameters,
            "typical": {k: v.typical * (0.02 if distance in v.units else 0.5) for k, v in parameters.items()},
            "domain": dict.fromkeys(shares, SHARE),
            "fixed_units": dict.fromkeys(shares, PURE),
            "shares": tuple(shares),
            "ranges": {distance: (2.0, 30.0)},
        }

    def formula(self, distance: Any, *shares: Any) -> Any:
        """Slope(p) distance + level(p)."""
        slope, level, *each = (getattr(self, name) for name in self.parameters)
        total = sum(shares[1:], shares[0])
        for place, share in enumerate(shares[:-1]):
            b1, b2, c1, c2 = each[4 * place : 4 * place + 4]
            p = share / total
            slope = slope + b1 * p + b2 * p * p
            level = level + c1 * p + c2 * p * p
        return slope * distance + level


def projected(size: Any, sizes: tuple[float, float], errors: tuple[Any, Any], *, log_error: bool = True) -> Any:
    """Error at any size from the errors of one mixture at two sizes: the line through both in ln N.

    ln error(N) = [ln(N / N_0) ln error_1 - ln(N / N_1) ln error_0] / ln(N_1 / N_0): a power law without parameters left.
    With `log_error=False` the line is drawn in the error itself, as the authors do for accuracy; it then leaves [0, 1].

    Args:
        size: N, examples.
        sizes: N_0 and N_1, different.
        errors: error at either size, positive; arrays over mixtures broadcast.
        log_error: whether the line is one in ln error.

    Raises:
        InputError: the sizes are equal or not positive, or an error is not positive where its logarithm is needed.

    Source: Kang et al. 2023, second stage.
    """
    first, second = sizes
    n = np.asarray(size, float)
    if not (first > 0 and second > 0 and first != second and np.all(n > 0)):
        raise InputError(f"Two different positive sizes are needed; got {first:g} and {second:g}.")
    at = [np.asarray(e, float) for e in errors]
    if log_error and not all(np.all(e > 0) for e in at):
        raise InputError(
            "A logarithm needs errors above zero.", hint="Use log_error=False for a line in the error itself."
        )
    low, high = (np.log(e) for e in at) if log_error else at
    line = (np.log(n / first) * high - np.log(n / second) * low) / np.log(second / first)
    return np.exp(line) if log_error else line


def projection_error(size: Any, sizes: tuple[float, float], sd: tuple[float, float]) -> Any:
    """Standard deviation of `projected` on its own scale (ln error or error), from those of the two fits.

    var = [ln(N / N_0)^2 sd_1^2 + ln(N / N_1)^2 sd_0^2] / ln(N_1 / N_0)^2: from 1,000 and 1,500 examples to 10,000 noise
    grows about sevenfold.
    """
    first, second = sizes
    n = np.asarray(size, float)
    return np.hypot(np.log(n / first) * sd[1], np.log(n / second) * sd[0]) / abs(np.log(second / first))
