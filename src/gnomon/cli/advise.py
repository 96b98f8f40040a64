"""`gnomon advise`: which runs to train before there are any, for a forecast one wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import (
    ColumnOption,
    JsonOption,
    QuietOption,
    SeedOption,
    WhereOption,
    amount,
    columns_of,
    count,
    point,
)
from gnomon.cli.plan import CostOption
from gnomon.cli.sources import open_fit_or_runs, placed
from gnomon.cli.terminal.numbers import counted, number, percent, quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.plan.advising import Advice
    from gnomon.plan.design_trial import Noise

EXAMPLES = """gnomon advise --target params=7B,tokens=140B --budget 2e20
gnomon advise pilot.csv --target params=7B,tokens=140B --budget 2e20
gnomon advise --target params=7B,tokens=140B --budget 2e20 --rows checkpoints --run-noise 0.3% --row-noise 0.3%"""

LikeArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIT|RUNS",
        help="runs like those to come; without them published laws stand for them",
        show_default=False,
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", metavar="NAME=NUMBER,...", help="the point to be forecast", show_default=False),
]
BudgetOption = Annotated[str | None, typer.Option("--budget", metavar="FLOP", help="for all runs", show_default=False)]
RowsOption = Annotated[str, typer.Option("--rows", metavar="finals|checkpoints", help="what is to be fitted")]
RunNoiseOption = Annotated[
    str | None, typer.Option("--run-noise", metavar="SHARE", help="by which seeds move the loss of a run")
]
RowNoiseOption = Annotated[
    str | None, typer.Option("--row-noise", metavar="SHARE", help="by which one row moves beside its run")
]
LeastOption = Annotated[str, typer.Option("--min-params", metavar="N", help="the smallest model to train")]
TITLES = {
    "sizes": "model sizes",
    "span": "largest over smallest size",
    "lengths": "runs of each size, lengths a factor of 4 apart",
    "growth": "tokens grow with size to the power",
    "ratio": "tokens per parameter, largest size over target",
}


def advise(
    like: LikeArgument = None,
    target: TargetOption = None,
    budget: BudgetOption = None,
    rows: RowsOption = "finals",
    run_noise: RunNoiseOption = None,
    row_noise: RowNoiseOption = None,
    min_params: LeastOption = "10M",
    cost: CostOption = "6ND",
    column: ColumnOption = None,
    where: WhereOption = None,
    seed: SeedOption = "0",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which runs to train for a forecast.

    Tries ladders of runs that cost the budget on simulated families: how many sizes, how far apart, how long, finals or
    checkpoints. Prints the one to train, its expected error with its spread, and what each choice is worth.
    """
    from gnomon.plan.advising import advise as choose

    if target is None or budget is None:
        raise InputError(
            "Advice needs a target and a budget.", hint="For example --target params=7B,tokens=140B --budget 2e20."
        )
    options: dict[str, Any] = {
        "budget": amount(budget, "--budget"),
        "least_params": amount(min_params, "--min-params"),
        "rows": rows,
        "cost": cost,
        "seed": count(seed, "--seed"),
        "noise": _noise(run_noise, row_noise),
    }
    wanted = point(target, "--target")
    with Progress("trying designs", quiet=quiet) as progress:
        known = None
        if like:
            progress.now("reading")
            known = open_fit_or_runs(like, columns_of(column), where)
        elif column or where:
            raise InputError("--column and --where choose rows of runs, and none are given.")
        progress.now("trying designs")
        with placed(known):
            found = choose(wanted, like=known, **options)
    answer(found.to_dict(), lambda page: draw(page, found), as_json=json)


def _noise(run: str | None, row: str | None) -> Noise | None:
    """Both parts, or None where neither is given."""
    from gnomon.plan.design_trial import Noise

    if run is None and row is None:
        return None
    if run is None or row is None:
        raise InputError("The noise has two parts.", hint="Give both --run-noise and --row-noise; 0 is allowed.")
    return Noise(_part(run, "--run-noise"), _part(row, "--row-noise"))


def _part(text: str, option: str) -> float:
    value = amount(text.strip().removesuffix("%"), option) or 0.0
    return value / 100 if text.strip().endswith("%") else value


def draw(page: Page, found: Advice) -> None:
    """The design to train, what it is expected to do, and what each choice is worth."""
    best = found.best
    page.line(
        bold(f"Train these {best.ladder.runs} runs"),
        f" and fit their {found.rows}: the forecast of {quantity(found.target['params'])} parameters on "
        f"{quantity(found.target['tokens'])} tokens is then expected to be ",
        bold(percent(best.error)),
        f" off, in nine of ten cases {percent(best.low)} to {percent(best.high)}; its loss moves as much when its compute changes "
        f"{number(found.as_compute, 1)}-fold.",
    )
    page.blank()
    columns = zip(best.design.params, best.design.tokens, best.design.flops, strict=True)
    page.table(
        [Column("params"), Column("tokens"), Column("FLOP")],
        [[quantity(float(x)) for x in row] for row in columns],
    )
    page.blank()
    page.line(dim("smallest expected error by choice, all else free"))
    for name, by_value in found.choices.items():
        told = ", ".join(f"{value:g}: {percent(error)}" for value, error in by_value.items())
        page.line(f"{TITLES[name]}  ", bold(told), hang=4)
    if found.held_back:
        page.line(
            "Smaller errors come from designs of fewer than 4 sizes or 8 runs, or of one length a size: what their fit says of the law, "
            "nothing could test."
        )
    page.blank()
    draw_rows(page, found)
    if len(best.by_family) > 1:
        worst = max(best.by_family, key=lambda name: best.by_family[name])
        kind = min(best.by_family, key=lambda name: best.by_family[name])
        page.line(
            dim("between families "),
            f"{percent(best.by_family[kind])} ({kind}) to {percent(best.by_family[worst])} ({worst})",
        )
    page.line(dim(f"{counted(found.tried, 'design')} tried; the seed noise of the target itself comes on top"))
    page.blank()
    for line in found.assumes:
        page.line(dim("assumes "), line, hang=8)


def draw_rows(page: Page, found: Advice) -> None:
    """What fitting the other kind of rows would do, and what it did on public runs."""
    from gnomon.plan.advising import FINALS_RATIO

    if found.other_rows is None:
        return
    if found.rows == "finals":
        page.line(
            f"Checkpoints too: {percent(found.other_rows)}, if they lie on the curve of finished runs. On public runs they did "
            f"not: finals alone erred {FINALS_RATIO:g} times as much as with checkpoints (docs/results/advise.md)."
        )
    else:
        page.line(
            f"Finals alone: {percent(found.other_rows)}. On public runs they erred {FINALS_RATIO:g} times as much as with "
            "checkpoints (docs/results/advise.md)."
        )
