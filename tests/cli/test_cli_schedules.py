"""Commands about schedules, from a table of curves to a plan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gnomon.cli.main import run
from gnomon.laws import LrAnnealing
from gnomon.runs import Schedule, read_runs

CURVES = (
    Schedule.cosine(2000, 3e-4, end=3e-5, warmup=100, name="cosine"),
    Schedule.constant(2000, 3e-4, warmup=100),
    Schedule.two_stage(2000, 3e-4, at=1000, end=9e-5, warmup=100),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """curves.csv as a logger writes it, and every.csv with the rate of every step."""
    law, rng = LrAnnealing(L0=2.9, A=0.6, alpha=0.8, C=0.45), np.random.default_rng(0)
    rows: dict[str, list] = {"run": [], "schedule": [], "step": [], "lr": [], "lr_cumsum": [], "loss": []}  # type: ignore[type-arg]
    every: dict[str, list] = {"schedule": [], "step": [], "lr": []}  # type: ignore[type-arg]
    for curve in CURVES:
        at = np.arange(99, 2000, 50)
        rows["run"] += [f"run {curve.name}"] * len(at)
        rows["schedule"] += [curve.name] * len(at)
        rows["step"] += at.tolist()
        rows["lr"] += curve.rates[at].tolist()
        rows["lr_cumsum"] += np.cumsum(curve.rates)[at].tolist()
        rows["loss"] += (law(schedule=curve, step=at) * np.exp(rng.normal(0, 3e-4, len(at)))).tolist()
        every["schedule"] += [curve.name] * curve.steps
        every["step"] += list(range(curve.steps))
        every["lr"] += curve.rates.tolist()
    read_runs(rows).write(tmp_path / "curves.csv")
    read_runs({k: v for k, v in rows.items() if k not in ("lr", "lr_cumsum")}).write(tmp_path / "bare.csv")
    read_runs(every).write(tmp_path / "every.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(words: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> dict:  # type: ignore[type-arg]
    assert run([*words.split(), "--json", "--quiet"]) == status
    return json.loads(capsys.readouterr().out)


def test_curves_become_a_fit_a_forecast_and_a_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logged = answer("fit curves.csv --law lr_annealing --draws 50 --save fit.json --plot fit.svg", capsys)
    given = answer("fit bare.csv --schedules every.csv --law lr_annealing --draws 50", capsys)
    for name, one in logged["parameters"].items():
        assert one["value"] == pytest.approx(
            given["parameters"][name]["value"], rel=1e-2
        )  # before the first row the cosine has begun to fall
    assert logged["identified"]
    assert (folder / "fit.svg").stat().st_size > 1000
    found = answer(
        "forecast fit.json --at schedule=cosine,step=1949 "
        "--at schedule=wsd:steps=2k:peak=3e-4:decay=400:end=3e-5:warmup=100,step=1999 --plot two.svg",
        capsys,
    )
    assert [p["at"]["schedule"][:3] for p in found["points"]] == ["cos", "wsd"]
    assert all(p["low"] < p["value"] < p["high"] for p in found["points"])
    plan = answer("plan schedule fit.json --steps 2000 --save best.csv", capsys)
    assert plan["kind"] == "plan"
    assert plan["decision"]["loss"] <= min(row["loss"] for row in plan["alternatives"])
    assert len(read_runs(str(folder / "best.csv"))) == 2000
    hidden = answer('backtest curves.csv --law lr_annealing --hold-out where:schedule<>"x"', capsys, 2)
    assert hidden["kind"] == "error"


def test_pages_fit_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "curves.csv", "--law", "lr_annealing", "--draws", "50", "--save", "fit.json", "--quiet"]) == 0
    assert "schedule=cosine:steps=" in capsys.readouterr().out
    assert run(["plan", "schedule", "fit.json", "--steps", "2000", "--quiet"]) == 0
    page = capsys.readouterr().out
    assert "ends lowest" in page
    assert "compares families only" in " ".join(page.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fit bare.csv --law lr_annealing", "no column lr"),
        ("fit curves.csv --law lr_annealing --schedules gone.csv", "gone.csv"),
        ("plan schedule --steps 2000", "--constants"),
        ("plan schedule --constants mpl.luo2025_25m --steps 2000", "--peak"),
        ("plan schedule --constants mpl.luo2025_25m", "--steps"),
        ("plan schedule --constants mpl.luo2025_25m --steps some --peak 3e-4", "--steps"),
        ("plan schedule --constants chinchilla.besiroglu2024 --steps 2000", "law of schedules"),
    ],
)
def test_wrong_calls_say_what_to_do(words: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = answer(words, capsys, 2)["error"]
    assert told in json.dumps(error)


def test_published_constants_plan_a_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    plan = answer("plan schedule --constants mpl.luo2025_25m --steps 4000 --peak 3e-4 --warmup 200", capsys)
    assert plan["decision"]["schedule"] == "free form"
    assert plan["interval"]["loss"] is None
