"""The centre of several laws: its weights, and that it does not take sides where the runs cannot."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.forecast.centre import centre, has_floor, law_weights
from gnomon.forecast.recipe import Evidence, fit_together


def powers(seed: int) -> Evidence:
    """A power law without a floor over two and a half decades, noise .5 %."""
    x = np.geomspace(1.0, 300.0, 16)
    noise = 0.005 * np.random.default_rng(seed).standard_normal(16)
    return Evidence.of({"x": x}, 4.0 * x**-0.05 * np.exp(noise), np.arange(16))


@pytest.fixture(scope="module")
def plain() -> Evidence:
    return powers(1)


def test_weights_by_hand(plain: Evidence) -> None:
    laws = list(plain.fitted.values())
    assert [has_floor(law) for law in laws] == [True, False, True, True, True]
    predictions = np.zeros((5, 2)) + np.array([[0.0], [0.01], [0.0], [0.03], [np.nan]])
    found = law_weights(laws, predictions, np.zeros(2))
    s = np.array([max(law.scale, law.rms) for law in laws])
    wanted = 1 / (np.array([4, 1, 4, 4]) * np.hypot(np.array([0.0, 0.01, 0.0, 0.03]), s[:4]))
    assert found[:4] == pytest.approx(wanted / wanted.sum())
    assert found[4] == 0.0


def test_without_backtests_residuals_and_classes_decide(plain: Evidence) -> None:
    laws = list(plain.fitted.values())
    found = law_weights(laws, np.empty((5, 0)), np.empty(0))
    s = np.array([max(law.scale, law.rms) for law in laws])
    assert found / found[1] == pytest.approx(np.array([0.25, 1, 0.25, 0.25, 0.25]) * s[1] / s)


def test_laws_that_are_not_defined_take_no_part() -> None:
    weights = np.full((3, 2), 1 / 3)
    assert centre(np.array([[1.0, 1.0], [2.0, 2.0], [9.0, np.nan]]), weights) == pytest.approx([3.0, 1.5])
    assert centre(np.array([[1.0], [np.nan]]), np.array([[0.0], [1.0]])) == pytest.approx([1.0])


def test_truths_without_a_floor_are_forecast_closer_than_by_the_median() -> None:
    at, truth = {"x": np.array([3000.0])}, np.log(4.0 * 3000.0**-0.05)
    several = [powers(seed) for seed in range(6)]
    fit_together(several)
    median = np.mean([np.nanmedian(e.predictions(at)) for e in several]) - truth
    ours = np.mean([e.centre(at)[0] for e in several]) - truth
    assert median > 0.01  # four of five laws bend towards a floor, in every study
    assert 0 < ours < 0.75 * median
