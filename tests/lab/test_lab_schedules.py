from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab import constant, cosine, linear, wsd

DECAYS = {
    "linear": linear,
    "cosine": cosine,
    "wsd": partial(wsd, cooldown=0.5),
    "exponential": partial(wsd, cooldown=0.5, shape="exponential"),
}


@pytest.mark.parametrize("decay", DECAYS.values(), ids=list(DECAYS))
@given(st.integers(11, 5000), st.floats(0.0, 0.45), st.floats(1e-5, 1.0), st.floats(0.01, 1.0))
def test_warms_up_and_ends_where_it_should(decay: Callable, steps: int, share: float, peak: float, end: float) -> None:
    warm = max(10, round(share * steps))
    cool = round(0.5 * steps) if decay is not linear and decay is not cosine else 1
    if steps < warm + cool:
        with pytest.raises(InputError, match=r"expected more than|do not fit"):
            decay(peak, steps, share=share, end=end)
        return
    rates = decay(peak, steps, share=share, end=end)
    assert rates.shape == (steps,)
    assert rates.dtype == np.float32
    assert rates[warm - 1] == rates.max() == np.float32(peak)
    assert rates[0] == pytest.approx(peak / warm, rel=1e-6)
    assert rates[-1] == pytest.approx(peak * end, rel=1e-6)
    assert (np.diff(rates[warm - 1 :].astype(float)) <= 0).all()
    assert (np.diff(rates[:warm].astype(float)) > 0).all()


def test_linear_falls_by_the_same_each_step_to_nothing() -> None:
    rates = linear(0.3, 200, share=0.1).astype(float)
    assert rates[-1] == 0
    assert np.ptp(np.diff(rates[19:])) < 1e-7


def test_cosine_by_hand() -> None:
    rates = cosine(1.0, 14, share=0, least=10, end=0.2)  # u = 1/4, 2/4, 3/4, 1 after ten steps
    root = np.sqrt(0.5)
    np.testing.assert_allclose(rates[10:], [0.2 + 0.4 * (1 + root), 0.6, 0.2 + 0.4 * (1 - root), 0.2], rtol=1e-6)


def test_wsd_by_hand() -> None:
    rates = wsd(2.0, 20, cooldown=0.2, end=0.5)
    np.testing.assert_allclose(rates[9:], [2.0] * 7 + [1.75, 1.5, 1.25, 1.0], rtol=1e-6)
    rates = wsd(2.0, 20, cooldown=0.1, end=0.25, shape="exponential")
    np.testing.assert_allclose(rates[9:], [2.0] * 9 + [1.0, 0.5], rtol=1e-6)
    np.testing.assert_array_equal(wsd(2.0, 20, cooldown=0.0), constant(2.0, 20, least=10))


def test_constant() -> None:
    np.testing.assert_array_equal(constant(0.5, 4), np.float32([0.5] * 4))
    np.testing.assert_allclose(constant(0.5, 4, share=0.5), [0.25, 0.5, 0.5, 0.5])


@pytest.mark.parametrize("decay", [linear, cosine, wsd])
def test_a_run_shorter_than_its_warm_up_is_refused(decay: Callable) -> None:
    with pytest.raises(InputError, match="10 steps, expected more than the 10"):
        decay(0.1, 10)


def test_an_exponential_cannot_end_at_nothing() -> None:
    with pytest.raises(InputError, match="expected more than 0"):
        wsd(0.1, 100, end=0.0, shape="exponential")
