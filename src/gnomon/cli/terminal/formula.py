"""Formulas on several lines: definitions below each other, breaks before signs and where parentheses are few."""

from __future__ import annotations

from gnomon.cli.terminal.text import HARD_SPACE, width_of

DEEPEST = 6  # parentheses within which a break is still looked for


def formula_lines(text: str, room: int) -> list[str]:
    """A formula as lines: the law, then each of its definitions behind `where`.

    Blanks at which a line must not break are hard ones: those after a sign, and those in parentheses that fit whole.

    Args:
        text: in the grammar of laws.
        room: columns a line has.
    """
    law, _, definitions = text.partition(" where ")
    parts = [law]
    for i, definition in enumerate(_apart(definitions) if definitions else []):
        parts.append(f"{'where' if i == 0 else HARD_SPACE * 5}{HARD_SPACE}{definition}")
    return [_held(part, room) for part in parts]


def _apart(definitions: str) -> list[str]:
    """Definitions between the commas that stand outside parentheses."""
    found, depth, start = [], 0, 0
    for i, c in enumerate(definitions):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            found.append(definitions[start:i].strip())
            start = i + 1
    return [*found, definitions[start:].strip()]


def _held(text: str, room: int) -> str:
    """Text that breaks before sums outside parentheses; where that does not do before products, then deeper."""
    held = text
    for depth in range(DEEPEST):
        for signs in ("+-", "+-*/"):
            held = _breaking(text, signs, depth)
            if max(width_of(word) for word in held.split(" ")) <= room:
                return held
    return held


def _breaking(text: str, signs: str, deepest: int) -> str:
    """Soft blanks before the signs and after commas within so many parentheses, hard ones elsewhere."""
    found, depth = [], 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == " ":
            sign = text[i + 1 : i + 2] in signs and text[i + 2 : i + 3] == " "
            found.append(" " if (sign or text[i - 1 : i] == ",") and depth <= deepest else HARD_SPACE)
        else:
            found.append(c)
    return "".join(found)
