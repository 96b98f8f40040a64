"""`gnomon reproduce`: published results refitted on public data, both numbers side by side."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import ANSWER, JsonOption, QuietOption
from gnomon.cli.terminal.numbers import counted
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Span, bold, dim

if TYPE_CHECKING:
    from gnomon.reproductions import Reproduced, Reproduction, Result

EXAMPLES = """gnomon reproduce --list
gnomon reproduce chinchilla
gnomon reproduce --save docs/results/reproductions.md"""

NamesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="which results; default: all", show_default=False)
]
ListOption = Annotated[bool, typer.Option("--list", help="only say what there is; nothing is read or fitted")]
SaveOption = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="FILE",
        help="write the tables as Markdown, with date and command",
        rich_help_panel=ANSWER,
        show_default=False,
    ),
]
SIGNS = {True: "good", False: "bad", None: "open"}
TRUST = {"from memory": " from memory", "recomputed": " recomputed", "target": " our aim"}


def reproduce(
    name: NamesArgument = None,
    list_: ListOption = False,
    save: SaveOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Refit published results on public data and show both numbers.

    Each with the publication's own protocol and a tolerance that was fixed beforehand. The data are looked for in the
    folder GNOMON_DATA, which must hold them as its tables are named; a result that does not come out is shown as such.
    """
    from gnomon.reproductions import CATALOGUE, reproduction
    from gnomon.reproductions import reproduce as refit

    chosen = list(dict.fromkeys(name or CATALOGUE))
    entries = [reproduction(one) for one in chosen]
    if list_:
        answer(_listing(entries), lambda page: draw_list(page, entries), as_json=json)
        return
    with Progress("refitting", quiet=quiet) as progress:
        found = refit(chosen, told=lambda entry: progress.now(f"refitting {entry.name}"))
    written = None if save is None else str(_write(found, save, name or []))
    answer(found.to_dict() | {"saved": written}, lambda page: draw_reproduced(page, found, written), as_json=json)


def _listing(entries: list[Reproduction]) -> dict[str, Any]:
    rows = [
        {
            "name": e.name,
            "title": e.title,
            "source": e.source,
            "tables": list(e.tables),
            "quantities": len(e.quantities),
        }
        for e in entries
    ]
    return {"kind": "reproductions", "reproductions": rows}


def _write(found: Reproduced, save: str, names: list[str]) -> Path:
    """The Markdown page, written where it was asked for."""
    from datetime import UTC, datetime

    from gnomon.reproductions.document import markdown
    from gnomon.version import __version__

    command = " ".join(["gnomon reproduce", *(shlex.quote(n) for n in names), "--save", shlex.quote(save)])
    path = Path(save)
    path.parent.mkdir(parents=True, exist_ok=True)
    date = datetime.now(UTC).date().isoformat()
    path.write_text(markdown(found, date=date, command=command, version=__version__), encoding="utf-8")
    return path


def draw_list(page: Page, entries: list[Reproduction]) -> None:
    """What can be reproduced, and from which tables."""
    page.table(
        [
            Column("name", "<"),
            Column("result", "<", prose=True),
            Column("numbers"),
            Column("public tables", "<", style="dim", prose=True, spare=1),
        ],
        [[bold(e.name), e.title, str(len(e.quantities)), ", ".join(e.tables)] for e in entries],
    )
    page.blank()
    page.command(f"gnomon reproduce {entries[0].name}", lead=dim("one of them: "))


def draw_reproduced(page: Page, found: Reproduced, written: str | None = None) -> None:
    """A table for each result, why numbers differ where that is known, and the count."""
    for outcome in found.outcomes:
        page.line(bold(outcome.reproduction.name), "  ", outcome.reproduction.title)
        page.line(dim(outcome.reproduction.source))
        page.table(
            [
                Column("", "<"),
                Column("", "<", prose=True),
                Column("published"),
                Column("", "<", style="dim", spare=2),
                Column("ours"),
                Column("tolerance", "<", style="dim", spare=1),
            ],
            [_row(page, result) for result in outcome.results],
        )
        if outcome.refusal is not None:
            page.mark("open", outcome.refusal)
        for why in dict.fromkeys(r.quantity.finding for r in outcome.results if r.agrees is False):
            if why:
                page.mark("warn", f"{why}.")
        page.blank()
    counts = found.counts()
    total = counted(len(found.results), "number")
    page.line(bold(f"{counts['agree']} of {total} agree"), f", {counts['differ']} differ, {counts['unknown']} unknown")
    if written is not None:
        page.line(dim("written to "), written)


def _row(page: Page, result: Result) -> list[Any]:
    from gnomon.reproductions.document import CRITERIA, shown

    q, kind = result.quantity, SIGNS[result.agrees]
    control = "negative control: " if q.control else ""
    return [
        Span(page.look.glyph(kind), kind),
        f"{control}{q.meaning}",
        shown(q.published, 7),
        TRUST.get(q.trust, ""),
        "none" if result.ours is None else shown(result.ours, 7),
        f"{CRITERIA[q.criterion]}{shown(q.tolerance, 2)}",
    ]
