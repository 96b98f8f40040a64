"""What an importer finds in one source: runs with settings and logged rows, and an account of what it left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from gnomon.errors import FileError, Notice, Where
from gnomon.runs.assemble import Raw

DEPTH = 4  # levels of nested settings that get names of their own; what lies deeper stays JSON text


@dataclass
class RunLog:
    """One run as its tracker kept it.

    Args:
        name: what the run is called; names that two runs of one import share are told apart afterwards.
        rows: what was logged, one mapping of names to values a row, in the order of the source.
        config: settings of the whole run, with dotted names.
        id: what tells it from other runs of that name; logs of one name and id are parts of one run.
        extent: how far it goes, where a source keeps the whole history anew in every state: the longest is taken.
    """

    name: str
    rows: list[dict[str, Any]]
    config: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    extent: float | None = None


@dataclass
class Found:
    """What an importer found.

    Args:
        source: what messages call it.
        runs: the runs, in the order of the source.
        left_out: what was not taken over -> how many.
        notices: what a user must know.
        conventions: name in the rows -> how it was counted.
        tables: what is a table already, with a run in every row or none.
    """

    source: str
    runs: list[RunLog] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notices: list[Notice] = field(default_factory=list)
    conventions: dict[str, str] = field(default_factory=dict)
    tables: list[Raw] = field(default_factory=list)

    def cut(self, where: str, kept: str) -> None:
        """Say that the end of a file is not whole, as it is while a run is still being written."""
        message = f"{where} ends within a record, as the file of a live run does; {kept} before it are kept"
        self.notices.append(Notice("cut-off", message, {"file": where}))


def refuse(name: str, got: str, expected: str, *, hint: str | None = None, code: str = "not-a-log") -> NoReturn:
    """Refuse a source.

    Raises:
        FileError: always; it says what was given, what was expected, and where.
    """
    raise FileError(f"{got}, expected {expected}", hint=hint, where=Where(file=name), code=code)


def read_bytes(path: Path, expected: str) -> bytes:
    """A whole file.

    Raises:
        FileError: it cannot be read, or is empty.
    """
    from gnomon.runs.read.files import open_bytes

    with open_bytes(path, str(path)) as stream:
        data = stream.read()
    if not data:
        refuse(str(path), "is empty", expected, code="empty")
    return data


def opened(settings: Mapping[Any, Any], joint: str = ".", prefix: str = "", depth: int = 1) -> dict[str, Any]:
    """Nested mappings as one with dotted names: `{"arch": {"act": "gelu"}}` is `{"arch.act": "gelu"}`."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and depth < DEPTH:
            flat |= opened(value, joint, f"{name}{joint}", depth + 1)
        else:
            flat[name] = value
    return flat


def settings_of(settings: Mapping[Any, Any]) -> dict[str, Any]:
    """Settings with dotted names; lists and other structures become JSON text, so that nothing is lost."""
    return {name: cell_of(value) for name, value in opened(settings).items()}


def cell_of(value: Any) -> Any:
    """A value as a cell: numbers, texts, flags and None as they are, everything else as JSON text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    import json

    return json.dumps(value, default=str)


def numbers_of(metrics: Mapping[Any, Any], left_out: Counter[str], joint: str = "/") -> dict[str, Any]:
    """The logged values that fit a cell, nested ones with joined names; lists, histograms and media are counted.

    A mapping with `_type` is a medium or a histogram of wandb and trackio. Texts like `NaN` and `Infinity`, which JSON
    cannot write as numbers, become numbers.
    """
    cells: dict[str, Any] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping) and "_type" in value:
            left_out[f"{name} ({value['_type']})"] += 1
        elif isinstance(value, Mapping):
            cells |= numbers_of({f"{name}{joint}{key}": inner for key, inner in value.items()}, left_out, joint)
        elif isinstance(value, list | tuple):
            left_out[f"{name} (list)"] += 1
        else:
            cells[str(name)] = _NOT_FINITE.get(value, value) if isinstance(value, str) else value
    return cells


_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
