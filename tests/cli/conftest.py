"""Constructed results, so that what is tested here does not depend on how anything is fitted or trained."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.cli.fit_page import FitAnswer
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page
from gnomon.errors import Notice
from gnomon.fit.diagnose import Identifiability, Influence
from gnomon.fit.result import Estimate, Fit, SecondOpinion, Starts
from gnomon.forecast.backtesting import Backtest, Hidden, LawScore
from gnomon.forecast.forecast_result import Forecast, Point
from gnomon.forecast.grade import Grade, Reason
from gnomon.forecast.track import TrackRecord
from gnomon.laws import law
from gnomon.runs import read_runs

SNAPSHOTS = Path(__file__).parent / "snapshots"
LOOKS = {
    "80-plain": Look(80, plain=True),
    "80-colour": Look(80, plain=False),
    "120-plain": Look(120, plain=True),
    "120-colour": Look(120, plain=False),
}
ESTIMATES = {
    "E": Estimate(1.8172, 1.7790, 1.8591, 0.0257),
    "A": Estimate(477.84, 307.1, 685.9, 124.6),
    "alpha": Estimate(0.347313, 0.321, 0.369, 0.0154),
    "B": Estimate(2143.86, 1223.4, 5076.2, 1293.2),
    "beta": Estimate(0.367183, 0.339, 0.409, 0.0206),
}
NOT_ALONE = Notice(
    "not-alone", "B is not determined alone (it trades against beta); judge by forecasts.", {"parameter": "B"}
)


def make_fit(
    formula: str = "chinchilla",
    estimates: dict[str, Estimate] | None = None,
    notices: tuple[Notice, ...] = (NOT_ALONE,),
    runs: tuple[str, ...] | None = None,
    **changes: Any,
) -> Fit:
    """A fit as `gnomon.fit` would return it, with these numbers."""
    names = runs or tuple(f"chinchilla_{i:03}" for i in range(240))
    n = len(names)
    params, tokens = np.geomspace(5.73e7, 1.62e10, n), np.geomspace(4e9, 3.18e11, n)
    estimates = estimates or ESTIMATES
    cls = law(formula, columns=["params", "tokens", "flops", "loss"])
    best = cls(**{k: e.value for k, e in estimates.items()})
    inputs = {"params": params, "tokens": tokens, "flops": np.linspace(6e18, 1.3e22, n)}
    loss = np.linspace(3.9, 2.1, n)
    residuals = np.full(n, 0.003)
    residuals[5] = 0.0507
    usual: dict[str, Any] = {
        "law": best,
        "response": "loss",
        "objective": "huber",
        "value": 0.00101827,
        "parameters": estimates,
        "draws": None,
        "level": 0.9,
        "intervals": "bootstrap",
        "seed": 0,
        "starts": Starts(49, 45, 43, 1e-9, 1000, 1000, 1.0),
        "data": read_runs({"run": list(names), **inputs, "loss": loss}),
        "given": 245,
        "removed": (("--where loss < 3.92", 5),),
        "residuals": residuals,
        "residual_sd": 0.0044,
        "identified": True,
        "identifiability": Identifiability(1e4, (), (("B", 0.9),), ("B", "beta", 0.99)),
        "influence": Influence(),
        "second": SecondOpinion("squared_log", {k: e.value * 1.004 for k, e in estimates.items()}),
        "notices": notices,
        "fingerprint": "0123456789abcdef",
        "seconds": 1.21,
        "version": "0.1.0",
        "source": "points.csv",
    }
    return Fit(**(usual | changes))


@pytest.fixture
def make() -> Callable[..., Fit]:
    """Builds fits."""
    return make_fit


@pytest.fixture
def fit_answer() -> FitAnswer:
    """A fit with a track record that was worse than its intervals said."""
    record = TrackRecord("top decade", "top:flops:1", 221, 19, 0.0095, 9, 0.9, low=True)
    return FitAnswer(make_fit(), record, "fit.json", None, 1.41)


def make_point(
    params: float, tokens: float, value: float, low: float | None, high: float | None, **changes: Any
) -> Point:
    """A point of a forecast."""
    usual: dict[str, Any] = {
        "curve_low": None if low is None else low + 0.01,
        "curve_high": None if high is None else high - 0.01,
        "level": 0.9,
        "decades": {"params": 0.0, "tokens": 0.0, "flops": 0.0},
        "horizon": 0.0,
        "terms": {"bootstrap": 0.02, "residual": 0.6, "spread": 0.08, "backtest": 0.3},
        "grade": Grade("A", (Reason(True, "inside the runs"),)),
        "laws": {"chinchilla": value, "chinchilla_tied": value * 1.01},
        "sigma": 0.01,
    }
    return Point({"params": params, "tokens": tokens}, value, low, high, **(usual | changes))


@pytest.fixture
def forecast() -> Forecast:
    """Three points: inside, far, and in a corner no run has seen."""
    far = Notice(
        "far",
        "1.7 decades beyond the largest run: at such distances 90% intervals caught 84% of real runs.",
        {"decades": 1.7},
    )
    corner = Notice(
        "ratio", "1,875 tokens per parameter; the runs stop at 341: a guess.", {"ratio": 1875.0, "largest": 341.0}
    )
    reasons = (
        Reason(False, "45x beyond the largest run", "a run at most 10x smaller than the target"),
        Reason(True, "19 hidden forecasts off by 0.95%"),
    )
    distant: dict[str, Any] = {
        "decades": {"params": 0.6, "tokens": 0.6, "flops": 1.653},
        "horizon": 1.653,
        "grade": Grade("B", reasons),
    }
    corner_at: dict[str, Any] = {
        "decades": {"params": 0.0, "tokens": 1.7, "flops": 1.75},
        "horizon": 1.75,
        "grade": Grade("C", reasons),
    }
    points = (
        make_point(1e9, 2e10, 2.529, 2.506, 2.562),
        make_point(7e10, 1.4e12, 1.973, 1.937, 2.021, notices=(far,), **distant),
        make_point(8e9, 1.5e13, 2.022, 1.981, 2.076, notices=(far, corner), **corner_at),
    )
    return Forecast(
        points,
        "loss",
        "chinchilla, interval from several laws",
        ("chinchilla", "chinchilla_tied"),
        (NOT_ALONE,),
        "0.1.0",
    )


@pytest.fixture
def backtest() -> Backtest:
    """Two laws, one of which could not be fitted, and the baselines."""
    hidden = tuple(
        Hidden(
            f"run_{i}",
            "chinchilla",
            {"params": 6.8e9 + i, "tokens": 3e11},
            2.1 + i / 50,
            2.11 + i / 60,
            2.06,
            2.16,
            i < 3,
        )
        for i in range(4)
    )
    scores = (
        LawScore("chinchilla", 0.0095, 0.012, 0.004, 0.75, 0.043, 4),
        LawScore("muennighoff", None, None, None, None, None, 4, "4 rows for 7 parameters"),
    )
    baselines = (
        LawScore("last_value", 0.023, 0.03, 0.021, None, None, 4),
        LawScore("best_so_far", 0.031, 0.04, 0.031, None, None, 4),
    )
    notices = (
        Notice("law-refused", "muennighoff could not be fitted without the hidden runs: 4 rows for 7 parameters"),
    )
    return Backtest(scores, baselines, hidden, "largest:flops:4", 0.9, 236, "loss", notices, "0.1.0")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares text with a file under snapshots/; GNOMON_UPDATE_SNAPSHOTS=1 writes it. Escape is written as ␛."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / f"{name}.txt"
        shown = text.replace("\x1b", "␛") + "\n"
        if os.environ.get("GNOMON_UPDATE_SNAPSHOTS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8"), f"{path.name} differs; look, then GNOMON_UPDATE_SNAPSHOTS=1"

    return compare


def drawn(draw: Callable[[Page], None], look: Look) -> str:
    """A page as text."""
    page = Page(look)
    draw(page)
    return str(page)


@pytest.fixture(name="drawn")
def drawn_fixture() -> Callable[[Callable[[Page], None], Look], str]:
    """Draws a page."""
    return drawn


@pytest.fixture(params=list(LOOKS))
def look(request: pytest.FixtureRequest) -> tuple[str, Look]:
    """80 and 120 columns, plain and in colour."""
    return request.param, LOOKS[request.param]


@pytest.fixture
def plan() -> Any:
    """A plan of published constants: no draws, no runs, so nothing random in it."""
    from gnomon.laws import Chinchilla
    from gnomon.plan import allocate

    return allocate(Chinchilla.besiroglu2024, flops=5.76e23)


@pytest.fixture
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished quickstart, with the numbers of its specification."""
    from gnomon.studies.entries.quickstart import Quickstart

    n = 23
    ladder = read_runs(
        {
            "params": np.geomspace(6480, 93504, n),
            "tokens": np.geomspace(1e5, 1.6e6, n),
            "loss": np.linspace(2.4, 1.76, n),
        }
    )
    point = make_point(204768.0, 2e6, 1.6322, 1.5785, 1.6877)
    laws = ("chinchilla", "chinchilla_tied", "sum_no_floor", "product_floor", "sum_power_no_floor", "sum_power_floor")
    forecast = Forecast((point,), "loss", "several laws", laws, (), "0.1.0")
    target = {"params": 204768, "tokens": 2000000, "flops": 5.4 * float(ladder["flops"].max()), "loss": 1.6341}
    return Quickstart(Path("gnomon-quickstart"), "full", 0, ladder, target, forecast, 121.5)
