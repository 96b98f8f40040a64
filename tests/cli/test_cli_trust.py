"""The pages of `gnomon audit` and `gnomon advise` from constructed results: widths, numbers, snapshots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_cli_pages import check_numbers, check_widths

from gnomon.cli.advise import draw as draw_advice
from gnomon.cli.audit import draw as draw_audit
from gnomon.cli.terminal.look import Look
from gnomon.forecast import Audit, Grade
from gnomon.forecast.audits.rule import Finding, Seen
from gnomon.forecast.audits.rules import RULES
from gnomon.forecast.grade import Reason
from gnomon.plan import Advice, Noise
from gnomon.plan.advising import Tried
from gnomon.plan.ladders import Design, Ladder

BY_CODE = {rule.code: rule for rule in RULES}


@pytest.fixture
def audit() -> Audit:
    def found(code: str, severity: Any, message: str, **measured: Any) -> Finding:
        return Finding(BY_CODE[code], Seen(severity, message, measured))

    return Audit(
        findings=(
            found(
                "few-runs",
                "serious",
                "3 runs for 5 fitted parameters: nothing is left to estimate an error from",
                runs=3,
            ),
            found("early-checkpoints", "warn", "40 of 79 rows come before 30% of their run", rows=40, share=0.506),
            found("identified", "info", "E, A, B are not determined alone", condition=3e4),
        ),
        passed=(found("starts", None, "43 of 49 starts reach the best value", tried=49, at_best=43),),
        unknown=((BY_CODE["backtest"], "the largest runs could not be hidden: too few runs, or all of one size"),),
        law="chinchilla",
        response="loss",
        at=({"params": 1.3e10, "tokens": 1.8e11},),
        grade=Grade("D", (Reason(False, "0 runs more than parameters", "more runs"), Reason(True, "2x beyond"))),
        runs=3,
        rows=79,
    )


@pytest.fixture
def advice() -> Advice:
    n, d = np.repeat([1.69e7, 6.76e7], 2), np.array([8.44e7, 3.38e8, 3.38e8, 1.35e9])
    best = Tried(
        Design(Ladder(2, 4, 2, 1.0, 1.0, 1), n, d, 6 * n * d), 0.0167, 0.0004, 0.0007, 0.042, {"a": 0.0148, "b": 0.0179}
    )
    choices = {
        "sizes": {2: 0.023, 5: 0.0167},
        "span": {4.0: 0.025, 64.0: 0.0163},
        "lengths": {1: 0.022, 2: 0.0167},
        "growth": {0.0: 0.022, 1.0: 0.0163},
        "ratio": {0.25: 0.0185, 1.0: 0.0163},
    }
    return Advice(
        target={"params": 7e9, "tokens": 1.4e11},
        budget=2e20,
        rows="finals",
        best=best,
        designs=(best,),
        choices=choices,
        other_rows=0.0142,
        as_compute=1.7,
        noise=Noise(0.009, 0.009),
        families=("a", "b"),
        tried=257,
        target_flops=5.88e21,
        cost="training costs 6 FLOP per parameter and token",
    )


def test_audit_page(audit: Audit, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_audit(page, audit), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, audit.to_dict())
    snapshot(f"audit-{look[0]}", text)


def test_audit_page_with_everything(audit: Audit, drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_audit(page, audit, verbose=True), Look(80))
    check_numbers(text, audit.to_dict())
    assert "43 of 49 starts" in text
    snapshot("audit-verbose", text)


def test_advice_page(advice: Advice, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_advice(page, advice), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, advice.to_dict(), also=(0.72, 4.0))  # the ratio on public runs, and the step between lengths
    snapshot(f"advice-{look[0]}", text)


@pytest.mark.parametrize("width", [24, 40, 200])
def test_narrow_and_wide_pages_keep_the_layout(audit: Audit, advice: Advice, drawn: Any, width: int) -> None:
    for draw, result in ((draw_audit, audit), (draw_advice, advice)):
        check_widths(drawn(lambda page, d=draw, r=result: d(page, r), Look(width)), width)
