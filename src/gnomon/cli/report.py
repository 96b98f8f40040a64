"""`gnomon report`: one offline page of a fit, of forecasts from it, or of a plan made from it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.forecast import AtOption
from gnomon.cli.options import (
    ANSWER,
    ColumnOption,
    JsonOption,
    ObjectiveOption,
    QuietOption,
    ResponseOption,
    SeedOption,
    SourceArgument,
    WhereOption,
    amount,
    columns_of,
    count,
    point,
)
from gnomon.cli.picture import check_page
from gnomon.cli.plan import CostOption, FlopsOption, LossOption, ServedOption, UniqueOption
from gnomon.cli.sources import open_fit_or_runs, placed, spelt
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.text import dim, verbatim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.report import Page

EXAMPLES = """gnomon report fit.json -o report.html
gnomon report fit.json --at params=7B,tokens=2T -o forecast.html
gnomon report fit.json --flops 5.76e23 -o plan.html
gnomon report runs.csv --law chinchilla -o report.html"""

LawOption = Annotated[
    str | None,
    typer.Option(
        "--law", metavar="NAME|FORMULA", help="of runs: the law to fit; a fit has its own", show_default=False
    ),
]
OutOption = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="the page", rich_help_panel=ANSWER)]
InteractiveOption = Annotated[
    bool,
    typer.Option(
        "--interactive/--static", help="charts with tooltips and zoom, about 1 MiB more", rich_help_panel=ANSWER
    ),
]


def report(
    source: SourceArgument,
    output: OutOption = "report.html",
    law: LawOption = None,
    at: AtOption = None,
    flops: FlopsOption = None,
    loss: LossOption = None,
    inference_tokens: ServedOption = None,
    unique_tokens: UniqueOption = None,
    cost: CostOption = "6ND",
    response: ResponseOption = None,
    column: ColumnOption = None,
    where: WhereOption = None,
    objective: ObjectiveOption = None,
    seed: SeedOption = "0",
    interactive: InteractiveOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one offline page: answer, evidence, risks, provenance.

    Of the fit; with --at of a forecast; with --flops or --loss of a plan. The page needs no network and no script.
    """
    asked = {"flops": amount(flops, "--flops"), "loss": amount(loss, "--loss")}
    served = {
        "inference_tokens": amount(inference_tokens, "--inference-tokens"),
        "unique_tokens": amount(unique_tokens, "--unique-tokens"),
    }
    points = [point(text) for text in at or ()]
    _check_asked(output, points, asked, served)
    with Progress("reading", quiet=quiet) as progress:
        known = open_fit_or_runs(source, columns_of(column), where)
        with placed(known):
            fit = _fitted(known, law, response, objective, count(seed, "--seed"), source)
            progress.now("asking what a reader asks")
            again = f"gnomon report {spelt(source)}{_options(law, at, flops, loss, where)} -o {shlex.quote(output)}"
            page = _page(fit, points, asked | served, cost, again)
        saved = page.save(output, interactive=interactive)
    document = {**page.document, "report": str(saved)}
    answer(document, lambda shown: shown.line(dim("written "), verbatim(saved)), as_json=json)


def _check_asked(output: str, points: list[Any], asked: dict[str, Any], served: dict[str, Any]) -> None:
    """One question, and a file for its answer."""
    check_page(output, "-o")
    given = [name for name, value in asked.items() if value is not None]
    if (points and given) or len(given) > 1:
        names = [*(["--at"] if points else []), *(f"--{name}" for name in given)]
        raise InputError(f"A page answers one question; got {' and '.join(names)}.", hint="Make one page for each.")
    extra = [name for name, value in served.items() if value is not None]
    if extra and not given:
        option = f"--{extra[0].replace('_', '-')}"
        raise InputError(f"{option} belongs to a plan.", hint="Add --flops NUMBER or --loss NUMBER.")


def _fitted(
    known: Any, law: str | None, response: str | None, objective: str | None, seed: int, source: list[str]
) -> Fit:
    """The fit itself, or the law fitted to runs."""
    from gnomon.fit import Fit
    from gnomon.fit import fit as fit_law

    if isinstance(known, Fit):
        if law is not None:
            raise InputError("--law is for runs; a fit has its law already.", hint="Give the runs, or leave --law out.")
        return known
    if law is None:
        raise InputError(
            f"{spelt(source)} holds runs; a report of them needs a law.",
            hint=f"For example: gnomon report {spelt(source)} --law chinchilla",
        )
    return fit_law(law, known, response=response, objective=objective, seed=seed)


def _options(law: str | None, at: list[str] | None, flops: str | None, loss: str | None, where: str | None) -> str:
    """The options that decide the answer, as they were typed."""
    typed = [
        ("--law", law),
        *(("--at", text) for text in at or ()),
        ("--flops", flops),
        ("--loss", loss),
        ("--where", where),
    ]
    return "".join(f" {name} {shlex.quote(value)}" for name, value in typed if value is not None)


def _page(fit: Fit, points: list[dict[str, float]], asked: dict[str, Any], cost: str, again: str) -> Page:
    from gnomon.report import fit_report, forecast_report, plan_report

    if points:
        from gnomon.forecast import forecast

        return forecast_report(forecast(fit, points, level=fit.level, seed=fit.seed), fit, again=again)
    if asked["flops"] is not None or asked["loss"] is not None:
        from gnomon.plan import allocate

        return plan_report(allocate(fit, cost=cost, level=fit.level, **asked), fit, again=again)
    return fit_report(fit, again=again)
