"""`gnomon plan next-runs`: which runs narrow the forecast of a target most for their compute, and when to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import (
    ColumnOption,
    JsonOption,
    PlotOption,
    QuietOption,
    SeedOption,
    SourceArgument,
    WhereOption,
    amount,
    columns_of,
    count,
    point,
)
from gnomon.cli.picture import check_picture, save_picture
from gnomon.cli.plan import CostOption
from gnomon.cli.sources import open_fit_or_runs, open_runs, placed
from gnomon.cli.terminal.numbers import percent, quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.plan.next_runs import NextRuns

EXAMPLES = """gnomon plan next-runs fit.json --target params=7B,tokens=2T --budget 1e20
gnomon plan next-runs runs.csv --law chinchilla --target params=7B,tokens=2T --budget 1e20
gnomon plan next-runs fit.json --target params=7B,tokens=2T --budget 1e20 --max-params 1B --run-budget 2e19"""

TargetOption = Annotated[
    str | None,
    typer.Option("--target", metavar="NAME=NUMBER,...", help="the point to be forecast", show_default=False),
]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", metavar="FLOP", help="for all new runs together", show_default=False)
]
RunBudgetOption = Annotated[
    str | None, typer.Option("--run-budget", metavar="FLOP", help="for one run at most; default: the budget")
]
LawOption = Annotated[
    str | None, typer.Option("--law", metavar="NAME|FORMULA", help="where runs are given: the law fitted to them")
]
MaxParamsOption = Annotated[
    str | None, typer.Option("--max-params", metavar="N", help="of a candidate; default: three times the largest run")
]
MaxTokensOption = Annotated[
    str | None, typer.Option("--max-tokens", metavar="N", help="of a candidate; default: three times the largest run")
]
CandidatesOption = Annotated[
    str | None,
    typer.Option("--candidates", metavar="TABLE", help="runs to choose from, one a row, instead of a grid"),
]
MostOption = Annotated[str, typer.Option("--most", metavar="N", help="runs proposed at most")]


def next_runs(
    source: SourceArgument,
    target: TargetOption = None,
    budget: BudgetOption = None,
    run_budget: RunBudgetOption = None,
    law: LawOption = None,
    max_params: MaxParamsOption = None,
    max_tokens: MaxTokensOption = None,
    candidates: CandidatesOption = None,
    most: MostOption = "6",
    cost: CostOption = "6ND",
    column: ColumnOption = None,
    where: WhereOption = None,
    seed: SeedOption = "0",
    plot: PlotOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which runs to buy next, and when to stop.

    Ranks runs by how much they are expected to narrow the forecast of a target, for their compute; says stop when
    none is worth it.
    """
    from gnomon.fit import Fit, fit
    from gnomon.plan.next_runs import next_runs as rank

    if target is None or budget is None:
        raise InputError(
            "Ranking runs needs a target and a budget.",
            hint="For example --target params=7B,tokens=2T --budget 1e20.",
        )
    ends = {"params": amount(max_params, "--max-params"), "tokens": amount(max_tokens, "--max-tokens")}
    options: dict[str, Any] = {
        "budget": amount(budget, "--budget"),
        "run_budget": amount(run_budget, "--run-budget"),
        "most": count(most, "--most", least=1),
        "cost": cost,
        "seed": count(seed, "--seed"),
    }
    wanted = point(target, "--target")
    check_picture(plot)
    with Progress("reading", quiet=quiet) as progress:
        known = open_fit_or_runs(source, columns_of(column), where)
        if not isinstance(known, Fit):
            if law is None:
                raise InputError(
                    "Runs alone say nothing of a target: name the law.", hint="For example --law chinchilla."
                )
            progress.now("fitting")
            with placed(known):
                known = fit(law, known, seed=options["seed"])
        limits = {name: (known.range[name][0], high) for name, high in ends.items() if high and name in known.range}
        listed = None if candidates is None else _listed(candidates, known)
        progress.now("ranking")
        found = rank(known, wanted, limits=limits, candidates=listed, **options)
        drawn = save_picture(found, plot)
    answer(found.to_dict() | {"plot": drawn}, lambda page: draw(page, found, drawn), as_json=json)


def _listed(path: str, fit: Fit) -> list[dict[str, float]]:
    """The candidates of a table: the law's inputs, and flops where params and tokens do not give them."""
    table = open_runs([path], {}, None)
    split = {"params", "tokens"} <= set(fit.law.inputs)
    names = list(fit.law.inputs if split else dict.fromkeys((*fit.law.inputs, "flops")))
    columns = dict(zip(names, table.numbers(*names), strict=True))
    return [{name: float(columns[name][i]) for name in names} for i in range(len(table))]


def draw(page: Page, found: NextRuns, drawn: str | None = None) -> None:
    """The list, what it is expected to do, and what runs spread evenly would do."""
    page.line(bold("Stop." if found.stop else "Buy these."), " ", found.why.removeprefix("Stop: "))
    if found.runs:
        page.blank()
        names = list(found.runs[0].at)
        page.table(
            [Column(""), *(Column(name) for name in names), Column("FLOP"), Column("then", spare=1)],
            [
                [
                    str(i),
                    *(quantity(run.at[name]) for name in names),
                    quantity(run.flops, "flops"),
                    f"+-{percent(run.after)}",
                ]
                for i, run in enumerate(found.runs, start=1)
            ],
        )
        page.blank()
        if found.even is not None:
            page.line(dim("runs spread evenly for the same compute would leave "), f"+-{percent(found.even)}")
        if found.weighed is not None:
            page.line(dim("the same list judged by weighing the draws leaves "), f"+-{percent(found.weighed)}")
    page.blank()
    for line in found.assumes:
        page.line(dim("assumes "), line, hang=8)
    if drawn is not None:
        page.blank()
        page.line(dim("saved "), verbatim(drawn))
