"""`gnomon report` and `gnomon study`: pages and verdicts as commands give them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gnomon.cli.main import run

RUNS = Path(__file__).parents[2] / "examples" / "runs.csv"


def ask(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert run([*arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    ask(capsys, "fit", str(RUNS), "--law", "chinchilla", "--draws", "60", "--save", "fit.json", "--no-backtest")
    return "fit.json"


def test_a_page_of_each_kind(fitted: str, capsys: pytest.CaptureFixture[str]) -> None:
    for options, kind in (
        ([], "fit"),
        (["--at", "params=1M,tokens=20M"], "forecast"),
        (["--flops", "1e14"], "plan"),
        (["--loss", "1.6", "--inference-tokens", "10M"], "plan"),
    ):
        told = ask(capsys, "report", fitted, *options, "-o", "page.html")
        assert (told["kind"], told["report"]) == (kind, "page.html")
        html = Path("page.html").read_text(encoding="utf-8")
        assert f"gnomon report fit.json{''.join(' ' + o for o in options[:2])}" in html, "how it is made again"


def test_a_page_of_runs_needs_a_law(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = ask(capsys, "report", str(RUNS), status=2)
    assert "needs a law" in told["error"]["message"]
    assert ask(capsys, "report", str(RUNS), "--law", "chinchilla_tied")["report"] == "report.html"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "page.pdf"], "ending in .html"),
        (["-o", "nowhere/page.html"], "no folder"),
        (["--at", "params=1M,tokens=2M", "--flops", "1e15"], "answers one question"),
        (["--flops", "1e15", "--loss", "2"], "answers one question"),
        (["--unique-tokens", "1M"], "belongs to a plan"),
        (["--law", "chinchilla"], "has its law already"),
        (["--at", "params=1M"], "tokens"),
    ],
)
def test_wrong_calls(fitted: str, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:
    assert message in ask(capsys, "report", fitted, *options, status=2)["error"]["message"]


def test_studies_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "study", "list")
    assert told["kind"] == "studies"
    assert {"name", "title", "question", "paper", "scales"} <= set(told["studies"][0])
    shown = ask(capsys, "study", "show", "hestness")
    assert any(claim["negative_control"] for claim in shown["claims"])
    assert run(["study", "show", "hestness"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    told = ask(capsys, "study", "show", "hestnes", status=2)
    assert "hestness" in told["error"]["hint"]


def test_verdicts_need_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "study", "verify", "hestness", "--store", str(tmp_path / "s.gnomon"), status=3)
    assert "gnomon study run hestness" in told["error"]["hint"]
    told = ask(capsys, "study", "run", "hestness", "--scale", "huge", status=2)
    assert "no scale 'huge'" in told["error"]["message"]


def test_how_long_a_study_will_take(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from gnomon.studies import pace

    monkeypatch.setattr(pace, "expected_duration", lambda *_, **__: pace.Duration(105, 5, 45.0, 2, 22.5))
    told = ask(capsys, "study", "run", "hestness", "--dry-run")
    assert told["kind"] == "study-duration"
    assert (told["seconds"], told["trials"]) == (22.5, {"total": 105, "kinds": 5})
    assert run(["study", "run", "hestness", "--dry-run"]) == 0
    assert "gnomon study run hestness --scale quick" in capsys.readouterr().out
