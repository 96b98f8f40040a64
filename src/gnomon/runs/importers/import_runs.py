"""import_runs: from what a tracker left behind to a table of runs, and an account of what was not taken over."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.errors import FileError, InputError, Notice, Where, near
from gnomon.runs.assemble import Raw, assemble, join
from gnomon.runs.importers.catalogue import Importer, importer
from gnomon.runs.importers.logs import Found, RunLog
from gnomon.runs.match import Match, match_columns
from gnomon.runs.read.tables import array_of
from gnomon.runs.schema import FIELDS, plain
from gnomon.runs.table import Runs

_HELD_OUT = re.compile(r"(?:.*_)?(eval|val|valid|validation|test)_.*")
_COUNTERS = ("_step",)  # a tracker's own count of calls; a step that the trainer logged itself is the step


@dataclass(frozen=True, eq=False)
class Imported:
    """Runs from elsewhere.

    Args:
        runs: the table, one row an evaluation or step as the source has it.
        kind: the importer.
        source: what was given.
        files: the files that were read.
        left_out: what was not taken over -> how many.
        notices: what a user must know: cut-off files, columns chosen among several, names told apart.
    """

    runs: Runs
    kind: str
    source: str
    files: tuple[str, ...]
    left_out: Mapping[str, int]
    notices: tuple[Notice, ...]

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon import --json`."""
        runs = self.runs
        return {
            "kind": "import",
            "importer": self.kind,
            "source": self.source,
            "files": list(self.files),
            "runs": int(runs.groups().max()) + 1,
            "rows": len(runs),
            "removed": [removal.to_dict() for removal in runs.removed],
            "columns": [runs.columns[name].to_dict() for name in runs.names],
            "unsettled": {name: list(theirs) for name, theirs in runs.unsettled.items()},
            "left_out": [{"what": what, "count": count} for what, count in sorted(self.left_out.items())],
            "warnings": [notice.to_dict() for notice in self.notices],
        }

    def __repr__(self) -> str:
        lines = [repr(self.runs)]
        lines += [f"  left out: {what} ({count})" for what, count in sorted(self.left_out.items())]
        return "\n".join([*lines, *(f"! {notice.message}" for notice in self.notices)])


def import_runs(
    kind: str,
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
) -> Imported:
    """Import runs from a tracker, a trainer, an evaluation harness or a table.

    Names that gnomon knows become its columns; all other metrics and settings keep theirs. A setting that shares its
    name with a metric is called `config.NAME`. Where a held-out and a training loss were logged, `loss` is the held-out one.

    Args:
        kind: a name of `gnomon.runs.importers.catalogue.IMPORTERS`: wandb, tensorboard, hf-trainer, ...
        source: a file, a folder, a glob, or several of them; for wandb also `ENTITY/PROJECT`.
        columns: canonical name -> name in the source, where gnomon does not see it by itself.
        where: an SQL condition on the columns.

    Raises:
        UnknownNameError: there is no such kind.
        FileError: there is nothing of that kind, or a file is empty, damaged or something else.
        ColumnError, FormulaError, RefusalError: as `read_runs`.

    Example:
        >>> import_runs("tensorboard", "logs/").runs.write("runs.parquet")  # doctest: +SKIP
    """
    chosen = importer(kind)
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    if not sources:
        raise InputError("got no source, expected a file, a folder or a glob")
    texts = [os.fspath(entry) for entry in sources]
    files = list(dict.fromkeys(file for text in texts for file in files_of(chosen, text)))
    found = _together([chosen.read(file) for file in files], " ".join(texts))
    runs = _runs(found, columns or {}, files)
    runs = runs if where is None else runs.where(where)
    return Imported(runs, kind, found.source, tuple(files), dict(found.left_out), tuple(found.notices))


