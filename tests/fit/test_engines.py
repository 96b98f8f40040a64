"""Interval engines: each covers what it is meant to cover, and one that ignores runs does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError, RefusalError, UnknownNameError
from gnomon.fit import fit
from gnomon.fit.bootstrap import bootstrap
from gnomon.fit.design import Design
from gnomon.fit.engines import DRAWING, ENGINES
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.parametric import by_loss_level, parametric, seed_noise
from gnomon.fit.search import search
from gnomon.fit.wild import multipliers, wild
from gnomon.laws import law

SQUARED = OBJECTIVES["squared_log"]
TRUE = 0.1  # exponent of the line that all studies are drawn from


def study(seed: int, runs: int = 14, points: int = 8, common: float = 0.02, own: float = 0.004) -> Design:
    """A straight line in logarithms; checkpoints of a run share most of their noise."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.uniform(0, 4, runs))[:, None] * np.exp(np.linspace(-0.2, 0.2, points))
    noise = common * rng.standard_normal((runs, 1)) + own * rng.standard_normal((runs, points))
    loss = 3.0 * x**-TRUE * np.exp(noise)
    return Design(law("pow(flops)"), (x.ravel(),), loss.ravel(), np.repeat(np.arange(runs), points))


def exponents(design: Design, engine: str, draws: int = 100) -> np.ndarray:
    theta = search(design, SQUARED).theta
    drawn = {"wild": wild, "bootstrap": bootstrap}[engine](design, SQUARED, theta, draws, 0)
    j = list(design.law.parameters).index("a")
    return drawn.theta[:, j]


def covered(engine: str, clustered: bool, studies: int = 60) -> float:
    hits = 0
    for seed in range(studies):
        one = study(seed)
        one = one if clustered else replace(one, groups=np.arange(len(one.output)))
        low, high = np.quantile(exponents(one, engine), [0.05, 0.95])
        hits += low <= TRUE <= high
    return hits / studies


def test_wild_covers_with_correlated_checkpoints_and_not_when_runs_are_ignored() -> None:
    assert covered("wild", clustered=True) >= 0.8
    assert covered("wild", clustered=False) <= 0.65  # the negative control


def test_wild_spread_is_the_sandwich_of_a_linear_model() -> None:
    d = study(3, runs=40, points=2)
    x = np.stack([np.ones(len(d.output)), np.log(d.inputs[0])], -1)
    beta, *_ = np.linalg.lstsq(x, np.log(d.output), rcond=None)
    e = np.log(d.output) - x @ beta
    scores = np.stack([x[d.groups == g].T @ e[d.groups == g] for g in range(40)])
    bread = np.linalg.inv(x.T @ x)
    by_hand = np.sqrt((bread @ scores.T @ scores @ bread)[1, 1] * 40 / 38)
    assert exponents(d, "wild", 2000).std() == pytest.approx(by_hand, rel=0.06)


@given(runs=st.integers(2, 30), seed=st.integers(0, 99))
def test_multipliers_move_whole_runs_and_have_unit_variance(runs: int, seed: int) -> None:
    groups = np.repeat(np.arange(runs), 3)
    v = multipliers(groups, 400, np.random.default_rng(seed))
    np.testing.assert_array_equal(v, np.repeat(v[:, ::3], 3, 1))
    assert np.mean(v**2) == pytest.approx(1.0, abs=0.15)
    assert abs(v.mean()) < 0.2


def test_prior_noise_by_loss_level_is_the_stated_one() -> None:
    loss = np.array([1.0, 3.0, np.sqrt(21.0), 7.0, 10.0])
    np.testing.assert_allclose(by_loss_level(loss) * loss, [0.002, 0.002, 0.01, 0.05, 0.05])


def seeds(noise: float, slope: float = 0.0, cells: int = 20, copies: int = 4) -> Design:
    rng = np.random.default_rng(1)
    x = np.repeat(np.geomspace(1, 1e6, cells), copies)
    clean = 3 * x**-TRUE
    sd = noise * (clean / np.exp(np.log(clean).mean())) ** slope
    return Design(law("pow(flops)"), (x,), clean * np.exp(sd * rng.standard_normal(len(x))), np.arange(len(x)))


