"""The confidence of a forecast or a plan: the letter, and its reasons each with what a better one would need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.text import bold, dim

if TYPE_CHECKING:
    from gnomon.forecast import Grade


def draw_grade(page: Page, grade: Grade, of: str = "") -> None:
    """`Confidence B` and a line for each reason."""
    page.line("Confidence ", bold(grade.letter), f" for {of}" if of else "")
    for reason in grade.reasons:
        page.mark(
            "good" if reason.good else "warn",
            reason.text,
            dim(f"; for a better grade: {reason.needs}") if reason.needs else "",
        )
