"""How far the fit is asked to reach, and what happened when it was asked before."""

from __future__ import annotations

from gnomon.forecast.audits.rule import Seen, Severity, Unknown
from gnomon.forecast.audits.subject import Subject
from gnomon.forecast.grade import A_BEYOND
from gnomon.forecast.track import POOR
from gnomon.forecast.variance import FAR

NO_TARGET = "no target is named: --at params=7B,tokens=2T"


def backtest(subject: Subject) -> Seen | Unknown:
    """The largest runs hidden and forecast from the others."""
    record = subject.record
    if record.error is None:
        return Unknown(f"the largest runs could not be hidden: {record.reason}")
    last = None
    if record.backtest is not None:
        last = record.backtest.score("last_value").are
    measured = record.to_dict() | {"last_value": last}
    caught = (
        "" if record.caught is None else f", {record.caught} of {record.held_out} in their {record.level:.0%} interval"
    )
    told = f"{record.told} hidden: {record.error:.2%} off{caught}"
    worse = last is not None and last < record.error
    if worse:
        told += f"; the last loss seen is {last:.2%} off"
    severity: Severity | None = "serious" if record.low or worse else "warn" if record.error > POOR else None
    return Seen(severity, told, measured)


def distance(subject: Subject) -> Seen | Unknown:
    """Decades from the largest run to the target."""
    if not subject.points or subject.point is None:
        return Unknown(NO_TARGET)
    horizon = subject.point.horizon
    measured = {"decades": subject.point.decades, "horizon": horizon, "grade": subject.point.grade.letter}
    told = (
        f"the target lies {10**horizon:.3g} times beyond the largest run"
        if horizon > 0
        else "the target lies inside the runs"
    )
    return Seen("serious" if horizon > FAR else "warn" if horizon > A_BEYOND else None, told, measured)


def corner(subject: Subject) -> Seen | Unknown:
    """Targets with more or fewer tokens per parameter than any run."""
    if not subject.points or subject.forecast is None:
        return Unknown(NO_TARGET)
    found = [n for p in subject.forecast.points for n in p.notices if n.code == "ratio"]
    if not {"params", "tokens"} <= set(subject.inputs):
        return Seen(None, "the law does not read both params and tokens")
    if not found:
        return Seen(None, "the target's tokens per parameter lie within those of the runs")
    return Seen("serious", found[0].message.removesuffix(": a guess."), dict(found[0].data or {}))


def high_rate(subject: Subject) -> Seen | Unknown:
    """Error rates near one, where power laws bend the wrong way."""
    outside = subject.notices.get("outside-0-1")
    if outside:
        return Seen("serious", outside[0].message.split(":")[0].rstrip("."), dict(outside[0].data or {}))
    if subject.forecast is None:
        return Unknown(NO_TARGET)
    found = [n for p in subject.forecast.points for n in p.notices if n.code == "high-error-rate"]
    if not found:
        return Seen(None, "the response is no error rate near one")
    return Seen("serious", found[0].message.rstrip("."), {})
