"""How claims are judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.studies.claim import Claim, Measured, Rule, at_least, at_most, between, judge, verdicts

NUMBERS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("rule", "measured", "word"),
    [
        (at_most(1), Measured(0.5, 0.2, 0.9), "holds"),
        (at_most(1), Measured(0.5, 0.2, 1.1), "cannot tell"),
        (at_most(1), Measured(1.5, 1.2, 1.9), "fails"),
        (at_least(1), Measured(1.0), "holds"),
        (at_least(1), Measured(0.999), "fails"),
        (between(0, 1), Measured(0.5, -0.1, 0.6), "cannot tell"),
        (between(0, 1), Measured(None, reason="no runs"), "cannot tell"),
        (between(0, 1), Measured(float("nan")), "cannot tell"),
    ],
)
def test_the_interval_decides(rule: Rule, measured: Measured, word: str) -> None:
    assert judge(rule, measured) == word


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS))
def test_a_wider_interval_never_turns_a_verdict_round(values: tuple[float, ...], ends: tuple[float, ...]) -> None:
    low, value, high = sorted(values)
    rule = Rule(*sorted(ends))
    narrow, wide = judge(rule, Measured(value, low, high)), judge(rule, Measured(value, low - 1, high + 1))
    assert wide in (narrow, "cannot tell")


CLAIM = Claim("effect", "There is an effect", at_least(1), "paper")
CONTROL = replace(CLAIM, id="faked", rule=at_most(0.5), control_of="effect")


def test_a_claim_stands_only_with_its_control() -> None:
    good = verdicts((CLAIM, CONTROL), {"effect": Measured(2.0), "faked": Measured(0.1)})
    assert [v.word for v in good] == ["holds", "holds"]
    faked = verdicts((CLAIM, CONTROL), {"effect": Measured(2.0), "faked": Measured(2.0)})
    assert [v.word for v in faked] == ["cannot tell", "fails"]
    assert "negative control faked" in faked[0].reason
    missing = verdicts((CLAIM, CONTROL), {"effect": Measured(2.0)})
    assert [v.word for v in missing] == ["cannot tell", "cannot tell"]
    failed = verdicts((CLAIM, CONTROL), {"effect": Measured(0.2), "faked": Measured(2.0)})
    assert failed[0].word == "fails", "a control cannot save a claim"


def test_the_row_of_the_document() -> None:
    row = verdicts((CLAIM, CONTROL), {"effect": Measured(2.0, 1.5, 2.5)})[0].to_dict()
    assert row["expected"] == "at least 1"
    assert (row["measured"], row["low"], row["high"], row["negative_control"]) == (2.0, 1.5, 2.5, False)
    unknown = verdicts((CLAIM,), {})[0].to_dict()
    assert unknown["measured"] is None
    assert unknown["measured_reason"]
