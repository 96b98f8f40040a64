"""Counts, uneven noise and posteriors on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.cli.main import run

COUNTS = [(1e7, 3), (3e7, 31), (1e8, 94), (3e8, 160), (1e9, 230), (3e9, 291), (1e10, 340)]


@pytest.fixture
def counts(tmp_path: Path) -> str:
    """Right answers to 500 questions by models of seven sizes."""
    path = tmp_path / "counts.csv"
    rows = "\n".join(f"{n:g},{k},500" for n, k in COUNTS)
    path.write_text(f"params,n_correct,n_questions\n{rows}\n")
    return str(path)


@pytest.fixture
def losses(tmp_path: Path) -> str:
    """Losses whose scatter falls with compute."""
    x = np.geomspace(1e18, 1e22, 30)
    loss = 80 * x**-0.08 * np.exp(0.01 * (x / 1e20) ** -0.2 * np.random.default_rng(0).standard_normal(30))
    path = tmp_path / "runs.csv"
    path.write_text("flops,loss\n" + "\n".join(f"{a:g},{b:.6f}" for a, b in zip(x, loss, strict=True)) + "\n")
    return str(path)


def document(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    assert run([*arguments, "--json", "--quiet"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_counts_are_taken_for_counts(capsys: pytest.CaptureFixture[str], counts: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "fit.json")
    law = ("--law", "passk_exp_pow(params)", "--intervals", "parametric", "--no-backtest")
    fitted = document(capsys, "fit", counts, *law, "--draws", "100", "--save", saved)
    assert (fitted["objective"]["name"], fitted["response"]) == ("binomial", "accuracy")
    assert fitted["counts"]["trials"] == [500, 500]
    assert fitted["counts"]["degrees_of_freedom"] == 5
    assert fitted["counts"]["overdispersion"] > 0
    (point,) = document(capsys, "forecast", saved, "--at", "params=100B")["points"]
    assert point["low"] < point["curve_low"] < point["value"] < point["curve_high"] < point["high"] < 1
    logs = document(capsys, "fit", counts, *law[:2], "--objective", "huber", "--intervals", "none", "--no-backtest")
    assert logs["objective"]["name"] == "huber"
    assert "counts" not in logs


def test_noise_along_a_column(capsys: pytest.CaptureFixture[str], losses: str) -> None:
    call = ("fit", losses, "--law", "pow(flops)", "--intervals", "none", "--no-backtest")
    fitted = document(capsys, *call, "--objective", "student:5", "--noise", "flops")
    noise = fitted["noise"]
    assert (noise["column"], noise["freedom"], noise["freedom_stated"]) == ("flops", 5.0, True)
    assert noise["slope"] == pytest.approx(-0.2, abs=3 * noise["slope_se"])
    assert noise["ends"][0] > noise["ends"][1]
    assert any(w["code"] == "noise" for w in fitted["warnings"])
    wrong = document(capsys, *call, "--noise", "flopz", status=2)
    assert "flopz" in wrong["error"]["message"]


def test_the_posterior_names_its_extra(
    capsys: pytest.CaptureFixture[str], losses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpyro", None)
    told = document(capsys, "fit", losses, "--law", "pow(flops)", "--intervals", "bayes", status=2)["error"]
    assert told["code"] == "missing-extra"
    assert "gnomon[bayes]" in told["hint"]
