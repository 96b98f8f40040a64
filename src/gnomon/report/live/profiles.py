"""Profiles of the parameters of a fit, for their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnomon.errors import InputError, UnknownNameError, near
from gnomon.report.charts.profile import ProfileNumbers

if TYPE_CHECKING:
    from gnomon.fit import Fit


def profile_numbers(fit: Fit, name: str) -> ProfileNumbers:
    """The profile of one fitted parameter, in the user's units.

    An amplitude is profiled in centred units with the exponents at their best values: its interval says how well the law's level
    is known, not how the amplitude trades against an exponent.

    Raises:
        UnknownNameError: the law has no such parameter.
        InputError: the parameter was fixed or comes from another family.
    """
    from gnomon.fit.estimate import make_design
    from gnomon.fit.objective import objective
    from gnomon.fit.profile import profile

    if name not in fit.parameters:
        raise UnknownNameError(f"The fit has no parameter {name!r}.", hint=near(name, fit.parameters))
    if name not in fit.fitted:
        raise InputError(f"{name} was not fitted, so it has no profile.", hint=f"Fitted: {', '.join(fit.fitted)}.")
    how, design = objective(fit.objective), make_design(type(fit.law), fit.data, objective(fit.objective), fit.held)
    theta = design.theta(fit.law.values)
    best = design.solve(how, theta[None], continuation=0)
    j = list(fit.parameters).index(name)
    found = profile(design, how, best.theta[0], float(best.value[0]), j, fit.level)

    def outside(coordinates: np.ndarray) -> np.ndarray:
        moved = np.repeat(best.theta, len(coordinates), 0)
        moved[:, j] = coordinates
        return np.asarray(design.values(moved)[name], float)

    at = outside(found.at)
    order = np.argsort(at, kind="stable")
    ends = outside(np.array([found.low, found.high]))
    turned = bool(ends[0] > ends[1])
    return ProfileNumbers(
        name,
        at[order],
        np.asarray(found.rise, float)[order],
        float(design.values(best.theta[0])[name]),
        float(ends.min()),
        float(ends.max()),
        found.open_high if turned else found.open_low,
        found.open_low if turned else found.open_high,
        fit.level,
        bool(fit.law.parameters[name].log),
    )
