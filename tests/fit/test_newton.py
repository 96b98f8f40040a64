"""The solver against scipy, its two kernels against each other, bounds, priors, and how a fit says that it failed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from gnomon.fit.design import Design
from gnomon.fit.dual import Dual
from gnomon.fit.kernel import make_kernel
from gnomon.fit.newton import Prior, minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.power_sum import PowerSum
from gnomon.fit.tables import theta_of, values_of
from gnomon.laws.chinchilla import Chinchilla, ChinchillaTied

TRUTH = {"E": 0.7, "A": 0.16, "alpha": 0.34, "B": 0.14, "beta": 0.28}


def surface(n: int = 60, noise: float = 0.0, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(-2, 2, (2, n)))
    loss = Chinchilla(**TRUTH).formula(params, tokens) * np.exp(noise * rng.standard_normal(n))
    return [params, tokens], loss


@pytest.mark.parametrize("law", [Chinchilla, ChinchillaTied])
def test_both_kernels_give_the_same_derivatives(law: type) -> None:
    inputs, loss = surface(noise=0.01)
    theta = theta_of(law, {k: v for k, v in (TRUTH | {"alpha": 0.3}).items() if k in law.parameters})[None]
    fast, slow = make_kernel(law, inputs), Dual(law, inputs)
    assert isinstance(fast, PowerSum)
    how = OBJECTIVES["huber"].with_delta(0.01)
    results = []
    for kernel, target in ((fast, np.log(loss)), (slow, loss)):
        state = kernel.state(theta)
        c = how.curvature(state[0], target[None], kernel.logarithmic)
        results.append(kernel.normal(theta, state, c.first, c.second, c.positive))
    for ours, oracle in zip(results[0][:2], results[1][:2], strict=True):  # the third is only a scale for damping
        np.testing.assert_allclose(ours, oracle, rtol=1e-9, atol=1e-12)
    assert (results[0][2] > 0).all()


def test_gradient_matches_finite_differences() -> None:
    inputs, loss = surface(noise=0.01)
    kernel = make_kernel(Chinchilla, inputs)
    theta = theta_of(Chinchilla, TRUTH)[None] + 0.05
    how = OBJECTIVES["squared_log"]

    def value(t: np.ndarray) -> float:
        return float(how.curvature(kernel.state(t)[0], np.log(loss)[None], True).rho.sum())

    state = kernel.state(theta)
    c = how.curvature(state[0], np.log(loss)[None], True)
    gradient, hessian, _ = kernel.normal(theta, state, c.first, c.second, c.positive)
    h = 1e-5
    for j in range(5):
        step = h * (np.arange(5) == j)
        assert gradient[j, 0] == pytest.approx((value(theta + step) - value(theta - step)) / (2 * h), rel=1e-6)
    np.testing.assert_allclose(hessian[:, :, 0], hessian[:, :, 0].T, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "delta"), [("huber", 1e-3), ("squared_log", None), ("squared", None), ("relative", None)]
)
def test_the_minimum_is_scipys(name: str, delta: float | None) -> None:
    inputs, loss = surface(80, noise=0.02, seed=3)
    how = OBJECTIVES[name]
    start = theta_of(Chinchilla, TRUTH)[None]
    ours = minimise(make_kernel(Chinchilla, inputs), how, start, loss, continuation=2)
    assert ours.converged.all()

    def residual(theta: np.ndarray) -> np.ndarray:
        return how.residual(Chinchilla(**values_of(Chinchilla, theta)).formula(*inputs), loss)

    options = {"loss": "huber", "f_scale": delta} if delta else {}
    theirs = least_squares(residual, ours.theta[0], xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=4000, **options)
    assert ours.value[0] <= theirs.cost * (1 + 1e-9)
    assert ours.value[0] == pytest.approx(theirs.cost, rel=1e-6)


@given(st.lists(st.floats(-0.4, 0.4), min_size=5, max_size=5))
@settings(max_examples=20, deadline=None)
def test_noise_free_data_are_recovered_from_anywhere_near(shift: list[float]) -> None:
    inputs, loss = surface()
    start = theta_of(Chinchilla, TRUTH)[None] + np.array(shift)
    found = minimise(make_kernel(Chinchilla, inputs), OBJECTIVES["huber"], start, loss, continuation=2)
    assert found.value[0] < 1e-12
    np.testing.assert_allclose(found.theta[0], theta_of(Chinchilla, TRUTH), rtol=1e-4, atol=1e-4)


def test_weights_of_zero_leave_a_row_out_and_integers_repeat_it() -> None:
    inputs, loss = surface(30, noise=0.02)
    how, start = OBJECTIVES["huber"], theta_of(Chinchilla, TRUTH)[None]
    weights = np.ones(30)
    weights[:3], weights[3:6] = 0.0, 2.0
    weighted = minimise(make_kernel(Chinchilla, inputs), how, start, loss, weights=weights, continuation=2)
    index = np.r_[3:30, 3:6]
    copied = minimise(make_kernel(Chinchilla, [x[index] for x in inputs]), how, start, loss[index], continuation=2)
    assert weighted.value[0] == pytest.approx(copied.value[0], rel=1e-9)


def test_bounds_hold_and_frozen_coordinates_stay() -> None:
    inputs, loss = surface(40, noise=0.01)
    kernel = make_kernel(Chinchilla, inputs)
    start = theta_of(Chinchilla, TRUTH)[None]
    kernel.upper = kernel.upper.copy()
    kernel.upper[2] = 0.2  # the exponent would like to be .34
    bounded = minimise(kernel, OBJECTIVES["huber"], start, loss, continuation=2)
    assert bounded.theta[0, 2] == 0.2
    assert bounded.converged.all()
    frozen = minimise(
        make_kernel(Chinchilla, inputs), OBJECTIVES["huber"], start, loss, frozen=np.arange(5) == 4, continuation=2
    )
    assert frozen.theta[0, 4] == start[0, 4]


def test_a_tight_prior_wins_and_a_wide_one_is_nothing() -> None:
    inputs, loss = surface(40, noise=0.01)
    kernel, start = make_kernel(Chinchilla, inputs), theta_of(Chinchilla, TRUTH)[None]
    mean = np.log(np.full((1, 5), 0.5))
    on_log = np.array([False, False, True, False, True])
    free = minimise(kernel, OBJECTIVES["squared_log"], start, loss)
    sd = np.array([[np.inf, np.inf, 1e-6, np.inf, 1e-6]])
    tight = minimise(kernel, OBJECTIVES["squared_log"], start, loss, prior=Prior(mean, sd, on_log), iterations=300)
    np.testing.assert_allclose(tight.theta[0, [2, 4]], 0.5, rtol=1e-6)
    wide = minimise(kernel, OBJECTIVES["squared_log"], start, loss, prior=Prior(mean, np.full((1, 5), 1e6), on_log))
    np.testing.assert_allclose(wide.theta, free.theta, rtol=1e-6, atol=1e-8)


def test_a_batch_equals_its_members() -> None:
    inputs, loss = surface(50, noise=0.02)
    kernel = make_kernel(Chinchilla, inputs)
    rng = np.random.default_rng(1)
    start = theta_of(Chinchilla, TRUTH) + rng.uniform(-0.2, 0.2, (7, 5))
    weights = rng.multinomial(50, np.full(50, 1 / 50), size=7)
    together = minimise(kernel, OBJECTIVES["huber"], start, loss, weights=weights, continuation=1)
    for i in range(7):
        alone = minimise(kernel, OBJECTIVES["huber"], start[i], loss, weights=weights[i], continuation=1)
        assert alone.value[0] == pytest.approx(together.value[i], rel=1e-9)


def test_units_cancel_in_a_design() -> None:
    inputs, loss = surface(40, noise=0.01)
    a = Design(Chinchilla, tuple(inputs), loss, np.arange(40))
    b = Design(Chinchilla, (inputs[0] * 1e9, inputs[1] * 1e12), loss * 1.44, np.arange(40))
    np.testing.assert_allclose(a.target, b.target, rtol=1e-12)
    theta = np.array([-0.3, -1.9, 0.35, -1.9, 0.37])
    np.testing.assert_allclose(a.predict(theta) * 1.44, b.predict(theta), rtol=1e-12)
    np.testing.assert_allclose(b.theta(b.values(theta)), theta, rtol=1e-12)
