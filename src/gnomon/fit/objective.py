"""What a fit minimises: the sum over rows of rho(r), with r the residual on a stated scale.

    huber        r = ln(law / measured),  rho = r^2 / 2 for |r| <= delta, delta (|r| - delta / 2) beyond   (default, delta 1e-3)
    squared_log  r = ln(law / measured),  rho = r^2 / 2
    squared      r = law - measured,      rho = r^2 / 2
    relative     r = law / measured - 1,  rho = r^2 / 2
    student      r = ln(law / measured),  rho = (nu + 1) / 2 ln(1 + r^2 / (nu s^2)),  s and, if not stated, nu from the residuals
    binomial     r = law - measured,      rho = y ln(y / law) + (1 - y) ln((1 - y) / (1 - law)),  y the measured share

The binomial sum has the number of trials as its weights: it is half the deviance of the counts, their log-likelihood up to a
constant. Huber on log residuals with delta = 1e-3 as a plain sum is Hoffmann et al. 2022, section 3.3; Besiroglu et al. 2024 use the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from gnomon.errors import InputError, UnknownNameError, near

Array = np.ndarray
HUBER_DELTA = 1e-3  # Hoffmann et al. 2022, section 3.3
NEVER = 1e-7  # share taken for none (or all) of the trials, so that a law which may leave [0, 1] meets a wall: .01 count in 10^5
WALL = 1e-3  # of the measured share, below which its logarithm goes on as a parabola: a thousandfold miss is no optimum


class Curvature(NamedTuple):
    """Per row: rho, its first two derivatives by z, and a never negative second derivative for damping."""

    rho: Array
    first: Array
    second: Array
    positive: Array


@dataclass(frozen=True)
class Objective:
    """A residual scale and a loss on it. `delta` is inf for squared losses.

    `width` divides the residuals: 1, or (1, n) where rows are unequally noisy (`Design.widths`).
    """

    name: str
    scale: Literal["log", "output", "relative", "share"]
    delta: float = np.inf
    width: Any = 1.0

    @property
    def counts(self) -> bool:
        """Whether rows are shares of counted trials, of which the trials are the weights."""
        return self.scale == "share"

    def with_delta(self, delta: Any) -> Self:
        """The same residual with another Huber threshold: a number, or an array (rows of a batch, 1)."""
        return replace(self, delta=delta)

    def residual(self, law: Any, measured: Any) -> Any:
        """Residual of predictions against measurements, both on the output's own scale, over the width of their rows."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.scale == "log":
                raw = np.log(law / measured)
            else:
                raw = law / measured - 1.0 if self.scale == "relative" else law - measured
        return raw / self.width

    def goal(self, measured: Array, logarithmic: bool) -> Array:
        """Measurements as `curvature` takes them."""
        return np.log(measured) if logarithmic else np.asarray(measured, float)

    def psi(self, law: Any, measured: Any) -> Any:
        """Derivative of the loss by the residual."""
        return self._losses(self.residual(law, measured)).first

    def stiffness(self, law: Array, measured: Array) -> Array:
        """Second derivative of the loss by the residual, averaged over a window: 1 for squares, delta / h within h of zero.

        With a threshold far below the noise, psi' itself is an indicator that few rows meet; h = max(delta, s n^(-1/5)), s the
        robust sd of the residuals, makes it a density estimate (Powell 1991 for the median, the limit of small delta).
        """
        residual = self.residual(law, measured)
        if np.isinf(self.delta):
            return np.ones_like(residual)
        spread = 1.4826 * float(np.median(np.abs(residual)))  # sd of a normal with this median deviation
        window = max(self.delta, spread * len(residual) ** -0.2)
        inside = np.abs(residual) <= window
        return inside * (self.delta / window) if inside.any() else np.full_like(residual, self.delta / window)

    def rho(self, r: Any) -> Any:
        """Loss of residuals."""
        return self._losses(np.asarray(r, float)).rho

    def value(self, law: Any, measured: Any, weights: Any = 1.0) -> Any:
        """Weighted sum over the last axis."""
        return np.sum(weights * self.rho(self.residual(law, measured)), axis=-1)

    def curvature(self, z: Array, target: Array, logarithmic: bool) -> Curvature:
        """Loss and its derivatives by z, where z is ln(law) if `logarithmic` else the law; `target` is the `goal` likewise.

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

    def _losses(self, r: Array) -> Curvature:
        """Loss of residuals with its derivatives by them."""
        if np.ndim(self.delta) == 0 and np.isinf(self.delta):
            one = np.ones_like(r)
            return Curvature(0.5 * r * r, r, one, one)
        size = np.abs(r)
        inner = np.minimum(size, self.delta)
        flat = (size <= self.delta) * 1.0
        return Curvature(inner * (size - 0.5 * inner), np.copysign(inner, r), flat, inner / np.maximum(size, 1e-300))

    def _chain(self, r: Array, slope: Any, bend: Any) -> Curvature:
        plain = isinstance(slope, float) and np.ndim(self.width) == 0
        if not plain:
            r, slope, bend = r / self.width, slope / self.width, bend / self.width
        found = self._losses(r)
        if plain:  # z is the residual itself
            return found
        rho, psi, flat, weight = found
        undefined = np.isnan(rho)
        if undefined.any():
            rho = np.where(undefined, np.inf, rho)
        with np.errstate(over="ignore", invalid="ignore"):  # a law of 1e-200 has a slope of 1e200: the step is refused
            return Curvature(rho, psi * slope, flat * slope * slope + psi * bend, weight * slope * slope)


@dataclass(frozen=True)
class StudentT(Objective):
    """Minus the log-likelihood of Student's t on log residuals, up to a constant: outliers pull less the farther they lie.

    rho = (nu + 1) / 2 ln(1 + r^2 / (nu s^2)).

    Source: Lange, Little and Taylor 1989.

    Args:
        freedom: nu; NaN: to be estimated.
        spread: s; NaN until it is estimated (`gnomon.fit.noise.settle`).
    """

    name: str = "student"
    scale: Literal["log", "output", "relative", "share"] = "log"
    freedom: float = np.nan
    spread: float = np.nan

    def stiffness(self, law: Array, measured: Array) -> Array:
        """Expected information of a row, (nu + 1) / ((nu + 3) s^2) (Lange, Little and Taylor 1989, appendix B)."""
        return np.full(
            np.shape(self.residual(law, measured)), (self.freedom + 1.0) / ((self.freedom + 3.0) * self.spread**2)
        )

    def _losses(self, r: Array) -> Curvature:
        wide, more = self.freedom * self.spread**2, self.freedom + 1.0
        weight = more / (wide + r * r)
        return Curvature(
            0.5 * more * np.log1p(r * r / wide), weight * r, weight * (wide - r * r) / (wide + r * r), weight
        )


@dataclass(frozen=True)
class Binomial(Objective):
    """Half the deviance of a count per trial; the trials are the weights of the rows.

    rho = a ln(a / p) + b ln(b / (1 - p)),  p the law, a the measured share, b = 1 - a; none of the trials counts as NEVER.

    rho is convex in p, and in ln p: no start ends in another minimum of a row. A law outside (0, 1) meets a parabola that
    continues the logarithm from WALL of the measured share on, so that every start is defined and is led back.
    """

    name: str = "binomial"
    scale: Literal["log", "output", "relative", "share"] = "share"

    def goal(self, measured: Array, logarithmic: bool) -> Array:
        """The share itself: its logarithm may not exist."""
        return np.asarray(measured, float)

    def psi(self, law: Any, measured: Any) -> Any:
        """(p - a) / (p (1 - p)), with the walls of `curvature`."""
        return self.curvature(np.asarray(law, float), measured, False).first

    def stiffness(self, law: Array, measured: Array) -> Array:
        """Expected information of one trial, 1 / (p (1 - p)) (McCullagh and Nelder 1989, section 4.4)."""
        p = np.clip(law, NEVER, 1.0 - NEVER)
        return 1.0 / (p * (1.0 - p))

    def value(self, law: Any, measured: Any, weights: Any = 1.0) -> Any:
        """Half the deviance, summed over the last axis."""
        return np.sum(weights * self.curvature(np.asarray(law, float), measured, False).rho, axis=-1)

    def curvature(self, z: Array, target: Array, logarithmic: bool) -> Curvature:
        """See Objective; `target` is the measured share either way."""
        a = np.clip(target, NEVER, 1.0 - NEVER)
        b = 1.0 - a
        with np.errstate(over="ignore", invalid="ignore"):  # a law of 1e200 is refused by its loss
            p = np.exp(z) if logarithmic else z
            fail, fail1, fail2 = _walled_log(1.0 - p, WALL * b)
            if logarithmic:  # ln p = z needs no wall
                rho = a * (np.log(a) - z) + b * (np.log(b) - fail)
                first = -a + b * p * fail1
                second = b * (p * fail1 - p * p * fail2)
            else:
                hit, hit1, hit2 = _walled_log(p, WALL * a)
                rho = a * (np.log(a) - hit) + b * (np.log(b) - fail)
                first = b * fail1 - a * hit1
                second = -a * hit2 - b * fail2
        return Curvature(np.where(np.isnan(rho), np.inf, rho), first, second, second)


def _walled_log(x: Array, edge: Array) -> tuple[Array, Array, Array]:
    """ln x and its first two derivatives; below the edge its Taylor polynomial of second order there."""
    inside = np.maximum(x, edge)
    gap = x - inside
    inverse = 1.0 / inside
    return (
        np.log(inside) + inverse * gap - 0.5 * (inverse * gap) ** 2,
        inverse - inverse * inverse * gap,
        -inverse * inverse,
    )


OBJECTIVES = {
    "huber": Objective("huber", "log", HUBER_DELTA),
    "squared_log": Objective("squared_log", "log"),
    "squared": Objective("squared", "output"),
    "relative": Objective("relative", "relative"),
    "student": StudentT(),
    "binomial": Binomial(),
}


def objective(spec: str | Objective) -> Objective:
    """An objective by name; "huber:0.01" sets delta, "student:4" the degrees of freedom.

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
    if name not in ("huber", "student"):
        raise InputError(f"Only huber takes a delta and student degrees of freedom; got {spec!r}.")
    try:
        value = float(delta)
    except ValueError:
        value = np.nan
    what, example = ("delta", "huber:0.001") if name == "huber" else ("degrees of freedom", "student:4")
    if not 0 < value < np.inf:
        raise InputError(
            f"The {what} of {name} must be a positive number; got {delta!r}.", hint=f"For example {example}"
        )
    found = OBJECTIVES[name]
    return replace(found, freedom=value) if isinstance(found, StudentT) else found.with_delta(value)
