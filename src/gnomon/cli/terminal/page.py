"""A page of terminal text: sentences, marks, tables, commands, in the order in which they are added."""

from __future__ import annotations

from collections.abc import Sequence

from gnomon.cli.terminal.formula import formula_lines
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.table import Column, table
from gnomon.cli.terminal.text import Line, Parts, Span, spans, width_of, wrap, written


class Page:
    """What a command prints. Every line fits the look's width."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.lines: list[Line] = []

    def line(self, *parts: Parts, hang: int = 2) -> None:
        """A sentence; what does not fit goes on below, indented by `hang`."""
        self.lines += wrap(self._spelt(parts), self.look.prose, hang)

    def formula(self, name: str, text: str) -> None:
        """A formula beside its name, its definitions below it."""
        indent = width_of(name) + 2
        room = self.look.prose - indent - 2
        for i, line in enumerate(formula_lines(text, max(room, 8))):
            lead = Span(name, "bold") if i == 0 else Span("\u00a0" * (indent - 2))
            self.line(lead, "\u00a0\u00a0", line, hang=indent + 2 if i == 0 else indent + 8)

    def blank(self) -> None:
        """An empty line, never two in a row and none at the top."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def mark(self, kind: str, *parts: Parts) -> None:
        """A sentence behind its sign: good, warn, bad, open or now. Only the sign is coloured."""
        sign = self.look.glyph(kind)
        self.lines += wrap([Span(sign, kind), Span("\u00a0"), *self._spelt(parts)], self.look.prose, width_of(sign) + 1)

    def below(self, *parts: Parts) -> None:
        """A dim sentence that belongs to the mark above it."""
        indent = width_of(self.look.glyph("good")) + 1
        dimmed = [Span(s.text, s.style or "dim") for s in self._spelt(parts)]
        self.lines += wrap([Span("\u00a0" * indent), *dimmed], self.look.prose, indent)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Parts]], *, indent: int = 0) -> None:
        """A table; see `gnomon.cli.terminal.table`."""
        self.lines += table(columns, rows, self.look, indent=indent)

    def command(self, text: str, lead: Parts = ()) -> None:
        """A command to copy. Where it is too long it is broken so that a shell still takes it."""
        head = self._spelt([lead])
        words = [Span(w, "verbatim") for w in text.split(" ")]
        line: list[Span] = [*head]
        used, room = width_of(head), self.look.width - 2
        for i, word in enumerate(words):
            size = width_of(word)
            started = i > 0 or bool(head)
            if started and used + (i > 0) + size > room:
                if i > 0:
                    line.append(Span(" \\"))
                self.lines.append(tuple(line))
                line, used = [Span("  ")], 2
            elif i > 0:
                line.append(Span(" "))
                used += 1
            line.append(word)
            used += size
        self.lines.append(tuple(line))

    def _spelt(self, parts: Sequence[Parts]) -> list[Span]:
        found: list[Span] = []
        for part in parts:
            found += spans(part, self.look)
        return found

    def __str__(self) -> str:
        return "\n".join(written(line, self.look) for line in self.lines)
