"""`gnomon fit`: a law fitted to runs, and how far to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.fit_page import FitAnswer, draw_fit
from gnomon.cli.options import (
    ANSWER,
    ColumnOption,
    JsonOption,
    LevelOption,
    ObjectiveOption,
    PictureOption,
    PlotOption,
    QuietOption,
    ResponseOption,
    RunsArgument,
    SchedulesOption,
    SeedOption,
    WhereOption,
    amount,
    columns_of,
    count,
    share,
)
from gnomon.cli.picture import check_folder, check_kind, check_picture, save_picture
from gnomon.cli.sources import open_runs, placed
from gnomon.cli.terminal.progress import Progress
from gnomon.errors import InputError

EXAMPLES = """gnomon fit runs.csv --law chinchilla --save fit.json
gnomon fit runs.csv --law "E + A/N^alpha + B/D^beta" --where "loss < 5"
gnomon fit runs.csv --law auto
gnomon fit one-model.csv --law chinchilla --transfer other-family.json
gnomon fit - --law "pow_floor(flops)" --json < runs.csv"""

AUTO = "auto"
"""Instead of a law: choose it by its forecasts of hidden runs."""

LawOption = Annotated[
    str,
    typer.Option(
        "--law",
        metavar="NAME|FORMULA",
        help="""one of gnomon laws, a formula: "E + A/N^a + B/D^b", or auto: what forecasts hidden runs best""",
        show_default=False,
    ),
]
IntervalsOption = Annotated[
    str | None,
    typer.Option(
        "--intervals",
        metavar="HOW",
        help="bootstrap (whole runs resampled; the default), within (residuals in blocks and seed noise; the default with one "
        "run), wild (residuals of runs change sign), parametric (seed noise, counts), profile, bayes or none",
        show_default=False,
    ),
]
NoiseOption = Annotated[
    str,
    typer.Option(
        "--noise", metavar="COLUMN", help="constant, or a column along which the noise changes as a power, e.g. flops"
    ),
]
FixOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fix", metavar="NAME=NUMBER,...", help="parameters that keep a value instead of being fitted; repeatable"
    ),
]
TransferOption = Annotated[
    list[str] | None,
    typer.Option(
        "--transfer",
        metavar="FIT|CONSTANTS",
        help="take parameters from another family: a saved fit, or published constants of the law; several show how families differ",
    ),
]
TransferredOption = Annotated[
    str | None,
    typer.Option(
        "--transferred",
        metavar="NAME,...",
        help="which ones --transfer takes; default: those of the law's term in params",
        show_default=False,
    ),
]
DrawsOption = Annotated[str, typer.Option("--draws", metavar="N", help="refits behind the intervals")]
SaveOption = Annotated[
    str | None,
    typer.Option(
        "--save", metavar="FILE", help="keep the fit with its rows, for forecast and plan", rich_help_panel=ANSWER
    ),
]
BacktestOption = Annotated[
    bool,
    typer.Option(
        "--backtest/--no-backtest", help="also hide the largest runs and forecast them", rich_help_panel=ANSWER
    ),
]


def fit(
    runs: RunsArgument,
    law: LawOption,
    response: ResponseOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    schedules: SchedulesOption = None,
    objective: ObjectiveOption = None,
    noise: NoiseOption = "constant",
    fix: FixOption = None,
    transfer: TransferOption = None,
    transferred: TransferredOption = None,
    intervals: IntervalsOption = None,
    draws: DrawsOption = "1000",
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    save: SaveOption = None,
    plot: PlotOption = None,
    picture: PictureOption = None,
    backtest: BacktestOption = True,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fit a law to runs.

    Prints the parameters with their intervals, what speaks for and against the fit, and how it forecasts the largest
    runs when they are hidden from it. Rows that cannot be used are counted and named.
    """
    from gnomon.fit import fit as fit_law

    options: dict[str, Any] = {
        "draws": count(draws, "--draws"),
        "level": share(level, "--level"),
        "seed": count(seed, "--seed"),
    }
    options |= {
        "fixed": fixed_of(fix),
        "transfer": transfer,
        "transferred": None if transferred is None else [name.strip() for name in transferred.split(",")],
    }
    columns = columns_of(column)
    check_picture(plot)
    check_kind(picture, plot)
    if law == AUTO and (fix or transfer):
        raise InputError(
            "--law auto chooses among laws with different parameters; --fix and --transfer name parameters of one.",
            hint="Name the law: --law chinchilla.",
        )
    if save is not None:
        check_folder(save)
    with Progress("reading the runs", quiet=quiet) as progress:
        table = open_runs(runs, columns, where, schedules)
        selection = None
        if law == AUTO:
            from gnomon.forecast import select

            progress.now("fitting every law the columns admit, without the largest runs")
            with placed(table):
                selection = select(table, response=response, objective=objective, seed=options["seed"])
            law = selection.best
        progress.now(f"fitting {law} to {len(table)} rows")
        with placed(table):
            how: dict[str, Any] = {"objective": objective, "noise": noise, "intervals": intervals}
            found = fit_law(law, table, response=response, **how, **options)
        saved = None if save is None else str(found.save(save))
        record = None
        if backtest:
            from gnomon.forecast.track import track_record

            progress.now("hiding the largest runs and forecasting them")
            record = track_record(found)
        drawn = save_picture(found, plot, kind=picture)
        shown = FitAnswer(found, record, saved, drawn, progress.seconds, selection)
    answer(shown.to_dict(), lambda page: draw_fit(page, shown), as_json=json)


def fixed_of(texts: Sequence[str] | None) -> dict[str, float] | None:
    """`["A=482,alpha=0.34"]` as a mapping; None where nothing is fixed.

    Raises:
        InputError: a part is no NAME=NUMBER, or a name comes twice.
    """
    found: dict[str, float] = {}
    for part in (part.strip() for text in texts or () for part in text.split(",")):
        name, sign, value = (x.strip() for x in part.partition("="))
        if not sign or not name or not value:
            raise InputError(f"--fix: got {part!r}, expected NAME=NUMBER", hint="For example --fix alpha=0.34.")
        if name in found:
            raise InputError(f"--fix names {name!r} twice")
        found[name] = amount(value, f"--fix {name}") or 0.0
    return found or None
