"""The simulation behind docs/results/intervals.md: studies are fixed by their seed, and their truths lie 10 times beyond the data."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.intervals import NOISES, ONE, TWO, forecasts, growing, study


@pytest.mark.parametrize("name", [*TWO, *ONE])
def test_targets_lie_ten_times_beyond_and_studies_repeat(name: str) -> None:
    one, again = study(name, "steady 0.5%", 3), study(name, "steady 0.5%", 3)
    np.testing.assert_array_equal(one.response, again.response)
    reach = np.prod([v[0] for v in one.targets.values()]) / max(np.prod(list(one.inputs.values()), axis=0))
    assert reach == pytest.approx(10.0)
    assert not np.array_equal(one.response, study(name, "steady 0.5%", 4).response)


def test_noise_grows_as_stated() -> None:
    loss = np.repeat([3.0, 7.0], 4000)
    noise = growing(loss, np.random.default_rng(0)) * loss
    assert noise[:4000].std() == pytest.approx(0.002, rel=0.05)
    assert noise[4000:].std() == pytest.approx(0.05, rel=0.05)


def test_the_recipe_covers_the_plain_law() -> None:
    ours, _, width = forecasts(8, ("sum with floor", next(iter(NOISES))))
    assert ours >= 0.75  # at 90 % fewer than 6 of 8 have a chance of 4 %
    assert 0.005 < width < 0.1
