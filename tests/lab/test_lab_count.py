from __future__ import annotations

import math

import jax
import numpy as np
import pytest

from gnomon.lab import Decoder, count

SYMBOLS = 50
TABLE = {16: 6_480, 24: 13_176, 32: 23_712, 48: 51_696, 64: 93_504, 96: 204_768}  # specification of the quickstart


@pytest.mark.parametrize("width", TABLE)
def test_parameters(width: int) -> None:
    weights = Decoder(width, SYMBOLS).init(np.random.default_rng(0))
    assert count.params(weights) == TABLE[width]
    assert count.params_total(weights) == TABLE[width] + 2 * width * SYMBOLS
    assert count.params_total(weights) == sum(leaf.size for leaf in jax.tree_util.tree_leaves(weights))


@pytest.mark.parametrize("width", [16, 64])
def test_flops(width: int) -> None:
    weights = Decoder(width, SYMBOLS).init(np.random.default_rng(0))
    assert count.flops(weights, 1_000) == 6 * (TABLE[width] + width * SYMBOLS) * 1_000
    assert count.flops_6nd(weights, 1_000) == 6 * TABLE[width] * 1_000


def products(jaxpr: jax.extend.core.Jaxpr) -> int:
    """FLOPs of all matrix products in a traced program: 2 for each multiply-add."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contract, _), _ = equation.params["dimension_numbers"]
            inner = math.prod(equation.invars[0].aval.shape[axis] for axis in contract)
            total += 2 * inner * math.prod(equation.outvars[0].aval.shape)
        for part in jax.tree_util.tree_leaves(
            list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns") or hasattr(x, "jaxpr")
        ):
            if hasattr(part, "eqns"):
                total += products(part)
            elif hasattr(part, "jaxpr"):
                total += products(part.jaxpr)
    return total


@pytest.mark.parametrize("width", [16, 96])
def test_flops_agree_with_the_traced_program(width: int) -> None:
    model = Decoder(width, SYMBOLS)
    weights = model.init(np.random.default_rng(0))
    inputs = np.zeros((4, 32), np.int32)
    forward = products(jax.make_jaxpr(model)(weights, inputs).jaxpr)
    matrices = sum(
        leaf.size for layer in weights["layers"] for leaf in jax.tree_util.tree_leaves(layer) if leaf.ndim == 2
    )
    taps = sum(layer["mixer"]["taps"].size for layer in weights["layers"])  # not a product, but multiply-adds too
    assert forward == 2 * (matrices - taps + width * SYMBOLS) * inputs.size
    assert 3 * forward == pytest.approx(count.flops(weights, inputs.size), rel=0.05)  # backward costs twice forward


def test_positions_do_not_count() -> None:
    tree = {
        "positions": np.zeros((5, 2)),
        "layers": [{"w": np.zeros((3, 2))}, np.zeros(4)],
        "readout": np.zeros((7, 2)),
    }
    assert count.params(tree) == 10
    assert count.params_total(tree) == 34
