"""`gnomon laws`: the catalogue by question, and one law with everything that is known about it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.options import JsonOption, QuietOption
from gnomon.cli.terminal.numbers import quantity
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import HARD_SPACE, Span, bold, dim

if TYPE_CHECKING:
    from gnomon.laws import Law

EXAMPLES = """gnomon laws
gnomon laws chinchilla
gnomon laws unique tokens"""

NameArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NAME|WORDS", help="a law, or words to search for", show_default=False)
]


def laws(name: NameArgument = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """The laws gnomon knows, or one of them.

    Without a name: every law by the question it answers. With the name of a law: its formula, parameters, units,
    published constants and source. With other words: the laws they occur in, with their formulas.
    """
    from gnomon.laws import catalogue, group, search

    words = " ".join(name or ())
    one = _one(words) if words else None
    if one is not None:
        found: Sequence[type[Law]] = [one]
    elif words:
        found = search(words)
        if not found:
            raise _nothing(words, list(catalogue()))
    else:
        found = list(catalogue().values())

    def draw(page: Page) -> None:
        if one is not None:
            draw_law(page, one)
        elif words:
            draw_found(page, found, words)
        else:
            draw_list(page, found)

    document = {"kind": "laws", "laws": [{"group": group(law.id), **law.to_dict()} for law in found]}
    answer(document, draw, as_json=json)


def _one(words: str) -> type[Law] | None:
    """The law of that name, or the variant or renamed form that is asked for: `bnsl(2)`, `pow(tokens)`."""
    from gnomon.laws import catalogue, law

    known = catalogue()
    if words in known:
        return known[words]
    return law(words) if words.partition("(")[0].strip() in known and words.endswith(")") else None


def _nothing(words: str, known: Sequence[str]) -> Exception:
    from gnomon.errors import UnknownNameError

    close = difflib.get_close_matches(words, known, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return UnknownNameError(
        f"There is no law {words!r}, and no law speaks of it.", hint=f"{hint}gnomon laws lists them all."
    )


def draw_list(page: Page, laws: Sequence[type[Law]]) -> None:
    """Every law by what it is about: its name, and the question it answers."""
    from gnomon.laws import group

    width = max(len(law.spec()) for law in laws) + 2
    for title, members in groupby(laws, key=lambda law: group(law.id)):  # the catalogue stands in the groups' order
        page.line(bold(title))
        for law in members:
            page.line("  ", law.spec().ljust(width, HARD_SPACE), dim(law.question), hang=width + 2)
        page.blank()
    page.line(dim(f"{len(laws)} laws; gnomon laws WORDS finds those that speak of something, with their formulas"))
    page.command("gnomon laws chinchilla", lead=dim("one of them with constants and source: "))


def draw_found(page: Page, laws: Sequence[type[Law]], words: str) -> None:
    """The laws that speak of something: name and formula, and below them the question each answers."""
    width = max(len(law.spec()) for law in laws)
    indent = width + 2
    for law in laws:
        page.formula(law.spec().ljust(width, HARD_SPACE), law.text)
        page.line(dim("\u00a0" * indent + law.question), hang=indent)
        page.blank()
    page.line(dim(f"{len(laws)} of the laws speak of {words}"))
    page.command(f"gnomon laws {laws[0].spec()}", lead=dim("one of them with constants and source: "))


def draw_law(page: Page, law: type[Law]) -> None:
    """One law: question, formula, when to trust it, parameters, columns, constants, source."""
    page.line(bold(law.spec()), "  ", law.question, hang=len(law.spec()) + 2)
    page.blank()
    page.formula("", law.text)
    page.blank()
    if law.holds:
        page.mark("good", law.holds)
    if law.misleads:
        page.mark("warn", law.misleads)
    page.blank()
    _draw_parameters(page, law)
    page.blank()
    _draw_columns(page, law)
    constants = law.to_dict()["constants"]
    if constants:
        page.blank()
        _draw_constants(page, law, constants)
    page.blank()
    page.line(dim("source  "), law.source, hang=8)
    if law.bibtex:
        page.blank()
        for line in law.bibtex.splitlines():
            page.line(dim("\u00a0" * (len(line) - len(line.lstrip())) + line.lstrip()), hang=4)
    page.blank()
    page.command(
        f"gnomon fit RUNS --law {law.spec() if '(' not in law.spec() else repr(law.spec())} --save fit.json",
        lead=dim("fit it: "),
    )


def _draw_parameters(page: Page, law: type[Law]) -> None:
    rows: list[list[Any]] = []
    for name, p in law.parameters.items():
        unit = " ".join(_power(column, str(power)) for column, power in (p.units or {}).items())
        low, high = (quantity(x, "plain", digits=3) for x in p.bounds)
        rows.append([bold(name), p.meaning, unit or "none", f"{low} to {high}"])
    page.table(
        [
            Column("parameter", "<"),
            Column("meaning", "<", prose=True),
            Column("unit", "<", style="dim", prose=True),
            Column("bounds of a fit", "<", style="dim", spare=1),
        ],
        rows,
    )
    page.line(dim("bounds are for columns divided by their geometric means"))


def _power(column: str, power: str) -> str:
    """`params^alpha`, `loss`, `loss^(1 / alpha_N)`."""
    if power == "1":
        return column
    return f"{column}^({power})" if " " in power else f"{column}^{power}"


def _draw_columns(page: Page, law: type[Law]) -> None:
    from gnomon.runs.schema import FIELDS

    rows: list[list[Any]] = []
    for name in (*law.inputs, law.output):
        field = FIELDS.get(name)
        role = "reads" if name in law.inputs else "gives"
        rows.append(
            [dim(role), bold(name), (field.unit or "") if field else "", (field.meaning or "") if field else ""]
        )
    page.table(
        [
            Column("column", "<"),
            Column("", "<"),
            Column("", "<", style="dim"),
            Column("", "<", style="dim", prose=True),
        ],
        rows,
    )


def _draw_constants(page: Page, law: type[Law], constants: Sequence[Mapping[str, Any]]) -> None:
    """Published constants; a value that was not published stands open."""
    from gnomon.errors import InputError
    from gnomon.plan.surface import plannable

    page.line(dim("published constants"))
    for entry in constants:
        values = "  ".join(f"{k}\u00a0{'open' if v is None else _constant(v)}" for k, v in entry["values"].items())
        page.line("  ", bold(entry["name"]), "  ", values, hang=4)
        page.line(dim("\u00a0\u00a0\u00a0\u00a0" + entry["source"]), hang=4)
        if entry["note"]:
            page.line("\u00a0\u00a0\u00a0\u00a0", Span(page.look.glyph("warn"), "warn"), " ", entry["note"], hang=6)
    if not law.published:
        return
    first, example = next(iter(law.constants().items()))
    try:
        plannable(example)
    except InputError:
        return
    page.command(f"--constants {law.id}.{first}", lead=dim("  plan from one of them: gnomon plan allocate "))


def _constant(value: float) -> str:
    return quantity(value, "plain", digits=6)
