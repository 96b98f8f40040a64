from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnomon.lab import Batch, Decoder, GatedConv
from gnomon.lab.task import cross_entropy

SYMBOLS = 50


def alive(model: Decoder, seed: int = 0) -> dict:
    """Weights with a read-out that is not 0, gains that are not 1."""
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(
        lambda leaf: (leaf + 0.1 * rng.standard_normal(leaf.shape)).astype(np.float32), model.init(rng)
    )


@pytest.mark.parametrize("taps", [1, 3, 8])
def test_decoder_is_the_one_written_out(taps: int, decoder_oracle: Callable[..., np.ndarray]) -> None:
    model = Decoder(16, SYMBOLS, mixer=GatedConv(taps))
    weights = alive(model)
    inputs = np.random.default_rng(1).integers(0, SYMBOLS, (3, 12)).astype(np.int32)
    np.testing.assert_allclose(
        jax.jit(model)(weights, inputs), decoder_oracle(weights, inputs, taps), rtol=2e-4, atol=2e-5
    )


def test_causal() -> None:
    model = Decoder(16, SYMBOLS)
    weights = alive(model)
    inputs = np.random.default_rng(2).integers(0, SYMBOLS, (2, 20)).astype(np.int32)
    run = jax.jit(model)
    before = np.asarray(run(weights, inputs))
    for t in (0, 7, 19):
        changed = inputs.copy()
        changed[:, t] = (changed[:, t] + 1) % SYMBOLS
        after = np.asarray(run(weights, changed))
        np.testing.assert_array_equal(after[:, :t], before[:, :t])
        assert (after[:, t] != before[:, t]).any()


def test_sees_as_far_as_its_taps_reach() -> None:
    model = Decoder(16, SYMBOLS, layers=2, mixer=GatedConv(3))  # 2 layers of 3 taps: 4 positions back
    weights = alive(model)
    inputs = np.zeros((1, 12), np.int32)
    run = jax.jit(model)
    before = np.asarray(run(weights, inputs))
    inputs[0, 2] = 5
    touched = (np.asarray(run(weights, inputs)) != before).any(axis=-1)[0]
    assert touched.tolist() == [2 <= t <= 6 for t in range(12)]


def test_first_loss_is_that_of_guessing() -> None:
    model = Decoder(24, SYMBOLS)
    inputs = np.random.default_rng(3).integers(0, SYMBOLS, (2, 8)).astype(np.int32)
    total, weight = cross_entropy(jax.jit(model)(model.init(np.random.default_rng(0)), inputs), Batch(inputs, inputs))
    assert float(total / weight) == pytest.approx(np.log(SYMBOLS), rel=1e-6)


def test_weights_of_positions_count() -> None:
    rng = np.random.default_rng(4)
    logits = rng.standard_normal((2, 3, 5)).astype(np.float32)
    targets = rng.integers(0, 5, (2, 3))
    weights = np.array([[1, 0, 1], [0, 0, 2]], np.float32)
    p = np.exp(logits.astype(float))
    nll = -np.log(np.take_along_axis(p / p.sum(-1, keepdims=True), targets[..., None], -1)[..., 0])
    total, weight = cross_entropy(jnp.asarray(logits), Batch(None, jnp.asarray(targets), jnp.asarray(weights)))
    assert float(total) == pytest.approx((nll * weights).sum(), rel=1e-5)
    assert float(weight) == 4


def test_start_has_the_spread_it_says() -> None:
    weights = Decoder(96, SYMBOLS).init(np.random.default_rng(0))
    layer = weights["layers"][0]
    for matrix, sd in [
        (weights["embedding"], 0.3),
        (layer["up"], 96**-0.5),
        (layer["down"], 256**-0.5 / 2),
        (layer["mixer"]["into"], 96**-0.5),
        (layer["mixer"]["out"], 96**-0.5 / 2),
        (layer["mixer"]["taps"], 8**-0.5),
    ]:
        assert matrix.dtype == np.float32
        assert matrix.std() == pytest.approx(sd, rel=0.08)


def test_no_silent_promotion() -> None:
    model = Decoder(16, SYMBOLS)
    with jax.numpy_dtype_promotion("strict"):
        out = jax.jit(model)(model.init(np.random.default_rng(0)), np.zeros((1, 4), np.int32))
    assert out.dtype == jnp.float32
    assert out.shape == (1, 4, SYMBOLS)