def test_repeated_seeds_give_the_noise() -> None:
    noise = seed_noise(seeds(0.01))
    assert (noise.freedom, noise.slope) == (60, 0.0)
    assert noise.sd == pytest.approx(0.01, rel=0.2)  # 60 degrees of freedom: 9 % standard error


def test_noise_that_grows_with_the_loss_is_seen() -> None:
    noise = seed_noise(seeds(0.01, slope=2.0))
    assert noise.slope == pytest.approx(2.0, abs=0.6)
    assert noise.at(np.array([noise.middle]))[0] == pytest.approx(0.01, rel=0.3)


def test_rows_of_one_run_are_no_repeats() -> None:
    d = seeds(0.01)
    assert seed_noise(replace(d, groups=np.repeat(np.arange(20), 4))).freedom == 0


def test_residuals_beyond_the_stated_prior_are_told() -> None:
    def codes(noise: float) -> set[str]:
        d = seeds(noise, copies=1)
        found = fit("pow(flops)", {"flops": d.inputs[0], "loss": d.output}, intervals="parametric", draws=20)
        return {n.code for n in found.notices}

    assert "more-than-seed-noise" in codes(0.01)  # the prior says 0.1 % at losses below 3
    assert "more-than-seed-noise" not in codes(0.001)


def test_parametric_spread_is_that_of_a_linear_model() -> None:
    d = seeds(0.01)
    noise = seed_noise(d)
    drawn = parametric(d, SQUARED, search(d, SQUARED).theta, 2000, 0)
    ln = np.log(d.inputs[0])
    assert drawn.theta[:, 1].std() == pytest.approx(noise.sd / np.sqrt(((ln - ln.mean()) ** 2).sum()), rel=0.06)


def test_no_prior_for_a_response_that_is_no_loss() -> None:
    x = np.geomspace(1, 1e6, 20)
    table = {"flops": x, "err_top1": 0.9 * x**-0.1, "run": [f"r{i}" for i in range(20)]}
    with pytest.raises(RefusalError, match="repeat"):
        fit("pow(flops)", table, response="err_top1", intervals="parametric", draws=20)


@pytest.mark.parametrize("engine", ["bootstrap", "wild", "parametric", "profile"])
def test_every_engine_answers_through_fit(engine: str) -> None:
    d = seeds(0.01, copies=2)
    found = fit("pow(flops)", {"flops": d.inputs[0], "loss": d.output}, intervals=engine, draws=60)
    a = found.parameters["a"]
    assert a.low is not None
    assert a.high is not None
    assert a.low < a.value < a.high
    assert abs(a.value - TRUE) < 4 * (a.se or 0.0)
    assert (found.draws is not None) == (engine in DRAWING)
    assert found.intervals == engine


def test_unknown_engines_and_too_few_draws_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="wildd"):
        fit("pow(flops)", {"flops": [1, 2, 3], "loss": [3, 2, 1]}, intervals="wildd")
    with pytest.raises(InputError, match="draws"):
        fit("pow(flops)", {"flops": [1, 2, 3], "loss": [3, 2, 1]}, intervals="wild", draws=5)
    assert {"bootstrap", "wild", "parametric", "profile", "none"} <= set(ENGINES)


@pytest.mark.parametrize("engine", ["bootstrap", "wild"])
def test_an_objective_that_is_flat_between_rows_gives_no_interval_instead_of_one_without_width(engine: str) -> None:
    """Every run has a row above the law and one below it: under Huber's 1e-3 both pull alike wherever the law lies between."""
    rng = np.random.default_rng(0)
    samples = np.repeat(np.geomspace(1e3, 1e6, 12), 2)
    side = np.tile([-0.1, 0.1], 12)
    table = {"run": np.repeat(np.arange(12), 2).astype(str), "samples": samples}
    table["loss"] = 30 * samples**-0.3 * np.exp(side + 0.02 * rng.standard_normal(24))
    flat = fit("pow(samples)", table, intervals=engine, draws=100)
    assert flat.draws is None
    assert flat.parameters["a"].low is None
    assert "flat" in flat.parameters["a"].reason
    assert "flat-objective" in {n.code for n in flat.notices}
    square = fit("pow(samples)", table, objective="squared_log", intervals=engine, draws=100)
    assert square.parameters["a"].se > 1e-3
    exact = fit("pow(samples)", table | {"loss": 30 * samples**-0.3}, intervals=engine, draws=100)
    assert exact.parameters["a"].low is not None
