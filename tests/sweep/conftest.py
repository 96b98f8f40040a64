"""A sweep of the tiny trainer, to be changed key by key."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SPEC = """
[trainer]
command = "{python} -S trainer_tiny.py {params} {tokens} --log {folder}/log.jsonl"

[metrics]
format = "jsonl"
path = "{folder}/log.jsonl"

[size]
knob = "width"
values = [8, 16, 32, 64, 128, 256]
params = "100 * width"

[ladder]
budget = "3e10"
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


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Lines the trainers wrote when they began and ended."""
    path = tmp_path / "calls.txt"
    monkeypatch.setenv("TINY_CALLS", str(path))
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))
