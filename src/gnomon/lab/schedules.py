"""Learning rates of a run as plain arrays: they are data, an argument of the compiled program.

All warm up linearly, rate[t] = peak (t + 1)/W for t < W, W = max(least, share steps), and then follow u, which rises from
1/(steps - W) to 1 at the last step:

    u[t] = (t - W + 1)/(steps - W)
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError

Rates = NDArray[np.float32]


def constant(peak: float, steps: int, *, share: float = 0.0, least: int = 0) -> Rates:
    """Learning rates of a run, float32 (steps,): the same after a linear warm-up over max(least, share steps) steps.

    Args:
        peak: the rate.
        steps: length of the run.
        share: share of the run that warms up (default 0).
        least: fewest warm-up steps (default 0).
    """
    warm = max(least, round(share * steps))
    up = (np.arange(steps) + 1) / warm if warm else np.ones(steps)
    return (peak * np.minimum(up, 1.0)).astype(np.float32)


def linear(peak: float, steps: int, *, share: float = 0.05, least: int = 10, end: float = 0.0) -> Rates:
    """Learning rates of a run, float32 (steps,): linear warm-up to `peak`, then linear to `end` peak at the last step.

        rate = peak (end + (1 - end)(1 - u))

    Args:
        peak: highest rate, reached at step W - 1.
        steps: length of the run; must leave room for the decay.
        share: share of the run that warms up (default .05).
        least: fewest warm-up steps (default 10).
        end: last rate over the highest (default 0).

    Raises:
        InputError: the run is not longer than its warm-up.
    """
    up, u = _after_warmup(steps, share, least)
    return _rates(peak, up, end + (1 - end) * (1 - u))


def cosine(peak: float, steps: int, *, share: float = 0.02, least: int = 10, end: float = 0.1) -> Rates:
    """Learning rates of a run, float32 (steps,): linear warm-up to `peak`, then half a cosine to `end` peak.

        rate = peak (end + (1 - end)(1 + cos(pi u))/2)

    Args:
        peak: highest rate, reached at step W - 1.
        steps: length of the run; must leave room for the decay.
        share: share of the run that warms up (default .02).
        least: fewest warm-up steps (default 10).
        end: last rate over the highest (default .1).

    Raises:
        InputError: the run is not longer than its warm-up.

    Reference: Loshchilov and Hutter 2017, SGDR, eq. 5, without restarts.
    """
    up, u = _after_warmup(steps, share, least)
    return _rates(peak, up, end + (1 - end) * (1 + np.cos(np.pi * u)) / 2)


def wsd(
    peak: float,
    steps: int,
    *,
    share: float = 0.02,
    least: int = 10,
    cooldown: float = 0.2,
    end: float = 0.1,
    shape: Literal["linear", "exponential"] = "linear",
) -> Rates:
    """Learning rates of a run, float32 (steps,): warm-up, stable at `peak`, cool-down to `end` peak at the last step.

    In the cool-down, the last C = round(cooldown steps) steps, c rises from 1/C to 1:

        linear  rate = peak (1 - (1 - end) c),  exponential  rate = peak end^c

    Args:
        peak: the stable rate.
        steps: length of the run; must leave room for warm-up and cool-down.
        share: share of the run that warms up (default .02).
        least: fewest warm-up steps (default 10).
        cooldown: share of the run that cools down (default .2).
        end: last rate over the stable one (default .1); above 0 for the exponential.
        shape: of the cool-down.

    Raises:
        InputError: warm-up and cool-down are longer than the run, or the exponential is asked to end at 0.

    Reference: Hu et al. 2024, MiniCPM, section 4.2 (warm-up, stable, decay).
    """
    up, _ = _after_warmup(steps, share, least)
    cool, warm = round(cooldown * steps), max(least, round(share * steps))
    if not 0 <= cooldown <= 1 or warm + cool > steps:
        raise InputError(f"{warm} steps of warm-up and {cool} of cool-down do not fit into a run of {steps} steps.")
    if shape == "exponential" and end <= 0:
        raise InputError(f"An exponential cool-down cannot end at {end:g} of the peak, expected more than 0.")
    c = np.clip((np.arange(steps) - (steps - cool) + 1) / max(cool, 1), 0.0, 1.0)
    return _rates(peak, up, end**c if shape == "exponential" else 1 - (1 - end) * c)


def _after_warmup(steps: int, share: float, least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rise (t + 1)/W of the warm-up, at most 1, and u after it (0 before)."""
    warm = max(least, round(share * steps))
    if steps <= warm:
        raise InputError(f"The run has {steps} steps, expected more than the {warm} of its warm-up.")
    step = np.arange(steps)
    up = (step + 1) / warm if warm else np.ones(steps)
    return np.minimum(up, 1.0), np.maximum((step - warm + 1) / (steps - warm), 0.0)


def _rates(peak: float, up: NDArray[np.float64], shape: NDArray[np.float64]) -> Rates:
    return (peak * np.where(up < 1, up, shape)).astype(np.float32)
