"""What a stream can show: how many columns, and whether colour and more than ASCII."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

USUAL_WIDTH = 80  # of a pipe or a file; every line fits it
WIDE = 100  # from here on range bars, meanings and reasons join
PROSE = 100  # sentences are not read comfortably over longer lines
NARROWEST = 24  # below that nothing can be aligned; lines are then as long as this

GLYPHS = {"good": ("✓", "ok"), "warn": ("!", "!!"), "bad": ("✗", "xx"), "open": ("?", "??"), "now": ("●", "->")}
_SGR = {"bold": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31", "open": "36", "now": "36", "bar": "36"}
_ASCII = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "‑": "-",
        "…": "...",
        "×": "x",
        "·": "*",
        "→": "->",
        "±": "+/-",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "∞": "inf",
        "√": "sqrt ",
        "²": "^2",
        "³": "^3",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
    }
)


@dataclass(frozen=True)
class Look:
    """How a stream is written to.

    Args:
        width: columns.
        plain: ASCII without colour: not a terminal, `NO_COLOR`, or no UTF-8.
    """

    width: int = USUAL_WIDTH
    plain: bool = True

    @property
    def wide(self) -> bool:
        """Whether range bars and reasons have room."""
        return self.width >= WIDE

    @property
    def prose(self) -> int:
        """Columns of a sentence."""
        return min(self.width, PROSE)

    @classmethod
    def of(cls, stream: Any, environment: Mapping[str, str] | None = None) -> Look:
        """The look of a stream.

        Args:
            stream: a text stream such as `sys.stdout`.
            environment: `COLUMNS`, `NO_COLOR`, `FORCE_COLOR`, `TERM` and the locale; default: the process's.
        """
        known = os.environ if environment is None else environment
        terminal = _is_terminal(stream)
        coloured = (terminal and known.get("TERM") != "dumb") or bool(known.get("FORCE_COLOR"))
        plain = not coloured or bool(known.get("NO_COLOR")) or not _is_utf8(stream, known)
        return cls(max(_width(stream, terminal, known), NARROWEST), plain)

    def glyph(self, kind: str) -> str:
        """The sign in front of a line."""
        return GLYPHS[kind][self.plain]

    def spell(self, text: str) -> str:
        """Text with the signs this stream can show; done before anything is measured."""
        return text.translate(_ASCII) if self.plain else text

    def paint(self, text: str, style: str) -> str:
        """A piece of text as it is written: with its colour where there is any."""
        code = None if self.plain else _SGR.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _is_utf8(stream: Any, environment: Mapping[str, str]) -> bool:
    """Whether stream and locale speak UTF-8. Python writes UTF-8 under LANG=C too, but who asks for C gets ASCII."""
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "").replace("_", "")
    if encoding not in ("utf8", "utf8sig"):
        return False
    if environment.get("LC_ALL"):
        return environment["LC_ALL"] not in ("C", "POSIX")
    named = environment.get("LC_CTYPE", "")
    if named and named != "C.UTF-8":  # which Python itself sets when the locale is C
        return named not in ("C", "POSIX")
    return environment.get("LANG", "") not in ("C", "POSIX")


def _width(stream: Any, terminal: bool, environment: Mapping[str, str]) -> int:
    asked = environment.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if terminal:
        try:
            return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
        except (OSError, ValueError, AttributeError):
            return USUAL_WIDTH
    return USUAL_WIDTH
