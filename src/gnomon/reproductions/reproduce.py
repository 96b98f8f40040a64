"""`reproduce(...)`: run protocols on public data and hold both numbers side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gnomon.errors import Notice, RefusalError
from gnomon.reproductions.catalogue import CATALOGUE, reproduction
from gnomon.reproductions.reproduction import Load, Reproduction, Result


@dataclass(frozen=True)
class Outcome:
    """One reproduction: its results, how long it took, and why it could not be run where it could not.

    Args:
        reproduction: what was run.
        results: one a quantity.
        seconds: of the whole protocol, reading included.
        refusal: the message of a protocol that could not run; its results then have no value of ours.
    """

    reproduction: Reproduction
    results: tuple[Result, ...]
    seconds: float
    refusal: str | None = None


@dataclass(frozen=True)
class Reproduced:
    """Outcomes in the order asked for."""

    outcomes: tuple[Outcome, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        """All results."""
        return tuple(result for outcome in self.outcomes for result in outcome.results)

    def counts(self) -> dict[str, int]:
        """How many quantities agree, differ, and are not known here."""
        answers = [result.agrees for result in self.results]
        return {"agree": answers.count(True), "differ": answers.count(False), "unknown": answers.count(None)}

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon reproduce --json`."""
        missing = [
            Notice("not-run", f"{o.reproduction.name}: {o.refusal}", {"name": o.reproduction.name})
            for o in self.outcomes
            if o.refusal is not None
        ]
        return {
            "kind": "reproduce",
            "results": [result.to_dict() for result in self.results],
            "reproductions": [
                {
                    "name": o.reproduction.name,
                    "title": o.reproduction.title,
                    "source": o.reproduction.source,
                    "tables": list(o.reproduction.tables),
                    "protocol": o.reproduction.protocol,
                    "seconds": o.seconds,
                }
                for o in self.outcomes
            ],
            "counts": self.counts(),
            "warnings": [notice.to_dict() for notice in missing],
        }


def reproduce(
    names: Sequence[str] | None = None,
    *,
    load: Load | None = None,
    told: Callable[[Reproduction], None] | None = None,
) -> Reproduced:
    """Refit published results on public data.

    Args:
        names: which; default: all.
        load: how tables are read; default: `gnomon.datasets.load`.
        told: called with each reproduction before it runs.

    Raises:
        UnknownNameError: there is no reproduction of that name.
        RefusalError: none of them could run, because no table is on this machine or the data cannot answer.
    """
    if load is None:
        from gnomon.datasets import load as load_public

        load = load_public
    chosen = [reproduction(name) for name in dict.fromkeys(names or CATALOGUE)]
    outcomes: list[Outcome] = []
    refusals: list[RefusalError] = []
    for entry in chosen:
        if told is not None:
            told(entry)
        began = time.perf_counter()
        try:
            results, refusal = entry.run(load), None
        except RefusalError as error:
            refusals.append(error)
            results, refusal = entry.unavailable(error.message), error.message
        outcomes.append(Outcome(entry, results, time.perf_counter() - began, refusal))
    if len(refusals) == len(chosen):
        raise refusals[0]
    return Reproduced(tuple(outcomes))
