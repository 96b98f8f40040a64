"""README and docs are executed: every `python` block, and every `$ gnomon` line of a `console` block."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {"add-a-law.md", "add-a-study.md"}  # followed literally by tests of their own
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.S | re.M)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples, as a user has after cloning."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in ELSEWHERE], ids=lambda p: p.name)
def test_the_page_does_what_it_says(page: Path, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "docs"}
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            exec(compile(text, page.name, "exec"), names)
        elif language == "console":
            for line in text.splitlines():
                if line.startswith("$ gnomon"):
                    run(shlex.split(line[2:]))
    capsys.readouterr()


def run(words: list[str]) -> None:
    import sys

    from gnomon.cli.main import main

    old, sys.argv = sys.argv, words
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.argv = old
    assert status == 0, f"{' '.join(words)} ended with {status}"


def test_the_readme_test_command_is_what_ci_runs() -> None:
    command = next(
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.endswith("/pytest")
    )
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
