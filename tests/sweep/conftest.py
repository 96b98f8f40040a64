"""A sweep of the tiny trainer, to be changed key by key."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gnomon.sweep import run_sweep

HERE = Path(__file__).parent

SPEC = """
[trainer]
command = "{python} -S trainer_tiny.py {params} {tokens} --log {folder}/log.jsonl"

[metrics]
format = "jsonl"
columns = { loss = "val_loss" }
path = "{folder}/log.jsonl"

[size]
knob = "width"
values = [8, 16, 32, 64, 128, 256]
params = "100 * width"

[ladder]
budget = "4e10"
sizes = 4

[target]
width = 256
tokens_per_param = 20

[engine]
name = "serial"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes the file, with texts replaced, beside the tiny trainer."""

    def write_spec(*changes: tuple[str, str], text: str = SPEC) -> Path:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        shutil.copy(HERE / "trainer_tiny.py", tmp_path / "trainer_tiny.py")
        path = tmp_path / "spec.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_spec


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep that is run once for all tests."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copy(HERE / "trainer_tiny.py", folder)
    (folder / "spec.toml").write_text(SPEC, encoding="utf-8")
    run_sweep(folder / "spec.toml")
    return folder


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """The file of a finished sweep, in a copy of its folder: records do not depend on where they lie."""
    return shutil.copytree(_finished, tmp_path / "moved") / "spec.toml"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Lines the trainers wrote when they began and ended."""
    path = tmp_path / "calls.txt"
    monkeypatch.setenv("TINY_CALLS", str(path))
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))
