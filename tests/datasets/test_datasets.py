"""Public data by name: what is known, where it is looked for, what is refused, and fetching without a network."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gnomon import datasets
from gnomon.datasets.chinchilla_epoch import points
from gnomon.datasets.fetching import https
from gnomon.errors import FileError, RefusalError, UnknownNameError
from gnomon.runs import read_runs

POINTS = "chinchilla_epoch/points.csv"

# Three rows in the form of the published file, made up.
ORIGINAL = b"""x,y,color,Model Size,Training FLOP,hex_color,loss
1.0,2.0,#fff,1e8,6e18,#fff,3.0
2.0,2.0,#fff,2e8,6e18,#fff,2.9
3.0,2.0,#fff,4e8,6e18,#fff,2.8
3.0,2.0,#fff,4e8,6e17,#fff,3.5
3.0,2.0,#fff,4e8,6e17,#fff,3.6
3.0,2.0,#fff,4e8,6e17,#fff,3.7
"""


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No local copy and an empty cache."""
    monkeypatch.delenv("GNOMON_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_every_set_has_a_source_and_every_checksum_a_set() -> None:
    for name, known in datasets.DATASETS.items():
        assert known.name == name
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", known.repository)
        assert re.fullmatch(r"[0-9a-f]{8}", known.commit)
        assert known.tables
        assert known.paper
        assert known.paths
    assert {table.partition("/")[0] for table in datasets.checksums()} == set(datasets.DATASETS)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in datasets.checksums().values())


@pytest.mark.parametrize("table", sorted(datasets.checksums()))
def test_the_local_copy_is_the_known_one(table: str, public_data) -> None:
    path = public_data(table)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == datasets.checksums()[table]


def test_a_missing_table_is_refused_with_the_way_to_get_it(nowhere: Path) -> None:
    with pytest.raises(RefusalError, match="GNOMON_DATA is not set") as caught:
        datasets.load(POINTS)
    assert caught.value.exit_status == 3
    assert "fetch('chinchilla_epoch')" in str(caught.value.hint)
    with pytest.raises(RefusalError) as other:
        datasets.load("steplaw/dense.csv")
    assert "fetch" not in str(other.value.hint)
    assert "step-law/steplaw @ 32a8f4cc" in str(other.value.hint)


def test_a_folder_without_the_table_is_named(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNOMON_DATA", str(nowhere))
    with pytest.raises(RefusalError, match=re.escape(f"not under GNOMON_DATA ({nowhere})")):
        datasets.find(POINTS)


def test_other_content_under_the_known_name_is_an_error(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNOMON_DATA", str(nowhere))
    path = nowhere / POINTS
    path.parent.mkdir()
    path.write_text("run,loss\na,1\n")
    with pytest.raises(FileError, match="differs"):
        datasets.find(POINTS)
    assert datasets.find(POINTS, verify=False) == path


def test_unknown_names_have_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="chinchilla_epoch"):
        datasets.dataset("chinchila")
    with pytest.raises(UnknownNameError, match=r"points\.csv"):
        datasets.find("chinchilla_epoch/point.csv")


def test_the_original_becomes_a_table_of_runs(tmp_path: Path) -> None:
    text = points(ORIGINAL)[POINTS]
    path = tmp_path / "points.csv"
    path.write_text(text)
    runs = read_runs(path)
    assert len(runs) == 6
    np.testing.assert_allclose(runs["tokens"] * 6 * runs["params"], runs["flops"])
    assert runs["epoch_excluded"].sum() == 5
    assert runs["loss"][runs["epoch_excluded"] == 0] == [2.8]


def test_fetch_writes_what_the_checksum_allows_and_nothing_else(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def opener(address: str) -> bytes:
        asked.append(address)
        return ORIGINAL

    with pytest.raises(FileError, match="not the published file"):
        datasets.fetch("chinchilla_epoch", opener=opener)
    assert not datasets.cache_folder().exists()
    known = datasets.dataset("chinchilla_epoch")
    assert known.original is not None
    original = replace(known.original, sha256=hashlib.sha256(ORIGINAL).hexdigest())
    monkeypatch.setitem(datasets.DATASETS, known.name, replace(known, original=original))
    (written,) = datasets.fetch("chinchilla_epoch", opener=opener)
    assert asked == [original.url] * 2
    assert written == datasets.find(POINTS)
    assert len(datasets.load(POINTS)) == 6
    assert [p.name for p in written.parent.iterdir()] == ["points.csv"]


def test_fetch_refuses_what_it_cannot_make_and_a_silent_source(nowhere: Path) -> None:
    with pytest.raises(RefusalError, match="cannot be fetched"):
        datasets.fetch("olmo_ladder")

    def down(address: str) -> bytes:
        raise OSError("no route to host")

    with pytest.raises(RefusalError, match="does not answer: no route"):
        datasets.fetch("chinchilla_epoch", opener=down)


def test_only_https_is_opened() -> None:
    with pytest.raises(FileError, match="https"):
        https("file:///etc/passwd")
