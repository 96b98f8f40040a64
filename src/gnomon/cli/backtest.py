"""`gnomon backtest`: the largest runs hidden, forecast from the others, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import (
    ColumnOption,
    JsonOption,
    LevelOption,
    ObjectiveOption,
    PlotOption,
    QuietOption,
    ResponseOption,
    RunsArgument,
    SchedulesOption,
    SeedOption,
    WhereOption,
    columns_of,
    count,
    share,
)
from gnomon.cli.picture import check_picture, save_picture
from gnomon.cli.sources import open_runs, placed
from gnomon.cli.terminal.bars import Scale, range_bar
from gnomon.cli.terminal.numbers import between, column_value, counted, decimals_for, number, percent
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Span, bold, dim
from gnomon.forecast.track import too_few

if TYPE_CHECKING:
    from gnomon.forecast import Backtest
    from gnomon.forecast.backtesting import LawScore

EXAMPLES = """gnomon backtest runs.csv --law chinchilla --law kaplan_nd
gnomon backtest runs.csv --law recipe --hold-out top:flops:1
gnomon backtest runs.csv --law "pow_floor(flops)" --hold-out largest:flops:20% -v"""

LawsOption = Annotated[
    list[str],
    typer.Option(
        "--law",
        metavar="NAME|FORMULA",
        help="a law to test; repeatable. recipe is the centre that forecasts from runs have",
        show_default=False,
    ),
]
HoldOutOption = Annotated[
    str,
    typer.Option(
        "--hold-out",
        metavar="WHICH",
        help="largest:COLUMN:COUNT, largest:COLUMN:20%, top:COLUMN:DECADES or where:CONDITION",
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="every hidden run")]
BAR_CELLS = 30  # columns of the range bars
BASELINES = {"last_value": "the largest fitted run", "best_so_far": "the best fitted run"}


def backtest(
    runs: RunsArgument,
    law: LawsOption,
    hold_out: HoldOutOption = "largest:flops:3",
    response: ResponseOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    schedules: SchedulesOption = None,
    objective: ObjectiveOption = None,
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    plot: PlotOption = None,
    verbose: VerboseOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hide the largest runs, forecast them, and see.

    For every law: how far off it was, and how often its interval caught the hidden run; beside them two forecasts that
    need no law.
    """
    from gnomon.forecast import backtest as test

    options: dict[str, Any] = {"level": share(level, "--level"), "seed": count(seed, "--seed")}
    check_picture(plot)
    with Progress("reading the runs", quiet=quiet) as progress:
        table = open_runs(runs, columns_of(column), where, schedules)
        progress.now(f"fitting {counted(len(law), 'law')} without the largest runs")
        with placed(table):
            found = test(law, table, hold_out=hold_out, response=response, objective=objective, **options)
        drawn = save_picture(found, plot)
    answer(found.to_dict() | {"plot": drawn}, lambda page: draw_backtest(page, found, verbose), as_json=json)


def draw_backtest(page: Page, found: Backtest, verbose: bool = False) -> None:
    """The scores in words: what was hidden, a row a law, the baselines below, the verdict."""
    hidden = max((score.held_out for score in (*found.laws, *found.baselines)), default=0)
    page.line(
        f"{counted(hidden, 'row')} hidden by ",
        bold(found.hold_out),
        f", {found.fitted:,} fitted; response {found.response}",
    )
    page.blank()
    rows: list[Sequence[Any]] = [_scored(page, score, found.best, found.level) for score in found.laws]
    rows += [_scored(page, score, None, found.level) for score in found.baselines]
    page.table(
        [
            Column("", "<", names=True),
            Column("off"),
            Column("bias"),
            Column(f"{percent(found.level)} interval caught", "<"),
            Column("", "<"),
            Column("its width", spare=1),
        ],
        rows,
    )
    page.blank()
    draw_verdict(page, found)
    if verbose:
        for score in found.laws:
            draw_hidden(page, found, score.law)


def _scored(page: Page, score: LawScore, best: str | None, level: float) -> Sequence[Any]:
    name = BASELINES.get(score.law, score.law)
    shown = bold(name) if score.law == best else name if score.law not in BASELINES else dim(name)
    if score.are is None:
        return [shown, dim("none"), "", dim(score.reason or ""), Span(page.look.glyph("warn"), "warn"), ""]
    caught, sign = "", Span("")
    if score.coverage is not None:
        hit = round(score.coverage * score.held_out)
        caught = f"{hit} of {score.held_out}"
        if too_few(hit, score.held_out, level):
            sign = Span(page.look.glyph("warn"), "warn")
    bias = f"{'+' if (score.bias or 0) > 0 else ''}{percent(score.bias)}"
    off = percent(score.are)
    width = "" if score.width is None else percent(score.width)
    return [shown, bold(off) if score.law == best else off, dim(bias), caught, sign, dim(width)]


def draw_verdict(page: Page, found: Backtest) -> None:
    """The best law, whether it beats doing without one, and warnings."""
    best = found.score(found.best) if found.best is not None else None
    if best is not None and best.are is not None:
        simple = min((b for b in found.baselines if b.are is not None), key=lambda b: b.are or 0.0, default=None)
        if simple is not None and simple.are is not None and simple.are <= best.are:
            page.mark(
                "warn",
                f"no law beats repeating {BASELINES.get(simple.law, simple.law)}, which is {percent(simple.are)} off",
            )
        else:
            page.mark("good", "best: ", bold(best.law), f", {percent(best.are)} off on average")
        if best.coverage is not None and too_few(round(best.coverage * best.held_out), best.held_out, found.level):
            page.mark("warn", "its interval caught fewer than chance explains: take it as too narrow")
    for notice in found.notices:
        page.mark("warn", notice.message)


def draw_hidden(page: Page, found: Backtest, law: str) -> None:
    """Every hidden run as one law forecast it."""
    points = [p for p in found.points if p.law == law]
    if not points:
        return
    names = list(points[0].at)
    halves = [
        d
        for p in points
        if p.low is not None and p.high is not None
        if (d := decimals_for(0.5 * (p.high - p.low))) is not None
    ]
    decimals = max(halves) if halves else None
    ends = [x for p in points for x in (p.low, p.value, p.high, p.measured) if x is not None]
    scale = Scale(min(ends), max(ends), BAR_CELLS)
    rows: list[Sequence[Any]] = []
    for p in points:
        kind = "open" if p.inside is None else "good" if p.inside else "warn"
        known = p.low is not None and p.high is not None
        rows.append(
            [
                dim(p.run),
                *(column_value(name, p.at[name]) for name in names),
                bold(number(p.measured, decimals)),
                number(p.value, decimals),
                dim(between(number(p.low, decimals), number(p.high, decimals))) if known else dim("none"),
                Span(page.look.glyph(kind), kind),
                range_bar(scale, p.low, p.value, p.high, page.look, mark=p.measured),
            ]
        )
    page.blank()
    page.line(dim("hidden from "), bold(law))
    page.table(
        [
            Column("run", "<", names=True),
            *(Column(name, spare=1) for name in names),
            Column("measured"),
            Column("forecast"),
            Column(f"{percent(found.level)} interval"),
            Column("", "<"),
            Column("", "<", wide=True),
        ],
        rows,
    )
