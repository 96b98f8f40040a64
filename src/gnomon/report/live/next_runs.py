"""The numbers of the picture of runs to buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.report.charts.next_runs import NextRunsNumbers, run_words
from gnomon.report.live.leave_out import where_words

if TYPE_CHECKING:
    from gnomon.plan.next_runs import NextRuns


def next_runs_numbers(found: NextRuns) -> NextRunsNumbers:
    """The list of `gnomon.plan.next_runs` as the picture shows it."""
    return NextRunsNumbers(
        where_words(found.target),
        [run_words(run.at.get("params"), run.at.get("tokens"), run.flops) for run in found.runs],
        [run.flops for run in found.runs],
        [run.after for run in found.runs],
        found.half_width,
        found.budget,
        found.stop,
        found.why,
        found.even,
        found.level,
    )
