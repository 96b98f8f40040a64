"""The record's own parts: its tasks, its scores, and that learning finds constants from which errors were drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.record.assess import weak_spots
from benchmarks.record.learn import LEVELS, Sample, half_widths, learn, leave_one_out, quantile, sigma_of
from benchmarks.record.score import Intervals, interval_scores, ratio
from benchmarks.record.sources import Family
from benchmarks.record.tasks import cuts, tasks

from gnomon.forecast.variance import FAR_AWAY, HIGH_RATE, Constants, Ingredients, constants

DATA = Path(os.environ.get("GNOMON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
TRUE = Constants(0.5, 0.8, 0.5, 0.4, 1.0, 0.1, 0.02, 4.0, {}, "")


def sample(n: int = 6000, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    raw = Ingredients(
        *(0.02 * np.exp(rng.standard_normal(n)) for _ in range(4)),
        np.full(n, 0.5),
        np.where(rng.random(n) < 0.9, 8, 0),
        rng.uniform(0, 2, n),
    )
    error = sigma_of(TRUE, raw) * rng.standard_t(4.0, n)
    return Sample(raw, error, np.full(n, 1 / n), rng.integers(0, 4, n).astype(str))


def test_the_public_runs_become_the_fixed_tasks() -> None:
    if not DATA.is_dir():
        pytest.skip(f"the public runs are not at {DATA}")
    found = list(tasks(DATA))
    assert len(found) == 1100
    assert sum(len(t.truth) for t in found) == 8047
    assert len({t.dataset for t in found}) == 22
    assert len({(t.dataset, t.family) for t in found}) == 210


def test_every_hidden_row_lies_beyond_the_cut_and_equal_training_sets_are_used_once() -> None:
    rng = np.random.default_rng(0)
    inputs = {"params": 10 ** rng.uniform(7, 9, 60), "tokens": 10 ** rng.uniform(9, 11, 60)}
    family = Family("made", "up", False, np.arange(60).astype(str), inputs, rng.uniform(2, 3, 60))
    found = list(cuts(family))
    assert {t.axis for t in found} == {"flops", "params", "tokens"}
    for t in found:
        low, high = (x["params"] * x["tokens"] if t.axis == "flops" else x[t.axis] for x in (t.inputs, t.targets))
        assert low.max() < high.min()
        assert len(t.truth) <= 8
    assert len({np.sort(t.inputs["params"]).tobytes() for t in found}) == len(found)


def test_learning_finds_the_constants_behind_the_errors_and_their_quantiles() -> None:
    data = sample()
    found = learn(data)
    assert found.k_residual == pytest.approx(TRUE.k_residual, rel=0.2)
    assert found.k_spread == pytest.approx(TRUE.k_spread, rel=0.25)
    assert found.k_backtest == pytest.approx(TRUE.k_backtest, rel=0.2)
    sigma = sigma_of(found, data.raw)
    assert sigma / sigma_of(TRUE, data.raw) == pytest.approx(1.0, rel=0.25)
    for level, multiplier in found.multipliers.items():
        assert np.mean(np.abs(data.error) <= multiplier * sigma) == pytest.approx(level, abs=0.005)


def test_left_out_sources_are_covered_and_their_shuffled_errors_are_not_learnt_from() -> None:
    data = sample()
    folds = leave_one_out(data)
    half = half_widths(data, folds)
    for level in LEVELS:
        assert np.mean(np.abs(data.error) <= half[level]) == pytest.approx(level, abs=0.02)
    spoilt = Sample(data.raw, np.where(data.group == "0", 100 * data.error, data.error), data.weight, data.group)
    assert leave_one_out(spoilt)["0"].k_spread == pytest.approx(folds["0"].k_spread, rel=1e-6)
    assert abs(leave_one_out(spoilt)["1"].k_spread / folds["1"].k_spread - 1) > 0.05


def test_scores_by_hand() -> None:
    table = pd.DataFrame({"dataset": ["a", "a", "b"], "family": "f", "truth": [0.0, 1.0, 0.0]})
    half = {level: np.full(3, 0.5) for level in LEVELS}
    found = interval_scores(table, Intervals.around(np.zeros(3), half))
    assert found["cov80%"] == pytest.approx(0.75)  # half of a, all of b
    assert found["IS80%"] == pytest.approx(np.sqrt((1 + (1 + 10 * 0.5)) / 2 * 1.0))
    assert ratio(table, np.array([0.1, 1.1, 0.1]), np.array([0.2, 1.2, 0.2])) == pytest.approx(
        np.expm1(0.1) / np.expm1(0.2), rel=1e-3
    )
    assert quantile(np.array([1.0, 2.0, 3.0]), np.ones(3), 0.5) == 2.0


def test_weak_spots_are_counted_where_the_recipe_is_known_to_fail() -> None:
    table = pd.DataFrame(
        {
            "truth": np.log([0.9, 0.7, 0.9, 0.2]),
            "rate": [True, True, True, False],
            "scale": ["log", "log", "odds", "log"],
            "horizon": [0.2, 2.0, 0.2, 1.6],
        }
    )
    forecast = np.log([0.6, 0.7, 0.6, 0.2])
    half = {level: np.full(4, 0.1) for level in LEVELS}
    found = weak_spots(table, forecast, Intervals.around(forecast, half))
    assert found == {FAR_AWAY: 1.0, HIGH_RATE: 0.5}


def test_what_ships_was_learnt_by_this_very_command() -> None:
    assert "8047 forecasts" in constants().learnt_on
    assert set(constants().multipliers) == set(LEVELS)
    assert set(constants().caught) == {FAR_AWAY, HIGH_RATE}
