"""What speaks against an answer, worst first, each a measured fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gnomon.errors import Notice
from gnomon.report.page import Block, Facts, Prose, Section
from gnomon.report.words import capital, percent, times

if TYPE_CHECKING:
    from gnomon.forecast.track import TrackRecord

CLAIMS = {
    "far": "Far from home.",
    "not-alone": "Not determined alone.",
    "objective-matters": "The objective matters.",
    "influential-runs": "A few runs decide.",
    "at-bound": "At a bound.",
    "one-start": "One start only.",
    "no-slack": "Almost no slack.",
}
"""Bold words before the sentence of a notice; other codes are spelt out."""


def risk_section(
    notices: Iterable[Notice], record: TrackRecord | None, *, noise: float, horizon: float | None = None
) -> Section:
    """Distance, track record, then every warning once.

    Args:
        notices: warnings of the results, worst first.
        record: how the procedure did on hidden runs.
        noise: typical miss of the law on its own rows, in ln; misses that lean by less are not spoken of.
        horizon: decades beyond the largest run.
    """
    facts = [(CLAIMS.get(n.code, capital(n.code.replace("-", " ")) + "."), n.message) for n in notices]
    facts = list(dict.fromkeys([*_record_facts(record, noise), *facts]))
    if horizon is not None and horizon > 0 and not any(claim == CLAIMS["far"] for claim, _ in facts):
        facts.append(("Beyond the runs.", f"The largest run is {times(10**horizon)} smaller than what is asked about."))
    block: Block = Facts(tuple(facts)) if facts else Prose("Nothing that gnomon checks speaks against it.")
    return Section("Risks", (block,), "worst first" if facts else "")


def _record_facts(record: TrackRecord | None, noise: float) -> list[tuple[str, str]]:
    if record is None:
        return []
    if record.backtest is None or record.error is None:
        return [("Never tested.", f"No runs could be hidden from this law: {record.reason}.")]
    hidden = [p for p in record.backtest.points if p.law == record.backtest.laws[0].law]
    miss = np.array([p.measured / p.value - 1 for p in hidden])
    facts = []
    if record.low:
        facts.append(
            (
                "Too narrow.",
                f"The {percent(record.level)} interval caught {record.caught} of {record.held_out} hidden runs.",
            )
        )
    low = int((miss < 0).sum())
    if len(miss) >= 5 and abs(miss.mean()) > noise and min(low, len(miss) - low) <= _one_sided(len(miss)):
        side, count = ("below", low) if low > len(miss) / 2 else ("above", len(miss) - low)
        facts.append(
            (
                "The misses lean one way.",
                f"{count} of {len(miss)} hidden runs came in {side} their forecast, mean {percent(float(miss.mean()), signed=True)}.",
            )
        )
    return facts


def _one_sided(count: int) -> int:
    """The largest minority that a fair coin gives in less than 5 % of cases, both sides together."""
    from math import comb

    total = 0
    for k in range(count + 1):
        total += comb(count, k)
        if 2 * total / 2**count >= 0.05:
            return k - 1
    return count
