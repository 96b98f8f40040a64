"""`gnomon forecast`: values at points with intervals for a new run, and how far they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.confidence import draw_grade
from gnomon.cli.options import (
    MAY_BE_ZERO,
    ColumnOption,
    JsonOption,
    LevelOption,
    PictureOption,
    PlotOption,
    QuietOption,
    ResponseOption,
    SeedOption,
    SourceArgument,
    WhereOption,
    columns_of,
    count,
    point,
    share,
)
from gnomon.cli.picture import check_kind, check_picture, save_picture
from gnomon.cli.sources import open_fit_or_runs, open_runs, placed
from gnomon.cli.terminal.bars import Scale, range_bar
from gnomon.cli.terminal.numbers import between, beyond, column_value, counted, decimals_for, number, percent
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Span, bold, dim, verbatim
from gnomon.errors import InputError, UnknownNameError, near

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast, Point
    from gnomon.runs import Runs

EXAMPLES = """gnomon forecast fit.json --at params=7B,tokens=2T
gnomon forecast runs.csv --at params=7B,tokens=2T --at params=70B,tokens=15T
gnomon forecast fit.json --at-file plans.csv --json"""

AtOption = Annotated[
    list[str] | None,
    typer.Option(
        "--at", metavar="NAME=NUMBER,...", help="a point: params=7B,tokens=2T; repeatable", show_default=False
    ),
]
AtFileOption = Annotated[
    str | None, typer.Option("--at-file", metavar="TABLE", help="points from a table, one a row, answered in order")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="where the width of each interval comes from, and every reason")
]

BAR_CELLS = 30  # columns of the range bars
MOST_SHARES = 8  # points whose shares and laws are listed without being asked for
MOST_NAMED = 4  # points named in front of a warning
SPLIT = frozenset({"params", "tokens", "flops"})  # of which two give the third
OF_PARAMETERS = ("not-alone",)  # warnings of a fit that say nothing about its forecasts
TERMS = {  # of the interval's variance, in the order of the recipe
    "bootstrap": "refits",
    "residual": "noise",
    "spread": "laws",
    "backtest": "hidden runs",
}


def forecast(
    source: SourceArgument,
    at: AtOption = None,
    at_file: AtFileOption = None,
    response: ResponseOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    plot: PlotOption = None,
    picture: PictureOption = None,
    verbose: VerboseOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Forecast runs that have not been trained.

    From runs: the centre of several laws. From a fit: its own law, with an interval widened by what other laws and
    hidden runs say. The interval is for a new run, not for the curve alone; --json has both.
    """
    from gnomon.forecast import forecast as forecast_at

    columns = columns_of(column)
    options: dict[str, Any] = {"level": share(level, "--level"), "seed": count(seed, "--seed")}
    check_picture(plot)
    check_kind(picture, plot)
    points = [point(text) for text in at or ()]
    with Progress("reading", quiet=quiet) as progress:
        known = open_fit_or_runs(source, columns, where)
        points += points_of(at_file, columns, known) if at_file is not None else []
        if not points:
            raise InputError(
                "No point to forecast.",
                hint="Name one, for example --at params=7B,tokens=2T, or give a table with --at-file.",
            )
        _check_response(response, known)
        _check_names(points, known)
        progress.now(f"forecasting {counted(len(points), 'point')}")
        with placed(known):
            found = forecast_at(known, points, response=response, **options)
        drawn = save_picture(found, plot, known, kind=picture)
    document = found.to_dict() | {"source": source_of(known), "plot": drawn}
    answer(document, lambda page: draw_forecast(page, found, document["source"], verbose), as_json=json)


def _check_response(response: str | None, known: Fit | Runs) -> None:
    fitted = getattr(known, "response", None)
    if response is not None and fitted is not None and response != fitted:
        raise InputError(
            f"--response asks for {response!r}, but the fit is of {fitted!r}.",
            hint=f"Fit again with --response {response}.",
        )


def _check_names(points: Sequence[Mapping[str, float]], known: Fit | Runs) -> None:
    """Refuse a name the law of a fit does not read; of params, tokens and flops any two give the third."""
    law = getattr(known, "law", None)
    if law is None:
        return
    allowed = {*law.inputs, *(SPLIT if set(law.inputs) & SPLIT else ())}
    for given in points:
        for name in given:
            if name not in allowed:
                raise UnknownNameError(
                    f"--at: {law.id or 'the formula'} reads {', '.join(law.inputs)}; got {name!r}",
                    hint=near(name, law.inputs),
                )
        missing = [name for name in law.inputs if name not in given]
        if missing and len(given.keys() & SPLIT) < len(SPLIT) - 1:
            raise InputError(
                f"--at: {law.id or 'the formula'} reads {', '.join(law.inputs)}; {missing[0]} is missing",
                hint=f"Add it: --at {','.join(f'{k}={column_value(k, v)}' for k, v in given.items())},{missing[0]}=...",
            )


def points_of(path: str, columns: Mapping[str, str], known: Fit | Runs) -> list[dict[str, float]]:
    """The points in a table, one a row, in its order.

    Raises:
        InputError: a column is missing, or a cell is empty or not above zero.
    """
    table = open_runs([path], columns, None)
    names = _inputs_of(known, table)
    values = dict(zip(names, table.numbers(*names), strict=True))
    for name in names:
        for i, value in enumerate(values[name]):
            if not (value > 0 or (value == 0 and name.startswith(MAY_BE_ZERO))):
                raise InputError(
                    f"got {value:g}, expected a number above zero" if value == value else "the cell is empty",
                    hint="Every row of --at-file is a point to forecast.",
                    where=table.place(i, name),
                )
    return [{name: float(values[name][i]) for name in names} for i in range(len(table))]


