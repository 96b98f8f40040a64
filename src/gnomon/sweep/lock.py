"""One sweep at a time in a folder: two would run the same trials, and clear away each other's attempts."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gnomon.errors import FileError, InputError, Where

NAME = "lock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder; the system lets go when this process ends, however it does. Where it has no such locks (Windows),
    nothing is held.

    Raises:
        InputError: another process holds it.
        FileError: the folder cannot be written.
    """
    try:
        fcntl = importlib.import_module("fcntl")
    except ModuleNotFoundError:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / NAME).open("w")
    except OSError as error:
        raise FileError(f"cannot be written ({error.strerror})", where=Where(str(folder))) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                "another gnomon sweep is at work in this folder",
                hint="Wait for it, end it, or choose another folder with --folder.",
                where=Where(str(folder)),
                code="folder-in-use",
            ) from error
        except OSError:  # a network file system without locks
            pass
        yield
