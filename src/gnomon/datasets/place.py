"""Where tables of public data are on this machine: under `GNOMON_DATA`, else in the cache that `fetch` fills."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.datasets.catalogue import dataset
from gnomon.datasets.public import checksums
from gnomon.errors import FileError, RefusalError, UnknownNameError, Where, near

if TYPE_CHECKING:
    from gnomon.runs import Runs

VARIABLE = "GNOMON_DATA"


def cache_folder() -> Path:
    """Where fetched tables are kept: `gnomon/data` in `XDG_CACHE_HOME`, by default in `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "gnomon" / "data"


def find(table: str, *, verify: bool = True) -> Path:
    """The file of a table, by `set/file`.

    Args:
        table: for example "chinchilla_epoch/points.csv".
        verify: compare the checksum of a file under `GNOMON_DATA` with the known one. What `fetch` made was compared
            when it came.

    Raises:
        UnknownNameError: no public set has such a table.
        RefusalError: it is not on this machine; the hint says how to get it.
        FileError: it is there with other content.
    """
    known = dataset(table.partition("/")[0])
    if table not in checksums():
        raise UnknownNameError(f"{known.name} has no table {table!r}.", hint=near(table, known.tables))
    given = os.environ.get(VARIABLE)
    if given:
        path = Path(given).expanduser() / table
        if path.is_file():
            if verify and digest(path.read_bytes()) != checksums()[table]:
                raise FileError(
                    "the table differs from the one the published results were held against (SHA-256)",
                    hint=f"Copy it again from {known.source}, or read it yourself with read_runs.",
                    where=Where(file=str(path)),
                    code="other-content",
                )
            return path
    cached = cache_folder() / table
    if cached.is_file():
        return cached
    looked = f"{VARIABLE} is not set" if not given else f"it is not under {VARIABLE} ({given})"
    way = f" or call gnomon.datasets.fetch({known.name!r})" if known.original else ""
    raise RefusalError(
        f"The public table {table} is not on this machine: {looked}.",
        hint=f"Set {VARIABLE} to a folder that holds it{way}. Its numbers come from {known.source}.",
        code="no-data",
    )


def load(table: str, *, where: str | None = None, columns: Mapping[str, str] | None = None) -> Runs:
    """A table of public data as runs; see `find` and `gnomon.read_runs`."""
    from gnomon.runs import read_runs

    return read_runs(find(table), where=where, columns=columns)


def digest(content: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()
