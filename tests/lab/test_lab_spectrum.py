"""Singular values against matrices whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab.spectrum import largest, shape_distance, singular_values


def made(values: list[float], rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """A matrix with these singular values."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((n, len(values))))[0] for n in (rows, columns))
    return left * values @ right.T


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=6), st.integers(0, 5))
def test_values_that_were_put_in_come_out(values: list[float], seed: int) -> None:
    w = made(values, 9, 7, seed)
    np.testing.assert_allclose(singular_values(w)[: len(values)], sorted(values, reverse=True), rtol=1e-9)
    assert largest(w) == pytest.approx(max(values))


def test_power_method_agrees_with_the_decomposition() -> None:
    w = made([5.0, 4.0, 1.0], 200, 90)
    assert largest(w, exact_up_to=1) == pytest.approx(5.0, rel=1e-6)
    noise = np.random.default_rng(3).standard_normal((300, 300))  # first values nearly coincide: a bound from below
    exact = largest(noise)
    assert 0.97 * exact < largest(noise, exact_up_to=1) <= exact
    assert largest(np.zeros((3, 2)), exact_up_to=1) == 0


def test_noise_has_the_size_of_random_matrix_theory() -> None:
    """sigma_max of d x d N(0, 1) entries tends to 2 sqrt(d)."""
    assert largest(np.random.default_rng(0).standard_normal((256, 256))) == pytest.approx(2 * 256**0.5, rel=0.05)


def test_shapes_of_spectra() -> None:
    rng = np.random.default_rng(0)
    small, large = (singular_values(rng.standard_normal((d, d))) for d in (128, 256))
    assert shape_distance(small, 8 * small) == 0  # the unit does not matter; a power of 2 leaves the bits as they are
    assert shape_distance(small, large) < 0.05  # the quarter circle at both sizes
    assert shape_distance(np.array([1.0, 1.0]), np.array([1.0, 0.0, 0.0, 0.0])) == pytest.approx(0.75)
    with pytest.raises(InputError, match="empty or zero"):
        shape_distance(np.zeros(3), small)


@pytest.mark.parametrize("bad", [np.ones(3), np.array([[np.nan]]), np.ones((0, 2))])
def test_no_matrix_no_value(bad: np.ndarray) -> None:
    with pytest.raises(InputError):
        largest(bad)
