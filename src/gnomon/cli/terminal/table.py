"""Tables without rules or boxes: columns two blanks apart, numbers to the right, text to the left, header dim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.text import Line, Parts, Span, clean, shorten, spans, width_of, wrap

GAP = 2
LEAST_NAME = 10  # columns a shortened name keeps
LEAST_TEXT = 16  # columns in which a sentence can still be read


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        title: header.
        align: "<" or ">".
        style: of cells that are plain text.
        wide: shown from 100 columns on only.
        names: cells are names that may be cut in the middle when there is no room.
        prose: cells are sentences that may wrap.
        spare: left out when there is no room, highest first; 0 never.
    """

    title: str = ""
    align: str = ">"
    style: str = ""
    wide: bool = False
    names: bool = False
    prose: bool = False
    spare: int = 0


def table(columns: Sequence[Column], rows: Sequence[Sequence[Parts]], look: Look, *, indent: int = 0) -> list[Line]:
    """The lines of a table, none wider than the look.

    Columns that are empty or wait for more room are left out; then names are cut, sentences wrapped, spare columns
    dropped; and when all that is not enough every row becomes a block of `title value` lines.
    """
    cells = [[_styled(cell, column, look) for cell, column in zip(row, columns, strict=True)] for row in rows]
    kept = [j for j, c in enumerate(columns) if (look.wide or not c.wide) and any(width_of(row[j]) for row in cells)]
    room = look.width - indent
    while True:
        widths = _fit([columns[j] for j in kept], [[row[j] for row in cells] for j in kept], room, look)
        if widths is not None:
            break
        spare = [j for j in kept if columns[j].spare]
        if not spare:
            return _blocks(columns, kept, cells, look, indent)
        kept.remove(max(spare, key=lambda j: columns[j].spare))
    chosen = [columns[j] for j in kept]
    lines = []
    if any(c.title for c in chosen):
        lines.append(_row([[Span(look.spell(c.title), "dim")] for c in chosen], chosen, widths, look, indent))
    for row in cells:
        lines += _rows([row[j] for j in kept], chosen, widths, look, indent)
    return lines


def _styled(cell: Parts, column: Column, look: Look) -> list[Span]:
    return [Span(s.text, s.style or column.style) for s in spans(cell, look)]


def _fit(columns: Sequence[Column], cells: Sequence[Sequence[list[Span]]], room: int, look: Look) -> list[int] | None:
    """Widths of the columns, or None when they do not go into the room."""
    widths = [
        max(width_of(look.spell(c.title)), max((width_of(cell) for cell in column), default=0))
        for c, column in zip(columns, cells, strict=True)
    ]
    over = sum(widths) + GAP * (len(widths) - 1) - room
    for kind, least in (("prose", LEAST_TEXT), ("names", LEAST_NAME)):
        for j, c in enumerate(columns):
            if over > 0 and getattr(c, kind) and widths[j] > least:
                taken = min(over, widths[j] - least)
                widths[j] -= taken
                over -= taken
    return widths if over <= 0 else None


def _rows(
    row: Sequence[list[Span]], columns: Sequence[Column], widths: Sequence[int], look: Look, indent: int
) -> list[Line]:
    """One row; sentences that wrap go on in the lines below."""
    broken: list[list[list[Span]]] = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        if column.prose:
            broken.append([list(line) for line in wrap(cell, width)])
        elif width_of(cell) > width:
            style = cell[0].style if cell else ""
            broken.append([[Span(shorten("".join(s.text for s in cell), width, look), style)]])
        else:
            broken.append([cell])
    depth = max((len(b) for b in broken), default=1)
    return [_row([b[k] if k < len(b) else [] for b in broken], columns, widths, look, indent) for k in range(depth)]


def _row(
    cells: Sequence[list[Span]], columns: Sequence[Column], widths: Sequence[int], look: Look, indent: int
) -> Line:
    line: list[Span] = [Span(" " * indent)] if indent else []
    for j, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        gap = " " * GAP if j else ""
        pad = " " * (width - width_of(cell))
        line += [Span(gap + pad), *cell] if column.align == ">" else [Span(gap), *cell, Span(pad)]
    while line and not line[-1].text.strip(" "):
        line.pop()
    if line:
        line[-1] = Span(line[-1].text.rstrip(" "), line[-1].style)
    return tuple(s for s in line if s.text)


def _blocks(
    columns: Sequence[Column], kept: Sequence[int], cells: Sequence[Sequence[list[Span]]], look: Look, indent: int
) -> list[Line]:
    """Every row as lines of title and value, for screens on which no table fits."""
    lines: list[Line] = []
    titles = max((width_of(columns[j].title) for j in kept), default=0)
    titles = min(titles, max(look.width - indent - LEAST_TEXT, 0))
    for row in cells:
        for j in kept:
            if not width_of(row[j]):
                continue
            title = clean(look.spell(columns[j].title))
            start = [
                Span(" " * indent),
                Span(shorten(title, titles, look).ljust(titles), "dim"),
                Span("  " if titles else ""),
            ]
            head = width_of(start)
            for k, part in enumerate(wrap(row[j], max(look.width - head, 1))):
                lines.append(tuple(s for s in ([*start, *part] if k == 0 else [Span(" " * head), *part]) if s.text))
        lines.append(())
    return lines[:-1]
