"""`gnomon check`: what is in a table of runs, before anything is fitted to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.cli.answer import answer
from gnomon.cli.options import ColumnOption, JsonOption, QuietOption, RunsArgument, WhereOption, columns_of
from gnomon.cli.sources import open_runs, spelt
from gnomon.cli.terminal.numbers import counted
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim

if TYPE_CHECKING:
    from gnomon.runs import Check, Runs

EXAMPLES = """gnomon check runs.csv
gnomon check "results/*.parquet" --column params=n_nonembed
gnomon check - --json < runs.csv"""

SHOWN = 24  # columns listed; exports of trackers have hundreds
MOST_NAMED = 8  # row numbers in a line
SIGNS = {"error": "bad", "warning": "warn", "note": "open"}


def check(
    runs: RunsArgument,
    column: ColumnOption = None,
    where: WhereOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What is in a table of runs.

    Columns with their units and ranges, what is derived and how, and findings: values that are missing or impossible,
    units that look wrong, rows that repeat, compute that does not match size and data.
    """
    from gnomon.runs import check as examine

    with Progress("reading the runs", quiet=quiet) as progress:
        table = open_runs(runs, columns_of(column), where)
        progress.now(f"checking {len(table)} rows")
        found = examine(table)
    answer(found.to_dict(), lambda page: draw_check(page, table, found, spelt(runs)), as_json=json)


def draw_check(page: Page, runs: Runs, found: Check, spelt: str) -> None:
    """The table in words: how many rows, which columns, what was found, what comes next."""
    from gnomon.runs.show import headline

    page.line(bold(headline(runs)))
    page.blank()
    draw_columns(page, runs)
    page.blank()
    for finding in found.findings:
        page.mark(SIGNS[finding.severity], finding.message)
        rows = _rows_told(finding.rows, finding.count)
        if rows and "row" not in finding.message:
            page.below(rows)
    if not found.findings:
        page.mark("good", "nothing found that would mislead a fit")
    worst = found.findings[0].severity if found.findings else "note"
    page.blank()
    if worst != "error":
        page.command(f"gnomon fit {spelt} --law {_suited(runs)} --save fit.json", lead=dim("next: "))


def draw_columns(page: Page, runs: Runs) -> None:
    """Columns gnomon knows first, then the others, at most SHOWN."""
    from gnomon.runs import FIELDS
    from gnomon.runs.show import note_of, span_of

    names = sorted(runs.names, key=lambda name: name not in FIELDS)
    rows: list[list[Any]] = []
    for name in names[:SHOWN]:
        column = runs.columns[name]
        known = verbatim(name) if name not in FIELDS else bold(name)
        rows.append([known, span_of(runs, name), note_of(column), column.meaning or ""])
    page.table(
        [
            Column("column", "<", names=True),
            Column("values", "<", names=True),
            Column("unit and origin", "<", style="dim", prose=True, spare=1),
            Column("meaning", "<", style="dim", wide=True, prose=True, spare=2),
        ],
        rows,
    )
    if len(names) > SHOWN:
        page.line(dim(f"and {counted(len(names) - SHOWN, 'more column')}; --json lists them"))


def _rows_told(rows: tuple[int, ...], count: int) -> str:
    """`rows 3, 17, 20 and 42 more`."""
    if not rows:
        return ""
    shown = ", ".join(str(row) for row in rows[:MOST_NAMED])
    more = max(count, len(rows)) - len(rows[:MOST_NAMED])
    return f"{'row' if count == 1 else 'rows'} {shown}" + (f" and {more:,} more" if more else "")


def _suited(runs: Runs) -> str:
    """A law to try first: in both columns where they are, else along the one there is."""
    if "params" in runs and "tokens" in runs:
        return "chinchilla"
    for name in ("flops", "params", "tokens"):
        if name in runs:
            return f'"pow_floor({name})"'
    return "NAME"
