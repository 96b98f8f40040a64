"""What `check` says: findings with a severity and a stable code."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gnomon.runs.cells import Array
from gnomon.runs.show import headline, note_of, span_of
from gnomon.runs.table import Runs

Severity = Literal["error", "warning", "note"]

NAMED_ROWS = 20  # row numbers carried by a finding; how many there are in all is in `count`


@dataclass(frozen=True)
class Finding:
    """One thing about a table that matters to a fit.

    Args:
        severity: `error` a fit would be wrong or impossible; `warning` it may mislead; `note` worth knowing.
        code: stable name of the rule.
        message: what was found and what to do about it.
        rows: 1-based source rows, the first 20.
        column: the column, if it is about one.
        count: how many rows in all.
    """

    severity: Severity
    code: str
    message: str
    rows: tuple[int, ...] = ()
    column: str | None = None
    count: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The form it takes in `gnomon check --json`."""
        return {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "rows": list(self.rows),
            "column": self.column,
            "count": self.count,
        }


def rows_of(runs: Runs, mask: Array) -> dict[str, Any]:
    """`rows` and `count` of a finding, from a mask over the table."""
    numbers = runs.rows[np.flatnonzero(mask)]
    return {"rows": tuple(int(row) for row in numbers[:NAMED_ROWS]), "count": len(numbers)}


@dataclass(frozen=True, eq=False)
class Check:
    """What is in a table and what is wrong with it.

    Args:
        runs: the table.
        findings: errors first, then warnings, then notes.
    """

    runs: Runs
    findings: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in order."""
        return tuple(finding.code for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon check --json`."""
        return {
            "kind": "check",
            "source": self.runs.source,
            "rows": len(self.runs),
            "given": self.runs.given,
            "removed": [removal.to_dict() for removal in self.runs.removed],
            "columns": [self._column(name) for name in self.runs.names],
            "findings": [finding.to_dict() for finding in self.findings],
            "warnings": [],
        }

    def _column(self, name: str) -> dict[str, Any]:
        column, values = self.runs.columns[name], self.runs.data[name]
        described = column.to_dict()
        if column.kind == "text":
            known = [text for text in values.tolist() if text is not None]
            return described | {"missing": len(values) - len(known), "distinct": len(set(known))}
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
        return described | {"missing": int(np.isnan(values).sum()), "min": low, "max": high}

    def __repr__(self) -> str:
        marks = {"error": "✗", "warning": "!", "note": "·"}
        lines = [f"Check: {headline(self.runs)}; {self._counts()}"]
        lines += [f"{marks[finding.severity]} {finding.message}" for finding in self.findings]
        return "\n".join(lines)

    def _counts(self) -> str:
        found = Counter(finding.severity for finding in self.findings)
        parts = [
            f"{found[kind]} {kind}{'s' * (found[kind] > 1)}" for kind in ("error", "warning", "note") if found[kind]
        ]
        return ", ".join(parts) or "nothing found"

    def _repr_html_(self) -> str:
        columns = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(span_of(self.runs, name))}</td>"
            f"<td>{html.escape(note_of(self.runs.columns[name]))}</td></tr>"
            for name in self.runs.names
        )
        found = "".join(f"<li><b>{f.severity}</b> {html.escape(f.message)}</li>" for f in self.findings)
        return f"<div><b>Check</b>: {html.escape(headline(self.runs))}</div><table>{columns}</table><ul>{found}</ul>"
