"""Scales of the noise estimated beside the law: against scipy's likelihoods, recovered from simulation, and what they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gnomon.errors import InputError, RefusalError
from gnomon.fit import Fit, fit
from gnomon.fit.design import Design
from gnomon.fit.estimate import as_fitted
from gnomon.fit.noise import NU_RATE, NU_SHAPE, estimate, settle
from gnomon.fit.objective import StudentT, objective
from gnomon.laws import law

X = np.geomspace(1.0, 1e6, 60)
SLOPE, SPREAD = -0.15, 0.01
T4 = StudentT(freedom=4.0, spread=0.02)


def line(seed: int, noise: np.ndarray | float = SPREAD, x: np.ndarray = X) -> dict[str, Any]:
    e = np.random.default_rng(seed).standard_normal(len(x))
    return {"flops": x, "loss": 3 * x**-0.1 * np.exp(noise * e)}


def growing(seed: int) -> dict[str, Any]:
    return line(seed, SPREAD * (X / 1e3) ** SLOPE)


def design(table: dict[str, Any]) -> Design:
    return Design(law("pow(flops)"), (table["flops"],), table["loss"], np.arange(len(table["flops"])))


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=8))
def test_the_loss_is_scipys_students_t_up_to_a_constant(r: list[float]) -> None:
    zero = stats.t.logpdf(0, 4, 0, 0.02)
    np.testing.assert_allclose(T4.rho(np.array(r)), zero - stats.t.logpdf(r, 4, 0, 0.02), atol=1e-12)


@pytest.mark.parametrize("logarithmic", [True, False], ids=["z = ln law", "z = law"])
def test_derivatives_match_finite_differences_with_widths(logarithmic: bool) -> None:
    measured, widths = np.array([1.8, 2.0, 2.4]), np.array([0.5, 1.0, 3.0])
    z = measured * [1.01, 0.9, 1.2]
    z, target = (np.log(z), np.log(measured)) if logarithmic else (z, measured)
    h = 1e-5
    for how in (T4, objective("huber:0.05"), objective("squared"), objective("relative")):
        wide = type(how)(**{**vars(how), "width": widths})

        def rho(x: np.ndarray, wide: Any = wide, target: np.ndarray = target) -> np.ndarray:
            return wide.curvature(x, target, logarithmic).rho

        found = wide.curvature(z, target, logarithmic)
        np.testing.assert_allclose(found.first, (rho(z + h) - rho(z - h)) / (2 * h), rtol=1e-5, err_msg=how.name)
        bend = (rho(z + h) - 2 * rho(z) + rho(z - h)) / h**2
        np.testing.assert_allclose(found.second, bend, rtol=1e-3, atol=1e-4, err_msg=how.name)
        assert (found.positive >= 0).all()


def test_normal_scale_and_slope_solve_their_likelihood_equations() -> None:
    d = design(growing(0))
    theta = d.theta({"k": 3.0, "a": 0.1})
    found = estimate(d, objective("squared_log"), theta, "flops", X)
    x = np.log(X / found.middle)
    u2 = (np.log(d.output / (3 * X**-0.1)) / (found.spread * np.exp(found.slope * x))) ** 2
    assert u2.mean() == pytest.approx(1, abs=1e-4)  # the score of ln s
    assert (x * (u2 - 1)).mean() == pytest.approx(0, abs=1e-3)  # the score of g
    assert found.slope_se == pytest.approx(np.sqrt(1 / (2 * (x**2).sum())), rel=0.3)  # expected information 2 x x'
    assert found.freedom is None


def test_students_scale_and_freedom_are_those_that_scipy_prefers() -> None:
    rng = np.random.default_rng(3)
    x = np.geomspace(1, 1e6, 400)
    e = 0.01 * rng.standard_t(4, 400)
    d = design({"flops": x, "loss": 3 * x**-0.1 * np.exp(e)})
    found = estimate(d, objective("student"), d.theta({"k": 3.0, "a": 0.1}), "constant", None)

    def log_posterior(freedom: float, spread: float) -> float:
        return float(stats.t.logpdf(e, freedom, 0, spread).sum()) + NU_SHAPE * np.log(freedom) - NU_RATE * freedom

    assert found.freedom is not None
    best = log_posterior(found.freedom, found.spread)
    for a, b in ((1.05, 1), (0.95, 1), (1, 1.02), (1, 0.98)):
        assert log_posterior(found.freedom * a, found.spread * b) < best
    assert found.freedom == pytest.approx(4, rel=0.5)  # 400 rows: a quarter, one standard error
    assert found.spread == pytest.approx(0.01, rel=0.15)


def test_noise_that_falls_with_compute_is_found_and_constant_noise_is_not_called_changing() -> None:
    slopes, told = [], []
    for seed in range(12):
        table = growing(seed)
        _, _, _, known = settle(design(table), objective("squared_log"), "flops", X)
        assert known is not None
        slopes.append(known.slope)
        _, _, _, flat = settle(design(line(seed)), objective("squared_log"), "flops", X)
        assert flat is not None
        told.append("not told" in flat.notice().message)
    assert np.mean(slopes) == pytest.approx(SLOPE, abs=0.02)
    assert np.mean(told) >= 0.8  # two standard errors: 95 %


def test_weights_that_match_the_noise_halve_the_error_of_the_exponent() -> None:
    def error(noise: str) -> float:
        designs = [design(line(s, SPREAD * (X / 1e3) ** -0.4)) for s in range(15)]
        column = None if noise == "constant" else X
        found = [settle(d, objective("squared_log"), noise, column)[2].theta[1] for d in designs]
        return float(np.sqrt(np.mean((np.array(found) - 0.1) ** 2)))

    assert error("flops") < 0.5 * error("constant")


def test_an_outlier_moves_student_less_than_squares() -> None:
    table = line(0)
    table["loss"][-1] *= 1.5
    student, squares = (
        fit("pow(flops)", table, objective=o, intervals="none").parameters["a"].value
        for o in ("student:3", "squared_log")
    )
    assert abs(student - 0.1) < 0.2 * abs(squares - 0.1)


def test_student_of_normal_residuals_is_nearly_least_squares() -> None:
    table = line(1)
    student, squares = (fit("pow(flops)", table, objective=o, intervals="profile") for o in ("student", "squared_log"))
    a, b = student.parameters["a"], squares.parameters["a"]
    assert a.value == pytest.approx(b.value, abs=0.2 * (b.se or 0.0))
    assert a.se == pytest.approx(b.se, rel=0.15)
    assert student.extra["noise"]["freedom"] > 5


def test_a_fit_with_scales_is_saved_and_rebuilt(tmp_path: Path) -> None:
    table = growing(0) | {"width": X**0.5}
    found = fit("pow(flops)", table, objective="student:4", noise="width", draws=20)
    assert found.objective == "student:4"
    found.save(tmp_path / "fit.json")
    again = Fit.load(tmp_path / "fit.json")
    rebuilt, how = as_fitted(again)
    assert isinstance(how, StudentT)
    assert (how.freedom, how.spread) == (4.0, found.extra["noise"]["spread"])
    assert rebuilt.widths is not None
    theta = rebuilt.theta(again.law.values)
    solution = rebuilt.solve(how, theta[None], continuation=0)
    np.testing.assert_allclose(solution.theta[0], theta, atol=1e-6)


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(InputError, match="same in all"):
        fit("pow(flops)", line(0) | {"params": np.ones(60)}, noise="params")
    with pytest.raises(InputError, match="positive in all"):
        fit("pow(flops)", line(0) | {"step": np.arange(60)}, noise="step")
    with pytest.raises(RefusalError, match="through all rows"):
        fit("pow(flops)", line(0, 0.0), objective="student")
    with pytest.raises(InputError, match="degrees of freedom"):
        objective("student:x")
    shares = {"params": X, "passes": np.arange(60), "trials": np.full(60, 100)}
    with pytest.raises(InputError, match="trials"):
        fit("pow(params)", shares, response="error", noise="params")
