"""Where words fit: text widths on the safe side, labels that keep their distance, lines that wrap."""

from __future__ import annotations

from collections.abc import Sequence

# Advance widths in em: for each character the wider of Inter and DejaVu Sans, the one the pictures are drawn with and
# the one a plain Debian machine shows them with. Anything not listed counts as a wide capital.
_WIDTHS = {
    0.28: "ijlI'|",
    0.32: ".,:;· ",
    0.36: "f/",
    0.40: "()¹rt[]",
    0.44: "⁰²³⁴⁵⁶⁷⁸⁹⁻",
    0.50: "-–_s*",
    0.56: "ckzJL",
    0.60: "aeovxyF",
    0.64: "0123456789bdghnpquEKPST",
    0.68: "ABRVXYZ",
    0.74: "CDGHNU",
    0.82: "wOQ+−×=~<>",
    0.96: "M%mW",
}
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}

APART = 14.0
"""Pixels between the baselines of two labels below which one of them has to go."""


def text_width(text: str, size: float = 11.5, *, bold: bool = False) -> float:
    """Upper estimate of the width of a text in pixels; bold is a tenth wider."""
    return sum(_WIDTH.get(character, 0.72) for character in text) * size * (1.1 if bold else 1.0)


def wrap(text: str, width: float, size: float = 11.5, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width` pixels; a word wider than that keeps its own line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        trial = f"{line} {word}" if line else word
        if line and text_width(trial, size, bold=bold) > width:
            lines.append(line)
            line = word
        else:
            line = trial
    return [*lines, line] if line else lines


def keep_apart(
    wanted: Sequence[float], low: float, high: float, *, apart: float = APART, reach: float = APART
) -> list[float | None]:
    """Places for labels on a line of pixels: near what each belongs to, never nearer than `apart`.

    Labels that crowd are pushed from each other; one that would send itself or a more important one more than `reach`
    away from its place is dropped.

    Args:
        wanted: where each label would like to be, first is most important.
        low: lowest place allowed.
        high: highest place allowed.
        apart: smallest distance between two labels.
        reach: largest distance between a label and its place.

    Returns:
        A place for each label, `None` for a label that is dropped.
    """
    kept: list[int] = []
    found: dict[int, float] = {}
    for index in range(len(wanted)):
        order = sorted([*kept, index], key=lambda i: wanted[i])
        places = _spread([min(max(wanted[i], low), high) for i in order], low, high, apart)
        if places and all(abs(place - wanted[i]) <= reach for i, place in zip(order, places, strict=True)):
            kept.append(index)
            found = dict(zip(order, places, strict=True))
    return [found.get(i) for i in range(len(wanted))]


def beside(
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    low: float,
    high: float,
    *,
    size: float = 11.5,
    gap: float = 8,
) -> list[float | None]:
    """Heights for labels to the right of their points, moved a little where they would cover each other or a point.

    Args:
        points: (x, y) of each point in pixels, most important first.
        texts: the labels.
        low: smallest height allowed.
        high: largest height allowed.
        size: of the text.
        gap: pixels between a point and its label.

    Returns:
        A height for each label, `None` for one that finds no room.
    """
    taken: list[tuple[float, float, float, float]] = [(x - 4, x + 4, y - 4, y + 4) for x, y in points]
    found: list[float | None] = []
    for (x, y), text in zip(points, texts, strict=True):
        left, right = x + gap - 2, x + gap + text_width(text, size)
        free = None
        for shift in (0, -4, 4, -8, 8, -12, 12):
            at = min(max(y + shift, low), high)
            box = (left, right, at - size * 0.55, at + size * 0.55)
            if not any(box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3] for b in taken):
                free = at
                taken.append(box)
                break
        found.append(free)
    return found


def _spread(wanted: list[float], low: float, high: float, apart: float) -> list[float] | None:
    """Least-squares places of sorted labels with a minimal distance (pool adjacent violators), or None: no room."""
    if (len(wanted) - 1) * apart > high - low:
        return None
    blocks: list[tuple[float, int]] = []  # (sum of wanted less offsets, members)
    for index, place in enumerate(wanted):
        blocks.append((place - index * apart, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, members = blocks.pop()
            blocks[-1] = (blocks[-1][0] + total, blocks[-1][1] + members)
    bases = [total / members for total, members in blocks for _ in range(members)]
    top = high - (len(wanted) - 1) * apart
    return [min(max(base, low), top) + index * apart for index, base in enumerate(bases)]
