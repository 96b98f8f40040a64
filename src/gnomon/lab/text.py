"""Text that every Python carries: the documentation of the standard library as a sequence of 50 symbols."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import FileError, InputError, Where

# Folders that distributions drop, that are not documentation, or that hold other people's packages.
SKIPPED = frozenset(
    ["test", "tests", "idle_test", "lib2to3", "pydoc_data", "site-packages", "dist-packages", "__pycache__"]
)
ALPHABET = b"\n abcdefghijklmnopqrstuvwxyz0.,:;()[]'\"=_-#*/<>`\\"  # symbols 1 to 49; symbol 0 is any other byte
SYMBOLS = len(ALPHABET) + 1
VALID_FROM = 90  # files whose hash modulo 100 is at least this are held out
FEWEST = 500_000  # training symbols below which a text is no use for a ladder

_PROSE = re.compile(
    rb'"""(.*?)"""'
    rb"|'''(.*?)'''"
    rb"|^[ \t]*#[ \t]?([^\n]*)$",  # a comment that has its line to itself
    re.DOTALL | re.MULTILINE,
)
_BLANKS = re.compile(rb"[ \t]+")


def _table() -> bytes:
    """Symbol of each byte: letters in lower case, every digit as 0, tab as blank, carriage return as newline."""
    symbols = bytearray(256)
    for byte in range(128):
        folded = b"0" if chr(byte).isdigit() else {9: b" ", 13: b"\n"}.get(byte, bytes([byte]).lower())
        symbols[byte] = ALPHABET.find(folded) + 1
    return bytes(symbols)


_SYMBOL = _table()


@dataclass(frozen=True, eq=False)
class Text:
    """A text of small integers, split by file into what is trained on and what is held out.

    Args:
        name: the text's name, e.g. "stdlib-prose".
        train: uint8 symbols, 1-D.
        valid: uint8 symbols of files that are not in `train`.
        symbols: number of different symbols V.
        sha256: first 16 hex digits of the hash of train followed by valid; rows of different text are never pooled.
    """

    name: str
    train: NDArray[np.uint8]
    valid: NDArray[np.uint8]
    symbols: int
    sha256: str


@functools.cache
def stdlib_prose(root: Path | None = None, *, fewest: int = FEWEST) -> Text:
    """Triple-quoted strings and whole-line comments of the standard library's own sources.

    Every `*.py` below the library's folder, in the order of its path, without the folders in `SKIPPED`; runs of blanks
    become one; each byte becomes one of 50 symbols. Files with int(sha256(path)[:8], 16) % 100 >= 90 are held out.
    CPython 3.11.7 gives 2.61 million training and .31 million held-out symbols; another version is another text, which
    `sha256` tells.

    Args:
        root: folder of the library (default: that of the running Python).
        fewest: training symbols that must be there (default 500,000).

    Raises:
        InputError: this Python carries no sources, or too few.
    """
    folder = Path(root or sysconfig.get_paths()["stdlib"])
    parts: dict[bool, list[bytes]] = {False: [], True: []}
    for name, raw in _sources(folder):
        parts[held_out(name)].append(prose(raw) + b"\n")
    train, valid = (encode(b"".join(parts[held])) for held in (False, True))
    if len(train) < fewest or len(valid) == 0:
        files = len(parts[False]) + len(parts[True])
        found = f"{len(train):,} symbols in {files:,} files" if files else "no .py files"
        raise InputError(
            f"The text is taken from the standard library's sources, of which this Python has too few: {found}, "
            f"expected at least {fewest:,} symbols.",
            hint="Use a Python that is installed with its .py files (embedded and zipped ones are not), 3.11 or later.",
            where=Where(file=str(folder)),
            code="no-text",
        )
    digest = hashlib.sha256(train.tobytes() + valid.tobytes()).hexdigest()[:16]
    return Text("stdlib-prose", train, valid, SYMBOLS, digest)


def prose(source: bytes) -> bytes:
    """The triple-quoted strings and whole-line comments of Python source, one after another, runs of blanks as one."""
    pieces = (next((piece for piece in match.groups() if piece is not None), b"") for match in _PROSE.finditer(source))
    return b"\n".join(_BLANKS.sub(b" ", piece) for piece in pieces)


def encode(raw: bytes) -> NDArray[np.uint8]:
    """Symbols (0 to 49) of raw bytes."""
    return np.frombuffer(raw.translate(_SYMBOL), np.uint8)


def held_out(path: str) -> bool:
    """Whether the file of this relative POSIX path is held out: a property of its name, never of its position."""
    return int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) % 100 >= VALID_FROM


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Relative POSIX path and content of each source file, in the order of the paths."""
    names = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        names += [(Path(here) / name).relative_to(folder).as_posix() for name in files if name.endswith(".py")]
    for name in sorted(names):
        try:
            yield name, (folder / name).read_bytes()
        except OSError as error:
            raise FileError(
                f"A source file of the standard library cannot be read ({error.strerror}).",
                where=Where(file=str(folder / name)),
            ) from error
