"""`gnomon plan`: what to train, from a fit or from published constants."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.confidence import draw_grade
from gnomon.cli.forecast import OF_PARAMETERS
from gnomon.cli.options import ANSWER, JsonOption, LevelOption, PlotOption, QuietOption, amount, share
from gnomon.cli.picture import check_picture, save_picture
from gnomon.cli.terminal.numbers import quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Part, bold, dim
from gnomon.errors import InputError, UnknownNameError, Where, near

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.laws import Law
    from gnomon.plan import Plan

EXAMPLES = """gnomon plan allocate fit.json --flops 5.76e23
gnomon plan allocate fit.json --loss 2.1 --inference-tokens 5T
gnomon plan allocate --constants chinchilla.besiroglu2024 --flops 1e24"""

FitArgument = Annotated[
    str | None, typer.Argument(metavar="FIT", help="a fit of params and tokens, saved with --save", show_default=False)
]
ConstantsOption = Annotated[
    str | None,
    typer.Option(
        "--constants",
        metavar="LAW.NAME",
        help="published constants instead of a fit, e.g. chinchilla.besiroglu2024; without intervals",
    ),
]
FlopsOption = Annotated[
    str | None,
    typer.Option("--flops", metavar="NUMBER", help="the budget: training, and serving where that is asked for"),
]
LossOption = Annotated[
    str | None,
    typer.Option("--loss", metavar="NUMBER", help="the loss to reach with the least compute, instead of --flops"),
]
ServedOption = Annotated[
    str | None, typer.Option("--inference-tokens", metavar="NUMBER", help="tokens served over the model's life")
]
UniqueOption = Annotated[
    str | None, typer.Option("--unique-tokens", metavar="NUMBER", help="different tokens at hand; more are repeats")
]
CostOption = Annotated[
    str,
    typer.Option(
        "--cost",
        metavar="MODEL",
        help="how compute is counted: 6ND, 8ND, kaplan, deepseek-M, exact, moe, kinetics; with options as in "
        "'exact(context=8192)', 'moe(active=0.2)'",
    ),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="what it assumes and the isoFLOP cross-check too", rich_help_panel=ANSWER),
]


def plan(context: typer.Context) -> None:
    """What to train: a decision with its interval, and what would change it."""
    if context.invoked_subcommand is None:
        sys.stdout.write(f"{context.get_help()}\n")


def allocate(
    fit: FitArgument = None,
    constants: ConstantsOption = None,
    flops: FlopsOption = None,
    loss: LossOption = None,
    inference_tokens: ServedOption = None,
    unique_tokens: UniqueOption = None,
    cost: CostOption = "6ND",
    level: LevelOption = "0.9",
    plot: PlotOption = None,
    verbose: VerboseOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How to split a budget between parameters and tokens.

    Or, with --loss, the cheapest way to a loss. Beside the best split stand others at the same cost, what they lose,
    and what would move the decision.
    """
    from gnomon.plan import allocate as plan_for

    options: dict[str, Any] = {
        "flops": amount(flops, "--flops"),
        "loss": amount(loss, "--loss"),
        "inference_tokens": amount(inference_tokens, "--inference-tokens"),
        "unique_tokens": amount(unique_tokens, "--unique-tokens"),
        "level": share(level, "--level"),
    }
    _check_asked(fit, constants, options)
    check_picture(plot)
    with Progress("planning", quiet=quiet):
        source = law_of(str(constants)) if fit is None else open_fit(fit)
        found = plan_for(source, cost=cost, **options)
        drawn = save_picture(found, plot)
    answer(found.to_dict() | {"plot": drawn}, lambda page: draw_plan(page, found, verbose), as_json=json)


def _check_asked(fit: str | None, constants: str | None, options: Mapping[str, Any]) -> None:
    """Exactly one source and one question."""
    if (fit is None) == (constants is None):
        got = "both a fit and --constants" if fit is not None else "neither a fit nor --constants"
        raise InputError(
            f"A plan is made from a fit or from published constants; got {got}.",
            hint=f"For example: {EXAMPLES.splitlines()[0]}",
        )
    if (options["flops"] is None) == (options["loss"] is None):
        got = "both --flops and --loss" if options["flops"] is not None else "neither --flops nor --loss"
        raise InputError(
            f"A plan needs a budget or a target; got {got}.", hint="For example --flops 1e24, or --loss 2.1."
        )
    for name, value in options.items():
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')}: got {value:g}, expected a number above zero")


def open_fit(path: str) -> Fit:
    """A saved fit.

    Raises:
        InputError: the file is a table of runs.
    """
    from gnomon.fit import Fit

    if Path(path).suffix.lower() != ".json" and Path(path).exists():
        raise InputError(
            "A plan is made from a fit, and this is no fit.",
            hint=f"Make one: gnomon fit {shlex.quote(path)} --law chinchilla --save fit.json",
            where=Where(path),
        )
    return Fit.load(path)


