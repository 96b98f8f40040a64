"""The response scale of error rates: chosen by backtest, taken back below one; and early checkpoints, which take no part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.forecast import forecast
from gnomon.forecast.early import EARLY, furthest, settled
from gnomon.forecast.recipe import Evidence
from gnomon.forecast.scale import admits_odds, better, forward, is_rate, ln_response

SIZES = np.repeat(np.geomspace(1e7, 1e9, 6), 6)
TOKENS = np.tile(np.geomspace(1e9, 1e11, 6), 6)
FAR = {"params": 1e10, "tokens": 1e12}


def odds_of(params: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Odds of an error that fall by power laws from about 12 (e = .92) to 1/5."""
    return 0.02 + 300 / params**0.25 + 1500 / tokens**0.3


@given(st.floats(1e-6, 0.999))
def test_the_odds_scale_and_back_is_the_identity(rate: float) -> None:
    assert np.exp(ln_response(np.log(forward(np.array(rate), "odds")), "odds")) == pytest.approx(rate, rel=1e-9)


def test_only_columns_named_as_errors_are_rates_and_a_rate_of_one_has_no_odds() -> None:
    assert is_rate("error")
    assert is_rate("err_hellaswag")
    assert not is_rate("loss")
    assert not is_rate("errata")
    assert not admits_odds(np.array([0.2, 1.0]))


def test_backtests_choose_the_scale_on_which_the_law_holds() -> None:
    rng = np.random.default_rng(0)
    odds = odds_of(SIZES, TOKENS) * np.exp(0.01 * rng.standard_normal(36))
    loss = 1.5 + 300 / SIZES**0.34 + 400 / TOKENS**0.28
    inputs, runs = {"params": SIZES, "tokens": TOKENS}, np.arange(36)
    for rate, expected in ((odds / (1 + odds), "odds"), (loss / loss.max() * 0.6, "log")):
        both = [Evidence.of(inputs, rate, runs, scale=s) for s in ("log", "odds")]
        assert better(*both).scale == expected


def test_a_forecast_of_an_error_rate_covers_the_truth_and_stays_below_one() -> None:
    odds = odds_of(SIZES, TOKENS) * np.exp(0.01 * np.random.default_rng(1).standard_normal(36))
    runs = {"params": SIZES, "tokens": TOKENS, "error": odds / (1 + odds)}
    found = forecast(runs, [FAR, {"params": 1e7, "tokens": 1e9}], response="error")
    assert "odds" in [n.code for n in found.notices]
    truth = odds_of(np.array(1e10), np.array(1e12))
    point = found.points[0]
    assert point.low < truth / (1 + truth) < point.high
    assert found.points[1].high < 1
    assert found.points[1].value == pytest.approx(runs["error"].max(), rel=0.05)


def test_early_checkpoints_take_no_part_but_the_largest_of_each_run_stays() -> None:
    runs = np.repeat(np.arange(6), 10)
    params = np.repeat(np.geomspace(1e7, 1e9, 6), 10)
    tokens = np.tile(np.linspace(0.1, 1.0, 10), 6) * np.repeat(np.geomspace(1e10, 1e11, 6), 10)
    keep = settled({"params": params, "tokens": tokens}, runs)
    assert np.array_equal(keep, tokens >= EARLY * furthest(tokens, runs))
    assert keep.sum() == 6 * 8
    evidence = Evidence.of({"params": params, "tokens": tokens}, 3 + 1e3 / tokens**0.3, runs)
    assert evidence.left_out == 12
    assert evidence.inputs["tokens"].max() == tokens.max()


def test_finals_and_curves_and_small_tables_are_left_as_they_are() -> None:
    assert settled({"params": SIZES, "tokens": TOKENS}, np.arange(36)).all()
    assert settled({"tokens": np.linspace(1, 9, 9)}, np.zeros(9, int)).all()
    assert settled({"params": SIZES[:6], "tokens": TOKENS[:6]}, np.zeros(6, int)).all()
