"""The pages about laws, followed literally: the code of add-a-law.md is run, how-to-choose.md speaks of every law."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gnomon.fit import fit
from gnomon.laws import CATALOGUE, catalogue, law, search

ROOT = Path(__file__).resolve().parents[2]
ADD = (ROOT / "docs" / "add-a-law.md").read_text(encoding="utf-8")
CHOOSE = (ROOT / "docs" / "how-to-choose.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def test_add_a_law_followed_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, test = blocks(ADD, "python")
    (commands,) = blocks(ADD, "bash")
    folder, file = re.search(r"`([\w-]+)/(\w+\.py)`", ADD).groups()  # type: ignore[union-attr]
    (tmp_path / folder).mkdir()
    (tmp_path / folder / file).write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNOMON_LAWS", re.search(r"GNOMON_LAWS=(\S+)", commands)[1])  # type: ignore[index]

    name = re.search(r'^    id = "(\w+)"$', source, flags=re.MULTILINE)[1]  # type: ignore[index]
    mine = law(name)
    assert catalogue()[name] is mine
    assert mine in search("code worth")
    assert mine.to_dict()["constants"][0]["name"] == "this_page"

    monkeypatch.syspath_prepend(str(tmp_path / folder))
    space: dict[str, object] = {}
    exec(compile(test, "docs/add-a-law.md", "exec"), space)
    (check,) = (value for key, value in space.items() if key.startswith("test_"))
    check()  # type: ignore[operator]
    sys.modules.pop(file.removesuffix(".py"), None)

    design = mine.design()
    noise = np.random.default_rng(0).normal(0.0, 0.002, len(design["web_tokens"]))
    table = design | {"loss": mine.example()(**design) * np.exp(noise)}
    result = fit(name, table, intervals="none")
    assert result.parameters["r"].value == pytest.approx(0.6, rel=0.3)

    header = ",".join(table)
    lines = [",".join(f"{float(v[i])!r}" for v in table.values()) for i in range(len(noise))]
    (tmp_path / "runs.csv").write_text("\n".join([header, *lines]) + "\n")
    _run(commands, tmp_path)


def _run(commands: str, folder: Path) -> None:
    """The page's commands, with this interpreter's gnomon."""
    try:
        importlib.import_module("gnomon.cli.main")
    except ModuleNotFoundError as missing:
        pytest.skip(f"the command line needs {missing.name}")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for line in commands.replace("gnomon ", f"{sys.executable} -m gnomon ").splitlines():
        if line.startswith("export "):
            key, _, value = line.removeprefix("export ").partition("=")
            environment[key] = value
            continue
        done = subprocess.run(line.split(), cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "two_sources" in done.stdout


def test_the_file_to_imitate_exists() -> None:
    for target in re.findall(r"\]\((\.\./[^)]+)\)", ADD):
        assert (ROOT / "docs" / target).exists(), target
    for name in re.findall(r"`(\w+\.py)`", ADD):
        if name != "two_sources.py":
            assert (ROOT / "src" / "gnomon" / "laws" / name).exists(), name


def test_the_page_on_choosing_speaks_of_every_law_and_of_no_other() -> None:
    said = set(re.findall(r"`([a-z][a-z0-9_]*)`", CHOOSE))
    assert set(CATALOGUE) <= said
    assert said <= set(CATALOGUE)


def test_formulas_on_the_pages_are_laws() -> None:
    formulas = re.findall(r'"([^"`]*\^[^"`]*)"', ADD.replace(blocks(ADD, "python")[0], "") + CHOOSE)
    assert len(formulas) >= 3
    for text in formulas:
        assert law(text).parameters


def test_pages_are_short() -> None:
    """One page each: what is longer is not read before choosing. A table is looked up, not read: its rows are short."""
    rows = [line for line in CHOOSE.splitlines() if line.startswith("|")]
    assert len(CHOOSE.split()) - sum(len(row.split()) for row in rows) < 500
    assert all(len(row.replace("|", "").split()) < 30 for row in rows)
    assert len(ADD.split()) < 900
