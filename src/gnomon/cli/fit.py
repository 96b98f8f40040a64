"""`gnomon fit`: a law fitted to runs, and how far to believe it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.fit_page import FitAnswer, draw_fit
from gnomon.cli.options import (
    ANSWER,
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
from gnomon.cli.picture import check_folder, check_picture, save_picture
from gnomon.cli.sources import open_runs, placed
from gnomon.cli.terminal.progress import Progress

if TYPE_CHECKING:
    pass

EXAMPLES = """gnomon fit runs.csv --law chinchilla --save fit.json
gnomon fit runs.csv --law "E + A/N^alpha + B/D^beta" --where "loss < 5"
gnomon fit runs.csv --law auto
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
    str,
    typer.Option(
        "--intervals",
        metavar="HOW",
        help="bootstrap (whole runs resampled), wild (residuals change sign), parametric (seed noise, counts), profile, bayes or none",
    ),
]
NoiseOption = Annotated[
    str,
    typer.Option(
        "--noise", metavar="COLUMN", help="constant, or a column along which the noise changes as a power, e.g. flops"
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
    intervals: IntervalsOption = "bootstrap",
    draws: DrawsOption = "1000",
    level: LevelOption = "0.9",
    seed: SeedOption = "0",
    save: SaveOption = None,
    plot: PlotOption = None,
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
    columns = columns_of(column)
    check_picture(plot)
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
        drawn = save_picture(found, plot)
        shown = FitAnswer(found, record, saved, drawn, progress.seconds, selection)
    answer(shown.to_dict(), lambda page: draw_fit(page, shown), as_json=json)
