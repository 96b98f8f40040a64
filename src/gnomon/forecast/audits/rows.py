"""Which rows a fit rests on: what was left out, and what in the rest does not belong together."""

from __future__ import annotations

import numpy as np

from gnomon.forecast.audits.rule import Seen, Severity, Unknown
from gnomon.forecast.audits.subject import Subject

LEFT_OUT = 0.1  # share of rows: a tenth that was lost for one reason can carry a pattern of its own
BY_CHOICE = "--where "  # how a removal begins that the user asked for
MATTERS = 0.5  # of a 90 % interval's half-width: a centre off by so much leaves 79 % (normal: Phi(0.82) - Phi(-2.47))
SURE = 0.01  # level of the tests: three rules test, so that one speaks by accident in 3 % of sound fits
HANDLED = {  # codes of `gnomon check` that have a rule of their own, or say nothing against a fit
    *("mixed-conventions", "diverged", "repeated-data", "few-runs", "short-range", "fixed-ratio", "one-size"),
    *("one-token-count", "mid-schedule", "checkpoints", "derived-column", "ambiguous-column"),
}


def left_out(subject: Subject) -> Seen | Unknown:
    """Rows removed before the fit, by reason."""
    fit = subject.fit
    lost = [(why, count) for why, count in fit.removed if not why.startswith(BY_CHOICE)]
    chosen = sum(count for why, count in fit.removed if why.startswith(BY_CHOICE))
    total = sum(count for _, count in lost)
    measured = {"given": fit.given, "used": fit.used, "removed": [list(pair) for pair in fit.removed]}
    if not total and not chosen:
        return Seen(None, f"all {fit.given} rows were used", measured)
    share = total / max(total + fit.used, 1)
    told = "; ".join(f"{count} left out: {why}" for why, count in fit.removed)
    return Seen("warn" if share > LEFT_OUT else "info", f"{fit.used} of {fit.given} rows were used; {told}", measured)


def conventions(subject: Subject) -> Seen | Unknown:
    """Rows that count parameters or compute, or measure losses, in different ways."""
    found = subject.checked.get("mixed-conventions")
    if found is not None:
        severity: Severity = "serious" if found.severity == "warning" else "warn"
        return Seen(severity, found.message, {"column": found.column, "kinds": found.count})
    data = subject.fit.data
    if "params" not in data:
        return Seen(None, "the law does not read params, the column whose counting differs most")
    told = data.columns["params"].convention if "params" in data.columns else None
    if told is None and "params_convention" in data:
        told = next((str(cell) for cell in data["params_convention"] if cell is not None), None)
    if told is None:
        return Seen("info", "nothing says whether params count embeddings, here and in the runs to be forecast")
    return Seen(None, f"params are counted one way ({told})", {"params": told})


def repeated_data(subject: Subject) -> Seen | Unknown:
    """Rows that saw their data many times, under a law that does not know of it."""
    found = subject.checked.get("repeated-data")
    if found is None or "unique_tokens" in subject.inputs or "tokens" not in subject.inputs:
        return Seen(None, "no row is known to have seen its data more than four times, or the law reads it")
    return Seen("warn", found.message, {"rows": found.count})


def other_findings(subject: Subject) -> Seen | Unknown:
    """Whatever else `gnomon check` says against the rows."""
    rest = [f for f in subject.checked.values() if f.code not in HANDLED and f.severity != "note"]
    rest += [f for f in (subject.checked.get("diverged"),) if f is not None]
    if not rest:
        return Seen(None, "gnomon check finds nothing against the rows")
    bad = any(f.severity == "error" or f.code == "diverged" for f in rest)
    told = " ".join(f.message for f in rest)
    return Seen("serious" if bad else "warn", told, {"codes": sorted(f.code for f in rest)})


def families(subject: Subject) -> Seen | Unknown:
    """Families that lie on different levels of one law: one-way analysis of variance of the runs' mean residuals."""
    data = subject.fit.data
    if "family" not in data or len(set(data["family"].tolist())) < 2:
        return Seen(None, "one family, or none is named")
    if not np.isfinite(subject.by_run).all():
        return Unknown("the law is not positive at some rows")
    first = np.unique(subject.groups, return_index=True)[1]
    names, family = np.unique(data["family"][first].astype(str), return_inverse=True)
    residual, k, runs = subject.by_run, len(names), len(first)
    free = runs - k - len(subject.fit.fitted)
    if free < 1:
        return Unknown(f"{runs} runs of {k} families leave nothing to tell families and noise apart by")
    level = np.bincount(family, residual) / np.bincount(family)
    inner = float(((residual - level[family]) ** 2).sum()) / free
    outer = float((np.bincount(family) * (level - residual.mean()) ** 2).sum()) / (k - 1)
    p = f_tail(outer / max(inner, 1e-300), k - 1, free)
    most = int(np.argmax(np.abs(level)))
    measured = {"families": dict(zip(names.tolist(), level.tolist(), strict=True)), "p": p}
    told = f"{names[most]} lies {abs(np.expm1(level[most])):.2%} {'above' if level[most] > 0 else 'below'} the law"
    if p >= SURE:
        return Seen(None, f"{k} families lie on one law (p = {p:.2g})", measured)
    half = subject.half
    serious = half is not None and abs(level[most]) > half
    return Seen("serious" if serious else "warn", f"{k} families, and {told} (p = {p:.1g})", measured)


def f_tail(f: float, first: int, second: int) -> float:
    """Probability that an F with these degrees of freedom is larger."""
    from scipy.stats import f as fisher

    return float(fisher.sf(f, first, second))
