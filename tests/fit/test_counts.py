"""Counts: the binomial objective against scipy's distribution, what it does with rows of no right answer, and its scatter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import betabinom, binom

import gnomon as gn
from gnomon.errors import InputError
from gnomon.fit import Fit, fit
from gnomon.fit.counts import Dispersion, dispersion, share_draws
from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search
from gnomon.laws import law
from gnomon.runs import read_runs

BINOMIAL = OBJECTIVES["binomial"]
PASS = "passk_exp_pow(params)"
SIZES = np.geomspace(1e7, 1e10, 9)
C, B = 300.0, 0.3  # of the task law exp(-c N^-b)
TRIALS = 400


def truth(params: np.ndarray) -> np.ndarray:
    return np.exp(-C * params**-B)


def table(seed: int = 0, trials: int = TRIALS, rho: float = 0.0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    p = truth(SIZES)
    if rho:
        p = rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1))
    return {"params": SIZES, "passes": rng.binomial(trials, p), "trials": np.full(9, trials)}


def design(data: dict[str, Any]) -> Design:
    m = np.asarray(data["trials"], float)
    cls = law("passk_exp_pow").of("params", output="accuracy")
    return Design(cls, (data["params"],), data["passes"] / m, np.arange(len(m)), trials=m)


@pytest.mark.parametrize("logarithmic", [True, False], ids=["z = ln law", "z = law"])
def test_derivatives_match_finite_differences(logarithmic: bool) -> None:
    share = np.array([0.0, 0.02, 0.3, 0.9, 1.0])
    p = np.array([0.01, 0.05, 0.2, 0.99, 0.6])
    z, h = (np.log(p) if logarithmic else p), 1e-6

    def rho(x: np.ndarray) -> np.ndarray:
        return BINOMIAL.curvature(x, share, logarithmic).rho

    found = BINOMIAL.curvature(z, share, logarithmic)
    np.testing.assert_allclose(found.first, (rho(z + h) - rho(z - h)) / (2 * h), rtol=1e-5)
    first = [BINOMIAL.curvature(x, share, logarithmic).first for x in (z + h, z - h)]
    np.testing.assert_allclose(found.second, (first[0] - first[1]) / (2 * h), rtol=1e-5, atol=1e-9)


@given(st.floats(0, 1), st.floats(-2, 3), st.floats(-2, 3), st.floats(0, 1))
def test_the_loss_is_convex_and_finite_outside_0_to_1(share: float, a: float, b: float, t: float) -> None:
    def rho(p: float) -> float:
        return float(BINOMIAL.curvature(np.array([p]), np.array([share]), False).rho[0])

    assert np.isfinite(rho(a))
    chord = (1 - t) * rho(a) + t * rho(b)
    assert rho((1 - t) * a + t * b) <= chord * (1 + 1e-9) + 1e-9


@given(st.integers(0, 50), st.floats(0.01, 0.99))
def test_the_objective_is_the_log_likelihood_up_to_a_constant(k: int, p: float) -> None:
    m = 50
    ours = BINOMIAL.value(np.array([p]), np.array([k / m]), m)
    scipys = binom.logpmf(k, m, k / m) - binom.logpmf(k, m, p)
    assert ours == pytest.approx(scipys, abs=2e-4)  # NEVER moves rows at 0 and m by up to 50 x 1e-7 x ln(1e7)


def test_the_optimum_is_that_of_scipys_likelihood() -> None:
    data = table()

    def minus_log_likelihood(theta: np.ndarray) -> float:
        return -float(
            binom.logpmf(data["passes"], TRIALS, np.exp(-np.exp(theta[0] - theta[1] * np.log(SIZES / 1e8)))).sum()
        )

    best = minimize(minus_log_likelihood, [0.0, 0.3], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    found = fit(PASS, data, response="accuracy", intervals="none")
    assert found.objective == "binomial"
    assert found.parameters["b"].value == pytest.approx(best.x[1], rel=1e-5)
    assert np.log(found.parameters["c"].value * 1e8 ** -found.parameters["b"].value) == pytest.approx(
        best.x[0], rel=1e-4
    )
    saturated = float(binom.logpmf(data["passes"], TRIALS, data["passes"] / TRIALS).sum())
    assert found.value == pytest.approx(best.fun + saturated, rel=1e-6)


def cut(data: dict[str, Any], part: float) -> dict[str, Any]:
    """The same answers as two rows each."""
    first_trials = np.maximum(np.rint(part * TRIALS), 1) * np.ones(9)
    first = np.minimum(np.rint(part * data["passes"] * np.linspace(0.7, 1.2, 9)), first_trials)
    first = np.minimum(first, data["passes"])
    first = np.maximum(first, data["passes"] - (TRIALS - first_trials))
    return {
        "params": np.tile(SIZES, 2),
        "passes": np.concatenate([first, data["passes"] - first]),
        "trials": np.concatenate([first_trials, data["trials"] - first_trials]),
    }


@given(seed=st.integers(0, 99), part=st.floats(0.1, 0.9))
@settings(max_examples=8, deadline=None)  # two global searches an example
def test_a_row_cut_in_two_says_the_same(seed: int, part: float) -> None:
    one, two = (search(design(d), BINOMIAL).theta for d in (table(seed), cut(table(seed), part)))
    np.testing.assert_allclose(one, two, atol=2e-5)


def test_logarithms_of_shares_do_not_see_that_a_row_was_cut_in_two() -> None:
    one, two = (search(design(d), OBJECTIVES["huber"]).theta for d in (table(), cut(table(), 0.2)))  # the control
    assert np.abs(one - two).max() > 1e-3


def test_rows_without_a_right_answer_count() -> None:
    data = table()
    data["passes"] = np.where(SIZES < 3e7, 0, data["passes"])
    counts = fit(PASS, data, response="accuracy", intervals="none")
    logs = fit(PASS, data, response="accuracy", intervals="none", objective="huber")
    zero = int((data["passes"] == 0).sum())
    assert zero == 2
    assert (counts.used, logs.used) == (9, 9 - zero)
    assert np.isnan(counts.residuals[:zero]).all()
    assert np.isfinite(counts.residual_sd)
    assert counts.law(params=1e7) < logs.law(params=1e7)


def test_an_s_between_levels_is_found_from_counts() -> None:
    loss = np.linspace(0.4, 1.6, 14)
    p = 1 - 0.75 / (1 + np.exp(-6 * (loss - 0.9)))
    passes = np.random.default_rng(1).binomial(5000, p)
    found = fit("sigmoid4", {"loss": loss, "passes": passes, "trials": np.full(14, 5000)}, intervals="profile")
    for name, value in {"a": -0.75, "b": 1.0, "k": 6.0, "x0": 0.9}.items():
        e = found.parameters[name]
        assert e.low is not None
        assert e.high is not None
        assert abs(e.value - value) < 1.5 * (e.high - e.low), name


def test_a_level_that_data_push_beyond_1_is_held_there() -> None:
    loss = np.linspace(0.4, 1.6, 14)
    passes = np.array([20, 20, 19, 19, 12, 13, 5, 5, 4, 1, 2, 0, 0, 0])
    found = fit("sigmoid4", {"loss": loss, "passes": passes, "trials": np.full(14, 20)}, intervals="none")
    assert ((found.law(loss=loss) >= 0) & (found.law(loss=loss) <= 1)).all()
    free = fit("sigmoid4", {"loss": loss, "accuracy": passes / 20}, intervals="none", objective="squared")
    assert (free.law(loss=loss) > 1).any()  # the control: without the likelihood nothing holds it


def test_overdispersion_is_measured_and_told() -> None:
    rho = 0.02
    found = [fit(PASS, table(s, rho=rho), response="accuracy", intervals="none") for s in range(20)]
    phi = np.mean([f.extra["counts"]["overdispersion"] for f in found])
    assert phi == pytest.approx(1 + (TRIALS - 1) * rho, rel=0.3)  # 20 x 7 degrees of freedom: 12 % standard error
    told = [any(n.code == "overdispersed" for n in f.notices) for f in found]
    assert np.mean(told) > 0.9
    plain = [fit(PASS, table(s), response="accuracy", intervals="none") for s in range(20)]  # the control
    assert np.mean([f.extra["counts"]["overdispersion"] for f in plain]) == pytest.approx(1.0, abs=0.25)
    assert np.mean([any(n.code == "overdispersed" for n in f.notices) for f in plain]) <= 0.15


def test_simulated_shares_have_the_moments_of_scipys_distributions() -> None:
    rng = np.random.default_rng(0)
    p, m, rho = np.full((20_000, 1), 0.3), np.array([40.0]), 0.1
    plain, spread = (share_draws(p, m, rng, np.full(20_000, r)) * 40 for r in (0.0, rho))
    assert plain.var() == pytest.approx(binom.var(40, 0.3), rel=0.05)
    assert spread.var() == pytest.approx(betabinom.var(40, 0.3 * 9, 0.7 * 9), rel=0.05)
    assert plain.mean() == pytest.approx(12, rel=0.01)


def test_a_scatter_known_from_few_rows_is_redrawn_as_students_quantile_wants() -> None:
    """Normal draws times the redrawn sd are Student-t: the 95 % quantile on 3 degrees is 2.35, not 1.64."""
    rng = np.random.default_rng(0)
    known = Dispersion(200.0, 3, 0.0, 199.0 * 3 / (4 * 999_999.0))  # 4 rows of 10^6 trials: no correlation near 1
    scale = np.sqrt(known.redrawn(200_000, rng) / known.rho)
    assert np.quantile(rng.standard_normal(200_000) * scale, 0.95) == pytest.approx(2.35, rel=0.03)
    assert not Dispersion(1.2, 3, 0.3, 0.0).redrawn(5, rng).any()  # the control: no more scatter than chance


def test_parametric_and_profile_agree_with_the_information_matrix() -> None:
    d = design(table(trials=4000))
    x = np.log(d.scaled_inputs[0])
    theta = search(d, BINOMIAL).theta
    p = d.predict(theta)[0]
    slope = np.stack([p * np.log(p), -p * np.log(p) * x], -1)  # dp / d(ln c), dp / db
    information = (slope * (4000 / (p * (1 - p)))[:, None]).T @ slope
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    assert dispersion(d, theta).rho == 0
    for engine in ("parametric", "profile"):
        found = fit(PASS, table(trials=4000), response="accuracy", intervals=engine, level=0.9)
        e = found.parameters["b"]
        assert e.low is not None
        assert e.high is not None
        assert (e.high - e.low) / 2 == pytest.approx(1.645 * error, rel=0.1), engine


def test_the_objective_is_chosen_by_the_columns() -> None:
    data = table()

    def chosen(columns: dict[str, Any], law: str = PASS, **options: Any) -> str:
        return fit(law, columns, intervals="none", **options).objective

    share = data["passes"] / TRIALS
    assert (
        chosen({"params": SIZES, "accuracy": share, "n_questions": data["trials"]}, response="accuracy") == "binomial"
    )
    assert chosen({"params": SIZES, "accuracy": share}, response="accuracy") == "huber"
    assert chosen({"params": SIZES, "loss": share, "trials": data["trials"]}, response="loss") == "huber"
    assert chosen({"params": SIZES, "score": share, **data}, response="score") == "binomial"
    assert chosen(data) == "binomial"  # coverage is the share of right answers
    assert chosen(data, response="accuracy", objective="squared") == "squared"
    assert chosen(data, "pow_floor(params)", response="error") == "binomial"


def test_what_is_no_count_is_refused_with_the_reason() -> None:
    data = table()
    share = data["passes"] / TRIALS
    with pytest.raises(InputError, match="number of trials"):
        fit(PASS, {"params": SIZES, "accuracy": share}, response="accuracy", objective="binomial")
    with pytest.raises(InputError, match="between 0 and 1"):
        fit("pow(params)", {"params": SIZES, "loss": 3 * share, "trials": data["trials"]}, objective="binomial")
    with pytest.raises(InputError, match="no sign"):
        fit(PASS, data, response="accuracy", intervals="wild", draws=20)


def test_shares_follow_from_counts_and_bad_counts_are_left_out() -> None:
    runs = read_runs({"params": SIZES[:4], "n_correct": [1, 5, 12, -1], "n_questions": [10, 10, 10, 10]})
    np.testing.assert_allclose(runs["accuracy"], [0.1, 0.5, np.nan, np.nan])
    np.testing.assert_allclose(runs["error"], [0.9, 0.5, np.nan, np.nan])


def test_a_forecast_stays_a_share_and_narrows_with_trials(tmp_path: Path) -> None:
    found = fit(PASS, table(), response="accuracy", intervals="parametric", draws=200)
    few = fit(PASS, table(trials=50), response="accuracy", intervals="parametric", draws=200)
    far, near = found.forecast(params=1e13).points[0], few.forecast(params=1e13).points[0]
    assert far.low is not None
    assert far.high is not None
    assert near.low is not None
    assert near.low < far.low < far.value < far.high <= 1
    assert far.terms["bootstrap"] + far.terms["counts"] == pytest.approx(1)
    found.save(tmp_path / "fit.json")
    again = Fit.load(tmp_path / "fit.json")
    assert again.forecast(params=1e13).points[0].low == pytest.approx(far.low)
    assert again.extra["counts"] == found.extra["counts"]


def test_hidden_sizes_are_forecast_from_counts() -> None:
    result = gn.backtest([PASS], table(trials=4000), hold_out="largest:params:2", response="accuracy")
    (score,) = result.laws
    assert score.are is not None
    assert score.are < 0.03


PYTHIA = {"70M": 7e7, "160M": 1.6e8, "410M": 4.1e8, "1B": 1e9, "2.8B": 2.8e9, "6.9B": 6.9e9}


def test_published_pass_counts_of_pythia(public_data: Callable[[str], Path]) -> None:
    """MATH, 128 problems, 10,000 answers each (Brown et al. 2024): what the counts say, and that the law's miss is told."""
    runs = read_runs(public_data("pass_at_k/per_problem_counts.parquet"), where="family = 'monkeys_original'")
    size = np.asarray(runs["params_nominal"], float)
    sizes = np.unique(size)
    passes, trials = (
        np.array([np.asarray(runs[c], float)[size == s].sum() for s in sizes]) for c in ("n_correct", "n_samples")
    )
    np.testing.assert_allclose(sizes, list(PYTHIA.values()))
    printed = [1.994, 1.779, 1.625, 1.566, 1.360, 1.383]  # ln(-ln rate), computed apart from gnomon
    np.testing.assert_allclose(np.log(-np.log(passes / trials)), printed, atol=6e-4)
    for known, inside in ((4, True), (5, False)):  # 2.8B lies on the curve of the smaller ones, 6.9B below it
        table = {"params": sizes[:known], "passes": passes[:known], "trials": trials[:known]}
        found = fit(PASS, table, intervals="parametric")
        assert any(n.code == "overdispersed" for n in found.notices)
        point = found.forecast(params=float(sizes[known]))
        assert any(n.code == "model-error-left-out" for n in point.notices)
        (low,), (high,) = point.low, point.high
        assert bool(low <= passes[known] / trials[known] <= high) is inside
