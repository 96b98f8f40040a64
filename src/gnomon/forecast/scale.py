"""The scale on which laws are fitted to a response: its logarithm, or, for an error rate e, the logarithm of the odds e / (1 - e).

Error rates near one bend like a logistic, which no power law does: on the zero-shot errors of public contrastive models odds halve the
error of forecasts. On errors of image classifiers they double it. So both are fitted and the backtests choose; forecasts and intervals
are then taken back to the response, where an interval of a rate ends below one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from gnomon.forecast.recipe import Evidence

Array = np.ndarray
Scale = Literal["log", "odds"]

NEAR_ONE = 0.999  # rate above which odds are not formed: one wrong answer in a thousand moves them by a factor of two


def is_rate(response: str) -> bool:
    """Whether a column holds error rates, by the name it goes by."""
    return response == "error" or response.startswith("err_")


def admits_odds(response: Array) -> bool:
    """Whether the odds of all values are numbers of use."""
    return bool(response.max() <= NEAR_ONE)


def forward(response: Array, scale: Scale) -> Array:
    """The positive quantity that laws are fitted to: the response itself, or its odds."""
    return response / (1.0 - response) if scale == "odds" else response


def ln_response(z: Array, scale: Scale) -> Array:
    """ln of the response from the logarithm z of what was fitted."""
    return -np.logaddexp(0.0, -z) if scale == "odds" else z


def better(log: Evidence, odds: Evidence) -> Evidence:
    """The one whose backtests along the usual axis missed the response by less; the logarithm when none were possible."""
    first, second = miss(log), miss(odds)
    return odds if second < first else log


def miss(evidence: Evidence) -> float:
    """rms error of ln response in backtests along the usual axis, whatever the scale of the fits; infinite where none were possible."""
    past = evidence.hindcasts(evidence.usual_axis)
    if not len(past.measured):
        return np.inf
    middle = ln_response(np.nanmedian(past.predictions, axis=0), evidence.scale)
    return float(np.sqrt(np.mean((middle - ln_response(past.measured, evidence.scale)) ** 2)))
