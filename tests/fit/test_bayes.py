"""The Bayesian engine: its density against scipy's distributions, its intervals against those of other engines, its refusals."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gnomon.errors import InputError, MissingExtraError, RefusalError
from gnomon.fit import Fit, bayes, fit
from gnomon.fit.bayes import Sample, posterior_of
from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.posterior import LN_SCALE, LOGIT_RHO, Posterior
from gnomon.fit.search import search
from gnomon.laws import law
from gnomon.laws.arrays import doubles

jax = pytest.importorskip("jax", reason="JAX is not installed (extra lab or bayes)")
X = np.geomspace(1.0, 1e4, 24)


def line(noise: float = 0.01, groups: np.ndarray | None = None) -> Design:
    loss = 3 * X**-0.2 * np.exp(noise * np.random.default_rng(0).standard_normal(24))
    cls = law("pow(flops)")
    return Design(cls, (X,), loss, np.arange(24) if groups is None else groups)


def difference(posterior: Posterior, theta: np.ndarray, seed: int = 1) -> tuple[float, np.ndarray, np.ndarray]:
    """Log density at a start minus that beside it, and both points."""
    q = posterior.start(theta, 0.01)
    other = q + 0.05 * np.random.default_rng(seed).standard_normal(len(q))
    with doubles():
        found = float(posterior.log_density(jax.numpy.asarray(q)) - posterior.log_density(jax.numpy.asarray(other)))
    return found, q, other


def by_hand(posterior: Posterior, q: np.ndarray) -> float:
    """Priors, the change of variables, and what is unknown beside the parameters, by scipy."""
    d, p = posterior.design, posterior.design.p
    theta = posterior.theta(q)
    low, high = d.kernel.lower, d.kernel.upper
    total = float(np.sum(np.log((theta - low) * (high - theta) / (high - low))))  # d theta / d phi
    for prior, x in zip(posterior.priors, theta, strict=True):
        if prior.logarithmic:
            total += stats.lognorm.logpdf(x, prior.sd, scale=np.exp(prior.mean))
        else:
            total += stats.norm.logpdf(x, prior.mean, prior.sd)
    law_values = d.predict(theta)[0] / d.scales[d.law.output]
    names = posterior.names()
    other = dict(zip(names, q[p:], strict=False))
    if posterior.spread is not None:
        m = d.trials_of_rows
        k = np.rint(d.output * m)
        if not names:
            return total + float(stats.binom.logpmf(k, m, law_values).sum())
        size = np.exp(-other["logit rho"])
        total += stats.norm.logpdf(other["logit rho"], *LOGIT_RHO)
        return total + float(stats.betabinom.logpmf(k, m, law_values * size, (1 - law_values) * size).sum())
    residual = np.log(d.target / law_values)
    scale = np.exp(other["ln s"])
    total += stats.norm.logpdf(other["ln s"], *LN_SCALE)
    if "ln tau" in other:
        z = q[p + len(names) :]
        total += stats.norm.logpdf(other["ln tau"], *LN_SCALE) + stats.norm.logpdf(z).sum()
        residual = residual - np.exp(other["ln tau"]) * z[d.groups]
    if "ln nu" not in other:
        return total + float(stats.norm.logpdf(residual, 0, scale).sum())
    nu = np.exp(other["ln nu"])
    total += stats.gamma.logpdf(nu, 2, scale=10) + other["ln nu"]
    return total + float(stats.t.logpdf(residual, nu, 0, scale).sum())


@pytest.mark.parametrize("name", ["squared_log", "huber"])
@pytest.mark.parametrize("runs", [None, np.repeat(np.arange(8), 3)], ids=["single rows", "checkpoints"])
def test_the_density_is_that_of_scipys_distributions(name: str, runs: np.ndarray | None) -> None:
    d, how = line(groups=runs), OBJECTIVES[name]
    theta = search(d, how).theta
    posterior = posterior_of(d, how, theta)
    found, q, other = difference(posterior, theta)
    assert found == pytest.approx(by_hand(posterior, q) - by_hand(posterior, other), rel=1e-9, abs=1e-9)
    assert ("shared" in posterior.likelihood) is (runs is not None)


def counts(rho: float) -> Design:
    rng = np.random.default_rng(2)
    p = np.exp(-2 * X**-0.3)
    p = rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1)) if rho else p
    cls = law("passk_exp_pow").of("samples", output="accuracy")
    return Design(cls, (X,), rng.binomial(300, p) / 300, np.arange(24), trials=np.full(24, 300.0))


@pytest.mark.parametrize("rho", [0.0, 0.05])
def test_the_density_of_counts_is_scipys_binomial_or_beta_binomial(rho: float) -> None:
    d, how = counts(rho), OBJECTIVES["binomial"]
    theta = search(d, how).theta
    posterior = posterior_of(d, how, theta)
    assert posterior.likelihood == ("beta-binomial" if rho else "binomial")
    found, q, other = difference(posterior, theta)
    assert found == pytest.approx(by_hand(posterior, q) - by_hand(posterior, other), rel=1e-7)


GOOD = Sample(np.zeros((4, 2)), {"A": 1.001, "a": 1.0}, {"A": 900.0, "a": 2000.0}, 0, 2000, 0.9, 1)


def test_a_sample_that_did_not_mix_says_why() -> None:
    assert GOOD.complaints() == []
    assert "R-hat of a is 1.2" in replace(GOOD, r_hat={"A": 1.0, "a": 1.2}).complaints()[0]
    assert "R-hat of A is nan" in replace(GOOD, r_hat={"A": float("nan"), "a": 1.0}).complaints()[0]
    assert "effective size of A is 90" in replace(GOOD, size={"A": 90.0, "a": 2000.0}).complaints()[0]
    assert "effective size of a is nan" in replace(GOOD, size={"A": 900.0, "a": float("nan")}).complaints()[0]
    assert "30 of 2000 steps diverged" in replace(GOOD, diverged=30).complaints()[0]


def test_chains_that_do_not_mix_twice_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[Any, ...]] = []

    def run(*arguments: Any) -> Sample:
        tried.append(arguments[-2:])
        return replace(GOOD, diverged=100)

    monkeypatch.setattr(bayes, "require", lambda: None)
    monkeypatch.setattr(bayes, "_run", run)
    with pytest.raises(RefusalError, match="100 of 2000 steps diverged"):
        fit("pow(flops)", {"flops": X, "loss": line().output}, intervals="bayes")
    assert tried == [(500, 0.9), (1000, 0.99)]


def test_without_numpyro_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpyro", None)
    with pytest.raises(MissingExtraError) as raised:
        fit("pow(flops)", {"flops": X, "loss": line().output}, intervals="bayes")
    assert "gnomon[bayes]" in (raised.value.hint or "")


def test_held_parameters_are_not_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes, "require", lambda: None)
    with pytest.raises(InputError, match="a are held"):
        fit("pow(flops)", {"flops": X, "loss": line().output}, intervals="bayes", fixed={"a": 0.2})


def test_a_well_determined_posterior_is_that_of_the_linear_model(tmp_path: Path) -> None:
    """The exponent of a power law under a flat prior has Student's distribution about least squares (24 rows, 22 degrees)."""
    pytest.importorskip("numpyro", reason="NumPyro is not installed (extra bayes)")
    table = {"flops": X, "loss": line().output}
    found = fit("pow(flops)", table, objective="squared_log", intervals="bayes", draws=4000)
    ln = np.log(X)
    slope, height = np.polyfit(ln, np.log(table["loss"]), 1)
    residual = np.log(table["loss"]) - height - slope * ln
    error = np.sqrt((residual**2).sum() / 22 / ((ln - ln.mean()) ** 2).sum())
    low, high = -slope + error * stats.t.ppf([0.05, 0.95], 22)
    e = found.parameters["a"]
    assert e.se == pytest.approx(stats.t.std(22) * error, rel=0.1)  # over six seeds: 2.7 % standard deviation
    assert e.low == pytest.approx(low, abs=0.25 * error)  # over six seeds: .08
    assert e.high == pytest.approx(high, abs=0.25 * error)
    told = found.extra["bayes"]
    assert told["likelihood"] == "normal"
    assert max(told["r_hat"].values()) <= 1.01
    assert min(told["effective_size"].values()) >= 400
    assert found.draws is not None
    assert len(found.draws["a"]) == 4000
    found.save(tmp_path / "fit.json")
    assert Fit.load(tmp_path / "fit.json").extra["bayes"] == told
