"""What a public data set is here: where it comes from, which tables it has, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Original:
    """A file of the source from which tables can be made again.

    Args:
        url: where it is, at the commit of the set.
        sha256: its checksum.
        convert: the bytes of the original to the text of a table, by the table's name.
    """

    url: str
    sha256: str
    convert: Callable[[bytes], dict[str, str]]


@dataclass(frozen=True)
class Dataset:
    """A set of public measurements.

    Args:
        name: of the set and of its folder under `GNOMON_DATA`.
        paper: who measured what.
        repository: owner/name on GitHub.
        commit: of the repository, abbreviated as its page shows it.
        paths: where in the repository the numbers are.
        licence: as found there; None where no licence is stated, so that the numbers may not be passed on.
        note: what a user must know before fitting them.
        original: where the tables can be made again from one file; None with `why_not` where they cannot.
        why_not: why `fetch` cannot make them.
    """

    name: str
    paper: str
    repository: str
    commit: str
    paths: str
    licence: str | None
    note: str = ""
    original: Original | None = None
    why_not: str = "its tables are put together from several files of the repository"

    @property
    def source(self) -> str:
        """`owner/name @ commit, paths`."""
        return f"{self.repository} @ {self.commit}, {self.paths}"

    @property
    def tables(self) -> tuple[str, ...]:
        """Its tables as `set/file`."""
        return tuple(table for table in checksums() if table.startswith(f"{self.name}/"))


@cache
def checksums() -> dict[str, str]:
    """SHA-256 of every known table, `set/file` to 64 hex digits (the lines of SHA256SUMS, as `sha256sum -c` takes them)."""
    text = files("gnomon.datasets").joinpath("SHA256SUMS").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines():
        digest, _, table = line.partition("  ")
        found[table] = digest
    return found
