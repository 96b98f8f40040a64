"""read_runs: whatever holds runs, as a table. One place decides which reader is meant; each format has its own file."""

from __future__ import annotations

import glob
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, InputError, Where, near
from gnomon.runs.assemble import Raw, assemble, join
from gnomon.runs.read.csv_file import read_csv
from gnomon.runs.read.json_file import read_json
from gnomon.runs.read.jsonl_file import read_jsonl
from gnomon.runs.read.parquet_file import read_parquet
from gnomon.runs.read.tables import frame_kind, from_columns, from_frame, from_records
from gnomon.runs.table import Runs

READERS: Mapping[str, Callable[[Path, str], Raw]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".parquet": read_parquet,
}
_ELSEWHERE = {
    ".xlsx": "Save the sheet as CSV.",
    ".xls": "Save the sheet as CSV.",
    ".pkl": "Pickles are not read, because reading one runs code; write Parquet instead.",
    ".pickle": "Pickles are not read, because reading one runs code; write Parquet instead.",
    ".feather": "Write Parquet instead, or pass the arrow table.",
    ".txt": "If it is CSV, name it .csv, or pipe it: gnomon check - < FILE",
}
STDIN = "<stdin>"


def read_runs(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    schedules: Any = None,
) -> Runs:
    """Read runs.

    Args:
        source: a path (.csv .tsv .jsonl .ndjson .json, with .gz too, .parquet), a glob, a folder, `-` for standard
            input, a list of paths; a pandas, polars or arrow table; a mapping of arrays; a list of objects; Runs.
        columns: canonical name -> name in the source, where gnomon does not see it by itself.
        where: an SQL condition on the columns; rows that do not meet it are counted as removed.
        schedules: learning rates of every step, for laws that take a schedule; what `as_schedules` takes.

    Returns:
        The table, with canonical names, numbers as float64 and what can be derived derived and marked so.

    Raises:
        FileError: a file is missing, unreadable, or no table; row and column are named where they are known.
        ColumnError: a cell is not what its column holds, or a name in `columns` is not there.
        FormulaError, RefusalError: the condition is wrong, or no row meets it.

    Example:
        >>> runs = read_runs({"N": ["10M", "100M"], "D": ["1B", "2B"], "loss": [3.9, 3.2]})
        >>> [float(flops) for flops in runs["flops"]]
        [6e+16, 1.2e+18]
    """
    if columns is not None and not isinstance(columns, Mapping):
        raise InputError(f"got columns={columns!r}, expected a mapping such as {{'params': 'N'}}")
    if isinstance(source, Runs):
        runs = source if not columns else _renamed(source, columns)
    elif isinstance(source, str | os.PathLike):
        runs = _from_path(os.fspath(source), columns)
    elif isinstance(source, Mapping):
        runs = assemble(from_columns(source, "<table>"), columns, "<table>")
    elif frame_kind(source):
        runs = assemble(from_frame(source, "<table>"), columns, "<table>")
    elif isinstance(source, Sequence) and source and all(isinstance(entry, str | os.PathLike) for entry in source):
        paths = [os.fspath(entry) for entry in source]
        runs = _from_files([Path(path).expanduser() for path in paths], columns, " ".join(paths))
    elif isinstance(source, list | tuple):
        runs = assemble(from_records(source, "<table>"), columns, "<table>")
    else:
        raise InputError(
            f"got {type(source).__name__}, expected a path, a data frame, a mapping of arrays or a list of objects",
            code="bad-table",
        )
    if schedules is not None:
        from gnomon.runs.schedules import as_schedules

        runs = replace(runs, schedules={**runs.schedules, **as_schedules(schedules)})
    return runs.where(where) if where is not None else runs


def _renamed(runs: Runs, columns: Mapping[str, str]) -> Runs:
    """The same rows with other names: the table is laid out anew under the names it came with."""
    kept = {n: c for n, c in runs.columns.items() if c.derived is None or c.original}
    titles = {name: name if column.derived else column.original or name for name, column in kept.items()}
    wanted = {name: titles.get(theirs, theirs) for name, theirs in columns.items()}
    new = assemble(
        Raw(tuple(titles.values()), tuple(runs.data[name] for name in kept), runs.source), wanted, runs.source
    )
    return Runs(
        new.data,
        new.columns,
        runs.source,
        runs.given,
        runs.removed,
        runs.rows.copy(),
        runs.parts,
        new.unsettled,
        runs.schedules,
    )


