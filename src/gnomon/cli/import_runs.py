"""`gnomon import`: runs from a tracker, a trainer or an evaluation harness, as a table that every command takes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gnomon.cli.answer import answer
from gnomon.cli.check import draw_columns
from gnomon.cli.options import ANSWER, ColumnOption, JsonOption, QuietOption, WhereOption, columns_of
from gnomon.cli.picture import check_folder
from gnomon.cli.terminal.numbers import counted
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.text import bold, dim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.runs import Imported

EXAMPLES = """gnomon import wandb wandb/ -o runs.parquet
gnomon import tensorboard "logs/*" -o runs.parquet
gnomon import mlflow mlflow.db -o runs.csv --column params=n_params"""

WRITTEN = (".parquet", ".csv", ".tsv", ".jsonl", ".json")

KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="wandb, tensorboard, mlflow, trackio, hf-trainer, lm-eval, nanochat, levanter, csv, jsonl or parquet",
        show_default=False,
    ),
]
PlaceArgument = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE", help="a file, a folder, a glob, or several of them", show_default=False),
]
OutOption = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="the table; its suffix says how",
        show_default=False,
        rich_help_panel=ANSWER,
    ),
]


def import_(
    kind: KindArgument,
    source: PlaceArgument,
    output: OutOption,
    column: ColumnOption = None,
    where: WhereOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Import runs from a tracker, a trainer or a harness.

    One row an evaluation or step, as the source has it, with the settings of its run. Nothing is dropped silently: what
    is not taken over is counted and named.
    """
    from gnomon.runs import import_runs

    if Path(output).suffix.lower() not in WRITTEN:
        raise InputError(f"-o got {output!r}, expected a file ending in {', '.join(WRITTEN)}")
    check_folder(output)
    with Progress(f"importing from {kind}", quiet=quiet):
        imported = import_runs(kind, source, columns=columns_of(column), where=where)
        written = imported.runs.write(output)
    document = {**imported.to_dict(), "output": str(written)}
    answer(document, lambda page: draw_import(page, imported, output), as_json=json)


def draw_import(page: Page, imported: Imported, output: str) -> None:
    """What came in, what did not, and what comes next."""
    document = imported.to_dict()
    files = counted(len(imported.files), "file")
    page.line(bold(f"{counted(document['rows'], 'row')} of {counted(document['runs'], 'run')} from {files}"))
    page.blank()
    draw_columns(page, imported.runs)
    page.blank()
    for notice in imported.notices:
        page.mark("warn", notice.message)
    for entry in document["left_out"]:
        page.mark("open", f"not taken over: {entry['what']} ({entry['count']})")
    page.mark("good", f"written {output}")
    page.blank()
    page.command(f"gnomon check {shlex.quote(output)}", lead=dim("next: "))