def files_of(chosen: Importer, text: str) -> list[str]:
    """The files behind one source: itself, those of a folder by the importer's patterns, those of a glob.

    Raises:
        FileError: there are none.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        inside = [entry for entry in path.rglob("*") if not _hidden(entry.relative_to(path)) and entry.is_file()]
        for pattern in chosen.files:
            matching = sorted(str(entry) for entry in inside if entry.match(pattern))
            if matching:
                return matching
        raise FileError(
            f"is a folder without {' or '.join(chosen.files)}, expected {chosen.reads}",
            where=Where(file=text),
            code="no-runs",
        )
    if path.exists():
        return [str(path)]
    if glob.has_magic(text):
        found = sorted(glob.glob(str(path), recursive=True))
        if not found:
            raise FileError("no file matches the pattern", where=Where(file=text), code="no-file")
        return [file for entry in found for file in files_of(chosen, entry)]
    if chosen.remote and not path.suffix and text.count("/") in (1, 2) and not text.startswith((".", "/", "~")):
        return [text]
    folder = path.parent if path.parent.is_dir() else Path()
    hint = near(path.name, (entry.name for entry in folder.iterdir())) if path.parent.is_dir() else ""
    raise FileError(
        f"there is no such file, expected {chosen.reads}", hint=hint or None, where=Where(file=text), code="no-file"
    )


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _together(parts: Sequence[Found], source: str) -> Found:
    """What several files hold, as one; an older state of a run gives way to the newest."""
    whole = Found(source)
    for part in parts:
        whole.runs += part.runs
        whole.left_out += part.left_out
        whole.notices += part.notices
        whole.conventions |= part.conventions
        whole.tables += part.tables
    longest: dict[tuple[str, str], float] = {}
    for run in whole.runs:
        if run.extent is not None:
            longest[run.name, run.id] = max(run.extent, longest.get((run.name, run.id), run.extent))
    kept: dict[tuple[str, str, float | None], RunLog] = {}
    unique: list[RunLog] = []
    for run in whole.runs:
        key = (run.name, run.id, run.extent)
        if run.extent is not None and (run.extent < longest[run.name, run.id] or key in kept):
            whole.left_out["earlier states of the same run"] += 1
            continue
        kept[key] = run
        unique.append(run)
    whole.runs = unique
    return whole


def _told_apart(runs: Sequence[RunLog], notices: list[Notice]) -> list[str]:
    """A name for each log: its own, with its id where two different runs share one."""
    ids: dict[str, set[str]] = {}
    for run in runs:
        ids.setdefault(run.name, set()).add(run.id)
    shared = {name: len(found) for name, found in ids.items() if len(found) > 1}
    for name, count in shared.items():
        message = f"{count} runs are called {name!r}; their ids are part of their names here"
        notices.append(Notice("same-name", message, {"run": name}))
    return [f"{run.name} ({run.id})" if run.name in shared else run.name for run in runs]


def _runs(found: Found, columns: Mapping[str, str], files: Sequence[str]) -> Runs:
    """The table behind everything found."""
    empty = [run.name for run in found.runs if not run.rows]
    if empty:
        found.left_out["runs without logged rows"] += len(empty)
    logs = [run for run in found.runs if run.rows]
    if not logs and not found.tables:
        raise FileError(
            f"holds no logged values ({len(empty)} runs without any)" if empty else "holds no runs",
            hint="Was the run logged to this place, and is KIND the tracker that wrote it?",
            where=Where(file=found.source),
            code="no-runs",
        )
    names = _told_apart(logs, found.notices)
    logged = list(dict.fromkeys(key for log in logs for row in log.rows for key in row))
    raws = [_raw(logs, names, logged, found.source)] if logs else []
    raw = join([*raws, *found.tables], found.source)
    settled = _settled(raw, logged, columns, found) if logs else dict(columns)
    parts = [(table.file, len(table)) for table in found.tables] if len(found.tables) > 1 and not logs else []
    return assemble(_with_conventions(raw, settled, found.conventions), settled, found.source, parts)


def _raw(logs: Sequence[RunLog], names: Sequence[str], logged: Sequence[str], source: str) -> Raw:
    """One table of all logs: the run, what was logged, and its settings in every row."""
    taken = {"run", *logged}
    settings = {key: f"config.{key}" if key in taken else key for log in logs for key in log.config}
    rows = [(name, log, row) for name, log in zip(names, logs, strict=True) for row in log.rows]
    named = {key: f"logged.{key}" if key == "run" else key for key in logged}
    data = {"run": array_of([name for name, _, _ in rows])}
    data |= {named[key]: array_of([row.get(key) for _, _, row in rows]) for key in logged}
    data |= {title: array_of([log.config.get(key) for _, log, _ in rows]) for key, title in settings.items()}
    return Raw(tuple(data), tuple(data.values()), source)


def _settled(raw: Raw, logged: Sequence[str], asked: Mapping[str, str], found: Found) -> dict[str, str]:
    """Which column is which where names leave it open: logged before set, held-out before training.

    The user's word wins; every choice made here is a notice.
    """
    settled = dict(asked)
    numeric = {name for name, values in zip(raw.names, raw.values, strict=True) if values.dtype.kind == "f"}
    for field in FIELDS:
        if field in settled or FIELDS[field].kind != "number":
            continue
        candidates = [name for name in _candidates(field, raw.names) if name in numeric]
        if len(candidates) < 2:
            continue
        better = [name for name in candidates if name in logged and name not in _COUNTERS] or candidates
        if len(better) > 1:
            better = [name for name in better if _HELD_OUT.fullmatch(plain(name))] or better
        if len(better) == 1 and better[0] != field:
            others = " and ".join(repr(name) for name in candidates if name != better[0])
            settled[field] = better[0]
            message = f"{field} is {better[0]!r}, not {others}; --column {field}=NAME takes another"
            found.notices.append(Notice("chosen-column", message, {"column": field, "name": better[0]}))
    open_questions: Match = match_columns(raw.names, settled)
    for field, names in open_questions.unsettled.items():
        message = f"{' and '.join(map(repr, names))} could all be {field}; --column {field}=NAME says which"
        found.notices.append(Notice("open-column", message, {"column": field}))
    return settled


def _candidates(field: str, names: Sequence[str]) -> list[str]:
    """The columns that could be a field: one of exactly its name, and those of its aliases."""
    others = [name for name in names if name not in FIELDS]
    match = match_columns(others)
    found = [choice.theirs for choice in match.chosen if choice.name == field]
    return [*([field] if field in names else []), *found, *match.unsettled.get(field, ())]


def _with_conventions(raw: Raw, settled: Mapping[str, str], known: Mapping[str, str]) -> Raw:
    """The table with how its quantities were counted as columns of their own, so that a written file keeps it."""
    match = match_columns(raw.names, settled)
    choices = {choice.name: (choice.theirs, choice.convention) for choice in match.chosen}
    told = {name: known.get(theirs) or convention for name, (theirs, convention) in choices.items()}
    told |= {name: known[name] for name in raw.names if name in known and name in FIELDS and name not in choices}
    added = {f"{name}_convention": text for name, text in told.items() if text}
    added = {name: text for name, text in added.items() if name not in raw.names and name not in choices}
    values = [np.full(len(raw), text, dtype=object) for text in added.values()]
    return Raw((*raw.names, *added), (*raw.values, *values), raw.file)
