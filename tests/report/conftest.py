"""Constructed numbers for charts and pages: a known law, runs around it, and the records built from them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gnomon.report import page as parts
from gnomon.report.charts import (
    AllocationNumbers,
    Budget,
    CalibrationNumbers,
    ContourNumbers,
    CrossingNumbers,
    Curve,
    DistanceNumbers,
    FamilyCurve,
    FitNumbers,
    ForecastNumbers,
    ForecastRow,
    HeldOutNumbers,
    InfluenceNumbers,
    IsoflopNumbers,
    LadderNumbers,
    NextRunsNumbers,
    PlateauNumbers,
    ProfileNumbers,
    ResidualNumbers,
    Rung,
    ShapeNumbers,
    Target,
    draw_allocation,
    draw_calibration,
    draw_contour,
    draw_crossing,
    draw_distance,
    draw_fit,
    draw_forecast,
    draw_held_out,
    draw_influence,
    draw_isoflop,
    draw_ladder,
    draw_next_runs,
    draw_plateau,
    draw_profile,
    draw_residuals,
    draw_shape,
)

E, A, B, ALPHA, BETA = 1.8, 480.0, 2100.0, 0.35, 0.37
FLOPS = 5.76e23


def law(params: Any, tokens: Any) -> Any:
    return E + A / params**ALPHA + B / tokens**BETA


def best(flops: Any) -> Any:
    """Closed form of the best size at 6 params tokens = flops."""
    g = (ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA))
    return g * (np.asarray(flops) / 6) ** (BETA / (ALPHA + BETA))


class Constructed:
    """Runs scattered around the known law, and every record of the chart kit made from them."""

    def __init__(self, runs: int = 96, *, seed: int = 1, noise: float = 0.004, sizes: int = 12) -> None:
        rng = np.random.default_rng(seed)
        self.params = np.geomspace(4e7, 8e9, sizes)[np.arange(runs) % sizes]
        self.tokens = self.params * 20 * np.exp(rng.normal(0, 0.9, runs))
        self.flops = 6 * self.params * self.tokens
        self.fitted = law(self.params, self.tokens)
        self.loss = self.fitted * np.exp(rng.normal(0, noise, runs))
        self.names = [f"run_{i:03d}" for i in range(runs)]

    def curve(self, high: float = 2e24) -> Curve:
        x = np.geomspace(self.flops.min(), high, 60)
        size = best(x)
        value = law(size, x / 6 / size)
        wide = 0.004 + 0.003 * np.clip(np.log10(x / self.flops.max()), 0, None)
        edges = (value * (1 - wide), value * (1 + wide), value * (1 - wide - 0.012), value * (1 + wide + 0.012))
        return Curve(x, value, *edges, path="along its compute-optimal path")

    def fit(self, **changes: Any) -> FitNumbers:
        size = float(best(FLOPS))
        value = float(law(size, FLOPS / 6 / size))
        target = Target(FLOPS, value, value * 0.98, value * 1.022, value * 0.99, value * 1.011)
        numbers = FitNumbers(
            "chinchilla",
            self.flops,
            self.loss,
            self.curve(),
            size=self.params,
            fitted=self.fitted,
            names=self.names,
            target=target,
        )
        return replace(numbers, **changes)

    def held_out(self, count: int = 19, *, shift: float = 0.0, half: float = 0.0105) -> HeldOutNumbers:
        top = np.argsort(self.flops)[-count:]
        value = self.fitted[top]
        miss = np.exp(np.random.default_rng(1).normal(shift, 0.008, count))
        low, high = value * (1 - half), value * (1 + half)
        names = [self.names[i] for i in top]
        return HeldOutNumbers(
            "chinchilla", self.flops[top], value * miss, value, low, high, names=names, asked="the top decade"
        )

    def calibration(self, *, honest: bool = False) -> CalibrationNumbers:
        level = np.arange(0.1, 0.95, 0.1)
        narrow = np.array([0, 0, 1, 2, 2, 3, 4, 6, 9]) / 19
        inside = np.round(level * 19) / 19 if honest else narrow
        return CalibrationNumbers(level, inside, 19, curve=inside * 0.4, factor=1.0 if honest else 1.41)

    def residuals(self) -> ResidualNumbers:
        return ResidualNumbers(self.flops, np.log(self.loss / self.fitted), names=self.names)

    def influence(self) -> InfluenceNumbers:
        change = np.random.default_rng(2).normal(0, 0.0006, len(self.names))
        return InfluenceNumbers(self.names, change, 0.02, what="the forecast")

    def plateau(self) -> PlateauNumbers:
        size = np.geomspace(5e9, 1e12, 120)
        regret = 0.0025 * (np.log(size / float(best(FLOPS))) / np.log(2.0)) ** 2
        return PlateauNumbers(size, regret, float(best(FLOPS)), FLOPS, low=0.6 * regret, high=1.6 * regret, draws=1000)

    def allocation(self) -> AllocationNumbers:
        draws = float(best(FLOPS)) * np.exp(np.random.default_rng(3).normal(0, 0.2, 1000))
        return AllocationNumbers(draws, float(best(FLOPS)), FLOPS)

    def contour(self) -> ContourNumbers:
        size, tokens = np.geomspace(2e7, 6e11, 50), np.geomspace(2e8, 8e12, 50)
        flops = np.geomspace(1e18, 5e24, 30)
        path = best(flops)
        wide = 0.04 + 0.08 * np.clip(np.log10(flops / 1e21), 0, None)
        return ContourNumbers(
            size, tokens, law(size[None, :], tokens[:, None]), self.params, self.tokens, flops, path,
            path * np.exp(-wide), path * np.exp(wide), target=(float(best(FLOPS)), FLOPS / 6 / float(best(FLOPS))),
        )  # fmt: skip

    def isoflop(
        self, budgets: tuple[float, ...] = (1e19, 3e19, 1e20, 3e20, 1e21), *, off: float = 1.0
    ) -> IsoflopNumbers:
        found = []
        for flops in budgets:
            size = float(best(flops)) * off * np.geomspace(0.25, 4, 9)
            value = law(size, flops / 6 / size)
            c = tuple(float(v) for v in np.polynomial.polynomial.polyfit(np.log(size), value, 2))
            middle = float(best(flops))
            found.append(Budget(flops, size, value, None, c, middle * 0.85, middle * 1.18))
        return IsoflopNumbers(found)

    def ladder(self, *, points: int = 80) -> LadderNumbers:
        rungs = []
        for i, size in enumerate(np.geomspace(57e6, 522e6, 8)):
            tokens = np.geomspace(1e8, 8e9 * (1 + i / 3), points)
            rungs.append(Rung(float(size), tokens, law(size, tokens) + 0.5 * np.exp(-tokens / 6e8)))
        return LadderNumbers(rungs)

    def distance(self) -> DistanceNumbers:
        decades = np.arange(0.75, 2.6, 0.25)
        laws = {
            "chinchilla": 0.0098 - 0.001 * decades,
            "tied": 0.011 + 0 * decades,
            "kaplan_nd": 0.021 + 0.001 * decades,
        }
        return DistanceNumbers(decades, laws, "chinchilla", {"nearest run": 0.012 * 2**decades})

    def crossing(self) -> CrossingNumbers:
        axis = np.geomspace(1e18, 1e23, 81)
        families = []
        for name, power in (("CLIP", 0.2), ("MaMMUT", 0.3)):
            curve = 1.8 + (axis / 4.2e19) ** -power
            x = np.geomspace(1e18, 1e21, 12)
            y = np.interp(x, axis, curve) * (1 + 0.004 * np.cos(np.arange(12)))
            families.append(FamilyCurve(name, x, y, np.arange(12) > 1, curve, curve * 0.98, curve * 1.02))
        return CrossingNumbers(families, axis, "MaMMUT", "CLIP", 4.2e19, 3.2e19, 9.1e19, 0.98, True, True)

    def profile(self, *, lean: float = 1.0) -> ProfileNumbers:
        """A parabola around alpha with ends 0.025 below and `lean` times that above."""
        at = np.linspace(ALPHA - 0.06, ALPHA + 0.06 * lean, 61)
        rise = ((at - ALPHA) / np.where(at < ALPHA, 0.025, 0.025 * lean)) ** 2
        return ProfileNumbers("alpha", at, rise, ALPHA, ALPHA - 0.025, ALPHA + 0.025 * lean)

    def next_runs(self) -> NextRunsNumbers:
        names = ["2.5B on 50B", "2.5B on 12B", "400M on 80B"]
        flops = [7.5e20, 1.8e20, 1.9e20]
        return NextRunsNumbers(
            "70B on 1.4T", names, flops, [0.027, 0.024, 0.021], 0.034, 1.2e21, False, "They narrow it.", even=0.029
        )

    def forecast(self) -> ForecastNumbers:
        rows = (
            ForecastRow("1B on 20B", 2.529, 2.506, 2.562, 2.52, 2.54, beyond=1.0),
            ForecastRow("70B on 1.4T", 1.973, 1.937, 2.021, 1.95, 2.0, beyond=45.0),
            ForecastRow("8B on 15T", 2.022, 1.981, 2.076, 1.99, 2.05, beyond=56.0),
        )
        return ForecastNumbers(rows)

    def shape(self) -> ShapeNumbers:
        size = np.geomspace(1e7, 1e11, 40)
        curves = np.stack([law(size, tokens) for tokens in (1e9, 1e11, 1e13)])
        return ShapeNumbers("chinchilla", size, curves, "params", "loss", ("1B tokens", "100B tokens", "10T tokens"))

    def figures(self, **settings: Any) -> dict[str, Any]:
        """One figure of every kind."""
        return {
            "fit": draw_fit(self.fit(), **settings),
            "held_out": draw_held_out(self.held_out(), **settings),
            "calibration": draw_calibration(self.calibration(), **settings),
            "residuals": draw_residuals(self.residuals(), **settings),
            "influence": draw_influence(self.influence(), **settings),
            "plateau": draw_plateau(self.plateau(), **settings),
            "allocation": draw_allocation(self.allocation(), **settings),
            "contour": draw_contour(self.contour(), **settings),
            "isoflop": draw_isoflop(self.isoflop(), **settings),
            "ladder": draw_ladder(self.ladder(), **settings),
            "distance": draw_distance(self.distance(), **settings),
            "forecast": draw_forecast(self.forecast(), **settings),
            "shape": draw_shape(self.shape(), **settings),
            "crossing": draw_crossing(self.crossing(), **settings),
            "profile": draw_profile(self.profile(), **settings),
            "next_runs": draw_next_runs(self.next_runs(), **settings),
        }


def plan_page(data: Constructed, *, bare: bool = False) -> parts.Page:
    """A plan report from constructed numbers; `bare` has no data, tasks, curves, hyper-parameters or held-out runs."""
    document = {
        "gnomon": "0", "kind": "plan",
        "decision": {"params": 7.32e10, "tokens": 1.31e12, "tokens_per_param": 17.9, "flops": 5.76e23, "loss": 1.974},
        "interval": {"loss": [1.937, 2.021], "loss_curve": [1.95, 2.01], "hours": [3.27e5, 8.99e5]},
        "plateau": {"low": 3.96e10, "high": 1.41e11, "tolerance": 0.0025},
        "cost": {"hours": 4.49e5, "mfu": 0.4, "mfu_low": 0.2, "mfu_high": 0.55},
        "grade": {"letter": "B", "beyond": 44, "needs": 10, "budgets": 7, "error": 0.0095, "coverage": 0.47},
        "level": 0.9,
        "widened": 1.41,
    }  # fmt: skip
    bar = parts.Bar(1.974, 1.937, 2.021, 1.92, 2.06, 1.95, 2.01)
    box = parts.Box(
        (
            parts.BoxCell(
                "Train",
                (parts.Value("73.2B", "parameters"), parts.Value("1.31T", "tokens")),
                notes=("17.9 tokens per parameter. Anything from 39.6B to 141B costs less than 0.25% in loss.",),
            ),
            parts.BoxCell(
                "Expect a loss of",
                (parts.Value("1.97"),),
                "1.94 to 2.02",
                "nine runs in ten",
                bar,
                ("Model alone: 1.95 to 2.01; widened ×1.41 by the track record.",),
            ),
            parts.BoxCell(
                "Cost",
                (parts.Value("449k", "H100-hours"),),
                "327k to 899k",
                "at MFU 0.55 to 0.2",
                notes=("MFU was not measured: the prior 0.4 is used. No price given, so no money.",),
            ),
            parts.GradeCell(
                "B",
                (
                    parts.Check(True, "7 budgets bracket their minimum"),
                    parts.Check(True, "hidden runs forecast to 0.95%"),
                    parts.Check(False, "44× beyond the largest run", "at most 10×"),
                    parts.Check(False, "raw intervals caught 47%, not 90%"),
                ),
            ),
        )
    )
    heads = (
        parts.Head("plan", "left"),
        *(parts.Head(t) for t in ("parameters", "tokens", "loss 90%", "regret", "serving per token")),
    )

    def row(
        name: str, size: str, tokens: str, value: float, regret: str, serving: str
    ) -> tuple[str | parts.Spread, ...]:
        low, high = value * 0.981, value * 1.024
        shown = parts.Bar(value, low, high, 1.92, 2.06)
        return name, size, tokens, parts.Spread(f"{value:.3f}", f"{low:.2f} to {high:.2f}", shown), regret, serving

    table = parts.Table(
        heads,
        (
            row("recommended", "73.2B", "1.31T", 1.974, "0.02%", "146 GFLOP"),
            row("half the size", "36.6B", "2.62T", 1.979, "0.28%", "73 GFLOP"),
            row("twice the size", "146B", "656B", 1.979, "0.25%", "293 GFLOP"),
            row("over-trained", "18.3B", "5.25T", 1.993, "1.04%", "37 GFLOP"),
        ),
        marked=0,
        note="Regret: expected loss above the best size of each of 1,000 draws. Serving: 2N FLOP.",
    )
    drawn = data.figures()
    none = parts.Missing(
        "Not tested.", "Nothing was held out. `gnomon backtest runs.csv --hold-out largest:flops:3` does it."
    )
    tested = parts.Pair((none,)) if bare else parts.Pair((drawn["held_out"], drawn["calibration"]))
    sections = (
        parts.Section(
            "Options", (table, parts.Pair((drawn["plateau"], drawn["allocation"]))), "the same budget, spent otherwise"
        ),
        parts.Section(
            "Evidence",
            (
                parts.Lead(
                    drawn["fit"],
                    draw_fit(data.fit(), width=350),
                    "Left out by rule: `loss >= 3.92`, the five highest losses.",
                ),
                tested,
                parts.Pair((drawn["isoflop"], drawn["contour"])),
                parts.Fold(
                    "More diagnostics: residuals, influence, error by distance",
                    (parts.Pair((drawn["residuals"], drawn["influence"])), parts.Pair((drawn["distance"], none))),
                ),
            ),
            "96 runs used, none left out",
        ),
        parts.Section(
            "Hyper-parameters",
            (
                parts.Missing("Not planned.", "No rule was chosen. `gnomon plan hyperparameters` gives one.")
                if bare
                else parts.Warn(
                    "Far from home.", "The rule was measured up to 1.07B parameters; this plan is 68× larger."
                ),
            ),
            "" if bare else "borrowed, not measured",
        ),
        parts.Section(
            "Data", (parts.Missing("Not planned.", "No `data.toml` was given, so 1.31T unique tokens are assumed."),)
        ),
        parts.Section(
            "Downstream", (parts.Missing("Not forecast.", "The runs carry no task columns. Add `err_<task>` columns."),)
        ),
        parts.Section(
            "Risks",
            (
                parts.Facts(
                    (
                        ("The misses lean one way.", "13 of 19 hidden runs came in below their forecast."),
                        ("Far away.", "44×."),
                    )
                ),
            ),
            "worst first",
        ),
        parts.Section(
            "Next runs",
            (parts.Missing("Not ranked.", "`gnomon plan next-runs` ranks them."),),
            "what would narrow it most",
        ),
        parts.Section(
            "Watch list", (parts.Missing("No gates.", "A trajectory needs loss curves; these runs are end points."),)
        ),
        parts.Section(
            "Provenance", (parts.Record((("runs", "points.csv, 96 rows"), ("again", "`gnomon report fit.json`"))),)
        ),
    )
    return parts.Page(
        "plan", "What to train with 5.76·10²³ FLOP", "From 96 runs, the largest of 1.3·10²² FLOP.",
        box, sections, document,
        "Train 73.2B parameters on 1.31T tokens: 5.76e23 FLOP.\nExpect 1.974; nine runs in ten land in 1.94 to 2.02.",
    )  # fmt: skip


@pytest.fixture(scope="session")
def constructed() -> Constructed:
    return Constructed()


@pytest.fixture(scope="session")
def construct() -> type[Constructed]:
    return Constructed


@pytest.fixture(scope="session")
def make_plan_page(constructed: Constructed) -> Callable[..., parts.Page]:
    return lambda things=constructed, **settings: plan_page(things, **settings)


FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed (apt-get install chromium); required where CI is set")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
