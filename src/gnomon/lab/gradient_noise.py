"""The gradient noise scale: how large a batch is before more of it stops helping, from two sizes of batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gnomon.errors import InputError

SURE = 2.0  # standard errors a mean must lie above 0 to count as different from it
ROUNDING = 1e-5  # share of |g|^2 that sums in float32 may lose (2^-24 a term, a few thousand terms)


@dataclass(frozen=True)
class GradientNoise:
    """What two sizes of batch say of the gradient.

    Args:
        scale: tr(Sigma)/|G|^2 in the unit of the batches; None where it is not defined.
        spread: tr(Sigma), the variance of the gradient of one unit, summed over parameters.
        signal: |G|^2, squared norm of the gradient without noise.
        reason: why there is no scale.
    """

    scale: float | None
    spread: float
    signal: float
    reason: str = ""


def gradient_noise(small_sq: ArrayLike, big_sq: ArrayLike, *, small: float, big: float) -> GradientNoise:
    """The simple noise scale of measurements along a run or of many batches at one place.

        E|g_b|^2 = |G|^2 + tr(Sigma)/b
        |G|^2 = (B |g_B|^2 - b |g_b|^2)/(B - b),  tr(Sigma) = (|g_b|^2 - |g_B|^2)/(1/b - 1/B)

    Both are averaged over the measurements before one is divided by the other: the mean of ratios is biased upwards, and
    infinite where a measurement of |G|^2 happens to be 0.

    Args:
        small_sq: (n,) |g_b|^2 of batches of `small`.
        big_sq: (n,) |g_B|^2 of batches of `big`, measured at the same places.
        small: b, in tokens or sequences.
        big: B, in the same unit.

    Raises:
        InputError: shapes differ, nothing was measured, or b is not below B.

    Reference: McCandlish et al. 2018, An Empirical Model of Large-Batch Training, appendix A.1.
    """
    little, large = (np.atleast_1d(np.asarray(part, float)) for part in (small_sq, big_sq))
    if little.shape != large.shape or little.ndim != 1 or len(little) == 0:
        raise InputError(f"Squared norms have shapes {little.shape} and {large.shape}, expected the same (n,), n > 0.")
    if not 0 < small < big:
        raise InputError(f"Batches of {small:g} and {big:g} were compared, expected the first to be the smaller.")
    signals = (big * large - small * little) / (big - small)
    spreads = (little - large) / (1 / small - 1 / big)
    signal, spread = float(signals.mean()), float(spreads.mean())
    rounding = ROUNDING * float(little.mean())
    if spread <= max(SURE * _error(spreads), rounding / (1 / small - 1 / big)):
        return GradientNoise(None, spread, signal, "the batches show no noise: there is no critical batch")
    if signal <= max(SURE * _error(signals), rounding):
        return GradientNoise(None, spread, signal, "the gradient drowns in its noise: measure more, or larger batches")
    return GradientNoise(spread / signal, spread, signal)


def _error(values: NDArray[np.float64]) -> float:
    """Standard error of a mean; 0 of a single value, which cannot show one."""
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
