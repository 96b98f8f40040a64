"""Fetching a public data set to the cache: only when asked, compared with its checksum, and made into tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from gnomon.datasets.catalogue import dataset
from gnomon.datasets.place import VARIABLE, cache_folder, digest
from gnomon.errors import FileError, RefusalError, Where

Opener = Callable[[str], bytes]

PATIENCE = 60.0  # seconds without an answer after which a server counts as silent
LARGEST = 64 * 2**20  # bytes taken at most; the largest original has 23 kB


def fetch(name: str, *, opener: Opener | None = None, folder: Path | None = None) -> tuple[Path, ...]:
    """Fetch a set's original file and write its tables to the cache.

    Args:
        name: of the set.
        opener: address to content; by default an HTTPS request. Another one serves proxies, mirrors and tests.
        folder: written to instead of the cache.

    Returns:
        The tables written.

    Raises:
        RefusalError: the set cannot be made from one file of its source, or the source does not answer.
        FileError: what came is not what was published (SHA-256).
    """
    known = dataset(name)
    if known.original is None:
        raise RefusalError(
            f"{name} cannot be fetched: {known.why_not}.",
            hint=f"Take it from {known.source}, and set {VARIABLE} to the folder above it.",
            code="not-fetchable",
        )
    try:
        content = (opener or https)(known.original.url)
    except OSError as error:
        raise RefusalError(
            f"{known.original.url} does not answer: {error}.",
            hint=f"Try again later, or set {VARIABLE} to a local copy.",
            code="no-answer",
        ) from error
    if digest(content) != known.original.sha256:
        raise FileError(
            f"what came ({len(content):,} bytes) is not the published file (SHA-256)",
            hint="A proxy may have answered in its place. Nothing was written.",
            where=Where(file=known.original.url),
            code="other-content",
        )
    base = folder or cache_folder()
    return tuple(_write(base / table, text) for table, text in known.original.convert(content).items())


def https(address: str) -> bytes:
    """The content behind an https address."""
    from urllib.request import urlopen

    if not address.startswith("https://"):
        raise FileError(f"got {address!r}, expected an https address")
    with urlopen(address, timeout=PATIENCE) as answer:
        content: bytes = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FileError(f"more than {LARGEST:,} bytes came", where=Where(file=address))
    return content


def _write(path: Path, text: str) -> Path:
    """Write a file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
    return path
