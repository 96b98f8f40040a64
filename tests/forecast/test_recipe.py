"""The interval recipe: its constants, its four terms, what it covers when a law is true, and that shuffled losses blow it up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from gnomon.errors import RefusalError
from gnomon.forecast.penalised import EXPONENT, fit_penalised, residual_scale
from gnomon.forecast.recipe import LAWS_1D, LAWS_2D, Evidence
from gnomon.forecast.variance import constants
from gnomon.laws.chinchilla import Chinchilla

SIZES = np.repeat(np.geomspace(1e7, 3e8, 5), 5)
TOKENS = np.tile(np.geomspace(2e8, 2e10, 5), 5)
TARGET = {"params": np.array([2e9]), "tokens": np.array([6e10])}


def evidence(noise: float = 0.004, seed: int = 0, shuffle: bool = False) -> Evidence:
    rng = np.random.default_rng(seed)
    loss = Chinchilla.besiroglu2024(params=SIZES, tokens=TOKENS) * np.exp(noise * rng.standard_normal(25))
    if shuffle:
        loss = rng.permutation(loss)
    return Evidence.of({"params": SIZES, "tokens": TOKENS}, loss, np.arange(25))


def test_the_multipliers_are_those_learnt_and_grow_with_the_level() -> None:
    k = constants()
    for level, value in k.multipliers.items():
        assert k.multiplier(level) == pytest.approx(value, rel=1e-12)
    levels = np.linspace(0.05, 0.99, 40)
    assert (np.diff([k.multiplier(x) for x in levels]) > 0).all()
    assert k.multiplier(0.99) / k.multiplier(0.95) == pytest.approx(t.ppf(0.995, k.tail_df) / t.ppf(0.975, k.tail_df))


def test_sigma_is_the_root_of_the_four_squared_terms() -> None:
    e, k = evidence(), constants()
    terms = e.terms(TARGET)
    spread = e.predictions(TARGET).std(axis=0)
    assert terms.spread[0] == pytest.approx(k.k_spread * spread[0], rel=1e-9)
    assert terms.residual[0] == pytest.approx(k.k_residual * max(e.main.scale, e.main.rms), rel=1e-12)
    error, reach, count = e.backtest("flops")
    assert count > 0
    horizon = np.log10(2e9 * 6e10) - np.log10(3e8 * 2e10)
    assert terms.horizon[0] == pytest.approx(horizon)
    expected = k.k_backtest * error * ((horizon + 0.1) / (reach + 0.1)) ** k.growth
    assert terms.backtest[0] == pytest.approx(expected, rel=1e-9)
    shares = terms.shares(0)
    assert sum(shares.values()) == pytest.approx(1.0)
    parts = (terms.bootstrap, terms.residual, terms.spread, terms.backtest)
    assert terms.sigma[0] == pytest.approx(np.sqrt(sum(float(p[0]) ** 2 for p in parts)))


def test_the_centre_is_half_the_median_and_half_the_weighted_mean_of_six_laws() -> None:
    e = evidence()
    predictions = e.predictions(TARGET)
    assert predictions.shape == (len(LAWS_2D), 1) == (6, 1)
    weights = e.weights(e.axis_of(e.decades(TARGET))[0])
    assert weights.sum() == pytest.approx(1.0)
    assert e.centre(TARGET)[0] == pytest.approx(0.5 * (np.median(predictions) + weights @ predictions[:, 0]), rel=1e-12)


def test_when_the_law_is_true_it_covers_more_than_it_promises() -> None:
    truth = np.log(Chinchilla.besiroglu2024(params=2e9, tokens=6e10))
    inside, width = [], []
    for seed in range(12):
        e = evidence(seed=seed)
        terms, centre = e.terms(TARGET), e.centre(TARGET)
        half = constants().multiplier(0.9) * terms.sigma[0]
        inside.append(abs(truth + 0.004 * np.random.default_rng(1000 + seed).standard_normal() - centre[0]) <= half)
        width.append(2 * half)
    assert np.sum(inside) >= 10
    assert np.median(width) < 0.15


def test_shuffled_losses_make_the_interval_at_least_three_times_as_wide() -> None:
    ratios = [
        evidence(seed=s, shuffle=True).terms(TARGET).sigma[0] / evidence(seed=s).terms(TARGET).sigma[0]
        for s in range(3)
    ]
    assert min(ratios) >= 3


def test_units_do_not_change_a_forecast() -> None:
    a = evidence()
    b = Evidence.of({"params": SIZES / 1e9, "tokens": TOKENS / 1e9}, a.response * 1.4427, np.arange(25))
    moved = {"params": TARGET["params"] / 1e9, "tokens": TARGET["tokens"] / 1e9}
    assert np.exp(b.centre(moved)[0]) == pytest.approx(1.4427 * np.exp(a.centre(TARGET)[0]), rel=1e-4)
    assert b.terms(moved).sigma[0] == pytest.approx(a.terms(TARGET).sigma[0], rel=0.02)


def test_one_column_uses_the_one_dimensional_laws() -> None:
    x = np.geomspace(1e18, 1e21, 12)
    loss = 1.7 + 2.0 * (x / 1e18) ** -0.15
    e = Evidence.of({"flops": x}, loss * np.exp(0.003 * np.random.default_rng(0).standard_normal(12)), np.arange(12))
    assert e.names == LAWS_1D
    target = {"flops": np.array([1e22])}
    half = constants().multiplier(0.9) * e.terms(target).sigma[0]
    assert abs(np.log(1.7 + 2.0 * 1e4**-0.15) - e.centre(target)[0]) < half


def test_the_prior_decides_what_four_runs_leave_open() -> None:
    from gnomon.fit.design import Design

    n, d = np.array([1e7, 3e7, 1e8, 3e8]), np.array([1e9, 1e9, 4e9, 9e9])
    loss = Chinchilla.besiroglu2024(params=n, tokens=d)
    fitted = fit_penalised(Design(Chinchilla, (n, d), loss, np.arange(4)))
    values = fitted.design.values(fitted.theta)
    assert abs(np.log(values["alpha"]) - EXPONENT[0]) < 2 * EXPONENT[1]
    assert np.isfinite(fitted.ln_at(TARGET)).all()


def test_the_scale_of_residuals() -> None:
    r = np.array([0.01, -0.01, 0.01, -0.01])
    assert residual_scale(r, 4) == pytest.approx(0.01)
    assert residual_scale(np.zeros(4), 4) == 3e-4
    robust = np.r_[np.full(19, 0.01) * (-1.0) ** np.arange(19), 5.0]
    assert residual_scale(robust, 20) == pytest.approx(0.0148, rel=0.01)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(RefusalError, match="3 values"):
        Evidence.of({"params": np.array([1.0, 1, 2, 2]), "tokens": np.array([1.0, 2, 3, 4])}, np.ones(4), np.arange(4))
