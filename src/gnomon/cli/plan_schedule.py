"""`gnomon plan schedule`: which learning-rate schedule ends lowest under a fitted law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.forecast import OF_PARAMETERS
from gnomon.cli.options import ANSWER, JsonOption, LevelOption, QuietOption, amount, count, share
from gnomon.cli.picture import check_folder
from gnomon.cli.plan import ConstantsOption, law_of, open_fit
from gnomon.cli.terminal.numbers import between, decimals_for, number, percent, quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.plan.schedule import Option, SchedulePlan

EXAMPLES = """gnomon plan schedule fit.json --steps 24000
gnomon plan schedule fit.json --steps 48000 --end 1e-5 --save schedule.csv
gnomon plan schedule --constants mpl.luo2025_100m --steps 24000 --peak 3e-4 --warmup 2160"""

FitArgument = Annotated[
    str | None,
    typer.Argument(metavar="FIT", help="a fit of mpl or lr_annealing, saved with --save", show_default=False),
]
StepsOption = Annotated[str, typer.Option("--steps", metavar="N", help="length of the run, warm-up included")]
PeakOption = Annotated[
    str | None, typer.Option("--peak", metavar="RATE", help="rate after the warm-up; default: that of the curves")
]
EndOption = Annotated[
    str | None, typer.Option("--end", metavar="RATE", help="smallest rate; default: the smallest one measured")
]
WarmupOption = Annotated[
    str | None, typer.Option("--warmup", metavar="N", help="steps of the warm-up; default: those of the curves")
]
SaveOption = Annotated[
    str | None,
    typer.Option("--save", metavar="FILE", help="the best schedule as a table of step, lr", rich_help_panel=ANSWER),
]


def schedule(
    fit: FitArgument = None,
    steps: StepsOption = "",
    constants: ConstantsOption = None,
    peak: PeakOption = None,
    end: EndOption = None,
    warmup: WarmupOption = None,
    level: LevelOption = "0.9",
    save: SaveOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which learning-rate schedule ends lowest.

    Constant, cosine and warm-up-stable-decay schedules, and under mpl one of free shape, compared by the loss the law
    gives at their last step.
    """
    from gnomon.plan.schedule import schedule as plan_for

    if (fit is None) == (constants is None):
        got = "both a fit and --constants" if fit is not None else "neither a fit nor --constants"
        raise InputError(
            f"A schedule is planned from a fit or from published constants; got {got}.",
            hint=f"For example: {EXAMPLES.splitlines()[0]}",
        )
    if not steps:
        raise InputError("How long is the run?", hint="Say so with --steps, for example --steps 24000.")
    options: dict[str, Any] = {
        "steps": count(steps, "--steps", least=2),
        "peak": amount(peak, "--peak"),
        "end": amount(end, "--end"),
        "warmup": None if warmup is None else count(warmup, "--warmup"),
        "level": share(level, "--level"),
    }
    if save is not None:
        check_folder(save)
    with Progress("planning", quiet=quiet):
        found = plan_for(law_of(str(constants)) if fit is None else open_fit(fit), **options)
        saved = None if save is None else str(found.write(save))
    answer(found.to_dict() | {"saved": saved}, lambda page: draw(page, found, saved), as_json=json)


def draw(page: Page, found: SchedulePlan, saved: str | None) -> None:
    """The plan in words: the schedule, what stands beside it, what would change it."""
    best = found.best.to_dict()
    end = number(found.best.loss, 3)
    page.line(
        bold(found.schedule.name),
        f" ends lowest, at {end}: {quantity(found.schedule.peak)} up to step {best['decay_from']:,}, "
        f"then down to {quantity(best['end'])}",
    )
    page.blank()
    page.table(
        [
            Column("", "<"),
            Column("loss"),
            Column(f"{percent(found.level)} for a new run", style="dim"),
            Column("above the best"),
            Column(f"{percent(found.level)} interval", style="dim", spare=1),
        ],
        [_row(option) for option in (found.best, *found.others)],
    )
    page.blank()
    for notice in found.notices:
        if notice.code not in OF_PARAMETERS:
            page.mark("warn", notice.message)
    for line in found.assumes:
        page.line(dim("assumes "), line, hang=8)
    for line in found.changes_if:
        page.line(dim("with "), line, hang=8)
    if saved is not None:
        page.line(dim("saved "), verbatim(saved))


def _row(option: Option) -> list[Any]:
    decimals = 4
    if option.low is not None and option.high is not None:
        decimals = decimals_for(0.5 * (option.high - option.low)) or decimals
    known = option.low is not None and option.excess_low is not None
    return [
        option.schedule.name,
        bold(number(option.loss, decimals)),
        between(number(option.low, decimals), number(option.high, decimals)) if known else "none",
        number(option.excess, 4),
        between(number(option.excess_low, 4), number(option.excess_high, 4)) if known else "none",
    ]
