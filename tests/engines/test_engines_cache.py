from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.engines import Cache, content_hash, write_atomically
from gnomon.errors import FileError

values = st.one_of(st.integers(), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.none(), st.booleans())


def test_hash_golden() -> None:
    assert content_hash({"b": 1, "a": [0.1, None, "é"]}) == content_hash({"a": [0.1, None, "é"], "b": 1})
    assert content_hash({"b": 1, "a": [0.1, None, "é"]}) == "403c71137819e23d"


@given(st.dictionaries(st.text(), values), st.dictionaries(st.text(), values))
def test_equal_specs_equal_hash(a: dict, b: dict) -> None:
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (content_hash(a) == content_hash(b)) == same


@given(record=st.dictionaries(st.text(), values))
def test_a_record_comes_back_as_it_was(record: dict, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = Cache(tmp_path_factory.mktemp("c") / "deeper")
    assert cache.get("k") is None
    cache.put("k", record)
    assert cache.get("k") == record
    assert "k" in cache
    assert [path.name for path in cache.folder.iterdir()] == ["k.json"]


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for damage in [b"", b'{"loss": 2.', b"\xff\xfe", b"[1]"]:
        (tmp_path / "k.json").write_bytes(damage)
        assert cache.get("k") is None
    cache.put("k", {"loss": 2.0})
    assert cache.get("k") == {"loss": 2.0}


def test_what_is_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Cache(tmp_path).put("k", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is a file fails otherwise there")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written") as caught:
        Cache(tmp_path / "file" / "trials").put("k", {})
    assert caught.value.where.file.endswith("k.json")
    assert Cache(tmp_path / "file" / "trials").get("k") is None
