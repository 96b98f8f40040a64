"""`gnomon audit`: how far to trust a fit, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.confidence import draw_grade
from gnomon.cli.options import (
    ColumnOption,
    JsonOption,
    LevelOption,
    QuietOption,
    SeedOption,
    SourceArgument,
    WhereOption,
    columns_of,
    count,
    point,
    share,
)
from gnomon.cli.sources import open_fit_or_runs, placed
from gnomon.cli.terminal.numbers import counted
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.text import bold, dim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.forecast import Audit

EXAMPLES = """gnomon audit fit.json --at params=7B,tokens=2T
gnomon audit runs.csv --law chinchilla
gnomon audit fit.json --verbose"""

SIGNS = {"serious": "bad", "warn": "warn", "info": "now"}

AtOption = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="NAME=NUMBER,...",
        help="the point to be forecast, for rules about it; repeatable",
        show_default=False,
    ),
]
LawOption = Annotated[
    str | None, typer.Option("--law", metavar="NAME|FORMULA", help="where runs are given: the law fitted to them")
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="also the rules that passed, with what was seen")]


def audit(
    source: SourceArgument,
    at: AtOption = None,
    law: LawOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    verbose: VerboseOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How far to trust a fit.

    Holds a fit and its rows against rules of good practice. Each finding says what was measured, why it matters, who says
    so and what to do: serious ones speak against using the forecast, warnings ask for a look.
    """
    from gnomon.fit import Fit
    from gnomon.forecast import audit as examine

    options: dict[str, Any] = {"level": share(level, "--level"), "seed": count(seed, "--seed")}
    points = [point(text) for text in at or ()]
    with Progress("reading", quiet=quiet) as progress:
        known = open_fit_or_runs(source, columns_of(column), where)
        if not isinstance(known, Fit) and law is None:
            raise InputError("Runs are audited under a law: name it.", hint="For example --law chinchilla.")
        progress.now("auditing")
        with placed(known):
            found = examine(known, at=points, law=law, **options)
    answer(found.to_dict(), lambda page: draw(page, found, verbose), as_json=json)


def draw(page: Page, found: Audit, verbose: bool = False) -> None:
    """The findings, serious ones first; then what could not be told, and what passed."""
    runs = (
        counted(found.runs, "run")
        if found.runs == found.rows
        else f"{counted(found.rows, 'row')} of {counted(found.runs, 'run')}"
    )
    told = [f"{n} {severity}" for severity, n in found.counts.items() if n]
    page.line(bold(", ".join(told) or "Nothing found"), f" in {found.law} on {runs}")
    page.blank()
    if found.grade is not None:
        draw_grade(page, found.grade, "the target")
        page.blank()
    for finding in found.findings:
        page.mark(SIGNS[finding.severity or "info"], finding.seen.message, dim(f" ({finding.rule.code})"))
        if finding.severity != "info" or verbose:
            page.below(f"{finding.rule.why} [{finding.rule.source}]")
            page.below("-> ", finding.do)
    if verbose and found.findings:
        page.blank()
    for passed in found.passed if verbose else ():
        page.mark("good", passed.seen.message, dim(f" ({passed.rule.code})"))
    for rule, reason in found.unknown:
        page.mark("open", f"{rule.code}: {reason}")
    page.blank()
    passed_told = f"{counted(len(found.passed), 'rule')} passed"
    page.line(dim(passed_told if verbose else f"{passed_told}; --verbose lists them"))
