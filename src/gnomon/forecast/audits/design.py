"""What the set of runs can tell apart: how many there are, how far they span, which parameters they determine."""

from __future__ import annotations

import numpy as np

from gnomon.fit.held import tied
from gnomon.forecast.audits.rule import Seen, Severity, Unknown
from gnomon.forecast.audits.subject import Subject

LEAST_SIZES = 4  # a power with a floor takes three; the fourth tests it (D). Choshen et al. count 4 to 5


def slack(subject: Subject) -> Seen | Unknown:
    """Runs against parameters."""
    runs, p = subject.fit.runs_used, len(subject.fit.fitted)
    measured = {"runs": runs, "parameters": p}
    told = f"{runs} runs for {p} fitted parameters"
    if "no-slack" in subject.notices:
        left = "nothing is" if runs <= p else f"only {runs - p} {'is' if runs - p == 1 else 'are'}"
        return Seen("serious", f"{told}: {left} left to estimate an error from", measured)
    if "little-slack" in subject.notices:
        return Seen("warn", f"{told}: intervals from so few are rough", measured)
    return Seen(None, told, measured)


def sizes(subject: Subject) -> Seen | Unknown:
    """Different model sizes, or values of the one input of a law without them."""
    name = "params" if "params" in subject.inputs else subject.inputs[0] if len(subject.inputs) == 1 else None
    values = None if name is None else subject.number(name)
    if name is None or values is None:
        return Seen(None, "the law reads no model size")
    term, held = tied(type(subject.fit.law), name), subject.fit.held
    if held is not None and term and set(term) <= set(held.names):
        return Seen(None, f"what depends on {name} is not fitted to these runs")
    count = int((np.diff(np.sort(np.log(values))) > 0.05).sum()) + 1 if (values > 0).all() else len(np.unique(values))
    noun = "model sizes" if name == "params" else f"values of {name}"
    return Seen("warn" if count < LEAST_SIZES else None, f"{count} different {noun}", {"column": name, "count": count})


def span(subject: Subject) -> Seen | Unknown:
    """How many decades of compute, or of the one input, the runs cover."""
    if subject.size is None:
        return Unknown("no column says how large the runs are")
    name, decades = subject.size[0], float(np.ptp(subject.size[1]))
    return Seen(
        "warn" if decades < 1 else None,
        f"the runs span {decades:.1f} decades of {name}",
        {"column": name, "decades": decades},
    )


def identified(subject: Subject) -> Seen | Unknown:
    """Parameters that the runs leave open, and what in the design leaves them open."""
    fit, ident = subject.fit, subject.fit.identifiability
    measured = {
        "condition": ident.condition,
        "at_bound": list(ident.at_bound),
        "weakest": dict(ident.weakest),
        "pair": list(ident.pair) if ident.pair else None,
    }
    told: list[str] = []
    severity: Severity | None = None
    both = {"params", "tokens"} <= set(subject.inputs)
    ratio = subject.checked.get("fixed-ratio") if both else None
    if ratio is not None:
        # checkpoints spread tokens within a run: that tells exponents apart, if their losses are those of finished runs
        severity = "warn" if subject.several_rows and fit.identified else "serious"
        told.append(ratio.message.split(": ")[0])
        if severity == "warn":
            told.append("only checkpoints within the runs tell the exponents apart")
    alone = [n.data["parameter"] for n in subject.notices.get("not-alone", ()) if n.data]
    if "not-identified" in subject.notices or "undetermined" in subject.notices:
        severity = "serious"
        told += [
            n.message.split(";")[0].rstrip(".")
            for c in ("not-identified", "undetermined")
            for n in subject.notices.get(c, ())
        ]
    elif ident.at_bound:
        flat = [
            name for name in subject.inputs if (term := tied(type(fit.law), name)) and set(term) <= set(ident.at_bound)
        ]
        severity = "serious" if flat else severity or "warn"
        ends = "ends at a bound of its range" if len(ident.at_bound) == 1 else "end at bounds of their ranges"
        told.append(f"{', '.join(ident.at_bound)} {ends}")
        if flat:
            told.append(f"the runs show no dependence on {' or '.join(flat)}")
    elif alone and not told:
        severity = "info"
        told.append(f"{', '.join(alone)} {'is' if len(alone) == 1 else 'are'} not determined alone")
    if severity is None:
        return Seen(None, f"every direction is measured (condition {ident.condition:.1g})", measured)
    do = "Judge by forecasts and compare no coefficients without their intervals." if severity == "info" else None
    return Seen(severity, "; ".join(told), measured, do)
