"""Powers of sums: recognised in a law's text, and differentiated as dual numbers do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.fit.dual import Dual
from gnomon.fit.kernel import make_kernel
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.sum_power import SumPower
from gnomon.fit.tables import theta_of
from gnomon.laws import law as find_law
from gnomon.laws.formula import parse

POWERS = ("sum_power_no_floor", "sum_power_floor", "shift_pow(x)")


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
@pytest.mark.parametrize("name", POWERS)
def test_derivatives_are_those_of_dual_numbers(name: str, seed: int) -> None:
    law, rng = find_law(name), np.random.default_rng(seed)
    inputs = [np.exp(rng.uniform(-2, 2, 9)) for _ in law.inputs]
    typical = theta_of(law, {k: p.typical for k, p in law.parameters.items()})
    theta = typical + 0.2 * rng.standard_normal((4, len(typical)))
    measured = np.exp(rng.uniform(-0.3, 0.3, (4, 9)))
    fast, slow = make_kernel(law, inputs), Dual(law, inputs)
    assert isinstance(fast, SumPower)
    how = OBJECTIVES["huber"].with_delta(0.2)
    found = []
    for kernel, goal in ((fast, np.log(measured)), (slow, measured)):
        state = kernel.state(theta)
        c = how.curvature(state[0], goal, kernel.logarithmic)
        found.append(
            (*kernel.normal(theta, state, c.first, c.second, c.positive), kernel.gradient(theta, state, c.first))
        )
    np.testing.assert_allclose(np.exp(fast.state(theta)[0]), slow.state(theta)[0], rtol=1e-12)
    for ours, oracle in zip(*found, strict=True):
        np.testing.assert_allclose(ours, oracle, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("text", "floor", "coefficient", "sign", "power"),
    [
        ("loss = E + (A / params^a + B / tokens^b)^g", "E", None, 1.0, "g"),
        ("loss = (A / params^a + B)^-s", None, None, -1.0, "s"),
        ("loss = E + k / (params + x0)^a", "E", "k", -1.0, "a"),
        ("loss = k * (A * params^b + x0)^s", None, "k", 1.0, "s"),
    ],
)
def test_powers_of_sums_are_recognised(
    text: str, floor: str | None, coefficient: str | None, sign: float, power: str
) -> None:
    shape = parse(text).power_of_sum(("params", "tokens"))
    assert shape is not None
    assert (shape.floor, shape.coefficient, shape.sign, shape.power) == (floor, coefficient, sign, power)
    assert len(shape.terms) == 2


@pytest.mark.parametrize(
    "text",
    [
        "loss = E + A / params^a",
        "loss = E + (A / params^a)^g",
        "loss = E + (A / params^a - B)^g",
        "loss = E + (A / params^a + B)^(g + 1)",
        "loss = E + (A / params^a + B)^params",
        "log(loss) = E + (A / params^a + B)^g",
    ],
)
def test_others_are_not(text: str) -> None:
    assert parse(text).power_of_sum(("params", "tokens")) is None


def test_a_parameter_inside_and_outside_the_sum_leaves_the_law_to_dual_numbers() -> None:
    shared = find_law("loss = E + (E / params^a + B)^g")
    assert isinstance(make_kernel(shared, [np.geomspace(0.1, 10, 5)]), Dual)
