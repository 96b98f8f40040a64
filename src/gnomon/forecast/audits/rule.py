"""What a rule of an audit is, and how looking can end: something is found, nothing is, or it cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from gnomon.forecast.audits.subject import Subject

Severity = Literal["info", "warn", "serious"]
SEVERITIES: tuple[Severity, ...] = ("serious", "warn", "info")


@dataclass(frozen=True)
class Seen:
    """What a rule saw.

    Args:
        severity: `serious` the forecast is not to be used as it is; `warn` it may mislead; `info` worth knowing;
            None: nothing speaks against the fit.
        message: what was measured, a sentence.
        measured: the numbers in it.
        do: instead of the rule's own advice.
    """

    severity: Severity | None
    message: str
    measured: dict[str, Any] = field(default_factory=dict)
    do: str | None = None


@dataclass(frozen=True)
class Unknown:
    """Why a rule could not be applied."""

    reason: str


@dataclass(frozen=True)
class Rule:
    """One best-practice rule.

    Args:
        code: stable name.
        asks: the question, as it is listed.
        why: what goes wrong otherwise.
        source: where that is known from.
        do: what to do when the rule is broken.
        look: applies it.
    """

    code: str
    asks: str
    why: str
    source: str
    do: str
    look: Callable[[Subject], Seen | Unknown]

    def to_dict(self) -> dict[str, Any]:
        """JSON form of the rule itself."""
        return {"rule": self.code, "asks": self.asks, "why": self.why, "source": self.source, "do": self.do}


@dataclass(frozen=True)
class Finding:
    """A rule and what it saw."""

    rule: Rule
    seen: Seen

    @property
    def severity(self) -> Severity | None:
        """Of what was seen."""
        return self.seen.severity

    @property
    def do(self) -> str:
        """What to do about it."""
        return self.seen.do or self.rule.do

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "rule": self.rule.code,
            "severity": self.severity,
            "message": self.seen.message,
            "measured": self.seen.measured,
            "why": self.rule.why,
            "source": self.rule.source,
            "do": self.do,
        }