def _inputs_of(known: Fit | Runs, table: Runs) -> tuple[str, ...]:
    """The columns of a point: the law's inputs; for runs params and tokens, or the one scale both tables have."""
    law = getattr(known, "law", None)
    if law is not None:
        return tuple(law.inputs)
    if "params" in table and "tokens" in table:
        return ("params", "tokens")
    both = [name for name in ("flops", "params", "tokens") if name in table and name in known]  # type: ignore[operator]
    if not both:
        raise InputError(
            f"{table.source} has no params and tokens",
            hint=f"Its columns are {', '.join(table.names[:12])}; name them with --column params=THEIRS.",
        )
    return (both[0],)


def source_of(known: Fit | Runs) -> dict[str, Any]:
    """What a forecast rests on, for the document and the headline."""
    from gnomon.runs import Runs

    if isinstance(known, Runs):
        return {"kind": "runs", "name": known.source, "rows": len(known)}
    return {
        "kind": "fit",
        "name": known.source,
        "rows": known.used,
        "law": known.law.id or "formula",
        "formula": known.law.text,
    }


def draw_forecast(page: Page, found: Forecast, source: Mapping[str, Any], verbose: bool = False) -> None:
    """The forecast in words: from what, the table of points, what to know about them."""
    rows = counted(source["rows"], "row")
    if source["kind"] == "fit":
        page.formula(source["law"], source["formula"])
        page.line(
            dim(f"fitted to {rows} of "),
            verbatim(source["name"]),
            dim(f"; interval from {counted(len(found.laws), 'law')}"),
        )
    else:
        page.line(
            bold(found.method),
            "  ",
            dim(f"{counted(len(found.laws), 'law')} fitted to {rows} of "),
            verbatim(source["name"]),
        )
    page.blank()
    draw_points(page, found)
    page.blank()
    draw_notices(page, found)
    if len(found.points) == 1 or verbose:
        for point in found.points:
            page.blank()
            draw_grade(page, point.grade, "" if len(found.points) == 1 else label(point))
    if verbose or (page.look.wide and len(found.points) <= MOST_SHARES):
        draw_terms(page, found)
    if verbose:
        draw_laws(page, found)


def draw_points(page: Page, found: Forecast) -> None:
    """One row a point: inputs, value, interval, distance, grade, and from 100 columns on the interval as a bar."""
    points = found.points
    names = list(points[0].at)
    halves = [
        d
        for p in points
        if p.low is not None and p.high is not None
        if (d := decimals_for(0.5 * (p.high - p.low))) is not None
    ]
    decimals = max(halves) if halves else None
    ends = [x for p in points for x in (p.low, p.value, p.high) if x is not None]
    scale = Scale(min(ends), max(ends), BAR_CELLS)
    left, right = number(scale.low, decimals), number(scale.high, decimals)
    title = left + " " * max(BAR_CELLS - len(left) - len(right), 1) + right
    rows: list[Sequence[Any]] = []
    for p in points:
        known = p.low is not None and p.high is not None
        rows.append(
            [
                *(column_value(name, p.at[name]) for name in names),
                bold(number(p.value, decimals)),
                dim(between(number(p.low, decimals), number(p.high, decimals))) if known else dim("none"),
                dim(beyond(p.horizon)),
                p.grade.letter,
                Span(page.look.glyph("warn"), "warn") if p.notices else "",
                range_bar(scale, p.low, p.value, p.high, page.look) if known else "",
            ]
        )
    page.table(
        [
            *(Column(name) for name in names),
            Column(found.response),
            Column(f"{percent(points[0].level)} for a new run"),
            Column("beyond"),
            Column("grade", "<"),
            Column("", "<"),
            Column(title, "<", wide=True),
        ],
        rows,
    )


def label(point: Point) -> str:
    """`8B/15T`."""
    return "/".join(column_value(name, value) for name, value in point.at.items())


def draw_notices(page: Page, found: Forecast) -> None:
    """Warnings about points, equal ones together, then warnings about the whole."""
    told: dict[str, list[str]] = {}
    for p in found.points:
        for notice in p.notices:
            told.setdefault(notice.message, []).append(label(p))
    for message, names in told.items():
        who = "" if len(names) == len(found.points) else f"{_listed(names)}: "
        page.mark("warn", f"{who}{message}")
    for notice in found.notices:
        if notice.code not in OF_PARAMETERS:
            page.mark("warn", notice.message)


def _listed(names: Sequence[str]) -> str:
    """`1B/20B, 7B/2T and 3 more points`."""
    shown = list(names[:MOST_NAMED])
    more = len(names) - len(shown)
    last = counted(more, "more point") if more else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def draw_terms(page: Page, found: Forecast) -> None:
    """Which share of each interval's variance comes from where."""
    rows = [
        [dim(label(p)), *(percent(p.terms[name]) if name in p.terms else "" for name in TERMS)]
        for p in found.points
        if p.terms
    ]
    if rows:
        page.blank()
        page.line(dim("where the width of the interval comes from"))
        page.table([Column("", "<"), *(Column(title) for title in TERMS.values())], rows, indent=2)


def draw_laws(page: Page, found: Forecast) -> None:
    """What each law says at each point."""
    names = list(found.points[0].laws)
    if len(names) > 1:
        page.blank()
        page.line(dim("what each law says"))
        rows = [[dim(name), *(number(p.laws[name]) for p in found.points[:MOST_SHARES])] for name in names]
        page.table(
            [Column("", "<", names=True), *(Column(label(p)) for p in found.points[:MOST_SHARES])], rows, indent=2
        )
