"""The studies there are, each in a module of its own that is imported when it is asked for."""

from __future__ import annotations

import importlib

from gnomon.errors import UnknownNameError, near
from gnomon.studies.own import own_modules, own_study
from gnomon.studies.study import Study

STUDIES = {
    "hestness": "gnomon.studies.entries.hestness",
    "loss-trajectory": "gnomon.studies.entries.loss_trajectory",
    "mad": "gnomon.studies.entries.mad",
    "width-transfer": "gnomon.studies.entries.width_transfer",
}
"""Name -> the module that holds its `STUDY`."""


def study(name: str) -> Study:
    """A study by name; one's own come after those of the house.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name in STUDIES:
        found: Study = importlib.import_module(STUDIES[name]).STUDY
        return found
    own = {s.name: s for s in _own()}
    if name not in own:
        raise UnknownNameError(f"there is no study {name!r}", hint=near(name, [*STUDIES, *own]))
    return own[name]


def studies() -> list[Study]:
    """All studies, by name; one's own after those of the house."""
    return [study(name) for name in sorted(STUDIES)] + sorted(_own(), key=lambda s: s.name)


def _own() -> list[Study]:
    """The user's own studies."""
    found = (own_study(path) for path in own_modules().values())
    return [s for s in found if s is not None and s.name not in STUDIES]
