"""Laws that know their own derivatives: the kernel agrees with dual numbers, for any values and on several tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.fit.above_floor import AboveFloor
from gnomon.fit.dual import Dual
from gnomon.fit.kernel import make_kernel
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.tables import theta_of
from gnomon.laws import law as find_law

NAMES = ("m4(x)", "bnsl(x)", "bnsl(2)")


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_dual_numbers(name: str, seed: int) -> None:
    law, rng = find_law(name), np.random.default_rng(seed)
    inputs = [np.exp(rng.uniform(-2, 2, 9))]
    typical = theta_of(law, {k: p.typical for k, p in law.parameters.items()})
    theta = typical + 0.3 * rng.standard_normal((4, len(typical)))
    measured = np.exp(rng.uniform(-0.3, 0.3, (4, 9)))
    fast, slow = make_kernel(law, inputs), Dual(law, inputs)
    assert isinstance(fast, AboveFloor)
    how = OBJECTIVES["huber"].with_delta(0.2)
    found = []
    for kernel, goal in ((fast, np.log(measured)), (slow, measured)):
        state = kernel.state(theta)
        assert len(state) == kernel.kept
        c = how.curvature(state[0], goal, kernel.logarithmic)
        found.append(
            (*kernel.normal(theta, state, c.first, c.second, c.positive), kernel.gradient(theta, state, c.first))
        )
    np.testing.assert_allclose(np.exp(fast.state(theta)[0]), slow.state(theta)[0], rtol=1e-11)
    for ours, oracle in zip(*found, strict=True):
        np.testing.assert_allclose(ours, oracle, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_every_fit_of_a_batch_reads_its_own_table(name: str) -> None:
    law, rng = find_law(name), np.random.default_rng(0)
    tables = np.exp(rng.uniform(-2, 2, (3, 7)))
    theta = np.repeat(theta_of(law, {k: p.typical for k, p in law.parameters.items()})[None], 2, 0)
    together = make_kernel(law, [tables]).rows(np.array([2, 0])).state(theta)[0]
    for row, table in zip(together, tables[[2, 0]], strict=True):
        np.testing.assert_allclose(row, make_kernel(law, [table]).state(theta[:1])[0][0], rtol=1e-13)
