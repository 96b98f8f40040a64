"""The page of all reproductions as Markdown: docs/results/reproductions.md is one."""

from __future__ import annotations

from gnomon.reproductions.reproduce import Outcome, Reproduced
from gnomon.reproductions.reproduction import Result

TRUST = {"printed": "", "from memory": " (from memory)", "recomputed": " (recomputed)", "target": " (our own aim)"}
ANSWERS = {True: "yes", False: "**no**", None: "unknown"}
CRITERIA = {"within": "± ", "at most": "at most, + ", "at least": "at least, − "}


def markdown(found: Reproduced, *, date: str, command: str, version: str) -> str:
    """The page: a summary, then a table and the protocol for each reproduction.

    Args:
        found: what was reproduced.
        date: of the run, YYYY-MM-DD.
        command: that wrote the page.
        version: of gnomon.
    """
    counts = found.counts()
    lines = [
        "# Published results, refitted",
        "",
        f"Written by `{command}` with gnomon {version} on {date}; do not edit by hand.",
        "",
        f"{counts['agree']} of {len(found.results)} numbers agree, {counts['differ']} differ, {counts['unknown']} are "
        "unknown here. Every tolerance was fixed before its protocol was first run, and none was widened afterwards. Where a "
        "first run had departed from the publication's protocol, the protocol was brought to it, and its text says what the "
        "departure gave. "
        "`recomputed` marks numbers that no publication prints: another program's on the same public data. `from memory` "
        "marks numbers not found in a source at hand. `gnomon reproduce --json` adds what each tolerance rests on.",
        "",
        "| result | agree | differ | unknown |",
        "| --- | ---: | ---: | ---: |",
    ]
    for outcome in found.outcomes:
        answers = [result.agrees for result in outcome.results]
        name = outcome.reproduction.name
        lines.append(f"| [{name}](#{name}) | {answers.count(True)} | {answers.count(False)} | {answers.count(None)} |")
    for outcome in found.outcomes:
        lines += ["", *_section(outcome)]
    return "\n".join(lines) + "\n"


def _section(outcome: Outcome) -> list[str]:
    entry = outcome.reproduction
    tables = ", ".join(f"`{table}`" for table in entry.tables) or "none"
    lines = [
        f"## {entry.name}",
        "",
        f"{entry.title}. {entry.source}.",
        "",
        f"Protocol: {entry.protocol} Public tables: {tables}.",
        "",
        "| quantity | meaning | published | ours | tolerance | agrees | source |",
        "| --- | --- | ---: | ---: | ---: | --- | --- |",
        *(_row(result) for result in outcome.results),
    ]
    if outcome.refusal is not None:
        lines += ["", f"Not run: {outcome.refusal}"]
    findings: dict[str, list[str]] = {}
    for result in outcome.results:
        if result.agrees is False and result.quantity.finding:
            findings.setdefault(result.quantity.finding, []).append(result.quantity.name)
    if findings:
        lines += ["", *(f"- {', '.join(names)}: {why}." for why, names in findings.items())]
    return lines


def _row(result: Result) -> str:
    q = result.quantity
    tolerance = (
        f"{CRITERIA[q.criterion]}{shown(q.tolerance, 2)}" if q.tolerance or q.criterion == "within" else q.criterion
    )
    control = "negative control: " if q.control else ""
    ours = "unknown" if result.ours is None else shown(result.ours, 6)
    cells = (
        q.name,
        f"{control}{q.meaning}",
        f"{shown(q.published, 10)}{TRUST[q.trust]}",
        ours,
        tolerance,
        ANSWERS[result.agrees],
        q.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def shown(value: float, digits: int) -> str:
    """A number with so many significant digits, in plain notation where that is short."""
    return f"{value:.{digits}g}"
