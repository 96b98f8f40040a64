"""Check 17: a finding states the known truth of constructed data, and on a null case states that there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gnomon.report.charts import (
    AllocationNumbers,
    Budget,
    CalibrationNumbers,
    DistanceNumbers,
    ForecastNumbers,
    ForecastRow,
    HeldOutNumbers,
    InfluenceNumbers,
    IsoflopNumbers,
    LadderNumbers,
    PlateauNumbers,
    ResidualNumbers,
    Rung,
    Target,
    draw_calibration,
    draw_isoflop,
    draw_ladder,
    draw_residuals,
)
from gnomon.report.charts.allocation import allocation_finding
from gnomon.report.charts.calibration import binomial_band, calibration_finding, coverage_verdict
from gnomon.report.charts.contour import contour_finding
from gnomon.report.charts.crossing import crossing_finding
from gnomon.report.charts.distance import distance_finding
from gnomon.report.charts.fit import fit_finding
from gnomon.report.charts.forecast import forecast_finding
from gnomon.report.charts.held_out import held_out_finding
from gnomon.report.charts.influence import influence_finding
from gnomon.report.charts.isoflop import isoflop_finding
from gnomon.report.charts.ladder import ladder_finding, ordered_from
from gnomon.report.charts.next_runs import next_runs_finding
from gnomon.report.charts.plateau import flat_range, plateau_finding
from gnomon.report.charts.profile import leaning, profile_finding
from gnomon.report.charts.residuals import residual_finding, trend


def test_fit_states_the_target_and_its_interval(constructed: Any) -> None:
    target = Target(5.76e23, 1.974, 1.937, 2.021)
    text = fit_finding(replace(constructed.fit(), target=target))
    assert (
        text == "At 5.76·10²³ FLOP the law expects a loss of 1.97; a new run should land between 1.94 and 2.02 (90%)."
    )


def test_fit_holds_the_measured_value_against_the_forecast(constructed: Any) -> None:
    target = Target(1e20, 1.6322, 1.5785, 1.6877, measured=1.6341)
    text = fit_finding(replace(constructed.fit(), target=target))
    assert (
        text == "Forecast before the run: 1.63 (1.58 to 1.69). Measured: 1.634, inside the 90% interval; "
        "the forecast was 0.12% too low."
    )
    outside = fit_finding(replace(constructed.fit(), target=replace(target, measured=1.75)))
    assert "outside the 90% interval" in outside


def test_fit_without_a_target_names_the_farthest_run(constructed: Any) -> None:
    measured = constructed.fitted.copy()
    measured[7] *= 1.2
    text = fit_finding(replace(constructed.fit(), y=measured, target=None))
    assert "farthest is 20% off (run_007)" in text


def test_fit_asks_its_question_when_nothing_can_be_computed(constructed: Any) -> None:
    text = fit_finding(replace(constructed.fit(), target=None, fitted=None))
    assert text == "What does chinchilla say along training compute (FLOP)?"


def _held(miss: np.ndarray, half: float = 0.01) -> HeldOutNumbers:
    value = np.full(len(miss), 2.0)
    return HeldOutNumbers(
        "law", np.geomspace(1e20, 1e21, len(miss)), value * (1 + miss), value, value * (1 - half), value * (1 + half)
    )


def test_held_out_sees_a_lean_and_sees_none() -> None:
    rng = np.random.default_rng(3)
    leaning = held_out_finding(_held(-np.abs(rng.normal(0, 0.008, 18))))
    assert leaning.endswith("18 of 18 runs came in below their forecast.")
    assert "the 18 largest runs" in leaning
    assert held_out_finding(_held(np.tile([0.005, -0.005], 9))).endswith("the misses lean neither way.")


def test_held_out_of_one_run() -> None:
    assert "lies inside the interval" in held_out_finding(_held(np.array([0.004])))
    assert "lies outside the interval" in held_out_finding(_held(np.array([0.02])))


def test_binomial_band_holds_what_it_promises() -> None:
    """Against brute force: 19 runs, 90% inside, central 90% band."""
    counts = np.random.default_rng(0).binomial(19, 0.9, 200_000)
    low, high = binomial_band(19, np.array([0.9]))
    assert low[0] == np.quantile(counts, 0.05, method="inverted_cdf") / 19
    assert high[0] == np.quantile(counts, 0.95, method="inverted_cdf") / 19


@pytest.mark.parametrize(("caught", "verdict"), [(9, "too narrow"), (14, "too narrow"), (15, "honest"), (19, "honest")])
def test_coverage_is_judged_by_the_band(caught: int, verdict: str) -> None:
    assert coverage_verdict(caught / 19, 19, 0.9) == verdict


def test_calibration_states_widening_and_honesty(constructed: Any) -> None:
    assert calibration_finding(constructed.calibration()).endswith("too narrow, so forecasts are widened ×1.41.")
    assert calibration_finding(constructed.calibration(honest=True)).endswith("as many as honest ones would.")
    wide = CalibrationNumbers(np.array([0.5, 0.9]), np.array([1.0, 1.0]), 200)
    assert "wider than they need be" in calibration_finding(wide)
    assert draw_calibration(wide).table.rows[1] == (0.9, 1.0)


def test_residuals_state_a_trend_a_bend_and_none() -> None:
    rng = np.random.default_rng(5)
    x = np.geomspace(1e18, 1e22, 200)
    noise = rng.normal(0, 0.004, 200)
    decades = np.log10(x / 1e20)
    assert trend(x, noise)[0] == "none"
    kind, size = trend(x, noise + 0.003 * decades)
    assert kind == "slope"
    assert size == pytest.approx(0.003, rel=0.25)
    assert trend(x, noise + 0.002 * decades**2) == ("bend", 1.0)
    assert "no trend with scale" in residual_finding(ResidualNumbers(x, noise))
    assert "Residuals rise with scale" in residual_finding(ResidualNumbers(x, noise + 0.003 * decades))
    assert "below the runs at both ends" in residual_finding(ResidualNumbers(x, noise + 0.002 * decades**2))


def test_residuals_without_trend_are_rarely_called_one() -> None:
    """Negative control: two tests at 1% each, so about 2% of 300 noisy tables."""
    rng = np.random.default_rng(11)
    x = np.geomspace(1e18, 1e22, 40)
    wrong = sum(trend(x, rng.standard_t(3, 40))[0] != "none" for _ in range(300))
    assert wrong <= 14


def test_residuals_of_one_scale_show_no_trend() -> None:
    numbers = ResidualNumbers(np.full(9, 1e20), np.linspace(-0.01, 0.01, 9))
    assert "no trend" in draw_residuals(numbers).finding


def test_influence_names_the_run_that_carries_the_forecast() -> None:
    names = [f"r{i}" for i in range(20)]
    small = np.linspace(-1e-3, 1e-3, 20)
    assert (
        influence_finding(InfluenceNumbers(names, small, 0.02))
        == "No single run moves the forecast by more than 0.10%, well inside its interval."
    )
    one = small.copy()
    one[4] = 0.05
    assert "One run, r4, moves the forecast by 5.0%: more than its interval." in influence_finding(
        InfluenceNumbers(names, one, 0.02)
    )
    one[4] = 0.015
    assert "more than half" in influence_finding(InfluenceNumbers(names, one, 0.02))
    one[4:6] = 0.05
    assert influence_finding(InfluenceNumbers(names, one, 0.02)).startswith("2 single runs")


def test_plateau_finds_the_ends_between_grid_points() -> None:
    size = np.geomspace(1e9, 1e12, 61)
    regret = 0.0025 * (np.log(size / 5e10) / np.log(2)) ** 2
    (low, high), open_ = flat_range(PlateauNumbers(size, regret, 5e10))
    assert (low, high) == (pytest.approx(2.5e10, rel=0.02), pytest.approx(1e11, rel=0.02))
    assert open_ == (False, False)
    text = plateau_finding(PlateauNumbers(size, regret, 5e10))
    assert text.startswith("Anything from 25")
    assert text.endswith("costs less than 0.25% in expected loss.")


def test_a_plateau_without_end_is_said_to_have_none() -> None:
    size = np.geomspace(1e9, 1e12, 61)
    assert plateau_finding(PlateauNumbers(size, np.zeros(61), 5e10)).startswith("No size between 1B and 1T costs more")
    rising = np.where(size > 5e10, 0.01, 0.0)
    assert plateau_finding(PlateauNumbers(size, rising, 2e10)).startswith("Anything up to")
    assert "up to the end of the picture" in plateau_finding(PlateauNumbers(size, rising[::-1].copy(), 5e11))


def test_allocation_states_quartiles_and_agreement() -> None:
    draws = np.exp(np.linspace(np.log(5e10), np.log(1e11), 1001))
    assert "between 59.5B and 84.1B" in allocation_finding(AllocationNumbers(draws, 7e10))
    assert allocation_finding(AllocationNumbers(np.full(50, 7e10), 7e10)) == "All draws agree on the best size: 70B."


def test_isoflop_brackets_and_edges(constructed: Any) -> None:
    assert isoflop_finding(constructed.isoflop()).startswith(
        "All five budgets bracket their minimum; the best size grows from"
    )
    off = isoflop_finding(constructed.isoflop(off=12.0))
    assert off.startswith("Five of five budgets do not bracket their minimum")
    assert "needs a run smaller than" in off
    one = constructed.isoflop(budgets=(1e20,))
    assert "one budget cannot show how it grows" in isoflop_finding(one)


def test_isoflop_without_a_minimum_says_so() -> None:
    size = np.geomspace(1e8, 1e9, 6)
    falling = Budget(1e20, size, 3 - 0.1 * np.log(size / 1e8), None, (4.8, -0.1, 0.0))
    figure = draw_isoflop(IsoflopNumbers([falling]))
    assert figure.finding == "One of one budgets does not bracket its minimum: 10²⁰ FLOP shows no minimum at all."
    assert "No minimum: 10²⁰." in figure.note


def test_isoflop_minimum_of_a_known_parabola() -> None:
    middle = float(np.log(2e9))
    budget = Budget(1e20, np.geomspace(5e8, 8e9, 7), np.zeros(7), None, (2 + 0.05 * middle**2, -0.1 * middle, 0.05))
    assert budget.best == pytest.approx(2e9)
    assert budget.side == "bracketed"


def test_contour_states_the_ratio_and_the_distance(constructed: Any) -> None:
    numbers = constructed.contour()
    text = contour_finding(numbers)
    assert "tokens per parameter" in text
    assert "past the largest run" in text
    flat = replace(numbers, path_params=np.sqrt(numbers.path_flops / 6 / 20), target=(1e9, 2e10))
    assert (
        contour_finding(flat)
        == "The path of best allocation stays near 20 tokens per parameter; the target lies inside the measured range."
    )


def test_ladder_states_from_where_the_larger_is_lower() -> None:
    tokens = np.geomspace(1e8, 1e10, 60)
    small = Rung(5e7, tokens, 3 + 1e8 / tokens)
    crossing = Rung(5e8, tokens, 2.9 + 2e8 / tokens)  # lower from 1e9 on: .1 = 1e8 / tokens
    start = ordered_from([small, crossing])
    assert start == pytest.approx(1e9, rel=0.05)
    assert (
        ladder_finding(LadderNumbers([small, crossing]))
        == "Two sizes from 50M to 500M parameters: from 1B tokens on, the larger run is always lower."
    )
    never = ladder_finding(LadderNumbers([small, replace(small, params=5e8, loss=small.loss + 0.1)]))
    assert never.endswith("the larger run is not always lower, not even at the end.")
    always = ladder_finding(LadderNumbers([small, replace(small, params=5e8, loss=small.loss - 0.1)]))
    assert always.endswith("at equal tokens the larger run is always lower.")
    assert "one size" in draw_ladder(LadderNumbers([small])).finding


def test_distance_compares_with_the_best_baseline() -> None:
    decades = np.array([1.0, 2.0])
    good = DistanceNumbers(
        decades,
        {"law": np.array([0.01, 0.012])},
        "law",
        {"last": np.array([0.03, 0.12]), "best": np.array([0.02, 0.06])},
    )
    assert (
        distance_finding(good)
        == "Out to 2 decades law errs by at most 1.2%; at the far end that is 5.0× better than the baseline best."
    )
    bad = DistanceNumbers(decades, {"law": np.array([0.01, 0.2])}, "law", {"last": np.array([0.03, 0.1])})
    assert distance_finding(bad).endswith("the baseline last does better (10%).")


def test_forecasts_are_compared_by_their_intervals() -> None:
    one, two = ForecastRow("A", 2.0, 1.9, 2.1), ForecastRow("B", 2.5, 2.4, 2.6)
    assert (
        forecast_finding(ForecastNumbers([one, two]))
        == "A has the lowest forecast, 2.00, clear of all others' intervals."
    )
    near = replace(two, value=2.1, low=2.0, high=2.2)
    assert forecast_finding(ForecastNumbers([one, near])).endswith("its interval overlaps that of B.")
    assert (
        forecast_finding(ForecastNumbers([one]))
        == "A: expect a loss of 2.00; a new run should land between 1.90 and 2.10 (90%)."
    )
    hit = replace(one, measured=2.05)
    assert (
        forecast_finding(ForecastNumbers([hit]))
        == "Forecast 2.00 (1.90 to 2.10), measured 2.050: 2.4% off, inside the 90% interval."
    )
    many = forecast_finding(ForecastNumbers([hit, replace(two, measured=3.0)]))
    assert many.startswith("One of two measured values lies inside the 90% interval")
    assert (
        forecast_finding(ForecastNumbers([ForecastRow("A", 2.0)])) == "A: expect a loss of 2.000; there is no interval."
    )


def test_crossing(constructed: Any) -> None:
    numbers = constructed.crossing()
    assert crossing_finding(numbers) == (
        "MaMMUT overtakes CLIP at 4.2·10¹⁹ FLOP (3.2 to 9.1·10¹⁹), inside the runs; 98% of draws cross."
    )
    assert "open" in crossing_finding(replace(numbers, stated=False, share=0.4))
    assert "do not cross" in crossing_finding(replace(numbers, value=None, share=0.1))
    assert "from 3.2·10¹⁹ on" in crossing_finding(replace(numbers, high=None))


def test_profile_says_how_far_and_to_which_side(constructed: Any) -> None:
    even = constructed.profile()
    assert profile_finding(even) == "The runs put alpha at 0.35 (0.325 to 0.375, 90%): about as far up as down."
    up = constructed.profile(lean=3.0)
    assert leaning(up) == pytest.approx(3.0)
    assert profile_finding(up).endswith("3 times as far up as down.")
    assert profile_finding(constructed.profile(lean=0.5)).endswith("2 times as far down as up.")
    log = replace(even, low=1.0, value=10.0, high=100.0, log=True)
    assert leaning(log) == pytest.approx(1.0)


def test_an_open_profile_sets_no_limit(constructed: Any) -> None:
    even = constructed.profile()
    assert (
        profile_finding(replace(even, open_low=True))
        == "The runs keep alpha below 0.375 and set it no lower limit (90%)."
    )
    assert "above 0.325" in profile_finding(replace(even, open_high=True))
    assert "no limit on either side" in profile_finding(replace(even, open_low=True, open_high=True))


def test_next_runs_name_what_is_won_or_say_stop(constructed: Any) -> None:
    numbers = constructed.next_runs()
    assert next_runs_finding(numbers) == (
        "3 runs for 1.1·10²¹ FLOP narrow the interval at 70B on 1.4T from 3.4% to 2.1% (half width); spread evenly the same "
        "compute would leave 2.9%."
    )
    assert next_runs_finding(replace(numbers, even=None)).endswith("(half width).")
    stop = replace(numbers, names=[], flops=[], after=[], stop=True, why="Stop: no run is worth it.", even=None)
    assert next_runs_finding(stop) == "Stop: no run is worth it."
