"""Pieces of styled text: how wide they are, how they break into lines, how they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gnomon.cli.terminal.look import Look

HARD_SPACE = "\u00a0"  # keeps a number with its unit; written as a blank


class Span(NamedTuple):
    """Text in one style: "", bold, dim, good, warn, bad, bar, or verbatim (names that are never respelt)."""

    text: str
    style: str = ""


Part = str | Span
Parts = str | Span | Sequence[Part]
Line = tuple[Span, ...]


def bold(text: object) -> Span:
    """A value."""
    return Span(str(text), "bold")


def dim(text: object) -> Span:
    """Everything around it."""
    return Span(str(text), "dim")


def verbatim(text: object) -> Span:
    """A file name or the like, which must come out letter by letter."""
    return Span(str(text), "verbatim")


def together(text: str) -> str:
    """The same text, which does not break at its blanks."""
    return text.replace(" ", HARD_SPACE)


def spans(parts: Parts, look: Look | None = None) -> list[Span]:
    """Parts as clean spans, spelt for a look where one is given."""
    given: Iterable[Part] = [parts] if isinstance(parts, str | Span) else parts
    found = []
    for part in given:
        text, style = part if isinstance(part, Span) else (part, "")
        text = clean(text)
        found.append(Span(text if look is None or style == "verbatim" else look.spell(text), style))
    return found


def clean(text: str) -> str:
    """Text without anything that could move the cursor or colour the screen: control characters are spelt out."""
    if text.isprintable():
        return text
    return "".join(_visible(c) for c in text)


def _visible(c: str) -> str:
    if c.isprintable() or c in (HARD_SPACE, "\u200d"):
        return c
    if c in "\n\r\t\f\v\u2028\u2029":
        return " "
    if unicodedata.category(c) == "Zs":
        return " "
    return repr(c)[1:-1]


def width_of(parts: Parts) -> int:
    """Columns on a screen: wide characters take two, combining ones none."""
    return sum(_cells(c) for span in spans(parts) for c in span.text)


def _cells(c: str) -> int:
    if c < "\u0300":
        return 1
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def wrap(parts: Parts, width: int, hang: int = 0) -> list[Line]:
    """Lines no wider than `width`; all but the first are indented by `hang`. Words longer than a line are cut."""
    lines: list[list[tuple[str, str]]] = []
    current: list[tuple[str, str]] = []
    room, used = width, 0
    for word in _words(spans(parts)):
        size = sum(_cells(c) for c, _ in word)
        blank = word[0][0] == " "
        if used + size <= room:
            if not (blank and not current and lines):
                current += word
                used += size
            continue
        if blank:
            continue
        if current:
            lines.append(current)
            current, used, room = [], 0, width - hang
        while size > room:
            head, word = _cut(word, room)
            lines.append(head)
            room = width - hang
            size = sum(_cells(c) for c, _ in word)
        current, used = list(word), size
    if current or not lines:
        lines.append(current)
    indent = [(" ", "")] * hang
    return [_joined(line if i == 0 else indent + line) for i, line in enumerate(lines)]


def _words(pieces: Sequence[Span]) -> list[list[tuple[str, str]]]:
    """Runs of blanks and of other characters, across styles."""
    words: list[list[tuple[str, str]]] = []
    for text, style in pieces:
        for c in text:
            if words and (words[-1][-1][0] == " ") == (c == " "):
                words[-1].append((c, style))
            else:
                words.append([(c, style)])
    return words


def _cut(word: list[tuple[str, str]], room: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The part of a long word that fits, and the rest; cut at a hard blank or behind a slash of its second half."""
    used, blank, behind = 0, 0, 0
    for i, (c, _) in enumerate(word):
        used += _cells(c)
        if used > room and i > 0:
            if blank:
                return word[:blank], word[blank + 1 :]
            return word[: behind or i], word[behind or i :]
        if used > room // 2:
            blank = i if c == HARD_SPACE else blank
            behind = i + 1 if c in "/\\" else behind
    return word, []


def _joined(characters: Sequence[tuple[str, str]]) -> Line:
    found: list[Span] = []
    for c, style in characters:
        if found and found[-1].style == style:
            found[-1] = Span(found[-1].text + c, style)
        else:
            found.append(Span(c, style))
    while found and not found[-1].text.strip(" "):
        found.pop()
    if found:
        found[-1] = Span(found[-1].text.rstrip(" "), found[-1].style)
    return tuple(found)


def shorten(text: str, width: int, look: Look) -> str:
    """A name cut in the middle, where names differ least."""
    text = clean(text)
    if width_of(text) <= width:
        return text
    dots = ".." if look.plain else "…"
    room = width - len(dots)
    if room < 2:
        return _head(text, width)
    tail = _head(text[::-1], room // 2)[::-1]
    return _head(text, room - width_of(tail)) + dots + tail


def _head(text: str, width: int) -> str:
    used = 0
    for i, c in enumerate(text):
        used += _cells(c)
        if used > width:
            return text[:i]
    return text


def written(line: Line, look: Look) -> str:
    """A line as characters and, where the look allows them, colours."""
    return "".join(look.paint(text.replace(HARD_SPACE, " "), style) for text, style in line)
