"""`gnomon compare`: families under one law each, who wins at a scale, and from which scale on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import (
    ANSWER,
    ColumnOption,
    JsonOption,
    LevelOption,
    PlotOption,
    QuietOption,
    ResponseOption,
    RunsArgument,
    SeedOption,
    WhereOption,
    columns_of,
    count,
    point,
    share,
)
from gnomon.cli.picture import check_page, check_picture, save_picture
from gnomon.cli.sources import open_runs, placed, spelt
from gnomon.cli.terminal.numbers import between, column_value, estimate, percent, quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim

if TYPE_CHECKING:
    from gnomon.forecast import Comparison
    from gnomon.forecast.comparison_result import Pair

EXAMPLES = """gnomon compare runs.csv --by family --law "pow_floor(flops)" --at flops=1e24
gnomon compare runs.csv --by corpus --law chinchilla --at params=7B,tokens=2T
gnomon compare clip.csv --by family --law "error = shift_pow(flops)" --frontier --plot crossing.svg"""

LawOption = Annotated[
    str, typer.Option("--law", metavar="NAME|FORMULA", help="the law of every family", show_default=False)
]
ByOption = Annotated[str, typer.Option("--by", metavar="COLUMN", help="column that names the family")]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="NAME=NUMBER,...",
        help="where: flops=1e24, or params=7B,tokens=2T; default: the largest run all families have",
        show_default=False,
    ),
]
PairOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pair-by",
        metavar="COLUMN",
        help="rows of two families belong together where these agree; repeatable; default: params and tokens",
    ),
]
FrontierOption = Annotated[
    bool, typer.Option("--frontier", help="only the best run of each factor of two in scale, chosen anew in every draw")
]
BetterOption = Annotated[
    str | None,
    typer.Option(
        "--better", metavar="low|high", help="which end of the response wins; default: low if its name says so"
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option("--report", metavar="FILE", help="also write one offline page, .html", rich_help_panel=ANSWER),
]
DrawsOption = Annotated[str, typer.Option("--draws", metavar="N", help="refits behind the probabilities")]


def compare(
    runs: RunsArgument,
    law: LawOption,
    by: ByOption = "family",
    at: AtOption = None,
    pair_by: PairOption = None,
    frontier: FrontierOption = False,
    response: ResponseOption = None,
    better: BetterOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    draws: DrawsOption = "1000",
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    plot: PlotOption = None,
    report: ReportOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which recipe wins, and from which scale on.

    Fits one law to each family and draws them together: who is better at the point and how sure that is, where the
    curves cross, and how much compute the better one saves. Undecided is an answer.
    """
    from gnomon.forecast import compare as compare_families

    options: dict[str, Any] = {
        "draws": count(draws, "--draws"),
        "level": share(level, "--level"),
        "seed": count(seed, "--seed"),
    }
    place = None if at is None else point(at)
    check_picture(plot)
    if report is not None:
        check_page(report, "--report")
    with Progress("reading the runs", quiet=quiet) as progress:
        table = open_runs(runs, columns_of(column), where)
        progress.now("fitting each family")
        with placed(table):
            found = compare_families(
                law,
                table,
                by=by,
                at=place,
                response=response,
                better=better,
                pair_by=pair_by,
                frontier=frontier,
                **options,
            )
        drawn = save_picture(found, plot)
        page_file = None
        if report is not None:
            from gnomon.report import comparison_report

            typed = [
                ("--by", by),
                ("--law", law),
                ("--at", at),
                ("--response", response),
                ("--better", better),
                ("--where", where),
            ]
            typed += [*(("--pair-by", name) for name in pair_by or ()), ("--report", report)]
            words = "".join(f" {name} {shlex.quote(value)}" for name, value in typed if value is not None)
            again = f"gnomon compare {spelt(runs)}{words}{' --frontier' if frontier else ''}"
            page_file = str(comparison_report(found, source=table.source, again=again).save(report))
    answer(
        found.to_dict() | {"plot": drawn, "report": page_file},
        lambda page: draw_comparison(page, found, [f for f in (drawn, page_file) if f]),
        as_json=json,
    )


def draw_comparison(page: Page, found: Comparison, saved: Sequence[str] = ()) -> None:
    """The verdict, a row a family, and for each pair where they cross and what that is worth."""
    where = ", ".join(f"{name}={column_value(name, value)}" for name, value in found.at.items())
    page.line(f"{found.response} of {len(found.families)} families by {found.by}, law {found.law}, at {where}")
    page.blank()
    rows = []
    for family in sorted(found.families, key=lambda f: f.value, reverse=found.better == "high"):
        value, ends = estimate(family.value, family.low, family.high)
        name = bold(family.name) if family.name == found.winner else family.name
        rows.append([name, f"{family.runs:,}", bold(value), dim(ends), percent(family.wins)])
    page.table(
        [
            Column("", "<", names=True),
            Column("runs"),
            Column(found.response),
            Column(f"{percent(found.level)} interval"),
            Column("highest in" if found.better == "high" else "lowest in"),
        ],
        rows,
    )
    page.blank()
    if found.winner is None:
        page.mark("open", f"undecided at {percent(found.level)}: no family is better than all others")
    else:
        page.mark("good", bold(found.winner), f" wins at {percent(found.level)}")
    for pair in found.pairs:
        draw_pair(page, found, pair)
    for notice in found.notices:
        page.mark("warn", notice.message)
    if saved:
        page.blank()
    for path in saved:
        page.line(dim("saved "), verbatim(path))


def draw_pair(page: Page, found: Comparison, pair: Pair) -> None:
    """Where two families cross, and the compute multiplier."""
    crossing, worth = pair.crossing, pair.multiplier
    crosses = f"{percent(crossing.share)} of draws cross"
    if crossing.value is None:
        start, end = (_axis(found, x) for x in crossing.searched)
        page.mark("open", f"{pair.first} and {pair.second} do not cross between {start} and {end}; {crosses}")
    else:
        low = "the start" if crossing.low is None else _axis(found, crossing.low)
        high = "never" if crossing.high is None else _axis(found, crossing.high)
        place = "inside the runs" if crossing.inside else "beyond the runs of one of them"
        page.mark(
            "good" if crossing.reported else "open",
            f"{crossing.winner} overtakes {crossing.loser} at ",
            bold(_axis(found, crossing.value)),
            f" ({between(low, high)}), {place}; {crosses}",
        )
    loser = pair.second if worth.winner == pair.first else pair.first
    if worth.value is None:
        page.below(f"{loser} does not reach {worth.winner} there with any compute looked at")
    else:
        high = "without end" if worth.high is None else f"{quantity(worth.high, 'plain', digits=3)}"
        low = "without end" if worth.low is None else f"{quantity(worth.low, 'plain', digits=3)}"
        page.below(
            f"{loser} needs {quantity(worth.value, 'plain', digits=3)} times the {found.axis} of {worth.winner} there "
            f"({between(low, high)})"
        )


def _axis(found: Comparison, value: float) -> str:
    """A value of the axis with its name."""
    return f"{found.axis}={column_value(found.axis, value)}"
