"""What a fit minimises: the sum over rows of rho(r), with r the residual on a stated scale.

    huber        r = ln(law / measured),  rho = r^2 / 2 for |r| <= delta, delta (|r| - delta / 2) beyond   (default, delta 1e-3)
    squared_log  r = ln(law / measured),  rho = r^2 / 2
    squared      r = law - measured,      rho = r^2 / 2
    relative     r = law / measured - 1,  rho = r^2 / 2

Huber on log residuals with delta = 1e-3 as a plain sum is Hoffmann et al. 2022, section 3.3; Besiroglu et al. 2024 use the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.errors import InputError, UnknownNameError, near

Array = np.ndarray
HUBER_DELTA = 1e-3  # Hoffmann et al. 2022, section 3.3


class Curvature(NamedTuple):
    """Per row: rho, its first two derivatives by z, and a never negative second derivative for damping."""

    rho: Array
    first: Array
    second: Array
    positive: Array


@dataclass(frozen=True)
class Objective:
    """A residual scale and a loss on it. `delta` is inf for squared losses."""

    name: str
    scale: Literal["log", "output", "relative"]
    delta: float = np.inf

    def with_delta(self, delta: Any) -> Objective:
        """The same residual with another Huber threshold: a number, or an array (rows of a batch, 1)."""
        return replace(self, delta=delta)

    def residual(self, law: Any, measured: Any) -> Any:
        """Residual of predictions against measurements, both on the output's own scale."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.scale == "log":
                return np.log(law / measured)
            return law - measured if self.scale == "output" else law / measured - 1.0

    def rho(self, r: Any) -> Any:
        """Loss of residuals."""
        size = np.abs(r)
        if np.ndim(self.delta) == 0 and np.isinf(self.delta):
            return 0.5 * r * r
        inner = np.minimum(size, self.delta)
        return inner * (size - 0.5 * inner)

    def value(self, law: Any, measured: Any, weights: Any = 1.0) -> Any:
        """Weighted sum over the last axis."""
        return np.sum(weights * self.rho(self.residual(law, measured)), axis=-1)

    def curvature(self, z: Array, target: Array, logarithmic: bool) -> Curvature:
        """Loss and its derivatives by z, where z is ln(law) if `logarithmic` else the law; `target` is ln(measured) likewise.

        Rows at which the residual is not defined (a law at or below zero on a log scale) get an infinite loss.
        """
        slope: Any
        bend: Any
        if logarithmic and self.scale == "log":
            r, slope, bend = z - target, 1.0, 0.0
        elif logarithmic:
            law = np.exp(z)
            if self.scale == "output":
                r, slope, bend = law - np.exp(target), law, law
            else:
                ratio = np.exp(z - target)
                r, slope, bend = ratio - 1.0, ratio, ratio
        elif self.scale == "log":
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                inverse = np.where(z > 0, 1.0 / z, np.nan)
                r = np.log(np.where(z > 0, z, np.nan) / target)
                slope, bend = inverse, -inverse * inverse
        elif self.scale == "output":
            r, slope, bend = z - target, 1.0, 0.0
        else:
            r, slope, bend = z / target - 1.0, 1.0 / target, 0.0
        return self._chain(r, slope, bend)

    def _chain(self, r: Array, slope: Any, bend: Any) -> Curvature:
        size = np.abs(r)
        squared = np.ndim(self.delta) == 0 and np.isinf(self.delta)
        if squared:
            rho, psi = 0.5 * r * r, r
            flat: Any = 1.0
            weight: Any = 1.0
        else:
            inner = np.minimum(size, self.delta)
            rho = inner * (size - 0.5 * inner)
            psi = np.copysign(inner, r)
            flat = (size <= self.delta) * 1.0
            weight = inner / np.maximum(size, 1e-300)
        if isinstance(slope, float):  # z is the residual itself
            return Curvature(rho, psi, np.broadcast_to(flat, r.shape), np.broadcast_to(weight, r.shape))
        undefined = np.isnan(rho)
        if undefined.any():
            rho = np.where(undefined, np.inf, rho)
        with np.errstate(over="ignore", invalid="ignore"):  # a law of 1e-200 has a slope of 1e200: the step is refused
            return Curvature(rho, psi * slope, flat * slope * slope + psi * bend, weight * slope * slope)


OBJECTIVES = {
    "huber": Objective("huber", "log", HUBER_DELTA),
    "squared_log": Objective("squared_log", "log"),
    "squared": Objective("squared", "output"),
    "relative": Objective("relative", "relative"),
}


def objective(spec: str | Objective) -> Objective:
    """An objective by name; "huber:0.01" sets delta.

    Raises:
        UnknownNameError: no such objective.
        InputError: delta is not a positive number.
    """
    if isinstance(spec, Objective):
        return spec
    name, _, delta = spec.partition(":")
    if name not in OBJECTIVES:
        raise UnknownNameError(f"There is no objective {name!r}.", hint=near(name, OBJECTIVES))
    if not delta:
        return OBJECTIVES[name]
    if name != "huber":
        raise InputError(f"Only huber takes a delta; got {spec!r}.")
    try:
        value = float(delta)
    except ValueError:
        value = np.nan
    if not value > 0:
        raise InputError(
            f"The delta of huber must be a positive number; got {delta!r}.", hint="For example huber:0.001"
        )
    return OBJECTIVES["huber"].with_delta(value)
