from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.errors import MissingExtraError
from gnomon.lab import backend


def test_compiled_programs_go_to_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(backend.CACHE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, two = backend.environment(threads=1), backend.environment(threads=2)
    assert one[backend.CACHE] == str(tmp_path / "gnomon" / "jax" / "threads-1")
    assert two[backend.CACHE] != one[backend.CACHE]
    assert (two["PJRT_NPROC"], two["NPROC"]) == ("2", "2")


def test_a_choice_of_the_user_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(backend.CACHE, str(tmp_path))
    assert not any("CACHE" in name for name in backend.environment())
    assert "XLA_FLAGS" not in backend.environment()


def test_no_place_for_a_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(backend.CACHE, raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert backend.cache_folder() is None
    assert backend.CACHE not in backend.environment()


def test_without_jax_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match=r"The laboratory needs jax.*pip install 'gnomon\[lab\]'"):
        backend.check_installed()


def test_importing_the_laboratory_starts_nothing() -> None:
    code = (
        "import sys, gnomon.lab, gnomon.engines, gnomon.studies.entries.quickstart as q; q.design('full');"
        "heavy = {'jax', 'scipy', 'duckdb', 'pandas', 'optax', 'equinox'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
