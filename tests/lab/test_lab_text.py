from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import FileError, InputError
from gnomon.lab import text

SOURCE = b'''#!/usr/bin/env python
"""Read  a
\tTABLE: 12 rows."""
import os  # not a line of its own
# Whole-line\tcomment, 3.5 \xe2\x80\x93 kept
def f():
    r\'\'\'raw "text" & more\'\'\'
    #no blank
    return '#' + "x"
'''
PROSE = (
    b"!/usr/bin/env python\nRead a\n TABLE: 12 rows.\nWhole-line comment, 3.5 \xe2\x80\x93 kept\n"
    b'raw "text" & more\nno blank'
)


def shown(symbols: np.ndarray) -> str:
    """Symbols as text again; "?" stands for the symbol of everything else."""
    return "".join("?" if symbol == 0 else chr(text.ALPHABET[symbol - 1]) for symbol in symbols)


def library(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_prose_is_what_people_wrote() -> None:
    assert text.prose(SOURCE) == PROSE


def test_symbols_golden() -> None:
    assert len(text.ALPHABET) == 49
    assert len(set(text.ALPHABET)) == 49
    assert text.SYMBOLS == 50
    assert shown(text.encode(PROSE)) == (
        '?/usr/bin/env python\nread a\n table: 00 rows.\nwhole-line comment, 0.0 ??? kept\nraw "text" ? more\nno blank'
    )
    assert shown(text.encode(b"a\tB\r~%\x00\xff")) == "a b\n????"


@given(st.binary(max_size=200))
def test_any_bytes_become_symbols(raw: bytes) -> None:
    symbols = text.encode(raw)
    assert symbols.dtype == np.uint8
    assert len(symbols) == len(raw)
    assert symbols.max(initial=0) < text.SYMBOLS


def test_library_golden(tmp_path: Path) -> None:
    names = [f"m{k:02d}.py" for k in range(40)]
    held = [name for name in names if int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 100 >= 90]
    assert held == ["m02.py", "m04.py", "m26.py", "m37.py"]
    files = {name: f"# page {name[1:3]}\nx = 1\n".encode() for name in names}
    skipped = {"test/t.py": b"# no\n", "a/site-packages/s.py": b"# no\n", "readme.txt": b"# no\n"}
    nested = {"zoo/b.py": b'"""Last."""\n', "a/b.py": b'"""First."""\n'}
    found = text.stdlib_prose(library(tmp_path, files | skipped | nested), fewest=100)
    assert shown(found.valid) == "page 00\n" * 4
    assert shown(found.train) == "first.\n" + "page 00\n" * 36 + "last.\n"
    assert found.sha256 == hashlib.sha256(found.train.tobytes() + found.valid.tobytes()).hexdigest()[:16]
    assert found.sha256 == "51fbfe0b2e73beff"
    assert (found.name, found.symbols) == ("stdlib-prose", 50)


def test_the_running_python_carries_the_text() -> None:
    found = text.stdlib_prose()
    assert len(found.train) > 2_000_000
    share = np.bincount(found.train, minlength=50) / len(found.train)
    entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
    assert entropy == pytest.approx(3.175, abs=0.02)  # of CPython 3.11; other versions differ little
    assert text.stdlib_prose() is found


def test_bytes_golden(tmp_path: Path) -> None:
    """The split in three by the hash of the path, worked out here once more; every file ends in a byte 0."""
    names = [f"m{k:02d}.py" for k in range(40)]
    part = {name: int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 100 for name in names}
    found = text.stdlib_bytes(library(tmp_path, {name: f"é = {name}\n".encode() for name in names}), fewest=100)

    def expected(low: int, high: int) -> bytes:
        return b"".join(f"é = {name}\n".encode() + b"\0" for name in names if low <= part[name] < high)

    assert found.test is not None
    assert found.train.tobytes() == expected(0, 90)
    assert found.valid.tobytes() == expected(90, 95)
    assert found.test.tobytes() == expected(95, 100)
    assert found.sha256 == hashlib.sha256(expected(0, 90) + expected(90, 95) + expected(95, 100)).hexdigest()[:16]
    assert found.sha256 == "a08fb2aa78069f7f"
    assert (found.name, found.symbols) == ("stdlib-bytes", 256)


def test_the_running_python_carries_the_bytes() -> None:
    found = text.stdlib_bytes()
    assert found.test is not None
    assert len(found.train) > 6_000_000
    assert min(len(found.valid), len(found.test)) > 100_000
    assert bytes(found.train[:400]).count(b"\n") > 2  # as it is written, not folded


def test_a_python_without_sources_is_refused(tmp_path: Path) -> None:
    (tmp_path / "python311.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"no \.py files") as caught:
        text.stdlib_prose(tmp_path)
    with pytest.raises(InputError, match=r"no \.py files"):
        text.stdlib_bytes(tmp_path)
    assert caught.value.where.file == str(tmp_path)
    assert "embedded and zipped" in str(caught.value)
    library(tmp_path, {"m00.py": b"# a comment\n"})
    with pytest.raises(InputError, match="10 symbols in 1 files, expected at least 600,000"):
        text.stdlib_prose(tmp_path, fewest=600_000)


def test_an_unreadable_source_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"gone\.py"):
        text.stdlib_prose(tmp_path)
