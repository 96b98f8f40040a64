"""What a study claims, and how a claim is judged: a rule, a measured value with its interval, a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Word = Literal["holds", "fails", "cannot tell"]
HOLDS: Word = "holds"
FAILS: Word = "fails"
CANNOT_TELL: Word = "cannot tell"


@dataclass(frozen=True)
class Rule:
    """An interval of values in which a claim is true; an end may be infinite.

    Args:
        low: smallest value.
        high: largest value.
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        assert self.low <= self.high, "a rule needs low <= high"

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


def at_least(value: float) -> Rule:
    """True from this value on."""
    return Rule(low=value)


def at_most(value: float) -> Rule:
    """True up to this value."""
    return Rule(high=value)


def between(low: float, high: float) -> Rule:
    """True within, ends included."""
    return Rule(low, high)


@dataclass(frozen=True)
class Claim:
    """A statement that a study puts to the test.

    Args:
        id: short name, as in `exponent-shared`.
        statement: the sentence; what is measured is a number in it.
        rule: where that number must lie.
        source: who says so: paper and place, or how it was derived.
        control_of: for a negative control: the id of the claim whose effect was faked or taken away. The rule then
            says what is measured when nothing is there; a control that does not hold makes its claim untellable.
    """

    id: str
    statement: str
    rule: Rule
    source: str
    control_of: str | None = None


@dataclass(frozen=True)
class Measured:
    """A measured value: alone where it is exact, with an interval where it is not; None with a reason where unknown."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of a claim, and the numbers that decided it."""

    claim: Claim
    measured: Measured
    word: Word
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A row of `claims` in the study's document."""
        m, c = self.measured, self.claim
        row: dict[str, Any] = {
            "id": c.id,
            "statement": c.statement,
            "measured": m.value,
            "low": m.low,
            "high": m.high,
            "expected": str(c.rule),
            "source": c.source,
            "verdict": self.word,
            "negative_control": c.control_of is not None,
        }
        if c.control_of is not None:
            row["control_of"] = c.control_of
        if self.reason:
            row["verdict_reason"] = self.reason
        if m.value is None:
            row["measured_reason"] = m.reason or "not measured"
        return row


def judge(rule: Rule, measured: Measured) -> Word:
    """Holds when the whole interval lies inside the rule, fails when all of it lies outside, else cannot tell.

    A value without an interval is taken as exact.
    """
    if measured.value is None or not math.isfinite(measured.value):
        return CANNOT_TELL
    low = measured.value if measured.low is None else measured.low
    high = measured.value if measured.high is None else measured.high
    if rule.low <= low and high <= rule.high:
        return HOLDS
    if high < rule.low or low > rule.high:
        return FAILS
    return CANNOT_TELL


def verdicts(claims: Sequence[Claim], measured: Mapping[str, Measured]) -> tuple[Verdict, ...]:
    """Every claim judged, in order; a claim whose negative control does not hold cannot be told.

    Claims without a measurement are untellable for the reason that they were not measured at this scale.
    """
    unknown = Measured(None, reason="not measured at this scale")
    found = {c.id: Verdict(c, m := measured.get(c.id, unknown), judge(c.rule, m), m.reason) for c in claims}
    for control in claims:
        if control.control_of is None or found[control.id].word == HOLDS:
            continue
        held = found[control.control_of]
        if held.word == HOLDS:
            reason = f"its negative control {control.id} does not hold"
            found[control.control_of] = Verdict(held.claim, held.measured, CANNOT_TELL, reason)
    return tuple(found.values())
