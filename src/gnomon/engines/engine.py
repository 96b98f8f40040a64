"""The contract of an engine: a function, specs, and an outcome for each of them, failures included."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from gnomon.errors import GnomonError

Spec = TypeVar("Spec")
Tell = Callable[[Any], None]  # what a function calls to report how far it is
Function = Callable[[Spec, Tell], Any]  # maps a spec to its record


@dataclass(frozen=True)
class Failure:
    """Why a spec has no record.

    Args:
        kind: name of the exception's class, or "WorkerDied".
        message: what it said.
        detail: its traceback, or the last lines the worker wrote.
    """

    kind: str
    message: str
    detail: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure an exception stands for."""
        return cls(type(error).__name__, str(error), "".join(traceback.format_exception(error)))


@dataclass(frozen=True)
class Outcome:
    """What became of one spec.

    Args:
        index: position in the sequence of specs.
        record: what the function returned; None when it failed.
        failure: why there is no record; None when there is one.
    """

    index: int
    record: Any
    failure: Failure | None = None


class TrialError(GnomonError, RuntimeError):
    """A trial failed for a reason of its own, not for the user's: exit status 1, `partial` holds the failures."""

    code = "trial-failed"
    exit_status = 1


class Engine(Protocol):
    """Anything that maps a function over specs."""

    def map(
        self,
        function: Function[Spec],
        specs: Sequence[Spec],
        *,
        affinity: Callable[[Spec], Hashable] | None = None,
        tell: Callable[[int, Any], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield one outcome for each spec, in the order they end.

        An exception of the function is an outcome, not an exception here. Leaving the iterator early ends what is
        under way.

        Args:
            function: called as function(spec, tell); importable by name, as other processes must find it.
            specs: picklable; begun in this order as far as affinity allows.
            affinity: specs of equal value are better done by the same worker (they share a compiled program).
            tell: called with the spec's index and whatever the function reports about itself.
        """


def attempt(function: Function[Spec], spec: Spec, index: int, tell: Tell) -> Outcome:
    """The outcome of one call; only interrupts pass through."""
    try:
        return Outcome(index, function(spec, tell))
    except Exception as error:
        return Outcome(index, None, Failure.of(error))
