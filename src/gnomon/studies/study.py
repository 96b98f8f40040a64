"""What a study is: a grid of trials at three scales, a split fixed before any fit, claims, and a judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.errors import UnknownNameError, near
from gnomon.studies.claim import Claim, Measured
from gnomon.studies.trial import Trial

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

SCALES = ("smoke", "quick", "full")
"""Seconds, about five minutes and about an hour on two cores; the same grid, larger."""


@dataclass(frozen=True)
class Paper:
    """Whose claim it is.

    Args:
        title: of the paper.
        authors: as one cites them.
        id: arXiv number or DOI.
        bibtex: one entry.
    """

    title: str
    authors: str
    id: str
    bibtex: str = ""


@dataclass(frozen=True)
class Asked:
    """What a study was asked to do: at which scale, from which seed."""

    scale: str
    seed: int = 0


@dataclass(frozen=True)
class Study:
    """One paper's idea, small.

    Args:
        name: as it is typed.
        title: one line.
        question: what a user learns from it.
        paper: whose claim it is.
        scales: per scale, what it holds and how long it takes.
        departs: what differs from the paper, a sentence each.
        split: what is held out, in words; it is fixed here, before any fit.
        claims: what is judged, negative controls among them.
        trials: the trials of a scale and seed.
        judge: from the rows of finished trials to what was measured, by claim id.
        figures: pictures of the rows, for the study's page.
        extras: optional dependencies it needs, as in `gnomon[lab]`.
    """

    name: str
    title: str
    question: str
    paper: Paper
    scales: Mapping[str, str]
    departs: tuple[str, ...]
    split: str
    claims: tuple[Claim, ...]
    trials: Callable[[Asked], Sequence[Trial]]
    judge: Callable[[Runs, Asked], Mapping[str, Measured]]
    figures: Callable[[Runs, Asked], Sequence[Figure]] | None = None
    extras: tuple[str, ...] = field(default=("lab",))

    def asked(self, scale: str, seed: int = 0) -> Asked:
        """A scale and a seed of this study.

        Raises:
            UnknownNameError: it has no such scale.
        """
        if scale not in self.scales:
            raise UnknownNameError(f"{self.name} has no scale {scale!r}", hint=near(scale, self.scales))
        return Asked(scale, seed)

    def to_dict(self) -> dict[str, Any]:
        """Its entry in the document of `gnomon study list`."""
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "paper": {"title": self.paper.title, "authors": self.paper.authors, "id": self.paper.id},
            "scales": dict(self.scales),
        }
