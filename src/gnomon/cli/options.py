"""Options that several commands share, and how what is typed into them is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from gnomon.errors import InputError

ROWS, ANSWER = "rows", "answer"  # headings of `--help`

RunsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="RUNS",
        help="table of runs: a file, several, a glob, a folder, or - for standard input",
        show_default=False,
    ),
]
SourceArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FIT|RUNS", help="a fit saved with --save, or a table of runs as for gnomon fit", show_default=False
    ),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=THEIRS",
        help="a column's name in the table, e.g. params=N; repeatable",
        rich_help_panel=ROWS,
    ),
]
WhereOption = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="""only rows that meet it, e.g. "loss < 5 and family = 'c4'" """,
        rich_help_panel=ROWS,
    ),
]
SchedulesOption = Annotated[
    str | None,
    typer.Option(
        "--schedules",
        metavar="TABLE",
        help="learning rate of every step (columns schedule, step, lr), for laws of schedules",
        rich_help_panel=ROWS,
    ),
]
ResponseOption = Annotated[
    str | None,
    typer.Option(
        "--response", metavar="COLUMN", help="column to be explained; default: the law's", rich_help_panel=ROWS
    ),
]
LevelOption = Annotated[str, typer.Option("--level", metavar="SHARE", help="of the intervals")]
SeedOption = Annotated[str, typer.Option("--seed", metavar="N", help="of every random draw")]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="NAME",
        help="huber, huber:DELTA, squared_log, squared, relative, student, student:FREEDOM or binomial; default: binomial for a share of "
        "counted trials, else huber",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="one JSON document on stdout, nothing else", rich_help_panel=ANSWER)
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress on stderr", rich_help_panel=ANSWER)]
PlotOption = Annotated[
    str | None,
    typer.Option("--plot", metavar="FILE", help="write the picture, .svg, .png or .html", rich_help_panel=ANSWER),
]
PictureOption = Annotated[
    str | None,
    typer.Option(
        "--picture",
        metavar="KIND",
        help="what --plot draws: influence (each run left out in turn); of a fit also residuals or profile:NAME",
        rich_help_panel=ANSWER,
    ),
]

MAY_BE_ZERO = ("mix_", "pool_")  # a domain or pool that is left out of a mixture


def columns_of(pairs: Sequence[str] | None) -> dict[str, str]:
    """`["params=N"]` as a mapping.

    Raises:
        InputError: a pair has no `=`, or a name is given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        name, sign, theirs = pair.partition("=")
        if not sign or not name.strip() or not theirs.strip():
            raise InputError(
                f"--column got {pair!r}, expected NAME=THEIRS",
                hint="For example --column params=N: column N holds params.",
            )
        if name.strip() in found:
            raise InputError(
                f"--column names {name.strip()!r} twice", hint="Each of gnomon's columns is one column of the table."
            )
        found[name.strip()] = theirs.strip()
    return found


def amount(text: str | None, option: str) -> float | None:
    """A number as people write it: 5.76e23, 2T, 1_000. None stays None.

    Raises:
        InputError: it is none; the option is named.
    """
    from gnomon.runs import parse_number

    if text is None:
        return None
    try:
        return parse_number(text)
    except InputError as error:
        raise InputError(f"{option}: {error.message}", hint=error.hint, code=error.code) from error


def count(text: str, option: str, *, least: int = 0) -> int:
    """A whole number.

    Raises:
        InputError: it is none, or smaller than `least`.
    """
    value = amount(text, option)
    if value is None or value != int(value) or value < least:
        raise InputError(f"{option}: got {text!r}, expected a whole number of at least {least}")
    return int(value)


def share(text: str, option: str) -> float:
    """A share between 0 and 1: 0.9 or 90%.

    Raises:
        InputError: it lies outside.
    """
    written = text.strip()
    value = amount(written.removesuffix("%"), option) or 0.0
    value = value / 100 if written.endswith("%") else value
    if not 0 < value < 1:
        raise InputError(
            f"{option}: got {text!r}, expected a share between 0 and 1", hint="For nine in ten write 0.9 or 90%."
        )
    return value


def point(text: str, option: str = "--at") -> dict[str, Any]:
    """`params=7B,tokens=2T` as a mapping; columns of text (`schedule=cosine`) keep their text.

    Raises:
        InputError: a part is no NAME=NUMBER, or a name comes twice.
    """
    from gnomon.runs import FIELDS

    found: dict[str, Any] = {}
    for part in re.split(r",(?=\s*[^\d\s,])", text):
        name, sign, value = (x.strip() for x in part.partition("="))
        if not sign or not name or not value:
            raise InputError(
                f"{option}: got {part.strip()!r}, expected NAME=NUMBER",
                hint=f"For example {option} params=7B,tokens=2T.",
            )
        if name in found:
            raise InputError(f"{option}: {name} is given twice in {text!r}")
        if name in FIELDS and FIELDS[name].kind == "text":
            found[name] = value
            continue
        number = amount(value, f"{option} {name}") or 0.0
        if number < 0 or (number == 0 and not name.startswith(MAY_BE_ZERO)):
            raise InputError(f"{option} {name}: got {value!r}, expected a number above zero")
        found[name] = number
    return _canonical(found)


def _canonical(given: dict[str, Any]) -> dict[str, Any]:
    """The columns' names for those people use: N and D, n_params, train_flops."""
    from gnomon.runs.match import match_columns

    known = {choice.theirs: (choice.name, choice.scale) for choice in match_columns(list(given)).chosen}
    renamed = {}
    for name, value in given.items():
        canonical, scale = known.get(name, (name, 1.0))
        renamed[canonical] = value if isinstance(value, str) else value * scale
    return renamed
