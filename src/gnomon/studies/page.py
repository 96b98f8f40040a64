"""The page of a study: what held, what was measured and what expected, what departs from the paper."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gnomon.report.page import (
    Block,
    Box,
    BoxCell,
    Check,
    Code,
    Facts,
    Head,
    Lead,
    Missing,
    Page,
    Record,
    Section,
    Spread,
    Table,
    Value,
)
from gnomon.report.words import listed, number, plural, rounded
from gnomon.studies.claim import CANNOT_TELL, FAILS, HOLDS, Verdict
from gnomon.studies.result import Result

GLYPHS = {HOLDS: "✓", FAILS: "✗", CANNOT_TELL: "?"}


def study_page(result: Result, *, again: str = "") -> Page:
    """The page of a study that was run.

    Args:
        result: from `run_study` or `verify_study`.
        again: the command that makes it.
    """
    study, asked = result.study, result.asked
    claims = [v for v in result.verdicts if v.claim.control_of is None]
    controls = [v for v in result.verdicts if v.claim.control_of is not None]
    figures: list[Block] = [Lead(figure, figure) for figure in result.figures()]
    untouched: Block = Missing("None.", "This study has no negative control.")
    if controls:
        untouched = claim_table(controls)
    again = again or f"gnomon study run {study.name} --scale {asked.scale}" + (
        f" --seed {asked.seed}" if asked.seed else ""
    )
    sections = (
        Section("Claims", (claim_table(claims),), study.question),
        Section("Controls", (untouched,), "what is measured when the effect is taken away"),
        Section("Figures", tuple(figures) or (Missing("None.", "This study draws nothing."),)),
        Section("Departures", (Facts(tuple(("Departs.", line) for line in study.departs)),), "from the paper"),
        Section(
            "Provenance",
            (Record(_provenance(result, again)), *((Code(study.paper.bibtex),) if study.paper.bibtex else ())),
        ),
    )
    return Page(
        "study",
        study.title,
        f"{study.paper.authors}: {study.paper.title}. Scale {asked.scale}: {study.scales[asked.scale]}.",
        Box((_words(claims, "Claims"), _words(controls, "Negative controls"), _trials(result)), "Answer"),
        sections,
        result.to_dict() | {"counts": {"claims": _counts(claims), "controls": _counts(controls)}},
        "\n".join(f"{v.word}: {v.claim.statement}" for v in result.verdicts),
    )


def claim_table(rows: list[Verdict]) -> Table:
    """A row a claim: verdict, statement, measured with interval, expected."""
    heads = (Head("claim", "left"), Head("measured"), Head("expected"), Head("verdict", "left"))
    return Table(
        heads,
        tuple(_row(v) for v in rows),
        note="Sources: " + "; ".join(dict.fromkeys(v.claim.source for v in rows)) + ".",
    )


def _row(v: Verdict) -> tuple[str | Spread, ...]:
    m = v.measured
    if m.value is None:
        measured: str | Spread = "–"
    elif m.low is None or m.high is None:
        measured = number(rounded(m.value, 3))
    else:
        measured = Spread(number(rounded(m.value, 3)), f"{number(rounded(m.low, 3))} to {number(rounded(m.high, 3))}")
    why = f": {v.reason or m.reason}" if v.word == CANNOT_TELL and (v.reason or m.reason) else ""
    return v.claim.statement, measured, str(v.claim.rule), f"{GLYPHS[v.word]}\u00a0{v.word}{why}"


def _counts(rows: list[Verdict]) -> dict[str, int]:
    counts = Counter(v.word for v in rows)
    return {"of": len(rows), **{word: counts[word] for word in GLYPHS}}


def _words(rows: list[Verdict], label: str) -> BoxCell:
    counts = _counts(rows)
    held = Value(str(counts[HOLDS]), f"of {counts['of']} hold")
    checks = tuple(
        Check(
            {HOLDS: True, FAILS: False, CANNOT_TELL: None}[word],
            f"{counts[word]} {word if word == CANNOT_TELL else word[:-1]}",
        )
        for word in (FAILS, CANNOT_TELL)
        if counts[word]
    )
    return BoxCell(label, (held,), checks=checks)


def _trials(result: Result) -> BoxCell:
    kept = (
        f"{plural(result.cached, 'trial')} were there from earlier calls."
        if result.cached
        else "All were run by this call."
    )
    notes = [kept]
    if result.failed:
        notes.append(f"{plural(len(result.failed), 'trial')} failed and left no rows.")
    return BoxCell("Trials", (Value(str(result.total), result.asked.scale),), notes=tuple(notes))


def _provenance(result: Result, again: str) -> tuple[tuple[str, str], ...]:
    study = result.study
    items: list[tuple[str, Any]] = [
        ("paper", f"{study.paper.authors}: {study.paper.title} ({study.paper.id})"),
        ("held out", study.split),
        ("scales", listed([f"{name}: {told}" for name, told in study.scales.items()])),
        ("rows", f"{len(result.runs):,}; fingerprint `{result.runs.fingerprint}`"),
        ("seed", str(result.asked.seed)),
        ("gnomon", result.to_dict()["gnomon"]),
        ("again", f"`{again}`"),
    ]
    return tuple((name, str(text)) for name, text in items)
