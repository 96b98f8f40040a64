"""The page about adding a study, followed literally."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gnomon.errors import FileError, InputError
from gnomon.studies import studies, study

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "add-a-study.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_followed_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, test = blocks("python")
    (commands,) = blocks("bash")
    folder, file = re.search(r"`([\w-]+)/(\w+\.py)`", PAGE).groups()  # type: ignore[union-attr]
    (tmp_path / folder).mkdir()
    (tmp_path / folder / file).write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / folder))
    space: dict[str, Any] = {}
    exec(compile(test, "docs/add-a-study.md", "exec"), space)
    (check,) = (value for key, value in space.items() if key.startswith("test_"))
    check(tmp_path)
    sys.modules.pop("mean_error")

    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for line in commands.splitlines():
        if line.startswith("export "):
            key, _, value = line.removeprefix("export ").partition("=")
            environment[key] = value
            continue
        words = line.replace("gnomon ", f"{sys.executable} -m gnomon ", 1).split()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        if ("run" in words or "verify" in words) and "--dry-run" not in words:
            assert done.stdout.count("ok holds") == 2
    assert (tmp_path / "mean_error.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_folders_and_modules_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNOMON_STUDIES", str(tmp_path / "missing"))
    with pytest.raises(FileError, match="not there"):
        studies()
    monkeypatch.setenv("GNOMON_STUDIES", str(tmp_path))
    (tmp_path / "broken_study_module.py").write_text("1 / 0")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        study("mine")
    (tmp_path / "broken_study_module.py").write_text("STUDY = 3")
    with pytest.raises(InputError, match="STUDY is int"):
        study("mine")
    assert study("hestness").name == "hestness", "the house's own are found whatever lies there"


def test_what_the_page_points_at_exists() -> None:
    for target in re.findall(r"\]\((\.\./[^)]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    assert len(PAGE.split()) < 1100, "one page"
