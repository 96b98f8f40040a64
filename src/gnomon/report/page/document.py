"""What a report page is made of: numbers and sentences ready to be read, no drawing and no computing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from gnomon.report.figure import Figure


@dataclass(frozen=True)
class Bar:
    """An interval as a bar on a scale shared with its neighbours; the inner interval is drawn thicker."""

    value: float
    low: float
    high: float
    scale_low: float
    scale_high: float
    inner_low: float | None = None
    inner_high: float | None = None

    def place(self, value: float) -> float:
        """Percent of the way along the scale."""
        span = self.scale_high - self.scale_low
        return round(100 * min(max((value - self.scale_low) / span, 0.0), 1.0), 2) if span > 0 else 50.0


@dataclass(frozen=True)
class Value:
    """A number set large, with its unit beside it."""

    text: str
    unit: str = ""


@dataclass(frozen=True)
class Check:
    """One reason: it speaks for the answer (good), against it (not good), or cannot tell (None); what would mend it."""

    good: bool | None
    text: str
    needs: str = ""

    @property
    def glyph(self) -> str:
        """✓ holds, ! look here, ? cannot tell."""
        return {True: "✓", False: "!", None: "?"}[self.good]


@dataclass(frozen=True)
class BoxCell:
    """A cell of the decision box: what, how much, between what and what, and what to know about it."""

    kind: ClassVar[str] = "value"
    label: str
    values: tuple[Value, ...]
    interval: str = ""
    says: str = ""
    bar: Bar | None = None
    notes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class GradeCell:
    """The confidence cell: four boxes, one filled, and the reasons."""

    kind: ClassVar[str] = "grade"
    letter: str
    checks: tuple[Check, ...]
    label: str = "Confidence"


@dataclass(frozen=True)
class Spread:
    """A table cell with a value, its interval and a bar."""

    value: str
    interval: str = ""
    bar: Bar | None = None


@dataclass(frozen=True)
class Head:
    """The head of a table column."""

    text: str
    align: Literal["left", "right"] = "right"


@dataclass(frozen=True)
class Table:
    """A table; `marked` is the row the page recommends or uses. Text may hold code between backticks."""

    kind: ClassVar[str] = "table"
    heads: tuple[Head, ...]
    rows: tuple[tuple[str | Spread, ...], ...]
    marked: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Lead:
    """A figure over the full width, with a second drawing for a phone."""

    kind: ClassVar[str] = "lead"
    wide: Figure
    narrow: Figure
    note: str = ""


@dataclass(frozen=True)
class Pair:
    """One or two figures side by side; a place may be taken by the sentence that says why there is none."""

    kind: ClassVar[str] = "pair"
    figures: tuple[Figure | Missing, ...]
    note: str = ""


@dataclass(frozen=True)
class Missing:
    """A part that keeps its place: two bold words, what is missing, and the option that supplies it (in backticks)."""

    kind: ClassVar[str] = "missing"
    claim: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Warn:
    """A warning: the claim in bold, then the sentence."""

    kind: ClassVar[str] = "warn"
    claim: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    kind: ClassVar[str] = "prose"
    text: str
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Measured facts, worst first: claim and sentence each."""

    kind: ClassVar[str] = "facts"
    items: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Record:
    """Names with what they stand for, as in provenance."""

    kind: ClassVar[str] = "record"
    items: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Code:
    """Text to copy as it is."""

    kind: ClassVar[str] = "code"
    text: str
    note: str = ""


@dataclass(frozen=True)
class Fold:
    """Blocks behind a line that opens them; open on paper."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: tuple[Block, ...]
    opened: bool = False
    note: str = ""


Block = Table | Lead | Pair | Missing | Warn | Prose | Facts | Record | Code | Fold


@dataclass(frozen=True)
class Section:
    """A part of the page: heading, what it is about in a few words, and its blocks."""

    title: str
    blocks: tuple[Block, ...]
    aside: str = ""
    link: str = ""

    @property
    def id(self) -> str:
        """Anchor in the page."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Box:
    """The answer in four cells, readable in five seconds."""

    cells: tuple[BoxCell | GradeCell, ...]
    title: str = "Decision"


def figures_of(blocks: Sequence[Block]) -> list[Figure]:
    """All figures in order of appearance; a lead counts once, by its wide drawing."""
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Lead):
            found.append(block.wide)
        elif isinstance(block, Pair):
            found += [figure for figure in block.figures if isinstance(figure, Figure)]
        elif isinstance(block, Fold):
            found += figures_of(block.blocks)
    return found


OUTLINES: dict[str, tuple[str, ...]] = {
    "plan": (
        "Decision", "Options", "Evidence", "Hyper-parameters", "Data", "Downstream",
        "Risks", "Next runs", "Watch list", "Provenance",
    ),
    "fit": ("Answer", "Parameters", "Evidence", "Diagnostics", "Risks", "Next runs", "Provenance"),
    "forecast": ("Answer", "Forecasts", "Evidence", "Interval", "Risks", "Next runs", "Provenance"),
    "compare": ("Answer", "Families", "Evidence", "Risks", "Provenance"),
    "study": ("Answer", "Claims", "Controls", "Figures", "Departures", "Provenance"),
    "quickstart": ("Answer", "Forecast", "Ladder", "Evidence", "Risks", "Next steps", "Provenance"),
}  # fmt: skip
"""Headings of each kind of report in their order, always all of them; the first is that of the box."""
