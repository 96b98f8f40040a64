"""The commands that decide: their pages fit the width, their documents carry what the pages show, wrong calls are told."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.cli.main import run


def write(path: Path, table: dict[str, Any]) -> str:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(table)
        out.writerows(zip(*table.values(), strict=True))
    return str(path)


@pytest.fixture
def two_families(tmp_path: Path) -> str:
    flops = np.geomspace(1e18, 1e21, 12)
    noise = 1 + 0.004 * np.cos(np.arange(24) * 2.0)
    a, b = 1.8 + (flops / 1e20) ** -0.2, 1.8 + 3**0.1 * (flops / 1e20) ** -0.3
    names = ["a"] * 12 + ["b"] * 12
    return write(tmp_path / "two.csv", {"family": names, "flops": [*flops, *flops], "loss": np.r_[a, b] * noise})


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = run([*words, "--quiet"])
    return status, capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    status, text = told(capsys, *words, "--json")
    assert status == 0, text
    found = json.loads(text)
    assert isinstance(found, dict)
    assert "gnomon" in found
    assert "warnings" in found
    return found


def test_compare(two_families: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["compare", two_families, "--law", "pow_floor(flops)", "--at", "flops=1e22", "--draws", "200"]
    picture = tmp_path / "crossing.svg"
    found = document(capsys, *words, "--plot", str(picture))
    assert found["kind"] == "compare"
    assert found["winner"] == "b"
    assert {"value", "low", "high", "share", "inside"} <= found["pairs"][0]["crossing"].keys()
    assert {"value", "low", "high"} <= found["pairs"][0]["multiplier"].keys()
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    status, page = told(capsys, *words)
    assert status == 0
    assert "b wins" in page
    assert "overtakes a" in page
    assert all(len(line) <= 80 for line in page.splitlines())


@pytest.mark.parametrize(
    ("extra", "status"),
    [(["--by", "nothing"], 2), (["--at", "params=1B"], 2), (["--where", "family = 'a'"], 3), (["--draws", "x"], 2)],
)
def test_compare_tells_what_is_wrong(
    two_families: str, capsys: pytest.CaptureFixture[str], extra: list[str], status: int
) -> None:
    found = run(["compare", two_families, "--law", "pow_floor(flops)", "--json", "--quiet", *extra])
    assert found == status
    assert json.loads(capsys.readouterr().out)["kind"] == "error"
