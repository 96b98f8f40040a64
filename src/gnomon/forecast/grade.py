"""The confidence grade of a forecast or a plan: A to D, with the reasons and what a better grade would need.

    A  at most 10 times beyond the largest run, hidden runs forecast to within 1 %, the law identified
    B  at most 100 times beyond
    C  at most 1000 times beyond, or hidden runs missed by more, or the law not identified
    D  farther than that, almost no slack in the fit, or no runs of one's own

One grade is lost when intervals of hidden runs caught fewer than a binomial band allows and were not widened for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

A_BEYOND, B_BEYOND, C_BEYOND = 1.0, 2.0, 3.0  # decades (planning report, section 5)
GOOD_ERROR, FAIR_ERROR = 0.01, 0.03  # mean relative error on hidden runs


@dataclass(frozen=True)
class Reason:
    """One line under the grade: whether it speaks for the forecast, and what would mend it when not."""

    good: bool
    text: str
    needs: str | None = None


@dataclass(frozen=True)
class Grade:
    """A letter and its reasons, worst first."""

    letter: str
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "letter": self.letter,
            "reasons": [{"good": r.good, "text": r.text, "needs": r.needs} for r in self.reasons],
        }


def grade(
    *,
    horizon: float,
    slack: int | None,
    identified: bool | None = None,
    hidden_error: float | None = None,
    hidden_runs: int = 0,
) -> Grade:
    """Grade a forecast.

    Args:
        horizon: decades beyond the largest run.
        slack: runs minus parameters; None without own runs.
        identified: the fit's own verdict on its parameters; None when several laws stand in for one.
        hidden_error: mean relative error of forecasts of hidden runs; None when none could be hidden.
        hidden_runs: how many those were.
    """
    worst = 0
    reasons = []
    times = 10**horizon
    if slack is None:
        reasons.append(Reason(False, "published constants only, no runs of your own", "fit your own runs"))
        worst = 3
    elif slack < 3:
        reasons.append(
            Reason(
                False,
                f"{max(slack, 0)} runs more than parameters: almost no slack to estimate an error from",
                "more runs",
            )
        )
        worst = 3
    far = 0 if horizon <= A_BEYOND else 1 if horizon <= B_BEYOND else 2 if horizon <= C_BEYOND else 3
    if horizon <= 0:
        reasons.append(Reason(True, "inside the runs"))
    else:
        needs = None if far == 0 else f"a run at most {('10', '100', '1000')[far - 1]}x smaller than the target"
        reasons.append(Reason(far == 0, f"{times:.3g}x beyond the largest run", needs))
    worst = max(worst, far)
    if hidden_error is None:
        reasons.append(
            Reason(False, "no runs could be hidden to test the forecast", "runs over a wider range of sizes")
        )
        worst = max(worst, 2)
    else:
        level = 0 if hidden_error <= GOOD_ERROR else 1 if hidden_error <= FAIR_ERROR else 2
        needs = None if level == 0 else f"hidden runs forecast to within {GOOD_ERROR if level == 1 else FAIR_ERROR:.0%}"
        reasons.append(Reason(level == 0, f"{hidden_runs} hidden forecasts off by {hidden_error:.2%}", needs))
        worst = max(worst, level)
    if identified is False:
        reasons.append(
            Reason(False, "the law's parameters are not all determined", "runs that vary params and tokens separately")
        )
        worst = max(worst, 2)
    return Grade("ABCD"[worst], tuple(sorted(reasons, key=lambda r: r.good)))