def _from_path(text: str, columns: Mapping[str, str] | None) -> Runs:
    if text == "-":
        return _from_stdin(columns)
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_files(_in_folder(path), columns, text)
    if path.exists() or not glob.has_magic(text):
        return _from_files([path], columns, text)
    found = sorted(Path(match) for match in glob.glob(str(path), recursive=True) if Path(match).is_file())
    if not found:
        raise FileError("no file matches the pattern", where=Where(file=text), code="no-file")
    return _from_files(found, columns, text)


def _from_files(paths: Sequence[Path], columns: Mapping[str, str] | None, source: str) -> Runs:
    """One table from one or several files."""
    if len(paths) == 1:
        return assemble(read_table(paths[0], str(paths[0])), columns, source)
    raws = [read_table(path, str(path)) for path in paths]
    return assemble(join(raws, source), columns, source, [(raw.file, len(raw)) for raw in raws])


def read_table(path: Path, name: str) -> Raw:
    """The table in one file, by its suffix."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".gz" and len(suffixes) > 1 and suffixes[-2] != ".parquet":
        suffix = suffixes[-2]
    if not path.exists():
        folder = path.parent if path.parent.is_dir() else Path()
        hint = near(path.name, (entry.name for entry in folder.iterdir() if entry.suffix in READERS))
        raise FileError("there is no such file", hint=hint or None, where=Where(file=name), code="no-file")
    if suffix not in READERS:
        known = ", ".join(READERS)
        raise FileError(
            f"got the suffix {suffix!r}, expected one of {known}",
            hint=_ELSEWHERE.get(suffix),
            where=Where(file=name),
            code="unknown-format",
        )
    return READERS[suffix](path, name)


def _in_folder(folder: Path) -> list[Path]:
    """The tables of a folder: all of one format; JSON documents only where there is nothing else."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    except PermissionError as error:
        raise FileError("no permission to read it", where=Where(file=str(folder)), code="no-permission") from error
    formats: dict[str, list[Path]] = {}
    for entry in entries:
        suffix = entry.with_suffix("").suffix if entry.suffix == ".gz" else entry.suffix
        if suffix.lower() in READERS:
            formats.setdefault(suffix.lower(), []).append(entry)
    tables = {suffix: found for suffix, found in formats.items() if suffix != ".json"} or formats
    if not tables:
        raise FileError(
            "is a folder without tables",
            hint=f"Looked for {', '.join(READERS)}; what lies deeper is read with a pattern: '{folder}/**/*.csv'.",
            where=Where(file=str(folder)),
            code="no-tables",
        )
    if len(tables) > 1:
        counts = ", ".join(f"{len(found)} {suffix}" for suffix, found in tables.items())
        raise FileError(
            f"is a folder with tables of several formats ({counts}), which may hold the same runs twice",
            hint=f"Say which, e.g. '{folder}/*{next(iter(tables))}'.",
            where=Where(file=str(folder)),
            code="several-formats",
        )
    return next(iter(tables.values()))


def _from_stdin(columns: Mapping[str, str] | None) -> Runs:
    """Standard input, its format seen from its first bytes."""
    data = sys.stdin.buffer.read()
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        suffix = ".parquet"
    elif head.startswith((b"{", b"[")):
        suffix = ".json"
    elif head.startswith(b"\x1f\x8b"):
        raise FileError("is gzip-compressed", hint="Pipe it through zcat.", where=Where(file=STDIN), code="binary")
    else:
        line = head.split(b"\n", 1)[0]
        suffix = ".tsv" if line.count(b"\t") > max(line.count(b","), line.count(b";")) else ".csv"
    with tempfile.TemporaryDirectory(prefix="gnomon-") as folder:
        path = Path(folder, f"stdin{suffix}")
        path.write_bytes(data)
        return assemble(READERS[suffix](path, STDIN), columns, "-")
