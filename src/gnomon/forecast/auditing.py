"""Audit: how far to trust a fit, rule by rule, each with what was measured, why it matters and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import InputError
from gnomon.fit.result import Fit
from gnomon.forecast.audits.rule import SEVERITIES, Finding, Rule, Severity, Unknown
from gnomon.version import __version__

if TYPE_CHECKING:
    from gnomon.forecast.grade import Grade


@dataclass(frozen=True)
class Audit:
    """What the rules of an audit found in a fit.

    Args:
        findings: what speaks against the fit, serious first.
        passed: rules that were looked at without finding anything.
        unknown: rules that could not be applied, with the reason.
        law: of the fit.
        response: column that was fitted.
        at: targets, empty when none was named.
        grade: of the forecast at the target farthest out; None without a target.
        runs, rows: that the fit used.
    """

    findings: tuple[Finding, ...]
    passed: tuple[Finding, ...]
    unknown: tuple[tuple[Rule, str], ...]
    law: str
    response: str
    at: tuple[dict[str, Any], ...]
    grade: Grade | None
    runs: int
    rows: int

    @property
    def worst(self) -> Severity | None:
        """The worst severity; None when nothing was found."""
        return self.findings[0].severity if self.findings else None

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def codes(self, severity: Severity | None = None) -> tuple[str, ...]:
        """Codes of the rules that found something, of one severity or of all."""
        return tuple(f.rule.code for f in self.findings if severity is None or f.severity == severity)

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon audit --json`."""
        document: dict[str, Any] = {
            "gnomon": __version__,
            "kind": "audit",
            "law": self.law,
            "response": self.response,
            "runs": self.runs,
            "rows": self.rows,
            "at": list(self.at),
            "worst": self.worst,
            "counts": self.counts,
            "findings": [finding.to_dict() for finding in self.findings],
            "passed": [
                {"rule": f.rule.code, "message": f.seen.message, "measured": f.seen.measured} for f in self.passed
            ],
            "unknown": [{"rule": rule.code, "reason": reason} for rule, reason in self.unknown],
            "grade": None if self.grade is None else self.grade.to_dict(),
            "warnings": [],
        }
        if self.grade is None:
            document["grade_reason"] = "no target is named"
        return document

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(_plain(self.to_dict()), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"audit of {self.law}: " + ", ".join(f"{n} {severity}" for severity, n in self.counts.items())]
        rows += [f"  {f.severity}: {f.seen.message} [{f.rule.code}]" for f in self.findings]
        rows.append(f"  {len(self.passed)} rules passed, {len(self.unknown)} could not be applied")
        return "\n".join(rows)


def audit(
    source: Any,
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    law: Any = None,
    level: float = 0.9,
    seed: int = 0,
) -> Audit:
    """Audit a fit, or a law fitted to runs for the purpose, against the rules of `gnomon.forecast.audits.rules`.

    Args:
        source: a Fit; or runs, as `read_runs` takes them, with `law`.
        at: the point or points it is to forecast; without them rules about the distance cannot be applied.
        law: fitted to runs: id, Law class or formula.
        level: of the intervals that changes are compared with.
        seed: of the refits when runs are given.

    Raises:
        InputError: runs without a law, a fit with one, or a point that the law cannot read.
        RefusalError: the runs cannot carry the law.
    """
    from gnomon.fit.estimate import fit as fit_law
    from gnomon.forecast.audits.rules import RULES
    from gnomon.forecast.audits.subject import Subject

    if isinstance(source, Fit):
        if law is not None:
            raise InputError(
                f"The fit is of {source.law.spec()}; a law is named for runs only.",
                hint="Give the runs to audit another law.",
            )
        known = source
    elif law is None:
        raise InputError("Runs are audited under a law: name it.", hint="For example law='chinchilla'.")
    else:
        known = fit_law(law, source, seed=seed)
    if not 0 < level < 1:
        raise InputError(f"The level must lie between 0 and 1; got {level:g}.", hint="For nine in ten write 0.9.")
    points = [dict(at)] if isinstance(at, Mapping) else [dict(point) for point in at]
    subject = Subject(known, points, level)
    if points:
        subject.forecast  # noqa: B018 a point that cannot be read is refused before any rule looks
    findings, passed, unknown = [], [], []
    for rule in RULES:
        seen = rule.look(subject)
        if isinstance(seen, Unknown):
            unknown.append((rule, seen.reason))
        elif seen.severity is None:
            passed.append(Finding(rule, seen))
        else:
            findings.append(Finding(rule, seen))
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity or "info"))
    return Audit(
        tuple(findings),
        tuple(passed),
        tuple(unknown),
        law=known.law.spec(),
        response=known.response,
        at=tuple(points),
        grade=subject.point.grade if points and subject.point is not None else None,
        runs=known.runs_used,
        rows=known.used,
    )


def _plain(value: Any) -> Any:
    """JSON-ready: numpy numbers become Python's, non-finite numbers null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
