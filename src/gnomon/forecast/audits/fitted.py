"""The fit itself: how it was found, what single runs and another objective change, and what it leaves in the residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.engines import MORE_THAN_NOISE
from gnomon.fit.estimate import run_names
from gnomon.fit.parametric import seed_noise
from gnomon.fit.transfer_test import FAR
from gnomon.forecast.audits.rows import MATTERS, SURE, f_tail
from gnomon.forecast.audits.rule import Seen, Severity, Unknown
from gnomon.forecast.audits.subject import Subject

Array = np.ndarray

LOST_DRAWS = 0.05  # share of refits that end elsewhere: as many as lie outside one end of a 90 % interval
LARGEST = 0.25  # of the runs by size, whose residuals say where the law is heading
CURVE = 2  # terms beyond the mean in which residuals are looked at: a slope and a bend


def starts(subject: Subject) -> Seen | Unknown:
    """How many starts reach the best optimum."""
    s = subject.fit.starts
    told = f"{s.at_best} of {s.tried} starts reach the best value"
    return Seen("warn" if s.at_best < 2 else None, told, {"tried": s.tried, "at_best": s.at_best})


def another_objective(subject: Subject) -> Seen | Unknown:
    """What another objective would forecast."""
    fit = subject.fit
    measured: dict[str, Any] = {"objective": fit.objective, "other": fit.second.objective, "shift": None}
    told = f"{fit.second.objective} instead of {fit.objective}"
    matters = "objective-matters" in subject.notices
    if subject.design is None or subject.probe is None:
        text = f"{told} moves parameters {'outside' if matters else 'within'} their intervals"
        return Seen("info" if matters else None, text, measured)
    change = float(subject.shift(np.asarray(subject.design.theta(fit.second.values), float)[None])[0])
    if not np.isfinite(change):
        return Unknown(f"under {fit.second.objective} the law is not defined {subject.where}")
    measured["shift"] = change
    far = subject.half is not None and abs(change) > MATTERS * subject.half
    text = f"{told} moves the forecast {subject.where} by {np.expm1(change):+.2%}{_of_half(subject, change)}"
    return Seen("warn" if far else "info" if matters else None, text, measured)


def intervals(subject: Subject) -> Seen | Unknown:
    """Whether the parameters' intervals can be read at all."""
    fit = subject.fit
    lost = fit.starts.draws - fit.starts.draws_converged
    measured = {"intervals": fit.intervals, "draws": fit.starts.draws, "not_converged": lost}
    if fit.intervals == "none":
        return Seen("warn", "the fit was made without intervals", measured)
    if "more-than-seed-noise" in subject.notices:
        return Seen("serious", subject.notices["more-than-seed-noise"][0].message.split(": ")[0], measured)
    for code in ("prior-conflict", "seed-noise-unknown"):
        if code in subject.notices:
            return Seen("warn", subject.notices[code][0].message.split(": ")[0].rstrip("."), measured)
    if lost > LOST_DRAWS * max(fit.starts.draws, 1):
        ridge = "" if fit.identified else ": what the runs leave open has no best value"
        told = f"{lost} of {fit.starts.draws} refits did not converge{ridge}"
        return Seen("warn" if fit.identified else "info", told, measured)
    return Seen(
        None,
        f"{fit.intervals} intervals, {fit.starts.draws} refits" if fit.starts.draws else f"{fit.intervals} intervals",
        measured,
    )


def influence(subject: Subject) -> Seen | Unknown:
    """What the forecast becomes without the run that matters most, and groups of runs that turn a parameter."""
    found = subject.fit.influence
    group = subject.notices.get("influential-runs")
    strongest = subject.strongest
    if strongest is None and not group:
        return Unknown("too few runs to leave one out, or no point beyond them to forecast")
    measured: dict[str, Any] = {
        "run": None,
        "shift": None,
        "group": list(found.group),
        "parameter": found.group_parameter,
    }
    measured["group_shift"] = None
    severity: Severity | None = None
    told = []
    if strongest is not None:
        run, change = strongest
        measured |= {"run": run, "shift": change}
        told.append(
            f"without {run} the forecast {subject.where} moves by {np.expm1(change):+.2%}{_of_half(subject, change)}"
        )
        if subject.half is not None:
            far = abs(change) / subject.half
            severity = "serious" if far > 1 else "warn" if far > MATTERS else None
    if group:
        moved = subject.without(np.isin(run_names(subject.fit.data).astype(str), found.group))
        measured["group_shift"] = moved
        far = moved is None or (subject.half is not None and abs(moved) > MATTERS * subject.half)
        severity = severity or ("warn" if far else "info")
        told.append(group[0].message.split(": look")[0])
        if moved is not None:
            told.append(f"and the forecast by {np.expm1(moved):+.2%}{_of_half(subject, moved)}")
    return Seen(severity, "; ".join(told), measured)


