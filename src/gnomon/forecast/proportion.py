"""Intervals of a forecast share of right answers: the draws of the law for the curve, counts drawn from them for a new evaluation.

    curve: quantiles of p_b, the law of draw b;   evaluation: quantiles of k_b / m, k_b of m trials with probability p_b

m is the median number of trials of the fitted rows. Where those scatter more than their trials explain, the counts are
beta-binomial with the same correlation (gnomon.fit.counts). Both intervals stay within 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.fit.counts import Dispersion, share_draws

if TYPE_CHECKING:
    from gnomon.fit import Fit

Array = np.ndarray


@dataclass(frozen=True)
class ShareInterval:
    """Ends for the curve and for a new evaluation (n,), the share of the variance that is the curve's, and the sd of ln of both."""

    low: Array
    high: Array
    curve_low: Array
    curve_high: Array
    curve_share: Array
    sigma: Array


def share_interval(fit: Fit, columns: Mapping[str, Any], level: float, seed: int) -> ShareInterval | None:
    """Intervals of a fit to counts at points; None where the fit has no draws.

    Args:
        fit: made with the binomial objective.
        columns: inputs of the law (n,).
        level: of the intervals.
        seed: of the counts drawn.
    """
    law = fit.law_draws()
    if law is None:
        return None
    some = next(iter(columns.values()))
    p = np.clip(np.broadcast_to(law(**columns), (len(next(iter((fit.draws or {}).values()))), len(some))), 0.0, 1.0)
    trials = float(np.median(fit.data.numbers("trials")[0]))
    rng = np.random.default_rng([seed, 0xC047])
    seen = share_draws(
        p, np.full(p.shape[1], trials), rng, Dispersion.from_dict(fit.extra["counts"]).redrawn(len(p), rng)
    )
    ends = [(1 - level) / 2, (1 + level) / 2]
    curve, new = np.quantile(p, ends, axis=0), np.quantile(seen, ends, axis=0)
    total = np.maximum(seen.var(0), 1e-300)
    return ShareInterval(
        new[0],
        new[1],
        curve[0],
        curve[1],
        np.minimum(p.var(0) / total, 1.0),
        np.sqrt(total) / np.maximum(seen.mean(0), 1e-12),
    )
