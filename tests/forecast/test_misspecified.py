"""When the truth leaves every law beyond the data: intervals widen with distance, and the grade says how far to trust them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gnomon.forecast import forecast

Truth = Callable[[np.ndarray, np.ndarray], np.ndarray]
SIZES = np.repeat(np.geomspace(1e7, 1e9, 5), 5)
TOKENS = np.tile(np.geomspace(2e8, 2e10, 5), 5)
EDGE = 1e9 * 2e10
GRACE = 0.95  # a decade out the interval may miss what no run has shown by 5 % of the loss, no more


def chinchilla(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    return 1.8 + 480 / n**0.35 + 2100 / d**0.37


def break_beyond(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Falls twice as fast from one decade beyond the largest run on."""
    return chinchilla(n, d) * (1 + (n * d / (10 * EDGE)) ** 1.0) ** -0.05


def late_floor(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """A pure product of powers that stops falling half a decade beyond the runs."""
    return np.maximum(40 / (n * d) ** 0.06, 40 / (3 * EDGE) ** 0.06)


@pytest.mark.parametrize("truth", [chinchilla, break_beyond, late_floor])
def test_three_decades_out_is_never_narrower_than_one_and_the_grade_falls(truth: Truth) -> None:
    for seed in range(3):
        loss = truth(SIZES, TOKENS) * np.exp(0.004 * np.random.default_rng(seed).standard_normal(25))
        out = [10 ** (h / 2) for h in (1.0, 2.0, 3.0)]
        found = forecast(
            {"params": SIZES, "tokens": TOKENS, "loss": loss}, [{"params": 1e9 * k, "tokens": 2e10 * k} for k in out]
        )
        widths = np.log(found.high / found.low)
        assert (np.diff(widths) > 0).all()
        letters = [p.grade.letter for p in found.points]
        assert letters == sorted(letters)
        assert letters[-1] in "CD"
        near = truth(np.array(1e9 * out[0]), np.array(2e10 * out[0]))
        assert found.low[0] * GRACE < near < found.high[0] / GRACE


def test_grades_run_from_a_to_d_with_distance() -> None:
    n, d = np.repeat(np.geomspace(1e7, 1e9, 6), 6), np.tile(np.geomspace(2e8, 2e10, 6), 6)
    loss = chinchilla(n, d) * np.exp(0.001 * np.random.default_rng(0).standard_normal(36))
    at = [{"params": 1e9 * 10 ** (h / 2), "tokens": 2e10 * 10 ** (h / 2)} for h in (0.5, 1.5, 2.5, 4.0)]
    found = forecast({"params": n, "tokens": d, "loss": loss}, at)
    assert [p.grade.letter for p in found.points] == ["A", "B", "C", "D"]