def _of_half(subject: Subject, change: float) -> str:
    if subject.half is None:
        return ""
    return f", {abs(change) / subject.half:.0%} of its {subject.level:.0%} interval's half-width"


def residuals(subject: Subject) -> Seen | Unknown:
    """A slope or bend of the residuals over size that noise would not show, and where the largest runs lie.

    F = [(R0 - R1) / 2] / [R1 / (G - p - 2)], R0 and R1 the sums of squares of the runs' mean residuals about their mean and
    about a parabola in ln size; the p parameters of the law are taken off, which makes the test cautious.
    """
    if subject.size is None:
        return Unknown("no column says how large the runs are")
    if not np.isfinite(subject.by_run).all():
        return Unknown("the law is not positive at some rows")
    name, each = subject.size
    count = np.bincount(subject.groups)
    x, r = np.bincount(subject.groups, each) / count, subject.by_run
    free = len(r) - len(subject.fit.fitted) - CURVE
    if free < 3 or np.ptp(x) == 0:  # an F with two degrees below is beyond 30 in one case of thirty
        return Unknown(f"{len(r)} runs are too few to tell a trend of the residuals from noise")
    z = (x - x.mean()) / x.std()
    basis = np.stack([np.ones_like(z), z, z**2], 1)
    left = r - basis @ np.linalg.lstsq(basis, r, rcond=None)[0]
    inner = float(left @ left) / free
    outer = (float(((r - r.mean()) ** 2).sum()) - float(left @ left)) / CURVE
    p = f_tail(outer / max(inner, 1e-300), CURVE, free)
    top = r[np.argsort(x)[-max(2, round(LARGEST * len(r))) :]]
    last = float(top.mean())
    measured = {"over": name, "p": p, "largest": last, "largest_runs": len(top), "sd": subject.fit.residual_sd}
    side = "above" if last > 0 else "below"
    told = f"the largest {len(top)} runs lie {abs(np.expm1(last)):.2%} {side} the law"
    if p >= SURE:
        return Seen(None, f"residuals show no trend over {name} (p = {p:.2g}); {told}", measured)
    half = subject.half
    serious = half is not None and abs(last) > MATTERS * half
    return Seen("serious" if serious else "warn", f"residuals bend over {name} (p = {p:.1g}): {told}", measured)


def seeds(subject: Subject) -> Seen | Unknown:
    """Whether the law misses its runs by more than repeats of one run differ."""
    if "overdispersed" in subject.notices:
        counts = subject.notices["overdispersed"][0]
        return Seen("warn", counts.message.split(":")[0].rstrip("."), dict(counts.data or {}))
    if subject.design is None:
        return Unknown("a prior holds the law")
    try:
        noise = seed_noise(subject.design)
    except RefusalError as refused:
        return Unknown(refused.message)
    if not noise.freedom:
        return Unknown(
            "no runs repeat another with a new seed, so what is noise and what is a wrong law cannot be told"
        )
    seen = subject.fit.residual_sd
    p = f_tail((seen / noise.sd) ** 2, max(subject.fit.used - len(subject.fit.fitted), 1), noise.freedom)
    measured = {"residual_sd": seen, "seed_sd": noise.sd, "repeats": noise.freedom, "p": p}
    told = f"the law misses by {seen:.2%}, repeats differ by {noise.sd:.2%}"
    more = seen > MORE_THAN_NOISE * noise.sd and p < SURE
    return Seen("warn" if more else None, told, measured)


def transferred(subject: Subject) -> Seen | Unknown:
    """Whether parameters taken from another family hold on these runs, and how that is known."""
    held, test = subject.fit.held, subject.fit.extra.get("transfer_test")
    if held is None or not held.transferred or test is None:
        return Seen(None, "no parameter is taken from another family")
    names, z = " and ".join(held.transferred), test["z"]
    measured = {"parameters": list(held.transferred), "donors": [d.name for d in held.donors]} | test
    if z is None:
        return Unknown(f"{names} are taken from another family, which is untestable here: {test['z_reason']}")
    told = f"with {names} of another family the smaller runs forecast the largest {test['error']:+.2%} off, {abs(z):.1f} sds"
    return Seen("serious" if abs(z) > FAR else None, told, measured)
