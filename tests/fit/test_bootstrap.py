"""Resampling: what a draw is, that whole runs move, and that the one-step draws of large tables are those of exact refits."""

from __future__ import annotations

import numpy as np
import pytest

import gnomon.fit.bootstrap as module
from gnomon.fit.bootstrap import bootstrap, weights
from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search
from gnomon.laws.chinchilla import Chinchilla


def design(n: int, noise: float = 0.005, seed: int = 0) -> Design:
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(np.log(1e7), np.log(1e9), n)), np.exp(rng.uniform(np.log(1e9), np.log(1e11), n))
    loss = Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(noise * rng.standard_normal(n))
    return Design(Chinchilla, (params, tokens), loss, np.arange(n))


def test_a_draw_has_as_many_runs_as_there_are_and_moves_them_whole() -> None:
    groups = np.array([5, 5, 7, 7, 7, 9])
    load = weights(groups, 500, seed=0)
    per_run = load[:, [0, 2, 5]]
    assert (per_run.sum(1) == 3).all()
    np.testing.assert_array_equal(load, per_run[:, [0, 0, 1, 1, 1, 2]])
    assert per_run.mean() == pytest.approx(1.0)
    np.testing.assert_array_equal(load, weights(groups, 500, seed=0))


def test_far_starts_confirm_the_warm_ones() -> None:
    d = design(60)
    drawn = bootstrap(d, OBJECTIVES["huber"], search(d, OBJECTIVES["huber"]).theta, 100, seed=0)
    assert drawn.converged.all()
    assert drawn.confirmed == 1.0


def test_one_step_draws_agree_with_exact_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    d, how = design(600), OBJECTIVES["squared_log"]
    theta = search(d, how).theta
    exact = bootstrap(d, how, theta, 300, seed=0)
    monkeypatch.setattr(module, "ONE_STEP", 0)
    quick = bootstrap(d, how, theta, 300, seed=0)
    np.testing.assert_allclose(quick.theta.std(0), exact.theta.std(0), rtol=0.1)
    np.testing.assert_allclose(quick.theta.mean(0), exact.theta.mean(0), atol=0.3 * float(exact.theta.std(0).max()))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(40):
        d = design(50, seed=seed)
        drawn = bootstrap(d, OBJECTIVES["squared_log"], search(d, OBJECTIVES["squared_log"]).theta, 200, seed=seed)
        low, high = np.quantile(d.values(drawn.theta)["alpha"], [0.05, 0.95])
        inside.append(low <= Chinchilla.besiroglu2024.alpha <= high)
    assert np.mean(inside) >= 0.75  # percentiles of 50 runs are a little short; wildly short ones would fail here
