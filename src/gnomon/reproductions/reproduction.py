"""What a reproduction is: published numbers, how near ours must come, fixed beforehand, and the protocol that gives ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from gnomon.runs import Runs

Criterion = Literal["within", "at most", "at least"]
Trust = Literal["printed", "from memory", "recomputed", "target"]


class Load(Protocol):
    """How a protocol gets its tables: `gnomon.datasets.load`, or a stand-in."""

    def __call__(self, table: str, *, where: str | None = None, columns: Mapping[str, str] | None = None) -> Runs:
        """The rows of `set/file` that meet a condition."""
        ...


class Measure(Protocol):
    """A paper's own protocol: tables in, our value of every quantity out; NaN where it has none."""

    def __call__(self, load: Load) -> Mapping[str, float]:
        """Our values by the quantities' names."""
        ...


@dataclass(frozen=True)
class Quantity:
    """A published number and what counts as reproducing it.

    Args:
        name: short, unique in its reproduction.
        meaning: what it is, with its unit.
        published: the number held against ours.
        tolerance: largest difference that counts as agreement, in the quantity's unit.
        reason: why this tolerance; it is fixed before the protocol is run.
        source: table, equation, cell or file that has the number.
        criterion: "within" the tolerance, or at most / at least the published number, give or take the tolerance.
        trust: "printed" in the source named; "from memory", not found in a source at hand; "recomputed" from the
            public data by somebody else's program; "target": a goal of this project, not a publication's.
        control: a negative control: the protocol on data in which there is nothing to find.
        finding: why the numbers differ, where they do and it is known.
    """

    name: str
    meaning: str
    published: float
    tolerance: float
    reason: str
    source: str
    criterion: Criterion = "within"
    trust: Trust = "printed"
    control: bool = False
    finding: str = ""

    def agrees(self, ours: float) -> bool:
        """Whether our number reproduces the published one."""
        if self.criterion == "at most":
            return ours <= self.published + self.tolerance
        if self.criterion == "at least":
            return ours >= self.published - self.tolerance
        return abs(ours - self.published) <= self.tolerance


@dataclass(frozen=True)
class Reproduction:
    """A published result that is refitted on public data.

    Args:
        name: it is asked for by; also the name of its file.
        title: what is reproduced, one line.
        source: the publication.
        tables: the public tables it reads.
        protocol: the steps, as the publication or its program takes them, and where we depart from them.
        quantities: the numbers.
        measure: the protocol as a function.
        laws: of the catalogue that are fitted or held to the numbers.
    """

    name: str
    title: str
    source: str
    tables: tuple[str, ...]
    protocol: str
    quantities: tuple[Quantity, ...]
    measure: Measure
    laws: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [quantity.name for quantity in self.quantities]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two quantities have one name")

    def run(self, load: Load) -> tuple[Result, ...]:
        """Our numbers beside the published ones.

        Raises:
            RefusalError: a table is not on this machine.
        """
        ours = self.measure(load)
        return tuple(
            Result(self.name, quantity, _known(ours[quantity.name]), "the protocol gives no value here")
            for quantity in self.quantities
        )

    def unavailable(self, reason: str) -> tuple[Result, ...]:
        """The published numbers without ours, and why."""
        return tuple(Result(self.name, quantity, None, reason) for quantity in self.quantities)


@dataclass(frozen=True)
class Result:
    """One quantity of one reproduction; `ours` is None with a reason where there is none."""

    reproduction: str
    quantity: Quantity
    ours: float | None
    reason: str = ""

    @property
    def agrees(self) -> bool | None:
        """Whether the published number was reproduced; None without ours."""
        return None if self.ours is None else self.quantity.agrees(self.ours)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        q = self.quantity
        document: dict[str, Any] = {
            "name": self.reproduction,
            "quantity": q.name,
            "meaning": q.meaning,
            "published": q.published,
            "ours": self.ours,
            "tolerance": q.tolerance,
            "criterion": q.criterion,
            "agrees": self.agrees,
            "source": q.source,
            "trust": q.trust,
            "negative_control": q.control,
            "tolerance_reason": q.reason,
        }
        if self.ours is None:
            document |= {"ours_reason": self.reason, "agrees_reason": self.reason}
        elif not self.agrees and q.finding:
            document["finding"] = q.finding
        return document


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
