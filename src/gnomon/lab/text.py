"""Text that every Python carries: the standard library's documentation in 50 symbols, and its sources as raw bytes."""

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
TEST_FROM = 95  # of the bytes, these are the test part
FEWEST = 500_000  # training symbols below which a text is no use for a ladder
BYTES = 256

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
        sha256: first 16 hex digits of the hash of train, valid and test one after another; rows of different text are
            never pooled.
        test: uint8 symbols of yet other files, for what is reported where `valid` was used to choose; None without.
    """

    name: str
    train: NDArray[np.uint8]
    valid: NDArray[np.uint8]
    symbols: int
    sha256: str
    test: NDArray[np.uint8] | None = None


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
    _enough(train, valid, fewest=fewest, files=sum(map(len, parts.values())), folder=folder)
    return Text("stdlib-prose", train, valid, SYMBOLS, _digest(train, valid))


@functools.cache
def stdlib_bytes(root: Path | None = None, *, fewest: int = FEWEST) -> Text:
    """The standard library's own sources, byte by byte: 256 symbols, each file followed by one byte 0.

    Files, order and folders left out are those of `stdlib_prose`. Of h = int(sha256(path)[:8], 16) % 100: test h >= 95,
    valid 90 <= h < 95, train below. CPython 3.11.7 gives 10.02 million training, .70 million validation and .35 million
    test bytes; another version is another text, which `sha256` tells.

    Args:
        root: folder of the library (default: that of the running Python).
        fewest: training bytes that must be there (default 500,000).

    Raises:
        InputError: this Python carries no sources, or too few.
    """
    folder = Path(root or sysconfig.get_paths()["stdlib"])
    parts: dict[str, list[bytes]] = {"train": [], "valid": [], "test": []}
    for name, raw in _sources(folder):
        h = _percent(name)
        parts["test" if h >= TEST_FROM else "valid" if h >= VALID_FROM else "train"].append(raw + b"\0")
    train, valid, test = (np.frombuffer(b"".join(part), np.uint8) for part in parts.values())
    _enough(train, valid, test, fewest=fewest, files=sum(map(len, parts.values())), folder=folder)
    return Text("stdlib-bytes", train, valid, BYTES, _digest(train, valid, test), test)


def prose(source: bytes) -> bytes:
    """The triple-quoted strings and whole-line comments of Python source, one after another, runs of blanks as one."""
    pieces = (next((piece for piece in match.groups() if piece is not None), b"") for match in _PROSE.finditer(source))
    return b"\n".join(_BLANKS.sub(b" ", piece) for piece in pieces)


def encode(raw: bytes) -> NDArray[np.uint8]:
    """Symbols (0 to 49) of raw bytes."""
    return np.frombuffer(raw.translate(_SYMBOL), np.uint8)


def held_out(path: str) -> bool:
    """Whether the file of this relative POSIX path is held out: a property of its name, never of its position."""
    return _percent(path) >= VALID_FROM


def _percent(path: str) -> int:
    """The hash of a path modulo 100."""
    return int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) % 100


def _digest(*parts: NDArray[np.uint8]) -> str:
    """First 16 hex digits of the hash of all parts, one after another."""
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


def _enough(train: NDArray[np.uint8], *held: NDArray[np.uint8], fewest: int, files: int, folder: Path) -> None:
    """Refuse a text that is too short, or that has nothing to evaluate on."""
    if len(train) < fewest or any(len(part) == 0 for part in held):
        found = f"{len(train):,} symbols in {files:,} files" if files else "no .py files"
        raise InputError(
            f"The text is taken from the standard library's sources, of which this Python has too few: {found}, "
            f"expected at least {fewest:,} symbols.",
            hint="Use a Python that is installed with its .py files (embedded and zipped ones are not), 3.11 or later.",
            where=Where(file=str(folder)),
            code="no-text",
        )


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
