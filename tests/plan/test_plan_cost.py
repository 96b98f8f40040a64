"""Cost models: every conversion inverts another, and names are checked."""

import pytest

from gnomon.errors import InputError, UnknownNameError
from gnomon.plan.cost import COSTS, Cost, PerParameter, cost_model


@pytest.mark.parametrize("name", sorted(COSTS))
def test_conversions_invert_each_other(name):
    model = cost_model(name)
    flops = model.flops(7e9, 2e12)
    assert model.tokens(flops, 7e9) == pytest.approx(2e12, rel=1e-14)
    assert model.params(flops, 2e12) == pytest.approx(7e9, rel=1e-14)
    assert model.name == name
    assert "FLOP per parameter" in model.assumption


def test_six_and_two_are_the_dense_defaults():
    model = cost_model("6ND")
    assert model.flops(1.0, 1.0) == 6.0
    assert model.serving(1.0) == 2.0


def test_an_object_is_its_own_model():
    mine = PerParameter("mine", train=6.3, serve=2.1, assumption="attention counted at 2048")
    assert isinstance(mine, Cost)
    assert cost_model(mine) is mine


def test_unknown_names_are_refused_with_those_known():
    with pytest.raises(UnknownNameError, match="6ND"):
        cost_model("6DN")
    with pytest.raises(InputError, match="cost model"):
        cost_model(6.0)
