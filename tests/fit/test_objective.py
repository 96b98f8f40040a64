"""Objectives: values against their definitions, derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.errors import InputError, UnknownNameError
from gnomon.fit.objective import OBJECTIVES, objective

MEASURED = np.array([1.8, 2.0, 2.4, 3.0])


RESIDUALS = sorted(set(OBJECTIVES) - {"binomial", "student"})  # these have tests of their own


@pytest.mark.parametrize("name", RESIDUALS)
@pytest.mark.parametrize("logarithmic", [True, False], ids=["z = ln law", "z = law"])
def test_derivatives_match_finite_differences(name: str, logarithmic: bool) -> None:
    how = OBJECTIVES[name].with_delta(0.05) if name == "huber" else OBJECTIVES[name]
    law = MEASURED * np.array([1.01, 0.97, 1.2, 0.8])
    z, target = (np.log(law), np.log(MEASURED)) if logarithmic else (law, MEASURED)
    h = 1e-5

    def at(x: np.ndarray) -> np.ndarray:
        return how.curvature(x, target, logarithmic).rho

    curvature = how.curvature(z, target, logarithmic)
    np.testing.assert_allclose(curvature.first, (at(z + h) - at(z - h)) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(curvature.second, (at(z + h) - 2 * at(z) + at(z - h)) / h**2, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(curvature.rho, how.rho(how.residual(law, MEASURED)), rtol=1e-12)
    assert (curvature.positive >= 0).all()


def test_huber_is_the_published_one() -> None:
    r = np.array([0.0, 0.5e-3, -1e-3, 2e-3, -0.1])
    expected = np.where(np.abs(r) <= 1e-3, r**2 / 2, 1e-3 * (np.abs(r) - 0.5e-3))  # Hoffmann et al. 2022, section 3.3
    np.testing.assert_allclose(OBJECTIVES["huber"].rho(r), expected, rtol=1e-14)


def test_a_law_below_zero_is_infinitely_bad_on_a_log_scale() -> None:
    curvature = OBJECTIVES["huber"].curvature(np.array([[-1.0, 2.0]]), np.array([[2.0, 2.0]]), logarithmic=False)
    assert np.isinf(curvature.rho[0, 0])
    assert curvature.rho[0, 1] == 0


def test_names_and_deltas() -> None:
    assert objective("huber").delta == 1e-3
    assert objective("huber:0.01").delta == 0.01
    with pytest.raises(UnknownNameError, match="huber"):
        objective("hubert")
    with pytest.raises(InputError, match="positive"):
        objective("huber:-1")
    with pytest.raises(InputError, match="positive"):
        objective("huber:x")
    with pytest.raises(InputError, match="Only huber"):
        objective("squared:2")
