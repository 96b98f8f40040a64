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


@pytest.fixture
def ladder(tmp_path: Path) -> str:
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(5e7, 2e9, 5), np.geomspace(2e9, 8e10, 4)))
    noise = 1 + 0.004 * np.cos(np.arange(20) * 2.0)
    loss = (1.8 + 480 / params**0.348 + 2085 / tokens**0.366) * noise
    return write(tmp_path / "ladder.csv", {"params": params, "tokens": tokens, "loss": loss})


def test_audit(ladder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = str(tmp_path / "fit.json")
    assert run(["fit", ladder, "--law", "chinchilla", "--save", fit, "--draws", "100", "--quiet"]) == 0
    capsys.readouterr()
    found = document(capsys, "audit", fit, "--at", "params=200B,tokens=4T")
    assert found["kind"] == "audit"
    assert found["worst"] == "serious"
    assert "distance" in [f["rule"] for f in found["findings"]]
    assert found["at"] == [{"params": 2e11, "tokens": 4e12}]
    status, page = told(capsys, "audit", fit, "--at", "params=200B,tokens=4T", "--verbose")
    assert status == 0
    assert "Confidence D" in page
    assert "beyond the largest run" in page
    assert "gnomon plan next-runs" in page
    assert all(len(line) <= 80 for line in page.splitlines())


@pytest.mark.parametrize(
    ("extra", "status"), [([], 2), (["--law", "nothing"], 2), (["--law", "chinchilla", "--at", "loss=2"], 2)]
)
def test_audit_tells_what_is_wrong(
    ladder: str, capsys: pytest.CaptureFixture[str], extra: list[str], status: int
) -> None:
    assert run(["audit", ladder, "--json", "--quiet", *extra]) == status
    assert json.loads(capsys.readouterr().out)["kind"] == "error"


def test_compare_writes_a_page(two_families: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["compare", two_families, "--law", "pow_floor(flops)", "--draws", "200"]
    page = tmp_path / "page.html"
    found = document(capsys, *words, "--report", str(page))
    assert found["report"] == str(page)
    assert "overtakes a" in page.read_text(encoding="utf-8")
    assert run([*words, "--report", str(tmp_path / "page.txt"), "--json", "--quiet"]) == 2
    capsys.readouterr()


def test_next_runs_are_drawn(ladder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "next.svg"
    words = [
        "plan",
        "next-runs",
        ladder,
        "--law",
        "chinchilla",
        "--target",
        "params=70B,tokens=1.4T",
        "--budget",
        "1e22",
    ]
    found = document(capsys, *words, "--plot", str(picture))
    assert found["plot"] == str(picture)
    assert "half width of the interval" in picture.read_text(encoding="utf-8")


def test_other_pictures_of_a_fit(ladder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["fit", ladder, "--law", "chinchilla", "--draws", "60", "--no-backtest"]
    for kind, says in (
        ("profile:beta", "rise of the objective"),
        ("influence", "change of the law"),
        ("residuals", "residual"),
    ):
        picture = tmp_path / "picture.svg"
        found = document(capsys, *words, "--plot", str(picture), "--picture", kind)
        assert found["plot"] == str(picture)
        assert says in picture.read_text(encoding="utf-8")
    for wrong in (["--picture", "influence"], ["--picture", "none", "--plot", str(tmp_path / "a.svg")]):
        assert run([*words, *wrong, "--json", "--quiet"]) == 2
        assert json.loads(capsys.readouterr().out)["kind"] == "error"


def test_fix_and_transfer(ladder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fit = ["fit", "--law", "chinchilla", "--draws", "60", "--no-backtest"]
    other = str(tmp_path / "other.json")
    document(capsys, *fit, ladder, "--save", other)
    fixed = document(capsys, *fit, ladder, "--fix", "alpha=0.35,A=480")
    assert fixed["held"]["fixed"] == {"alpha": 0.35, "A": 480.0}
    assert fixed["parameters"]["alpha"]["low"] is None
    assert fixed["parameters"]["alpha"]["low_reason"] == "fixed at this value"
    one = [*fit, ladder, "--where", "params < 6e7", "--transfer", other]
    moved = document(capsys, *one, "--save", str(tmp_path / "one.json"))
    assert moved["held"]["transferred"]["donors"][0]["name"] == other
    assert moved["transfer_test"]["z"] is None
    assert {"transferred", "one-donor", "transfer-untestable"} <= {w["code"] for w in moved["warnings"]}
    at = document(capsys, "forecast", str(tmp_path / "one.json"), "--at", "params=1B,tokens=20B")
    truth = 1.8 + 480 / 1e9**0.348 + 2085 / 2e10**0.366
    assert at["points"][0]["low"] < truth < at["points"][0]["high"]
    status, page = told(capsys, *fit, ladder, "--fix", "alpha=0.35")
    assert status == 0
    assert any(line.split()[0] == "alpha" and "fixed" in line for line in page.splitlines() if line.strip())


@pytest.mark.parametrize(
    "extra",
    [
        ["--fix", "alpha"],
        ["--fix", "alpha=x"],
        ["--fix", "alpha=0.3,alpha=0.4"],
        ["--fix", "gamma=1"],
        ["--transfer", "nothing.json"],
        ["--transfer", "nothing"],
        ["--transferred", "A"],
        ["--law", "auto", "--fix", "alpha=0.3"],
    ],
)
def test_holding_tells_what_is_wrong(ladder: str, capsys: pytest.CaptureFixture[str], extra: list[str]) -> None:
    law = [] if "--law" in extra else ["--law", "chinchilla"]
    assert run(["fit", ladder, *law, "--no-backtest", "--json", "--quiet", *extra]) == 2


def test_advise(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnomon.plan.advising.ROUNDS", ((1, None), (2, 6), (4, 2)))
    monkeypatch.setattr("gnomon.plan.ladders.RATIOS", (1.0,))
    words = ["advise", "--target", "params=7B,tokens=140B", "--budget", "2e20"]
    found = document(capsys, *words)
    assert found["kind"] == "advice"
    assert found["best"]["flops"] <= 2e20 * (1 + 1e-9)
    status, page = told(capsys, *words)
    assert status == 0
    assert f"Train these {len(found['best']['runs'])} runs" in page
    assert "model sizes" in page
    assert all(len(line) <= 80 for line in page.splitlines())


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        (["--budget", "1e20"], 2),
        (["--target", "params=7B,tokens=140B", "--budget", "1e24"], 3),
        (["--target", "params=7B,tokens=140B", "--budget", "2e20", "--run-noise", "1%"], 2),
        (["--target", "params=7B,tokens=140B", "--budget", "2e20", "--where", "loss < 3"], 2),
    ],
)
def test_advise_tells_what_is_wrong(capsys: pytest.CaptureFixture[str], extra: list[str], status: int) -> None:
    assert run(["advise", "--json", "--quiet", *extra]) == status
    assert json.loads(capsys.readouterr().out)["kind"] == "error"
