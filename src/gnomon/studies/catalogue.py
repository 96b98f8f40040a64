"""The studies there are, each in a module of its own that is imported when it is asked for."""

from __future__ import annotations

import importlib

from gnomon.errors import UnknownNameError, near
from gnomon.studies.study import Study

STUDIES = {
    "hestness": "gnomon.studies.entries.hestness",
}
"""Name -> the module that holds its `STUDY`."""


def study(name: str) -> Study:
    """A study by name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in STUDIES:
        raise UnknownNameError(f"there is no study {name!r}", hint=near(name, STUDIES))
    found: Study = importlib.import_module(STUDIES[name]).STUDY
    return found


def studies() -> list[Study]:
    """All studies, by name."""
    return [study(name) for name in sorted(STUDIES)]
