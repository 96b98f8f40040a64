"""The store: what became of every trial, in one file, written as each ends and whole whenever the machine stops."""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, Where
from gnomon.version import __version__

SUFFIX = ".gnomon"
"""Ending of a store's file."""

WAIT = 30.0  # seconds a writer waits for another one's transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS trials (
    key TEXT PRIMARY KEY, study TEXT NOT NULL, spec TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    rows TEXT, failure TEXT, attempts INTEGER NOT NULL DEFAULT 1,
    seconds REAL, ended TEXT NOT NULL, version TEXT NOT NULL
) STRICT
"""


@dataclass(frozen=True)
class Kept:
    """What the store knows of a trial.

    Args:
        key: its content hash.
        study: for which it was run first.
        spec: what defines it.
        status: "done" or "failed".
        rows: its rows of the table of runs; empty when it failed.
        failure: {"kind", "message", "traceback"} when it failed.
        attempts: how often it was begun to its end.
        seconds: wall time of the last attempt, where the trial knows it.
        ended: when, ISO 8601 in UTC.
    """

    key: str
    study: str
    spec: Mapping[str, Any]
    status: str
    rows: tuple[Mapping[str, Any], ...]
    failure: Mapping[str, str] | None
    attempts: int
    seconds: float | None
    ended: str


class Store:
    """Trials under their content hashes, in an SQLite file: each write is one transaction, durable before it returns.

    A finished trial is never overwritten by a failure. Readers may come at any time, from any process.

    Args:
        path: of the file; made, with its folder, when the first trial is written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None

    def get(self, keys: Iterable[str]) -> dict[str, Kept]:
        """The trials of these keys that the store knows."""
        if not self.path.exists():
            return {}
        found = {}
        with self._open() as connection:
            for key in keys:
                row = connection.execute("SELECT * FROM trials WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = _kept(row)
        return found

    def trials(self, study: str | None = None) -> list[Kept]:
        """All trials, or those of a study, in the order in which they ended."""
        if not self.path.exists():
            return []
        where, values = ("", ()) if study is None else (" WHERE study = ?", (study,))
        with self._open() as connection:
            rows = connection.execute(f"SELECT * FROM trials{where} ORDER BY ended, key", values).fetchall()
        return [_kept(row) for row in rows]

    def put(
        self, key: str, *, study: str, spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], seconds: float | None
    ) -> None:
        """Keep a finished trial.

        Raises:
            FileError: the file cannot be written.
        """
        text = json.dumps(list(rows), allow_nan=False)
        self._write(key, study, spec, "done", text, None, seconds)

    def fail(self, key: str, *, study: str, spec: Mapping[str, Any], failure: Mapping[str, str]) -> None:
        """Keep that a trial failed, and how; nothing when it is done already."""
        self._write(key, study, spec, "failed", None, json.dumps(dict(failure)), None)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(
        self, key: str, study: str, spec: Mapping[str, Any], status: str, rows: str | None, failure: str | None,
        seconds: float | None,
    ) -> None:  # fmt: skip
        ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        text = json.dumps(dict(spec), sort_keys=True, allow_nan=False)
        with self._open() as connection:
            connection.execute(
                "INSERT INTO trials (key, study, spec, status, rows, failure, seconds, ended, version) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET status = excluded.status, "
                "rows = excluded.rows, failure = excluded.failure, seconds = excluded.seconds, ended = excluded.ended, "
                "version = excluded.version, attempts = attempts + 1 WHERE trials.status = 'failed'",
                (key, study, text, status, rows, failure, seconds, ended, __version__),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The connection; errors of the file are told with its name."""
        try:
            if self._connection is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
                self._connection.row_factory = sqlite3.Row
                self._connection.execute("PRAGMA journal_mode = WAL")  # readers never wait for the writer
                self._connection.execute("PRAGMA synchronous = FULL")  # on disk before a write returns
                self._connection.execute(_SCHEMA)
            yield self._connection
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise FileError(
                f"The store cannot be used ({error}).",
                hint="A store is made by gnomon study run; give its file, in a folder that can be written.",
                where=Where(file=str(self.path)),
            ) from error


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(
        key=row["key"],
        study=row["study"],
        spec=json.loads(row["spec"]),
        status=row["status"],
        rows=tuple(json.loads(row["rows"])) if row["rows"] else (),
        failure=json.loads(row["failure"]) if row["failure"] else None,
        attempts=row["attempts"],
        seconds=row["seconds"],
        ended=row["ended"],
    )
