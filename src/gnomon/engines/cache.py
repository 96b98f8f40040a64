"""Records of finished trials under the hash of what defines them: written at once, never twice, never half."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, Where


def content_hash(spec: Mapping[str, Any]) -> str:
    """16 hex digits over the canonical JSON of a spec: equal specs, equal hash, in any process and Python."""
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Cache:
    """A folder with one JSON file for each finished trial.

    A file appears complete or not at all, whenever the process or the machine is stopped; two processes that write the
    same record do no harm.

    Args:
        folder: made when the first record is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """The record of a hash; None when there is none, or none that can be read."""
        try:
            record = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (UnicodeDecodeError, json.JSONDecodeError):
            return None  # not written by `put`: the trial is run again
        return record if isinstance(record, dict) else None

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record, durably before this returns."""
        write_atomically(self._path(key), json.dumps(record, indent=1, allow_nan=False) + "\n")

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader, now or after a crash, finds the old content or the new, never a part.

    Raises:
        FileError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise FileError(
            f"The file cannot be written ({error.strerror}).",
            hint="Choose a folder that exists or can be made, with space and write permission.",
            where=Where(file=str(path)),
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
