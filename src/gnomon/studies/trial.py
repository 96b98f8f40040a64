"""A trial: what is to be run, frozen, with a hash of everything its rows depend on."""

from __future__ import annotations

import importlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.engines import Tell, content_hash
from gnomon.errors import InputError

Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One piece of work of a study.

    Args:
        work: `module:function`, called as function(spec, tell) -> rows of the table of runs; the seconds it took are
            in each row's `seconds` where it knows them.
        spec: what it depends on: JSON values only, the seed among them.
        version: raised when the function changes what it measures; rows of another version are not used.
        kind: trials of one kind share a compiled program and are done by one worker where possible.
        cost: how long it takes against other trials of its kind, in any unit; the time left is forecast from it.
        place: what the function is given beside the spec that cannot change its rows: folders, limits of time. It is
            not part of the hash.
    """

    work: str
    spec: Mapping[str, Any]
    version: int = 1
    kind: Hashable = None
    cost: float = 1.0
    place: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Content hash: equal for trials that must give the same rows."""
        return content_hash({"work": self.work, "version": self.version, "spec": dict(self.spec)})


def distinct(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, each once.

    Raises:
        InputError: there is none.
    """
    found = list({trial.key: trial for trial in trials}.values())
    if not found:
        raise InputError("The study has no trial at this scale.")
    return found


def do(trial: Trial, tell: Tell) -> list[Row]:
    """Run a trial in this process."""
    module, _, function = trial.work.partition(":")
    rows = getattr(importlib.import_module(module), function)({**trial.spec, **trial.place}, tell)
    return [dict(row) for row in rows]