def law_of(constants: str) -> Law:
    """Published constants by name: `chinchilla.besiroglu2024`.

    Raises:
        UnknownNameError: there is no such law, or it has no such constants.
    """
    from gnomon.laws import law

    name, _, which = constants.partition(".")
    found = law(name)
    known = found.constants()
    if which not in known:
        names = [f"{name}.{k}" for k in known]
        hint = (
            f"{near(constants, names) or 'Known: ' + ', '.join(names) + '.'}"
            if names
            else f"Nobody's constants are known for {name}."
        )
        what = (
            f"{name} has no published constants {which!r}"
            if which
            else f"--constants got {constants!r}, expected LAW.NAME"
        )
        raise UnknownNameError(what, hint=hint)
    return known[which]


def draw_plan(page: Page, found: Plan, verbose: bool = False) -> None:
    """The plan in words: the decision, the confidence, the options beside it, what would change it."""
    from gnomon.plan.text import loss_text

    shown, pair = found.decision, found.interval.get("loss")
    loss = loss_text(shown["loss"], None if pair is None else 0.5 * (pair[1] - pair[0]))
    said = found.lines()
    for line in said[:-1]:
        page.line(
            *emphasised(
                line, (f"{quantity(shown['params'])} parameters", f"{quantity(shown['tokens'])} tokens", f" of {loss}")
            )
        )
    draw_grade(page, found.grade)
    page.blank()
    draw_options(page, found)
    page.blank()
    for notice in found.notices:
        if notice.code not in OF_PARAMETERS:
            page.mark("warn", notice.message)
    draw_changes(page, found.changes_if)
    if verbose:
        draw_cross_check(page, found)
        page.blank()
        page.line(dim("it assumes"))
        for line in found.assumes:
            page.line("\u00a0\u00a0", line, hang=4)


def emphasised(text: str, wanted: Sequence[str]) -> list[Part]:
    """A sentence in which the number of each wanted phrase (`73.2B parameters`, ` of 1.97`) is bold."""
    parts: list[Part] = [text]
    for phrase in wanted:
        number = max(phrase.split(), key=lambda word: any(c.isdigit() for c in word))
        for i, part in enumerate(parts):
            if isinstance(part, str) and phrase in part:
                before, _, after = part.partition(phrase)
                lead, _, rest = phrase.partition(number)
                parts[i : i + 1] = [before + lead, bold(number), rest + after]
                break
    return [part for part in parts if part]


def draw_options(page: Page, found: Plan) -> None:
    """The recommendation and what else the budget buys; from 100 columns on serving cost and reasons."""
    from gnomon.plan.text import table

    head, *rows = table(found)
    known = {
        "": Column("", "<"),
        "why": Column("why", "<", style="dim", wide=True, prose=True),
        "serving per token": Column("serving per token", style="dim", wide=True),
        "FLOP": Column("FLOP", style="dim", spare=1),
    }
    cells = [
        [
            bold(row[0]) if i == 0 else row[0],
            *(bold(c) if i == 0 and t == "params" else c for c, t in zip(row[1:], head[1:], strict=True)),
        ]
        for i, row in enumerate(rows)
    ]
    if all(row["low"] is None for row in found.options if row["tokens"] is not None):  # a column of dashes says nothing
        hidden = head.index(f"{100 * found.level:g}%")
        head = tuple(t for j, t in enumerate(head) if j != hidden)
        cells = [[c for j, c in enumerate(row) if j != hidden] for row in cells]
    page.table([known.get(title) or Column(title) for title in head], cells)


def draw_changes(page: Page, changes: Sequence[str]) -> None:
    """What would move the decision."""
    if changes:
        page.blank()
        page.line(dim("would change it"))
        for line in changes:
            page.line("\u00a0\u00a0", line, hang=4)


def draw_cross_check(page: Page, found: Plan) -> None:
    """What parabolas through runs of equal compute say."""
    page.blank()
    check = found.cross_check
    if check is None:
        page.mark("open", f"no isoFLOP cross-check: {found.reasons.get('cross_check', 'no runs are at hand')}")
        return
    params = check.get("params")
    if params is None:
        page.mark("open", f"isoFLOP parabolas give no size: {check.get('params_reason', 'too few budgets')}")
        return
    ends = (
        f" ({quantity(check['low'])} to {quantity(check['high'])})"
        if check.get("low") is not None and check.get("high") is not None
        else ""
    )
    page.mark("good", f"isoFLOP parabolas through the same runs say {quantity(params)} parameters{ends}")
